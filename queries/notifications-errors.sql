-- name = "notifications-errors"
-- title = "AWS User Notifications: errors"
-- description = "Calls to AWS User Notifications that failed, with which error, and for whom"
-- tags = ["service", "notifications", "errors"]
-- columns = ["event_name", "error_code", "failures", "principals", "newest_principal", "last_event", "example_message"]
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
  event_name,
  coalesce(nullif(error_code, ''), '(message only)') AS error_code,
  count(*) AS failures,
  count(DISTINCT principal) AS principals,
  first_value(principal ORDER BY event_time DESC, event_id) AS newest_principal,
  max(event_time) AS last_event,
  max(error_message) AS example_message
FROM events
WHERE event_source IN ('notifications.amazonaws.com', 'notifications-contacts.amazonaws.com')
  AND (error_code <> '' OR error_message <> '')
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
GROUP BY event_name, coalesce(nullif(error_code, ''), '(message only)')
ORDER BY failures DESC, event_name, error_code
LIMIT $limit
