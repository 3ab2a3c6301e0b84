-- name = "tls-versions"
-- title = "TLS versions"
-- description = "Which versions of TLS callers speak, to find those that must be renewed"
-- tags = ["inventory", "encryption", "network"]
-- columns = ["tls_version", "tls_cipher_suite", "events", "principals", "services", "last_event"]
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
  tls_version,
  tls_cipher_suite,
  count(*) AS events,
  count(DISTINCT principal) AS principals,
  count(DISTINCT service) AS services,
  max(event_time) AS last_event
FROM events
WHERE tls_version IS NOT NULL
  AND ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
GROUP BY tls_version, tls_cipher_suite
ORDER BY tls_version, events DESC, tls_cipher_suite
LIMIT $limit
