-- name = "accounts-overview"
-- title = "Accounts"
-- description = "Every account in the lake: how much happens there, in how many regions and services, by how many principals"
-- tags = ["inventory", "accounts"]
-- columns = ["account", "events", "writes", "errors", "regions", "services", "principals", "first_event", "last_event"]
-- [chart]
-- kind = "bars"
-- x = "account"
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
  account,
  count(*) AS events,
  count(*) FILTER (WHERE read_only = false) AS writes,
  count(*) FILTER (WHERE error_code <> '') AS errors,
  count(DISTINCT region) AS regions,
  count(DISTINCT service) AS services,
  count(DISTINCT principal) AS principals,
  min(event_time) AS first_event,
  max(event_time) AS last_event
FROM events
WHERE ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
GROUP BY account
ORDER BY events DESC, account
LIMIT $limit
