-- name = "failed-calls"
-- title = "Failed calls"
-- description = "Which calls fail, with which error, how often and for how many principals"
-- tags = ["errors"]
-- columns = ["service", "event_name", "error_code", "failures", "principals", "first_event", "last_event", "example_message"]
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
  event_name,
  coalesce(nullif(error_code, ''), '(message only)') AS error_code,
  count(*) AS failures,
  count(DISTINCT principal) AS principals,
  min(event_time) AS first_event,
  max(event_time) AS last_event,
  max(error_message) AS example_message
FROM events
WHERE (error_code <> '' OR error_message <> '')
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
GROUP BY service, event_name, coalesce(nullif(error_code, ''), '(message only)')
ORDER BY failures DESC, service, event_name, error_code
LIMIT $limit
