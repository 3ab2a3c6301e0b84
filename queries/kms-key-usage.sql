-- name = "kms-key-usage"
-- title = "KMS key usage"
-- description = "Which keys encrypt and decrypt, for whom and on behalf of which service"
-- tags = ["encryption"]
-- columns = ["key", "event_name", "principal", "invoked_by", "calls", "errors", "last_event"]
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
  coalesce(json_get_str(request_parameters, 'keyId'), resources[1]['arn'], '(unknown)') AS key,
  event_name,
  principal,
  user_identity_invoked_by AS invoked_by,
  count(*) AS calls,
  count(*) FILTER (WHERE error_code <> '') AS errors,
  max(event_time) AS last_event
FROM events
WHERE event_source = 'kms.amazonaws.com'
  AND event_name IN ('Encrypt', 'Decrypt', 'ReEncrypt', 'GenerateDataKey', 'GenerateDataKeyWithoutPlaintext', 'Sign', 'Verify')
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
GROUP BY 1, 2, 3, 4
ORDER BY calls DESC, key, event_name, principal, invoked_by
LIMIT $limit
