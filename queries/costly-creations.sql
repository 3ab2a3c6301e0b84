-- name = "costly-creations"
-- title = "Costly creations"
-- description = "Who started what AWS bills by the hour: instances, gateways, databases, clusters, endpoints"
-- tags = ["cost", "changes"]
-- columns = ["event_time", "account", "region", "service", "event_name", "what", "principal", "source_ip_address", "error_code", "event_id"]
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
  service,
  event_name,
  coalesce(
    json_get_str(request_parameters, 'instanceType'),
    json_get_str(request_parameters, 'dBInstanceClass'),
    json_get_str(request_parameters, 'nodeType'),
    json_get_str(request_parameters, 'cacheNodeType'),
    json_get_str(request_parameters, 'subnetId'),
    json_get_str(request_parameters, 'name')) AS what,
  principal,
  source_ip_address,
  error_code,
  event_id
FROM events
WHERE event_name IN (
    'RunInstances', 'RequestSpotInstances', 'CreateFleet', 'CreateNatGateway', 'CreateDBInstance', 'CreateDBCluster',
    'CreateCluster', 'CreateCacheCluster', 'CreateReplicationGroup', 'CreateLoadBalancer', 'CreateDomain', 'CreateEndpoint',
    'CreateNotebookInstance', 'PurchaseReservedInstancesOffering', 'CreateSavingsPlan', 'AllocateHosts')
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
ORDER BY event_time DESC, event_id
LIMIT $limit
