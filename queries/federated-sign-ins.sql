-- name = "federated-sign-ins"
-- title = "Federated sign-ins"
-- description = "Sessions that begin outside of AWS: SAML, web identities, Identity Center"
-- tags = ["identity", "sign-in"]
-- columns = ["event_time", "account", "event_name", "identity_kind", "principal", "identity_provider", "role_arn", "source_ip_address", "error_code", "event_id"]
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
  identity_kind,
  coalesce(principal, user_identity_user_name) AS principal,
  coalesce(user_identity_identity_provider, session_web_id_federated_provider) AS identity_provider,
  json_get_str(request_parameters, 'roleArn') AS role_arn,
  source_ip_address,
  error_code,
  event_id
FROM events
WHERE (event_name IN ('AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity', 'GetFederationToken')
    OR event_source IN ('sso.amazonaws.com', 'signin.amazonaws.com') AND event_name IN ('Authenticate', 'Federate', 'UserAuthentication'))
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
ORDER BY event_time DESC, event_id
LIMIT $limit
