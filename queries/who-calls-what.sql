-- name = "who-calls-what"
-- title = "Who calls what"
-- description = "The three identity questions, a line a service: root or IAM users, temporary credentials, other AWS services"
-- tags = ["inventory", "identity"]
-- columns = ["service", "events", "by_root_or_iam_user", "by_temporary_credentials", "by_aws_service"]
-- [params.since]
-- type = "timestamp"
-- description = "Only events at or after this instant; all events without it"
-- [params.until]
-- type = "timestamp"
-- description = "Only events before this instant"
-- [params.service]
-- type = "text"
-- description = "Only this service, such as `pinpoint` or `cognito-idp`"
-- [params.limit]
-- type = "integer"
-- default = 100
-- description = "Most rows to show"

SELECT
  service,
  count(*) AS events,
  count(*) FILTER (WHERE uses_root_or_iam_user) AS by_root_or_iam_user,
  count(*) FILTER (WHERE uses_temporary_credentials) AS by_temporary_credentials,
  count(*) FILTER (WHERE made_by_aws_service) AS by_aws_service
FROM events
WHERE ($service IS NULL OR service = $service)
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
GROUP BY service
ORDER BY events DESC, service
LIMIT $limit
