-- name = "insights"
-- title = "Insights"
-- description = "Unusual call and error rates that CloudTrail Insights found: one line a finding"
-- tags = ["insights"]
-- columns = ["account", "region", "insight_type", "event_source", "event_name", "error_code", "started", "ended", "average", "baseline"]
-- [alert]
-- when = "rows > 0"
-- keys = ["account", "region", "event_source", "event_name", "started"]
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
  json_get_str(insight_details, 'insightType') AS insight_type,
  json_get_str(insight_details, 'eventSource') AS event_source,
  json_get_str(insight_details, 'eventName') AS event_name,
  json_get_str(insight_details, 'errorCode') AS error_code,
  min(event_time) FILTER (WHERE json_get_str(insight_details, 'state') = 'Start') AS started,
  max(event_time) FILTER (WHERE json_get_str(insight_details, 'state') = 'End') AS ended,
  max(json_get_float(insight_details, 'insightContext', 'statistics', 'insight', 'average')) AS average,
  max(json_get_float(insight_details, 'insightContext', 'statistics', 'baseline', 'average')) AS baseline
FROM events
WHERE (event_type = 'AwsCloudTrailInsight' OR event_category = 'Insight')
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
GROUP BY shared_event_id, 1, 2, 3, 4, 5, 6
ORDER BY started DESC, account, region, event_source, event_name
LIMIT $limit
