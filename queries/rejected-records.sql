-- name = "rejected-records"
-- title = "Rejected records"
-- description = "What could not become a row, by reason, with an example"
-- tags = ["completeness", "errors"]
-- columns = ["reason", "records", "files", "example_file"]
-- [alert]
-- when = "rows > 0"
-- keys = ["reason", "records"]
-- [params.limit]
-- type = "integer"
-- default = 100
-- description = "Most rows to show"

SELECT
  reason,
  count(*) AS records,
  count(DISTINCT source_file) AS files,
  min(source_file) AS example_file
FROM rejects
GROUP BY reason
ORDER BY records DESC, reason
LIMIT $limit
