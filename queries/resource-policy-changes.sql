-- name = "resource-policy-changes"
-- title = "Resource policy changes"
-- description = "Policies on queues, topics, functions, keys, repositories and secrets: the other way to let an account in"
-- tags = ["cross-account", "exposure", "changes"]
-- columns = ["event_time", "account", "region", "event_source", "event_name", "target", "principal", "source_ip_address", "error_code", "event_id"]
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
  event_source,
  event_name,
  coalesce(
    json_get_str(request_parameters, 'topicArn'),
    json_get_str(request_parameters, 'queueUrl'),
    json_get_str(request_parameters, 'functionName'),
    json_get_str(request_parameters, 'keyId'),
    json_get_str(request_parameters, 'repositoryName'),
    json_get_str(request_parameters, 'secretId'),
    json_get_str(request_parameters, 'resourceArn'),
    json_get_str(request_parameters, 'vaultName')) AS target,
  principal,
  source_ip_address,
  error_code,
  event_id
FROM events
WHERE (event_name IN ('PutKeyPolicy', 'PutResourcePolicy', 'SetRepositoryPolicy', 'SetVaultAccessPolicy', 'CreateResourceShare')
    OR event_name LIKE 'AddPermission%'
    OR event_name IN ('SetTopicAttributes', 'SetQueueAttributes') AND request_parameters LIKE '%Policy%')
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
ORDER BY event_time DESC, event_id
LIMIT $limit
