-- name = "administrator-grants"
-- title = "Administrator grants"
-- description = "Rights to everything that were given: AdministratorAccess, or an inline policy that allows every action"
-- tags = ["identity", "iam", "changes"]
-- columns = ["event_time", "account", "region", "event_name", "target", "principal", "source_ip_address", "error_code", "event_id"]
-- [alert]
-- when = "rows > 0"
-- keys = ["event_id"]
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
  event_name,
  coalesce(
    json_get_str(request_parameters, 'userName'),
    json_get_str(request_parameters, 'roleName'),
    json_get_str(request_parameters, 'groupName'),
    json_get_str(request_parameters, 'policyName')) AS target,
  principal,
  source_ip_address,
  error_code,
  event_id
FROM (
  SELECT *, json_as_text(
    translate(json_get_str(request_parameters, 'policyDocument'), chr(10) || chr(13), '  '), 'Statement') AS statements
  FROM events
  WHERE event_source = 'iam.amazonaws.com'
)
WHERE (event_name LIKE 'Attach%' AND json_get_str(request_parameters, 'policyArn') LIKE '%:policy/AdministratorAccess'
    -- a statement a line, or the only one: what one of them allows, another may deny
    OR regexp_like(
      coalesce(array_to_string(json_array(statements), chr(10)), statements),
      '(?m)^.*"Effect"\s*:\s*"Allow".*"Action"\s*:\s*(\[[^\]]*)?"\*(:\*)?"|^.*"Action"\s*:\s*(\[[^\]]*)?"\*(:\*)?".*"Effect"\s*:\s*"Allow"'))
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
ORDER BY event_time DESC, event_id
LIMIT $limit
