-- name = "data-freshness"
-- title = "Data freshness"
-- description = "The newest event of each account and region, and how far it lies behind the end of the window, or behind now if that is earlier: also of those that sent nothing in the window, but something in the 14 days before"
-- tags = ["completeness", "accounts", "regions"]
-- columns = ["account", "region", "newest_event", "minutes_behind", "events"]
-- [alert]
-- when = "minutes_behind > 1440"
-- keys = ["account", "region", "newest_event"]
-- [params.since]
-- type = "timestamp"
-- description = "Only events at or after this instant are counted; all events without it"
-- [params.until]
-- type = "timestamp"
-- description = "Only events before this instant, and how far they lie behind it"
-- [params.limit]
-- type = "integer"
-- default = 100
-- description = "Most rows to show"

SELECT
  account,
  region,
  max(event_time) AS newest_event,
  greatest(CAST(date_part('epoch', least(coalesce($until, now()), now()) - max(event_time)) AS BIGINT) / 60, 0) AS minutes_behind,
  count(*) FILTER (WHERE $since IS NULL OR event_time >= $since) AS events
FROM events
WHERE ($since IS NULL OR event_time >= $since - INTERVAL '14 days')
  AND ($until IS NULL OR event_time < $until)
GROUP BY account, region
ORDER BY minutes_behind DESC, account, region
LIMIT $limit
