-- name = "denied-calls"
-- title = "Denied calls"
-- description = "Who was denied what: calls refused for lack of permission"
-- tags = ["errors", "identity"]
-- columns = ["principal", "identity_kind", "service", "event_name", "error_code", "denials", "source_ips", "last_event"]
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
  service,
  event_name,
  error_code,
  count(*) AS denials,
  count(DISTINCT source_ip_address) AS source_ips,
  max(event_time) AS last_event
FROM events
WHERE (error_code ILIKE '%AccessDenied%'
    OR error_code ILIKE '%Unauthorized%'
    OR error_code ILIKE '%NotAuthorized%'
    OR error_code ILIKE '%Forbidden%')
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
GROUP BY principal, identity_kind, service, event_name, error_code
ORDER BY denials DESC, principal, service, event_name, error_code
LIMIT $limit
