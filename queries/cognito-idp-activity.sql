-- name = "cognito-idp-activity"
-- title = "Cognito user pools: activity"
-- description = "Which actions of Cognito user pools were called, how often, by how many principals"
-- tags = ["service", "cognito-idp"]
-- columns = ["event_name", "events", "writes", "errors", "principals", "accounts", "regions", "first_event", "last_event"]
-- [chart]
-- kind = "bars"
-- x = "event_name"
-- y = "events"
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
  event_name,
  count(*) AS events,
  count(*) FILTER (WHERE read_only = false) AS writes,
  count(*) FILTER (WHERE error_code <> '') AS errors,
  count(DISTINCT principal) AS principals,
  count(DISTINCT account) AS accounts,
  count(DISTINCT region) AS regions,
  min(event_time) AS first_event,
  max(event_time) AS last_event
FROM events
WHERE event_source = 'cognito-idp.amazonaws.com'
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
GROUP BY event_name
ORDER BY events DESC, event_name
LIMIT $limit
