-- name = "cloudtrail-tampering"
-- title = "CloudTrail tampering"
-- description = "Changes to what CloudTrail records or keeps: trails stopped, deleted, narrowed, event data stores removed"
-- tags = ["logging", "changes"]
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
    json_get_str(request_parameters, 'name'),
    json_get_str(request_parameters, 'trailName'),
    json_get_str(request_parameters, 'eventDataStore'),
    json_get_str(request_parameters, 'channel')) AS target,
  principal,
  source_ip_address,
  error_code,
  event_id
FROM events
WHERE event_source = 'cloudtrail.amazonaws.com'
  AND event_name IN (
    'StopLogging', 'DeleteTrail', 'UpdateTrail', 'PutEventSelectors', 'PutInsightSelectors', 'RemoveTags',
    'StopEventDataStoreIngestion', 'DeleteEventDataStore', 'UpdateEventDataStore', 'DeleteChannel', 'UpdateChannel',
    'DeleteResourcePolicy', 'PutResourcePolicy', 'DeregisterOrganizationDelegatedAdmin')
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
ORDER BY event_time DESC, event_id
LIMIT $limit
