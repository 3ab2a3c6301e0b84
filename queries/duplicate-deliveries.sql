-- name = "duplicate-deliveries"
-- title = "Duplicate deliveries"
-- description = "Files that held records which the lake had already, and how many"
-- tags = ["completeness"]
-- columns = ["uri", "carrier", "records_read", "records_written", "records_duplicate", "taken_at_day"]
-- [params.show_day]
-- type = "boolean"
-- default = false
-- description = "Also show the day on which the file was taken in"
-- [params.limit]
-- type = "integer"
-- default = 100
-- description = "Most rows to show"

SELECT
  uri,
  carrier,
  records_read,
  records_written,
  records_duplicate,
  CASE WHEN $show_day THEN CAST(taken_at AS DATE) END AS taken_at_day
FROM files
WHERE records_duplicate > 0
ORDER BY records_duplicate DESC, uri
LIMIT $limit
