-- name = "password-changes"
-- title = "Password changes"
-- description = "Console passwords set, changed or reset, and the rules for them"
-- tags = ["identity", "sign-in", "iam", "changes"]
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
  json_get_str(request_parameters, 'userName') AS target,
  principal,
  source_ip_address,
  error_code,
  event_id
FROM events
WHERE event_source IN ('iam.amazonaws.com', 'signin.amazonaws.com')
  AND event_name IN (
    'ChangePassword', 'CreateLoginProfile', 'UpdateLoginProfile', 'DeleteLoginProfile',
    'UpdateAccountPasswordPolicy', 'DeleteAccountPasswordPolicy', 'PasswordRecoveryRequested',
    'PasswordRecoveryCompleted', 'PasswordUpdated')
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
ORDER BY event_time DESC, event_id
LIMIT $limit
