-- name = "network-changes"
-- title = "Network changes"
-- description = "Ways in and out that changed: gateways, routes, peerings, network ACLs, endpoints, addresses"
-- tags = ["network", "exposure", "changes"]
-- columns = ["event_time", "account", "region", "event_name", "target", "principal", "source_ip_address", "error_code", "event_id"]
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
    json_get_str(request_parameters, 'vpcId'),
    json_get_str(request_parameters, 'internetGatewayId'),
    json_get_str(request_parameters, 'routeTableId'),
    json_get_str(request_parameters, 'networkAclId'),
    json_get_str(request_parameters, 'vpcPeeringConnectionId'),
    json_get_str(request_parameters, 'subnetId'),
    json_get_str(request_parameters, 'allocationId')) AS target,
  principal,
  source_ip_address,
  error_code,
  event_id
FROM events
WHERE event_source = 'ec2.amazonaws.com'
  AND event_name IN (
    'CreateInternetGateway', 'AttachInternetGateway', 'DeleteInternetGateway', 'CreateRoute', 'ReplaceRoute',
    'DeleteRoute', 'CreateVpcPeeringConnection', 'AcceptVpcPeeringConnection', 'CreateNetworkAclEntry',
    'ReplaceNetworkAclEntry', 'DeleteNetworkAclEntry', 'CreateVpcEndpoint', 'ModifyVpcEndpoint',
    'DeleteVpcEndpoints', 'AllocateAddress', 'AssociateAddress', 'CreateVpc', 'DeleteVpc',
    'CreateTransitGateway', 'ModifySubnetAttribute')
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
ORDER BY event_time DESC, event_id
LIMIT $limit
