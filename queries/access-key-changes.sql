-- name = "access-key-changes"
-- title = "Access-key changes"
-- description = "Access keys made, switched off, switched on and deleted, and for whom"
-- tags = ["identity", "keys", "iam", "changes"]
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
    json_get_str(request_parameters, 'userName'),
    json_get_str(request_parameters, 'accessKeyId')) AS target,
  principal,
  source_ip_address,
  error_code,
  event_id
FROM events
WHERE event_source = 'iam.amazonaws.com'
  AND event_name IN (
    'CreateAccessKey', 'UpdateAccessKey', 'DeleteAccessKey', 'CreateServiceSpecificCredential',
    'DeleteServiceSpecificCredential', 'UploadSigningCertificate', 'UploadSSHPublicKey')
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
ORDER BY event_time DESC, event_id
LIMIT $limit
