-- name = "vpc-endpoint-denials"
-- title = "VPC endpoint denials"
-- description = "Calls that a VPC endpoint policy refused (network activity events)"
-- tags = ["network", "errors"]
-- columns = ["event_time", "account", "region", "service", "event_name", "vpc_endpoint_id", "user_identity_account_id", "principal", "error_code", "event_id"]
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
  service,
  event_name,
  vpc_endpoint_id,
  user_identity_account_id,
  principal,
  error_code,
  event_id
FROM events
WHERE (event_category = 'NetworkActivity' OR event_type = 'AwsVpceEvent')
  AND error_code <> ''
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
ORDER BY event_time DESC, event_id
LIMIT $limit
