-- name = "monitoring-tampering"
-- title = "Monitoring tampering"
-- description = "What else watches was weakened: GuardDuty, Security Hub, Config, flow logs, alarms, log groups"
-- tags = ["logging", "changes"]
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
    json_get_str(request_parameters, 'detectorId'),
    json_get_str(request_parameters, 'configurationRecorderName'),
    json_get_str(request_parameters, 'configRuleName'),
    json_get_str(request_parameters, 'deliveryChannelName'),
    json_get_str(request_parameters, 'logGroupName'),
    json_get_str(request_parameters, 'name'),
    json_get_str(request_parameters, 'analyzerName')) AS target,
  principal,
  source_ip_address,
  error_code,
  event_id
FROM events
WHERE event_source IN ('guardduty.amazonaws.com', 'securityhub.amazonaws.com', 'config.amazonaws.com', 'ec2.amazonaws.com', 'monitoring.amazonaws.com', 'logs.amazonaws.com', 'events.amazonaws.com', 'access-analyzer.amazonaws.com', 'macie2.amazonaws.com', 'wafv2.amazonaws.com')
  AND event_name IN (
    'DeleteDetector', 'UpdateDetector', 'DisassociateFromMasterAccount', 'DisassociateMembers', 'CreateFilter',
    'DisableSecurityHub', 'BatchDisableStandards', 'StopConfigurationRecorder', 'DeleteConfigurationRecorder',
    'DeleteDeliveryChannel', 'DeleteConfigRule', 'DeleteFlowLogs', 'DeleteAlarms', 'DisableAlarmActions',
    'DeleteLogGroup', 'DeleteLogStream', 'PutRetentionPolicy', 'DeleteMetricFilter',
    'DeleteSubscriptionFilter', 'DisableRule', 'DeleteRule', 'DeleteAnalyzer', 'DisableMacie', 'DeleteWebACL')
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
ORDER BY event_time DESC, event_id
LIMIT $limit
