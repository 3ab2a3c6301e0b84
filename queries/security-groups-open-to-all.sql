-- name = "security-groups-open-to-all"
-- title = "Security groups open to all"
-- description = "Rules that let the whole internet in, by IPv4 or IPv6"
-- tags = ["network", "exposure", "changes"]
-- columns = ["event_time", "account", "region", "event_name", "group_id", "rules", "principal", "source_ip_address", "event_id"]
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
    json_get_str(request_parameters, 'groupId'),
    json_get_str(request_parameters, 'ModifySecurityGroupRulesRequest', 'GroupId'),
    json_get_str(request_parameters, 'groupName')) AS group_id,
  coalesce(json_as_text(request_parameters, 'ipPermissions'), request_parameters) AS rules,
  principal,
  source_ip_address,
  event_id
FROM events
WHERE event_source = 'ec2.amazonaws.com'
  AND event_name IN ('AuthorizeSecurityGroupIngress', 'ModifySecurityGroupRules')
  AND error_code IS NULL
  AND (request_parameters LIKE '%"0.0.0.0/0"%' OR request_parameters LIKE '%"::/0"%')
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
ORDER BY event_time DESC, event_id
LIMIT $limit
