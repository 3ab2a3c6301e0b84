-- name = "first-seen-services"
-- title = "First-seen services"
-- description = "Services that an account used for the first time in the window"
-- tags = ["inventory"]
-- columns = ["account", "service", "first_event", "first_principal", "events"]
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
  account,
  service,
  min(event_time) AS first_event,
  first_value(principal ORDER BY event_time, event_id) AS first_principal,
  count(*) AS events
FROM events
WHERE service IS NOT NULL
  AND ($until IS NULL OR event_time < $until)
GROUP BY account, service
HAVING $since IS NULL OR min(event_time) >= $since
ORDER BY first_event DESC, account, service
LIMIT $limit
