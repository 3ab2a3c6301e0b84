-- name = "noisy-events"
-- title = "Noisy events"
-- description = "What fills the trail and the bill for it: the actions with the most events, and their share"
-- tags = ["cost"]
-- columns = ["service", "event_name", "event_category", "events", "percent", "principals", "top_principal"]
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

WITH chosen AS (
  SELECT service, event_name, event_category, principal
  FROM events
  WHERE ($since IS NULL OR event_time >= $since)
    AND ($until IS NULL OR event_time < $until)
), counted AS (
  SELECT service, event_name, event_category, principal, count(*) AS n
  FROM chosen
  GROUP BY service, event_name, event_category, principal
)
SELECT
  service,
  event_name,
  event_category,
  sum(n) AS events,
  round(100.0 * sum(n) / (SELECT count(*) FROM chosen), 2) AS percent,
  count(DISTINCT principal) AS principals,
  first_value(principal ORDER BY n DESC, principal) AS top_principal
FROM counted
GROUP BY service, event_name, event_category
ORDER BY events DESC, service, event_name, event_category
LIMIT $limit
