-- name = "service-events"
-- title = "Service events"
-- description = "Records that no call made: key rotations, renewals, expiries (AwsServiceEvent)"
-- tags = ["service-linked"]
-- columns = ["event_time", "account", "region", "event_source", "event_name", "details", "event_id"]
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
  service_event_details AS details,
  event_id
FROM events
WHERE event_type = 'AwsServiceEvent'
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
ORDER BY event_time DESC, event_id
LIMIT $limit
