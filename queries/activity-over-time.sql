-- name = "activity-over-time"
-- title = "Activity over time"
-- description = "Events, changes and errors of each hour"
-- tags = ["inventory", "time"]
-- columns = ["hour", "events", "writes", "errors", "principals"]
-- [chart]
-- kind = "time"
-- x = "hour"
-- y = "events"
-- [params.since]
-- type = "timestamp"
-- description = "Only events at or after this instant; all events without it"
-- [params.until]
-- type = "timestamp"
-- description = "Only events before this instant"
-- [params.limit]
-- type = "integer"
-- default = 1000
-- description = "Most rows to show"

SELECT
  date_trunc('hour', event_time) AS hour,
  count(*) AS events,
  count(*) FILTER (WHERE read_only = false) AS writes,
  count(*) FILTER (WHERE error_code <> '') AS errors,
  count(DISTINCT principal) AS principals
FROM events
WHERE ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
GROUP BY date_trunc('hour', event_time)
ORDER BY hour DESC
LIMIT $limit
