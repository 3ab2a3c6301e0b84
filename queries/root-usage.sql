-- name = "root-usage"
-- title = "Root usage"
-- description = "What the root user did, in any account"
-- tags = ["identity", "root"]
-- columns = ["event_time", "account", "region", "event_source", "event_name", "source_ip_address", "mfa_authenticated", "error_code", "event_id"]
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
  source_ip_address,
  session_mfa_authenticated AS mfa_authenticated,
  error_code,
  event_id
FROM events
WHERE identity_kind = 'root'
  -- what a service does on its own in the name of root is no use of root
  AND coalesce(user_identity_invoked_by, '') NOT LIKE '%.amazonaws.com'
  AND coalesce(event_type, '') <> 'AwsServiceEvent'
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
ORDER BY event_time DESC, event_id
LIMIT $limit
