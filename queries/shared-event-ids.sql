-- name = "shared-event-ids"
-- title = "Different records with one id"
-- description = "Records that share an event id and differ: they are all kept, and count twice where ids are counted"
-- tags = ["completeness"]
-- columns = ["event_id", "records", "event_names", "accounts", "first_event"]
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
  event_id,
  count(*) AS records,
  array_to_string(array_sort(array_agg(DISTINCT event_name)), ' ') AS event_names,
  count(DISTINCT account) AS accounts,
  min(event_time) AS first_event
FROM events
-- few ids come back, so they are found first: names and accounts are gathered for those alone
WHERE event_id IN (
    SELECT event_id
    FROM events
    WHERE event_id IS NOT NULL
      AND ($since IS NULL OR event_time >= $since)
      AND ($until IS NULL OR event_time < $until)
    GROUP BY event_id
    HAVING count(*) > 1
  )
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
GROUP BY event_id
ORDER BY records DESC, event_id
LIMIT $limit
