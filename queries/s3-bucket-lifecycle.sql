-- name = "s3-bucket-lifecycle"
-- title = "S3 bucket lifecycle"
-- description = "Buckets made and deleted, and what keeps or removes their objects: versioning, lifecycle, lock, replication"
-- tags = ["storage", "changes"]
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
  json_get_str(request_parameters, 'bucketName') AS target,
  principal,
  source_ip_address,
  error_code,
  event_id
FROM events
WHERE event_source = 's3.amazonaws.com'
  AND event_name IN (
    'CreateBucket', 'DeleteBucket', 'PutBucketVersioning', 'PutBucketLifecycle',
    'PutBucketLifecycleConfiguration', 'DeleteBucketLifecycle', 'PutObjectLockConfiguration',
    'PutBucketReplication', 'DeleteBucketReplication', 'PutBucketLogging')
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
ORDER BY event_time DESC, event_id
LIMIT $limit
