-- name = "shared-snapshots-and-images"
-- title = "Shared snapshots and images"
-- description = "Disk and database snapshots and machine images that were opened to others or to all"
-- tags = ["storage", "exposure", "cross-account", "changes"]
-- columns = ["event_time", "account", "region", "event_name", "target", "public", "shared_with", "principal", "source_ip_address", "error_code", "event_id"]
-- [alert]
-- when = "public = true"
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
    json_get_str(request_parameters, 'snapshotId'),
    json_get_str(request_parameters, 'imageId'),
    json_get_str(request_parameters, 'dBSnapshotIdentifier'),
    json_get_str(request_parameters, 'dBClusterSnapshotIdentifier')) AS target,
  request_parameters LIKE '%"group":"all"%' OR request_parameters LIKE '%"valuesToAdd":["all"%' AS public,
  coalesce(
    json_as_text(request_parameters, 'createVolumePermission'),
    json_as_text(request_parameters, 'launchPermission'),
    json_as_text(request_parameters, 'valuesToAdd')) AS shared_with,
  principal,
  source_ip_address,
  error_code,
  event_id
FROM events
WHERE event_name IN (
    'ModifySnapshotAttribute', 'ModifyImageAttribute', 'ModifyDBSnapshotAttribute', 'ModifyDBClusterSnapshotAttribute')
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
ORDER BY event_time DESC, event_id
LIMIT $limit
