-- name = "activity-by-weekday-and-hour"
-- title = "Activity by weekday and hour"
-- description = "When people and programs work, in UTC: weekday 1 is Monday"
-- tags = ["inventory", "time"]
-- columns = ["weekday", "hour", "events", "principals"]
-- [chart]
-- kind = "heat"
-- x = "hour"
-- y = "events"
-- by = "weekday"
-- [params.since]
-- type = "timestamp"
-- description = "Only events at or after this instant; all events without it"
-- [params.until]
-- type = "timestamp"
-- description = "Only events before this instant"
-- [params.limit]
-- type = "integer"
-- default = 168
-- description = "Most rows to show"

SELECT
  -- date_part counts from Sunday, which is 0
  CAST((date_part('dow', event_time) + 6) % 7 + 1 AS BIGINT) AS weekday,
  CAST(date_part('hour', event_time) AS BIGINT) AS hour,
  count(*) AS events,
  count(DISTINCT principal) AS principals
FROM events
WHERE NOT coalesce(made_by_aws_service, false)
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
GROUP BY 1, 2
ORDER BY weekday, hour
LIMIT $limit
