//! The text that a new report begins with.

/// A report that runs as it is, with every part of a header to keep or to take out.
#[must_use]
pub fn skeleton(name: &str) -> String {
    format!(
        r#"-- name = "{name}"
-- title = "What a reader sees first"
-- description = "What it answers"
-- tags = ["mine"]
-- columns = ["service", "events", "errors"]
-- [chart]
-- kind = "bars"
-- x = "service"
-- y = "events"
-- [alert]
-- when = "errors >= 1000"
-- keys = ["service"]
-- [params.since]
-- type = "timestamp"
-- description = "Only events at or after this instant"
-- [params.until]
-- type = "timestamp"
-- description = "Only events before this instant"
-- [params.limit]
-- type = "integer"
-- default = 100
-- description = "Most rows to show"

SELECT
  service,
  count(*) AS events,
  count(*) FILTER (WHERE error_code <> '') AS errors
FROM events
WHERE ($since IS NULL OR event_time >= $since)
  AND ($until IS NULL OR event_time < $until)
GROUP BY service
ORDER BY events DESC, service
LIMIT $limit
"#
    )
}
