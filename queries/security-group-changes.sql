-- name = "security-group-changes"
-- title = "Security-group changes"
-- description = "Who opened or closed which security group to what"
-- tags = ["network", "changes"]
-- columns = ["event_time", "account", "region", "event_name", "group_id", "rules", "principal", "source_ip_address", "error_code", "event_id"]
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
    json_get_str(response_elements, 'groupId'),
    json_get_str(request_parameters, 'groupName')) AS group_id,
  coalesce(
    nullif(json_as_text(request_parameters, 'ipPermissions'), '{}'),
    json_as_text(request_parameters, 'ModifySecurityGroupRulesRequest'),
    -- one rule written flat, as older clients do: ports and range stand beside the group
    CASE WHEN json_contains(request_parameters, 'ipProtocol') THEN request_parameters END) AS rules,
  principal,
  source_ip_address,
  error_code,
  event_id
FROM events
WHERE event_source = 'ec2.amazonaws.com'
  AND event_name IN (
    'AuthorizeSecurityGroupIngress', 'AuthorizeSecurityGroupEgress',
    'RevokeSecurityGroupIngress', 'RevokeSecurityGroupEgress',
    'CreateSecurityGroup', 'DeleteSecurityGroup', 'ModifySecurityGroupRules',
    'UpdateSecurityGroupRuleDescriptionsIngress', 'UpdateSecurityGroupRuleDescriptionsEgress')
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
ORDER BY event_time DESC, event_id
LIMIT $limit
