-- name = "permission-grants"
-- title = "Permission grants"
-- description = "Rights given to users, groups and roles: policies attached, written inline, or changed by version"
-- tags = ["identity", "iam", "changes"]
-- columns = ["event_time", "account", "region", "event_name", "target", "principal", "source_ip_address", "error_code", "event_id"]
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
  concat_ws(' ', coalesce(
    json_get_str(request_parameters, 'userName'),
    json_get_str(request_parameters, 'roleName'),
    json_get_str(request_parameters, 'groupName')), coalesce(
    json_get_str(request_parameters, 'policyArn'),
    json_get_str(request_parameters, 'policyName'))) AS target,
  principal,
  source_ip_address,
  error_code,
  event_id
FROM events
WHERE event_source = 'iam.amazonaws.com'
  AND event_name IN (
    'AttachUserPolicy', 'AttachGroupPolicy', 'AttachRolePolicy', 'PutUserPolicy', 'PutGroupPolicy',
    'PutRolePolicy', 'CreatePolicyVersion', 'SetDefaultPolicyVersion', 'AddUserToGroup',
    'DeleteUserPermissionsBoundary')
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
ORDER BY event_time DESC, event_id
LIMIT $limit
