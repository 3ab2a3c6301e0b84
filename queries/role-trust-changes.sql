-- name = "role-trust-changes"
-- title = "Role trust changes"
-- description = "Who may take on which role: roles made, trust policies changed, limits taken off"
-- tags = ["identity", "roles", "iam", "changes", "cross-account"]
-- columns = ["event_time", "account", "region", "event_name", "target", "principal", "source_ip_address", "error_code", "event_id"]
-- [alert]
-- when = "rows > 0"
-- keys = ["event_id"]
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
  event_time,
  account,
  region,
  event_name,
  json_get_str(request_parameters, 'roleName') AS target,
  principal,
  source_ip_address,
  error_code,
  event_id
FROM events
WHERE event_source = 'iam.amazonaws.com'
  AND event_name IN (
    'CreateRole', 'UpdateAssumeRolePolicy', 'DeleteRole', 'PutRolePermissionsBoundary',
    'DeleteRolePermissionsBoundary', 'UpdateRole')
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
ORDER BY event_time DESC, event_id
LIMIT $limit
