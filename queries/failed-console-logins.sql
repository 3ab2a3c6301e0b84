-- name = "failed-console-logins"
-- title = "Failed console sign-ins"
-- description = "Sign-ins that failed, by account, user and address: guesses and forgotten passwords"
-- tags = ["identity", "sign-in", "errors"]
-- columns = ["account", "principal", "source_ip_address", "failures", "successes", "first_failure", "last_failure"]
-- [alert]
-- when = "failures >= 5"
-- keys = ["account", "principal", "source_ip_address", "last_failure"]
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
  account,
  coalesce(principal, user_identity_user_name) AS principal,
  source_ip_address,
  count(*) FILTER (WHERE failed) AS failures,
  count(*) FILTER (WHERE NOT failed) AS successes,
  min(event_time) FILTER (WHERE failed) AS first_failure,
  max(event_time) FILTER (WHERE failed) AS last_failure
FROM (
  SELECT *, coalesce(json_get_str(response_elements, 'ConsoleLogin') = 'Failure', error_message IS NOT NULL) AS failed
  FROM events
  WHERE event_name = 'ConsoleLogin'
)
WHERE ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
GROUP BY account, coalesce(principal, user_identity_user_name), source_ip_address
HAVING count(*) FILTER (WHERE failed) > 0
ORDER BY failures DESC, last_failure DESC, account, principal, source_ip_address
LIMIT $limit
