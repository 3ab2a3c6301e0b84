-- name = "console-logins"
-- title = "Console sign-ins"
-- description = "Who signed in to the console or tried to, and whether a second factor was used"
-- tags = ["identity", "sign-in"]
-- columns = ["event_time", "account", "principal", "identity_kind", "outcome", "mfa_used", "source_ip_address", "error_message"]
-- [params.since]
-- type = "timestamp"
-- description = "Only events at or after this instant; all events without it"
-- [params.until]
-- type = "timestamp"
-- description = "Only events before this instant"
-- [params.without_mfa]
-- type = "boolean"
-- default = false
-- description = "Only sign-ins without a second factor"
-- [params.limit]
-- type = "integer"
-- default = 100
-- description = "Most rows to show"

SELECT
  event_time,
  account,
  coalesce(principal, user_identity_user_name) AS principal,
  identity_kind,
  -- failures of before 2016 have a message and no outcome
  coalesce(json_get_str(response_elements, 'ConsoleLogin'),
    CASE WHEN error_message IS NULL THEN 'Success' ELSE 'Failure' END) AS outcome,
  lower(json_get_str(additional_event_data, 'MFAUsed')) = 'yes' AS mfa_used,
  source_ip_address,
  error_message
FROM events
WHERE event_name = 'ConsoleLogin'
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
  AND ($without_mfa = false
    OR coalesce(lower(json_get_str(additional_event_data, 'MFAUsed')), 'no') <> 'yes')
ORDER BY event_time DESC, event_id
LIMIT $limit
