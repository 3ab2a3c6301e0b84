-- name = "regions-overview"
-- title = "Regions"
-- description = "Where things happen: a line a region, which also shows regions that nobody should use"
-- tags = ["inventory", "regions"]
-- columns = ["region", "events", "writes", "accounts", "services", "principals", "first_event", "last_event"]
-- [chart]
-- kind = "bars"
-- x = "region"
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
  region,
  count(*) AS events,
  count(*) FILTER (WHERE read_only = false) AS writes,
  count(DISTINCT account) AS accounts,
  count(DISTINCT service) AS services,
  count(DISTINCT principal) AS principals,
  min(event_time) AS first_event,
  max(event_time) AS last_event
FROM events
WHERE ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
GROUP BY region
ORDER BY events DESC, region
LIMIT $limit
