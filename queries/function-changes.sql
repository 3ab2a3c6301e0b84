-- name = "function-changes"
-- title = "Function changes"
-- description = "Code and rights of Lambda functions that changed"
-- tags = ["changes", "exposure"]
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
    json_get_str(request_parameters, 'functionName'),
    json_get_str(request_parameters, 'layerName')) AS target,
  principal,
  source_ip_address,
  error_code,
  event_id
FROM events
WHERE event_source = 'lambda.amazonaws.com'
  AND event_name IN (
    'CreateFunction', 'CreateFunction20150331', 'UpdateFunctionCode20150331v2',
    'UpdateFunctionConfiguration20150331v2', 'DeleteFunction20150331', 'AddPermission20150331v2',
    'RemovePermission20150331v2', 'CreateFunctionUrlConfig', 'UpdateFunctionUrlConfig',
    'PublishLayerVersion20181031', 'AddLayerVersionPermission20181031', 'CreateEventSourceMapping20150331')
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
ORDER BY event_time DESC, event_id
LIMIT $limit
