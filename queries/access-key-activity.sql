-- name = "access-key-activity"
-- title = "Access-key activity"
-- description = "Every access key that was used: by whom, from where, for what, and when last"
-- tags = ["identity", "keys"]
-- columns = ["access_key_id", "long_term", "principal", "account", "events", "services", "source_ips", "errors", "first_event", "last_event"]
-- [params.since]
-- type = "timestamp"
-- description = "Only events at or after this instant; all events without it"
-- [params.until]
-- type = "timestamp"
-- description = "Only events before this instant"
-- [params.key]
-- type = "text"
-- description = "Only this access key id"
-- [params.limit]
-- type = "integer"
-- default = 100
-- description = "Most rows to show"

SELECT
  user_identity_access_key_id AS access_key_id,
  user_identity_access_key_id LIKE 'AKIA%' AS long_term,
  principal,
  account,
  count(*) AS events,
  count(DISTINCT service) AS services,
  count(DISTINCT source_ip_address) AS source_ips,
  count(*) FILTER (WHERE error_code <> '') AS errors,
  min(event_time) AS first_event,
  max(event_time) AS last_event
FROM events
WHERE user_identity_access_key_id <> ''
  -- temporary keys are many: those to be shown are chosen first, and only their services and addresses are told apart
  AND user_identity_access_key_id IN (
    SELECT key
    FROM (
      SELECT
        user_identity_access_key_id AS key,
        user_identity_access_key_id LIKE 'AKIA%' AS long_term,
        principal,
        account,
        count(*) AS events
      FROM events
      WHERE user_identity_access_key_id <> ''
        AND ($key IS NULL OR user_identity_access_key_id = $key)
        AND ($since IS NULL OR event_time >= $since)
        AND ($until IS NULL OR event_time < $until)
      GROUP BY user_identity_access_key_id, principal, account
      ORDER BY long_term DESC, events DESC, key, principal, account
      LIMIT $limit
    ) AS shown
  )
  AND ($key IS NULL OR user_identity_access_key_id = $key)
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
GROUP BY user_identity_access_key_id, principal, account
ORDER BY long_term DESC, events DESC, access_key_id, principal, account
LIMIT $limit
