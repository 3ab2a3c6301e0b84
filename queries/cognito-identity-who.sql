-- name = "cognito-identity-who"
-- title = "Cognito identity pools: who calls"
-- description = "The three identity questions of Cognito identity pools: root or IAM user, temporary credentials, another AWS service"
-- tags = ["service", "cognito-identity", "identity"]
-- columns = ["principal", "identity_kind", "account", "root_or_iam_user", "temporary_credentials", "aws_service", "events", "actions", "source_ips", "last_event"]
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
  principal,
  identity_kind,
  account,
  uses_root_or_iam_user AS root_or_iam_user,
  uses_temporary_credentials AS temporary_credentials,
  made_by_aws_service AS aws_service,
  count(*) AS events,
  count(DISTINCT event_name) AS actions,
  count(DISTINCT source_ip_address) AS source_ips,
  max(event_time) AS last_event
FROM events
WHERE event_source = 'cognito-identity.amazonaws.com'
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
GROUP BY principal, identity_kind, account, uses_root_or_iam_user, uses_temporary_credentials, made_by_aws_service
ORDER BY events DESC, principal, identity_kind, account, root_or_iam_user, temporary_credentials, aws_service
LIMIT $limit
