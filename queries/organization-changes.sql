-- name = "organization-changes"
-- title = "Organization changes"
-- description = "Accounts that come and go, service control policies, delegated administrators"
-- tags = ["accounts", "changes", "cross-account"]
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
  coalesce(
    json_get_str(request_parameters, 'accountId'),
    json_get_str(request_parameters, 'accountName'),
    json_get_str(request_parameters, 'policyId'),
    json_get_str(request_parameters, 'targetId'),
    json_get_str(request_parameters, 'servicePrincipal')) AS target,
  principal,
  source_ip_address,
  error_code,
  event_id
FROM events
WHERE event_source = 'organizations.amazonaws.com'
  AND event_name IN (
    'CreateAccount', 'CloseAccount', 'InviteAccountToOrganization', 'AcceptHandshake', 'LeaveOrganization',
    'RemoveAccountFromOrganization', 'CreatePolicy', 'UpdatePolicy', 'DeletePolicy', 'AttachPolicy',
    'DetachPolicy', 'DisablePolicyType', 'RegisterDelegatedAdministrator', 'DeregisterDelegatedAdministrator',
    'EnableAWSServiceAccess', 'DisableAWSServiceAccess', 'MoveAccount')
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
ORDER BY event_time DESC, event_id
LIMIT $limit
