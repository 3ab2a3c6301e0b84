-- name = "s3-bucket-policy-changes"
-- title = "S3 bucket policy changes"
-- description = "Changes to who may reach a bucket: policies, ACLs, public access blocks, ownership"
-- tags = ["storage", "changes"]
-- columns = ["event_time", "account", "region", "event_name", "bucket", "principal", "source_ip_address", "error_code", "event_id"]
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
  json_get_str(request_parameters, 'bucketName') AS bucket,
  principal,
  source_ip_address,
  error_code,
  event_id
FROM events
WHERE event_source = 's3.amazonaws.com'
  AND event_name IN (
    'PutBucketPolicy', 'DeleteBucketPolicy', 'PutBucketAcl', 'PutObjectAcl',
    'PutBucketPublicAccessBlock', 'DeleteBucketPublicAccessBlock',
    'PutAccountPublicAccessBlock', 'DeleteAccountPublicAccessBlock',
    'PutBucketOwnershipControls', 'DeleteBucketOwnershipControls',
    'PutAccessPointPolicy', 'DeleteAccessPointPolicy', 'PutBucketCors', 'PutBucketWebsite')
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
ORDER BY event_time DESC, event_id
LIMIT $limit
