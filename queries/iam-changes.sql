-- name = "iam-changes"
-- title = "IAM changes"
-- description = "Every change to users, groups, roles, policies, keys and providers"
-- tags = ["identity", "iam", "changes"]
-- columns = ["event_time", "account", "event_name", "target", "principal", "source_ip_address", "error_code", "event_id"]
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
  event_name,
  coalesce(
    json_get_str(request_parameters, 'userName'),
    json_get_str(request_parameters, 'roleName'),
    json_get_str(request_parameters, 'groupName'),
    json_get_str(request_parameters, 'policyArn'),
    json_get_str(request_parameters, 'policyName'),
    json_get_str(request_parameters, 'instanceProfileName'),
    json_get_str(request_parameters, 'sAMLProviderArn'),
    json_get_str(request_parameters, 'openIDConnectProviderArn')) AS target,
  principal,
  source_ip_address,
  error_code,
  event_id
FROM events
WHERE event_source = 'iam.amazonaws.com'
  -- records of before 1.01 do not say whether they changed something
  AND coalesce(read_only = false, event_name NOT LIKE 'Get%' AND event_name NOT LIKE 'List%'
    AND event_name NOT LIKE 'Simulate%' AND event_name NOT LIKE 'Generate%')
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
ORDER BY event_time DESC, event_id
LIMIT $limit
