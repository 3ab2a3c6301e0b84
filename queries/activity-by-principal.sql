-- name = "activity-by-principal"
-- title = "Activity by principal"
-- description = "Who is active: roles, users, root and services, with how many services and addresses they use"
-- tags = ["inventory", "identity"]
-- columns = ["principal", "identity_kind", "events", "services", "source_ips", "errors", "last_event"]
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
  count(*) AS events,
  count(DISTINCT service) AS services,
  count(DISTINCT source_ip_address) AS source_ips,
  count(*) FILTER (WHERE error_code <> '') AS errors,
  max(event_time) AS last_event
FROM events
WHERE ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
GROUP BY principal, identity_kind
ORDER BY events DESC, principal, identity_kind
LIMIT $limit
