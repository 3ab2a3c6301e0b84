-- name = "kms-key-changes"
-- title = "KMS key changes"
-- description = "Keys switched off, scheduled for deletion, opened by policy or grant"
-- tags = ["encryption", "changes"]
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
    json_get_str(request_parameters, 'keyId'),
    json_get_str(request_parameters, 'aliasName'),
    json_get_str(request_parameters, 'targetKeyId')) AS target,
  principal,
  source_ip_address,
  error_code,
  event_id
FROM events
WHERE event_source = 'kms.amazonaws.com'
  AND event_name IN (
    'CreateKey', 'DisableKey', 'EnableKey', 'ScheduleKeyDeletion', 'CancelKeyDeletion', 'PutKeyPolicy',
    'CreateGrant', 'RevokeGrant', 'RetireGrant', 'DisableKeyRotation', 'EnableKeyRotation',
    'ImportKeyMaterial', 'DeleteImportedKeyMaterial', 'UpdateAlias', 'DeleteAlias')
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
ORDER BY event_time DESC, event_id
LIMIT $limit
