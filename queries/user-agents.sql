-- name = "user-agents"
-- title = "User agents"
-- description = "What software calls: SDKs, consoles and tools, by how many principals each is used"
-- tags = ["inventory", "agents"]
-- columns = ["agent", "events", "principals", "accounts", "writes", "last_event", "example"]
-- [chart]
-- kind = "bars"
-- x = "agent"
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
  -- name and version, without what follows
  coalesce(nullif(split_part(user_agent, ' ', 1), ''), '(none)') AS agent,
  count(*) AS events,
  count(DISTINCT principal) AS principals,
  count(DISTINCT account) AS accounts,
  count(*) FILTER (WHERE read_only = false) AS writes,
  max(event_time) AS last_event,
  max(user_agent) AS example
FROM events
WHERE ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
GROUP BY coalesce(nullif(split_part(user_agent, ' ', 1), ''), '(none)')
ORDER BY events DESC, agent
LIMIT $limit
