-- name = "cognito-identity-pool-changes"
-- title = "Identity pool changes"
-- description = "Configurations of Cognito identity pools that changed: the alarm that the Cognito guide gives as its example"
-- tags = ["cognito-identity", "changes", "identity"]
-- columns = ["event_time", "account", "region", "event_name", "target", "principal", "source_ip_address", "event_id"]
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
    json_get_str(request_parameters, 'identityPoolId'),
    json_get_str(request_parameters, 'identityPoolName')) AS target,
  principal,
  source_ip_address,
  event_id
FROM events
WHERE event_source = 'cognito-identity.amazonaws.com'
  AND event_name IN (
    'CreateIdentityPool', 'UpdateIdentityPool', 'DeleteIdentityPool', 'SetIdentityPoolRoles',
    'SetPrincipalTagAttributeMap')
  AND error_code IS NULL
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
ORDER BY event_time DESC, event_id
LIMIT $limit
