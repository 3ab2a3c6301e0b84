-- name = "assumed-roles"
-- title = "Assumed roles"
-- description = "Who takes on which role, how often, and from which account"
-- tags = ["identity", "roles"]
-- columns = ["role_arn", "caller", "caller_account", "account", "calls", "denied", "sessions", "last_event"]
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
  json_get_str(request_parameters, 'roleArn') AS role_arn,
  principal AS caller,
  user_identity_account_id AS caller_account,
  account,
  count(*) AS calls,
  count(*) FILTER (WHERE error_code <> '') AS denied,
  count(DISTINCT json_get_str(request_parameters, 'roleSessionName')) AS sessions,
  max(event_time) AS last_event
FROM events
WHERE event_source = 'sts.amazonaws.com'
  AND event_name LIKE 'AssumeRole%'
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
GROUP BY 1, 2, 3, 4
ORDER BY calls DESC, role_arn, caller, caller_account, account
LIMIT $limit
