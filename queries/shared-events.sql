-- name = "shared-events"
-- title = "Shared events"
-- description = "Calls that several accounts or trails recorded: records with the same shared event id"
-- tags = ["cross-account"]
-- columns = ["shared_event_id", "first_event", "records", "accounts", "account_list", "event_source", "event_name"]
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
  shared_event_id,
  min(event_time) AS first_event,
  count(*) AS records,
  count(DISTINCT account) AS accounts,
  array_to_string(array_sort(array_agg(DISTINCT account)), ' ') AS account_list,
  max(event_source) AS event_source,
  max(event_name) AS event_name
FROM events
WHERE shared_event_id IS NOT NULL
  -- the start and the end of a finding share an id too
  AND coalesce(event_category, '') <> 'Insight'
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
GROUP BY shared_event_id
ORDER BY accounts DESC, first_event DESC, shared_event_id
LIMIT $limit
