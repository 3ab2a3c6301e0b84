-- name = "resource-deletions"
-- title = "Deletions"
-- description = "What was deleted, stopped or torn down, by whom, how much at a time"
-- tags = ["changes"]
-- columns = ["principal", "account", "service", "event_name", "calls", "errors", "first_event", "last_event"]
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
  principal,
  account,
  service,
  event_name,
  count(*) AS calls,
  count(*) FILTER (WHERE error_code <> '') AS errors,
  min(event_time) AS first_event,
  max(event_time) AS last_event
FROM events
WHERE (event_name LIKE 'Delete%' OR event_name LIKE 'Terminate%' OR event_name LIKE 'Remove%' OR event_name LIKE 'Purge%')
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
GROUP BY principal, account, service, event_name
ORDER BY calls DESC, principal, account, service, event_name
LIMIT $limit
