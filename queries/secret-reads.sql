-- name = "secret-reads"
-- title = "Secret reads"
-- description = "Who reads which secret or parameter, and how often it was refused"
-- tags = ["encryption", "identity"]
-- columns = ["event_source", "secret", "principal", "account", "reads", "denied", "source_ips", "last_event"]
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
  event_source,
  coalesce(
    json_get_str(request_parameters, 'secretId'),
    json_get_str(request_parameters, 'name'),
    json_as_text(request_parameters, 'names'),
    json_get_str(request_parameters, 'path'),
    '(unknown)') AS secret,
  principal,
  account,
  count(*) AS reads,
  count(*) FILTER (WHERE error_code <> '') AS denied,
  count(DISTINCT source_ip_address) AS source_ips,
  max(event_time) AS last_event
FROM events
WHERE (event_source = 'secretsmanager.amazonaws.com' AND event_name IN ('GetSecretValue', 'BatchGetSecretValue')
    OR event_source = 'ssm.amazonaws.com' AND event_name IN ('GetParameter', 'GetParameters', 'GetParametersByPath'))
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
GROUP BY 1, 2, 3, 4
ORDER BY reads DESC, event_source, secret, principal, account
LIMIT $limit
