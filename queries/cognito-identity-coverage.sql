-- name = "cognito-identity-coverage"
-- title = "Cognito identity pools: coverage"
-- description = "The documented actions of Cognito identity pools: seen, never seen, or not logged by AWS; and those seen that the document does not name"
-- tags = ["service", "cognito-identity", "coverage"]
-- columns = ["action", "status", "events", "last_event", "note"]
-- [params.since]
-- type = "timestamp"
-- description = "Only events at or after this instant; all events without it"
-- [params.until]
-- type = "timestamp"
-- description = "Only events before this instant"
-- [params.limit]
-- type = "integer"
-- default = 200
-- description = "Most rows to show"

WITH seen AS (
  SELECT event_name, count(*) AS events, max(event_time) AS last_event
  FROM events
  WHERE event_source = 'cognito-identity.amazonaws.com'
    AND ($since IS NULL OR event_time >= $since)
    AND ($until IS NULL OR event_time < $until)
  GROUP BY event_name
), documented AS (
  -- `*` stands for every action that the document does not name
  SELECT action, logged, note FROM action_catalog WHERE api = 'Amazon Cognito identity pools (federated identities)' AND action <> '*'
)
SELECT
  coalesce(documented.action, seen.event_name) AS action,
  CASE
    WHEN documented.action IS NULL THEN 'seen, not named'
    WHEN seen.events IS NOT NULL THEN 'seen'
    WHEN documented.logged THEN 'never seen'
    ELSE 'not logged by AWS'
  END AS status,
  coalesce(seen.events, 0) AS events,
  seen.last_event,
  documented.note
FROM documented FULL JOIN seen ON seen.event_name = documented.action
ORDER BY events DESC, status, action
LIMIT $limit
