-- name = "service-linked-roles"
-- title = "Service-linked roles"
-- description = "Roles that AWS services have made for themselves, and what is done with them"
-- tags = ["service-linked", "roles"]
-- columns = ["role", "account", "events", "services", "first_event", "last_event"]
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
  session_issuer_arn AS role,
  account,
  count(*) AS events,
  count(DISTINCT service) AS services,
  min(event_time) AS first_event,
  max(event_time) AS last_event
FROM events
WHERE session_issuer_arn LIKE '%:role/aws-service-role/%'
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
GROUP BY session_issuer_arn, account
ORDER BY events DESC, role, account
LIMIT $limit
