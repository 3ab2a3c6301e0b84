-- name = "activity-by-source-ip"
-- title = "Activity by source IP"
-- description = "Which addresses calls come from, and who uses them; services that call are listed by their name"
-- tags = ["inventory", "network"]
-- columns = ["source_ip_address", "events", "principals", "services", "errors", "first_event", "last_event"]
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
  source_ip_address,
  count(*) AS events,
  count(DISTINCT principal) AS principals,
  count(DISTINCT service) AS services,
  count(*) FILTER (WHERE error_code <> '') AS errors,
  min(event_time) AS first_event,
  max(event_time) AS last_event
FROM events
WHERE ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
  -- addresses are many: those to be shown are chosen first, and only their principals and services are told apart
  AND (
    source_ip_address IS NULL
    OR source_ip_address IN (
      SELECT address
      FROM (
        SELECT source_ip_address AS address, count(*) AS events
        FROM events
        WHERE ($since IS NULL OR event_time >= $since)
          AND ($until IS NULL OR event_time < $until)
        GROUP BY source_ip_address
        ORDER BY events DESC, address
        LIMIT $limit
      ) AS shown
    )
  )
GROUP BY source_ip_address
ORDER BY events DESC, source_ip_address
LIMIT $limit
