-- name = "errors-over-time"
-- title = "Errors over time"
-- description = "Failed calls of each hour by kind of error"
-- tags = ["errors", "time"]
-- columns = ["hour", "kind", "errors", "principals"]
-- [chart]
-- kind = "time"
-- x = "hour"
-- y = "errors"
-- by = "kind"
-- [params.since]
-- type = "timestamp"
-- description = "Only events at or after this instant; all events without it"
-- [params.until]
-- type = "timestamp"
-- description = "Only events before this instant"
-- [params.limit]
-- type = "integer"
-- default = 2000
-- description = "Most rows to show"

SELECT
  date_trunc('hour', event_time) AS hour,
  CASE
    WHEN regexp_like(error_code, 'AccessDenied|Unauthorized|NotAuthorized|Forbidden') THEN 'denied'
    WHEN regexp_like(error_code, 'Throttl|RequestLimitExceeded|TooManyRequests|SlowDown|LimitExceeded') THEN 'throttled'
    WHEN regexp_like(error_code, 'NotFound|NoSuch|DoesNotExist') THEN 'not found'
    ELSE 'other'
  END AS kind,
  count(*) AS errors,
  count(DISTINCT principal) AS principals
FROM events
WHERE error_code <> ''
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
GROUP BY 1, 2
ORDER BY hour DESC, kind
LIMIT $limit
