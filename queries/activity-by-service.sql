-- name = "activity-by-service"
-- title = "Activity by service"
-- description = "How many events each AWS service has, how many of them change something and how many failed"
-- tags = ["inventory"]
-- columns = ["service", "events", "writes", "errors", "principals", "first_event", "last_event"]
-- [params.since]
-- type = "timestamp"
-- description = "Only events at or after this instant; all events without it"
-- [params.until]
-- type = "timestamp"
-- description = "Only events before this instant"
-- [params.limit]
-- type = "integer"
-- default = 100
-- description = "Most rows to show"

SELECT
  service,
  count(*) AS events,
  count(*) FILTER (WHERE read_only = false) AS writes,
  count(*) FILTER (WHERE error_code <> '') AS errors,
  count(DISTINCT principal) AS principals,
  min(event_time) AS first_event,
  max(event_time) AS last_event
FROM events
WHERE ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
GROUP BY service
ORDER BY events DESC, service
LIMIT $limit
