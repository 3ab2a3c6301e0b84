-- name = "administrator-grants"
-- title = "Administrator grants"
-- description = "Rights to everything that were given: AdministratorAccess, or an inline policy that allows every action"
-- tags = ["identity", "iam", "changes"]
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
  coalesce(
    json_get_str(request_parameters, 'userName'),
    json_get_str(request_parameters, 'roleName'),
    json_get_str(request_parameters, 'groupName'),
    json_get_str(request_parameters, 'policyName')) AS target,
  principal,
  source_ip_address,
  error_code,
  event_id
FROM events
WHERE event_source = 'iam.amazonaws.com'
  AND (json_get_str(request_parameters, 'policyArn') LIKE '%:policy/AdministratorAccess'
    OR regexp_like(json_get_str(request_parameters, 'policyDocument'), '"Action"\s*:\s*\[?\s*"\*"'))
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
ORDER BY event_time DESC, event_id
LIMIT $limit
