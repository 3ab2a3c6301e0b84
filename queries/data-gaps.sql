-- name = "data-gaps"
-- title = "Gaps in the data"
-- description = "Days without any event between the first and the last day of an account and region: lost logs, or silence"
-- tags = ["completeness"]
-- columns = ["account", "region", "from_day", "to_day", "days"]
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
  before_gap + INTERVAL '1 day' AS from_day,
  date - INTERVAL '1 day' AS to_day,
  CAST(date - before_gap AS BIGINT) - 1 AS days
FROM (
  SELECT account, region, date, lag(date) OVER (PARTITION BY account, region ORDER BY date) AS before_gap
  FROM (
    SELECT DISTINCT account, region, date
    FROM events
    WHERE ($since IS NULL OR event_time >= $since)
      AND ($until IS NULL OR event_time < $until)
  )
)
WHERE CAST(date - before_gap AS BIGINT) > 1
ORDER BY days DESC, account, region, from_day
LIMIT $limit
