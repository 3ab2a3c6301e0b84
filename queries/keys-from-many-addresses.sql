-- name = "keys-from-many-addresses"
-- title = "Keys used from many addresses"
-- description = "Long-term access keys that were used from more than one address: candidates for a leak"
-- tags = ["identity", "keys"]
-- columns = ["access_key_id", "principal", "account", "addresses", "regions", "agents", "events", "errors", "last_event"]
-- [params.since]
-- type = "timestamp"
-- description = "Only events at or after this instant; all events without it"
-- [params.until]
-- type = "timestamp"
-- description = "Only events before this instant"
-- [params.min_addresses]
-- type = "integer"
-- default = 2
-- description = "Fewest addresses that a key is shown with"
-- [params.limit]
-- type = "integer"
-- default = 100
-- description = "Most rows to show"

SELECT
  user_identity_access_key_id AS access_key_id,
  principal,
  account,
  count(DISTINCT source_ip_address) AS addresses,
  count(DISTINCT aws_region) AS regions,
  count(DISTINCT user_agent) AS agents,
  count(*) AS events,
  count(*) FILTER (WHERE error_code <> '') AS errors,
  max(event_time) AS last_event
FROM events
WHERE user_identity_access_key_id LIKE 'AKIA%'
  -- calls that a service makes with the key come from the service
  AND source_ip_address NOT LIKE '%.amazonaws.com'
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
GROUP BY user_identity_access_key_id, principal, account
HAVING count(DISTINCT source_ip_address) >= $min_addresses
ORDER BY addresses DESC, events DESC, access_key_id, principal, account
LIMIT $limit
