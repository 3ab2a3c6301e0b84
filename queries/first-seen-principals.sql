-- name = "first-seen-principals"
-- title = "First-seen principals"
-- description = "Principals whose first event of all lies in the window: new users, roles and sessions"
-- tags = ["inventory", "identity"]
-- columns = ["principal", "identity_kind", "account", "first_event", "last_event", "events", "services"]
-- [alert]
-- when = "rows > 0"
-- keys = ["principal", "account"]
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
  identity_kind,
  account,
  min(event_time) AS first_event,
  max(event_time) AS last_event,
  count(*) AS events,
  count(DISTINCT service) AS services
FROM events
WHERE principal IS NOT NULL
  AND ($until IS NULL OR event_time < $until)
GROUP BY principal, identity_kind, account
HAVING $since IS NULL OR min(event_time) >= $since
ORDER BY first_event DESC, principal, identity_kind, account
LIMIT $limit
