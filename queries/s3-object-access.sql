-- name = "s3-object-access"
-- title = "S3 object access"
-- description = "Who reads and writes objects of which bucket: needs data events"
-- tags = ["storage", "data-events"]
-- columns = ["bucket", "principal", "account", "reads", "writes", "deletes", "denied", "objects", "bytes_out", "last_event"]
-- [params.since]
-- type = "timestamp"
-- description = "Only events at or after this instant; all events without it"
-- [params.until]
-- type = "timestamp"
-- description = "Only events before this instant"
-- [params.bucket]
-- type = "text"
-- description = "Only this bucket"
-- [params.limit]
-- type = "integer"
-- default = 100
-- description = "Most rows to show"

SELECT
  coalesce(json_get_str(request_parameters, 'bucketName'), '(none)') AS bucket,
  principal,
  account,
  count(*) FILTER (WHERE event_name LIKE 'Get%' OR event_name LIKE 'Head%' OR event_name LIKE 'List%') AS reads,
  count(*) FILTER (WHERE event_name LIKE 'Put%' OR event_name LIKE 'Copy%' OR event_name LIKE '%Upload%') AS writes,
  count(*) FILTER (WHERE event_name LIKE 'Delete%') AS deletes,
  count(*) FILTER (WHERE error_code <> '') AS denied,
  count(DISTINCT json_get_str(request_parameters, 'key')) AS objects,
  CAST(sum(json_get_float(additional_event_data, 'bytesTransferredOut')) AS BIGINT) AS bytes_out,
  max(event_time) AS last_event
FROM events
WHERE event_source = 's3.amazonaws.com'
  AND event_category = 'Data'
  AND ($bucket IS NULL OR json_get_str(request_parameters, 'bucketName') = $bucket)
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
GROUP BY 1, 2, 3
ORDER BY reads + writes + deletes DESC, bucket, principal, account
LIMIT $limit
