-- name = "throttled-calls"
-- title = "Throttled calls"
-- description = "Calls that were refused because there were too many of them, and who makes them"
-- tags = ["errors", "throttling"]
-- columns = ["principal", "service", "event_name", "region", "error_code", "throttled", "calls", "percent", "last_event"]
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
  principal,
  service,
  event_name,
  region,
  max(error_code) FILTER (WHERE is_throttled) AS error_code,
  count(*) FILTER (WHERE is_throttled) AS throttled,
  count(*) AS calls,
  round(100.0 * count(*) FILTER (WHERE is_throttled) / count(*), 1) AS percent,
  max(event_time) FILTER (WHERE is_throttled) AS last_event
FROM (
  -- the codes that AWS' own clients slow down at; a quota that is used up (LimitExceededException) is none of them
  SELECT *, coalesce(regexp_like(error_code,
    'Throttl|TooManyRequests|RequestLimitExceeded|RateExceeded|RateLimitExceeded|BandwidthLimitExceeded|SlowDown|ThroughputExceeded|PriorRequestNotComplete'),
    false) AS is_throttled
  FROM events
)
WHERE ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
GROUP BY principal, service, event_name, region
HAVING count(*) FILTER (WHERE is_throttled) > 0
ORDER BY throttled DESC, principal, service, event_name, region
LIMIT $limit
