//! The constructs of other dialects and what becomes of them, for the reference. A test looks for each in the corpus.

/// One construct.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Construct {
    /// As the reference shows it.
    pub(crate) written: &'static str,
    pub(crate) dialects: &'static str,
    pub(crate) becomes: &'static str,
    /// What a query that uses it contains.
    pub(crate) sample: &'static str,
}

const fn row(written: &'static str, dialects: &'static str, sample: &'static str, becomes: &'static str) -> Construct {
    Construct { written, dialects, becomes, sample }
}

#[rustfmt::skip]
pub(crate) const CONSTRUCTS: &[Construct] = &[
    row("aggregates, `GROUP BY` with ordinals, `HAVING`, `LIMIT`", "all", "group by 1", "as it is"),
    row("`count_if(p)`", "Trino, DuckDB", "count_if(", "`count(*) FILTER (WHERE p)`"),
    row("`approx_percentile(x, p)`", "Trino", "approx_percentile(", "`approx_percentile_cont(p) WITHIN GROUP (ORDER BY x)`"),
    row("`approx_distinct(x)`", "Trino", "approx_distinct(", "as it is; another error can be no argument"),
    row("`array_agg(DISTINCT x ORDER BY y)`", "all", "array_agg(distinct", "as it is"),
    row("`max_by(x, y)`, `min_by`, `arg_max`, `arg_min`", "Trino, DuckDB", "max_by(", "`first_value(x ORDER BY y)`"),
    row("`json_extract_scalar(j, path)`", "Trino", "json_extract_scalar(", "function of milepost"),
    row("`json_extract(j, path)`, `CAST(… AS VARCHAR)` of it", "Trino", "cast(json_extract(", "JSON text; the cast gives the content of a string"),
    row("`json_array_get(j, n)`, `json_array_length(j)`", "Trino", "json_array_get(", "functions of milepost"),
    row("`element_at(x, k)`", "Trino", "element_at(", "`x[k]`, for maps and lists"),
    row("`map_keys`, `cardinality`", "Trino", "map_keys(", "as it is"),
    row("`contains(list, x)`", "Trino", "contains(array_agg", "`array_has(list, x)`"),
    row("`contains('cidr', address)`", "Trino", "contains('203", "`cidr_contains`"),
    row("`slice(list, start, length)`", "Trino", "slice(", "`array_slice(list, start, start + length - 1)`"),
    row("`split(x, d)`", "Trino", "split(eventsource", "`string_to_array`; out of range is null"),
    row("`date_format(t, f)`", "Trino", "date_format(", "`to_char` with the codes translated"),
    row("`date_parse(x, f)`, `parse_datetime(x, f)`", "Trino", "parse_datetime(", "`parse_time` with the codes translated; ISO 8601 goes to `from_iso8601_timestamp`"),
    row("`from_iso8601_timestamp(eventtime)`", "Trino", "from_iso8601_timestamp(eventtime)", "the instant of the lake itself: files are left out by it"),
    row("`eventtime BETWEEN '…Z' AND '…Z'`", "Athena", "eventtime between", "a comparison of instants: files are left out by it"),
    row("`date_add(unit, n, t)`", "Trino", "date_add(", "function of milepost"),
    row("`date_diff(unit, a, b)`", "Trino", "date_diff('second'", "whole units, cut towards zero"),
    row("`date_diff(unit, a, b)`", "DuckDB", "date_diff('day', timestamp", "`date_diff_boundaries`: starts of units between"),
    row("`now()`, `current_timestamp`, `current_date`, `date_trunc`", "all", "current_timestamp", "as it is"),
    row("`hour(t)`, `minute(t)`, `day_of_week(t)`, `week(t)` and their kin", "Trino, DuckDB", "day_of_week(", "`date_part`; Monday is 1"),
    row("`date(x)`", "Trino", "date(eventtime)", "`CAST(x AS DATE)`"),
    row("`from_unixtime(x)`, `to_unixtime(t)`", "Trino", "to_unixtime(", "with fractions, as doubles"),
    row("`to_milliseconds(interval)`, `n * INTERVAL`", "Trino", "3 * interval", "functions of milepost"),
    row("`regexp_like`", "Trino", "regexp_like(", "as it is; patterns are those of Rust: no look-around, no back references"),
    row("`regexp_extract(x, p[, g])`", "Trino, DuckDB", "regexp_extract(", "null without a match in Trino, empty text in DuckDB"),
    row("`concat(a, b)`", "Trino", "concat(", "`a || b`: null if one of them is"),
    row("`replace(x, y)`", "Trino", "replace(eventsource, '.amazonaws.com')", "`replace(x, y, '')`"),
    row("`substr(x, -n)`", "Trino", "substr(eventname, -3)", "`right(x, n)`"),
    row("`try(x)`, `TRY_CAST`", "Trino, DuckDB", "try(", "`x` with casts that give null"),
    row("`if(c, a, b)`", "Trino, DuckDB", "if(count", "`CASE`"),
    row("`md5(to_utf8(x))`, `to_hex`", "Trino", "to_utf8(", "`md5(x)` in capitals under `to_hex`"),
    row("`string_split(x, d)[1]`", "DuckDB", "string_split(", "`string_to_array`"),
    row("`json -> 'k'`, `json ->> 'k'`, `-> 0`", "DuckDB", "-> 0", "functions of milepost, with the precedence of PostgreSQL; also JSONPath and JSON pointers"),
    row("`(json -> 'k') = true`", "DuckDB", ") = true", "compared as text"),
    row("`json_contains(j, needle)`", "DuckDB", "json_contains(", "`json_contains_value`"),
    row("`from_json(j, '[\"JSON\"]')`", "DuckDB", "from_json(", "`json_array(j)`"),
    row("`json_extract_string`, `json_keys`, `json(struct)`, `typeof`", "DuckDB", "json_keys(", "functions of milepost"),
    row("`strftime(t, f)`, `epoch_ms(t)`", "DuckDB", "epoch_ms(", "`to_char`, `date_part('epoch', t) * 1000`"),
    row("`extract('minute' FROM t)`", "DuckDB", "extract('minute'", "as it is"),
    row("struct fields `a.b.c`, in any case", "all", "useridentity.sessioncontext.sessionissuer", "columns of the lake: files and row groups are left out by them"),
    row("`requestParameters.a.items[0].b`", "Athena, DuckDB", ".items[0].", "`json_member`, from 0"),
    row("`f(..).x`, `a[1].x`", "Trino", ", 1).arn", "`f(..)['x']`"),
    row("`CROSS JOIN UNNEST(list) AS u(c)`, `WITH ORDINALITY`", "Trino", "cross join unnest(", "a derived table of the columns and the elements; one column an element"),
    row("`LEFT JOIN UNNEST(list) ON TRUE`", "Trino", "left join unnest(", "the same, with one null for an empty list"),
    row("`FROM t, unnest(list) AS u(c)`", "Trino, DuckDB", ", unnest(from_json", "the same"),
    row("`CAST(j AS ARRAY(JSON))`, `ARRAY(VARCHAR)`, `MAP(…)`", "Trino", "as array(json)", "`json_array`, `json_texts`, `json_map`"),
    row("`IPADDRESS '…'`, `CAST(x AS IPADDRESS)`", "Trino", "ipaddress '", "`ip_key`"),
    row("`x::inet <<= 'cidr'::inet`", "DuckDB", "<<=", "`cidr_contains`"),
    row("`'x' IN list_column`", "DuckDB", "in tp_ips", "`array_has`"),
    row("`INTERVAL '7' DAY`, `DATE '…'`, `TIMESTAMP '… UTC'`", "all", "interval '", "as it is, in UTC"),
    row("`IS DISTINCT FROM … AND …`", "all", "is distinct from", "binds as it should"),
    row("neighbouring text literals", "Athena", "'create' 'user'", "one literal"),
    row("trailing commas", "all", "n, from", "left out"),
    row("`LIKE … ESCAPE`, `ILIKE`", "all", "escape", "as it is"),
    row("`SELECT DISTINCT a.b … ORDER BY a.b`", "Trino", "order by useridentity.arn", "orders by the column's number"),
    row("`SELECT x, *`, `SELECT *, \"$path\"`", "all", "*, \"$path\"", "a second column of a name gets a number"),
    row("`readonly = 'false'`, `= true`", "all", "readonly = true", "the literal takes the column's type"),
    row("id of an event data store without quotes, placeholders", "Lake", "$eds_id", "the view of the event data store"),
    row("`WITH`, subqueries, joins, `UNION`, windows, `DISTINCT ON`", "all", "distinct on", "as it is"),
];
