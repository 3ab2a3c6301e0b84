-- name = "api-actions"
-- title = "API actions"
-- description = "Every action of every service that was called: how often, by how many, how often in vain"
-- tags = ["inventory"]
-- columns = ["service", "event_name", "event_category", "events", "errors", "principals", "accounts", "last_event"]
-- [params.since]
-- type = "timestamp"
-- description = "Only events at or after this instant; all events without it"
-- [params.until]
-- type = "timestamp"
-- description = "Only events before this instant"
-- [params.service]
-- type = "text"
-- description = "Only this service, such as `s3`"
-- [params.limit]
-- type = "integer"
-- default = 100
-- description = "Most rows to show"

SELECT
  service,
  event_name,
  event_category,
  count(*) AS events,
  count(*) FILTER (WHERE error_code <> '') AS errors,
  count(DISTINCT principal) AS principals,
  count(DISTINCT account) AS accounts,
  max(event_time) AS last_event
FROM events
WHERE ($service IS NULL OR service = $service)
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
GROUP BY service, event_name, event_category
ORDER BY events DESC, service, event_name, event_category
LIMIT $limit
