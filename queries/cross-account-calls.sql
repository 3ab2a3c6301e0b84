-- name = "cross-account-calls"
-- title = "Cross-account calls"
-- description = "Calls that came from another account than the one that recorded them"
-- tags = ["cross-account", "identity"]
-- columns = ["caller_account", "account", "principal", "service", "calls", "errors", "first_event", "last_event"]
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
  user_identity_account_id AS caller_account,
  account,
  principal,
  service,
  count(*) AS calls,
  count(*) FILTER (WHERE error_code <> '') AS errors,
  min(event_time) AS first_event,
  max(event_time) AS last_event
FROM events
WHERE user_identity_account_id <> ''
  AND user_identity_account_id <> account
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
GROUP BY user_identity_account_id, account, principal, service
ORDER BY calls DESC, caller_account, account, principal, service
LIMIT $limit
