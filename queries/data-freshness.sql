-- name = "data-freshness"
-- title = "Data freshness"
-- description = "The newest event of each account and region, and how far it lies behind the newest of all"
-- tags = ["completeness", "accounts", "regions"]
-- columns = ["account", "region", "newest_event", "minutes_behind", "events"]
-- [alert]
-- when = "minutes_behind > 1440"
-- keys = ["account", "region", "newest_event"]
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
  region,
  max(event_time) AS newest_event,
  CAST(date_part('epoch', max(max(event_time)) OVER () - max(event_time)) AS BIGINT) / 60 AS minutes_behind,
  count(*) AS events
FROM events
WHERE ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
GROUP BY account, region
ORDER BY minutes_behind DESC, account, region
LIMIT $limit
