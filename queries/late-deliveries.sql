-- name = "late-deliveries"
-- title = "Late deliveries"
-- description = "Records that lay in a file delivered long after the event, by account, region and day: why a report of yesterday can change"
-- tags = ["completeness"]
-- columns = ["account", "region", "date", "events", "late", "latest_minutes", "latest_file"]
-- [params.since]
-- type = "timestamp"
-- description = "Only events at or after this instant; all events without it"
-- [params.until]
-- type = "timestamp"
-- description = "Only events before this instant"
-- [params.minutes]
-- type = "integer"
-- default = 60
-- description = "Minutes after which a delivery is late"
-- [params.limit]
-- type = "integer"
-- default = 100
-- description = "Most rows to show"

SELECT
  account,
  region,
  date,
  count(*) AS events,
  count(*) FILTER (WHERE minutes >= $minutes) AS late,
  max(minutes) AS latest_minutes,
  first_value(source_file ORDER BY minutes DESC, source_file) AS latest_file
FROM (
  SELECT account, region, date, event_time, source_file,
    -- the names of log files carry the minute of delivery
    CAST(date_part('epoch', TRY_CAST(regexp_replace(
        source_file, '^.*_(....)(..)(..)T(..)(..)Z_.*$', '\1-\2-\3T\4:\5:00Z') AS TIMESTAMP)) AS BIGINT) / 60
      - CAST(date_part('epoch', event_time) AS BIGINT) / 60 AS minutes
  FROM events
  WHERE regexp_like(source_file, '_[0-9]{8}T[0-9]{4}Z_')
)
WHERE ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
GROUP BY account, region, date
HAVING count(*) FILTER (WHERE minutes >= $minutes) > 0
ORDER BY late DESC, account, region, date
LIMIT $limit
