-- name = "service-activity"
-- title = "Activity of AWS services"
-- description = "What AWS services do in the accounts, by themselves or on behalf of users"
-- tags = ["service-linked"]
-- columns = ["invoked_by", "identity_kind", "service", "event_name", "events", "errors", "accounts", "last_event"]
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
  coalesce(nullif(user_identity_invoked_by, ''), principal) AS invoked_by,
  identity_kind,
  service,
  event_name,
  count(*) AS events,
  count(*) FILTER (WHERE error_code <> '') AS errors,
  count(DISTINCT account) AS accounts,
  max(event_time) AS last_event
FROM events
WHERE made_by_aws_service
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
GROUP BY 1, 2, 3, 4
ORDER BY events DESC, invoked_by, identity_kind, service, event_name
LIMIT $limit
