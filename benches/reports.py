#!/usr/bin/env python3
"""Times every report of milepost, and the same question asked of DuckDB over the same Parquet files.

    python3 benches/reports.py --milepost target/release/milepost --lake LAKE [--runs 3] [--only NAME...] [--json FILE]

milepost runs a report as a whole process, from its start to its end. DuckDB gets the report's own SQL over the same views
and is timed inside of a process, from opening a connection to the last row. Both have the parameters' defaults and a window
of all days of the lake. Rows are compared as a multiset before a time counts. A report that DuckDB cannot answer is named
with the reason; milepost's time is told all the same. CPU seconds are those of all threads: on a machine that does other
work they say more. Needs `pip install duckdb pytz`.
"""

import argparse
import json
import pathlib
import re
import statistics
import sys

import measuring

SLOW = 5.0
# what DuckDB says in another way; a report uses each only as written here
REWRITES = (
    (r"\bfirst_value\(", "first("),
    (r"\bjson_array\(", "json_elements("),
    (r"\bjson_contains\(", "json_exists("),
    # the name of a column that is a keyword there
    (r"\bORDER BY at\b", 'ORDER BY "at"'),
    # whole numbers divide into whole numbers
    (r"(AS BIGINT\)) / ", r"\1 // "),
)
# a DuckDB user would write `->>`, which has a text for numbers and objects too: answers tell whether that matters
MACROS = (
    "CREATE MACRO json_get_str(j, a) AS j->>a, (j, a, b) AS j->>('$.\"' || a || '\".\"' || b || '\"')",
    "CREATE MACRO json_as_text(j, a) AS j->>a",
    "CREATE MACRO json_get_float(j, a) AS TRY_CAST(j->>a AS DOUBLE),"
    " (j, a, b, c, d) AS TRY_CAST(j->>('$.' || concat_ws('.', a, b, c, d)) AS DOUBLE)",
    "CREATE MACRO json_elements(j) AS CASE WHEN json_type(j) = 'ARRAY' THEN CAST(j AS JSON[]) END",
    "CREATE MACRO regexp_like(t, pattern) AS regexp_matches(t, pattern)",
)
TYPES = {"timestamp": "TIMESTAMPTZ", "text": "VARCHAR", "integer": "BIGINT", "boolean": "BOOLEAN"}


def main():
    arguments = parse()
    reports = json.loads(milepost(arguments, "report", "list", "--format", "json"))
    if unknown := set(arguments.only or []) - {report["name"] for report in reports}:
        sys.exit(f"no such report: {', '.join(sorted(unknown))}")
    first, last = days(arguments)
    window = arguments.since or first, arguments.until or last
    print(f"from {window[0]} to {window[1]}")
    print(f"{'report':32} {'milepost':>9} {'DuckDB':>9} {'ratio':>7} {'CPU':>7}")
    before = prelude(arguments)
    measuring.ask_duckdb("SELECT now()", before)  # without pytz it has no times for Python
    results = []
    for report in reports:
        if not arguments.only or report["name"] in arguments.only:
            results.append(measure(arguments, report, values(report, *window), before))
            print(line(results[-1]), flush=True)
    summary = summarise(results)
    tell(results, summary)
    if arguments.json:
        found = {"runs": arguments.runs, "window": window, "reports": results, "summary": summary}
        pathlib.Path(arguments.json).write_text(json.dumps(found, indent=2))
    return 1 if summary["differ"] else 0


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--milepost", default="target/release/milepost")
    parser.add_argument("--lake", required=True)
    parser.add_argument("--catalog", default="crates/query/data/action_catalog.csv")
    parser.add_argument("--since", help="begin of the window, such as 2026-03-02T00:00:00Z [default: the first day]")
    parser.add_argument("--until", help="end of the window [default: the end of the last day]")
    parser.add_argument("--timeout", type=float, default=120, help="seconds after which DuckDB is given up")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--json")
    return parser.parse_args()


def milepost(arguments, *words):
    return measuring.timed([arguments.milepost, *words])[0]


def ask(arguments, sql):
    return json.loads(milepost(arguments, "sql", sql, "--lake", arguments.lake, "--format", "json", "--quiet"))


def days(arguments):
    """The begin of the first day of the lake and the end of the last."""
    sql = "SELECT CAST(min(date) AS TEXT) AS first, CAST(max(date) + INTERVAL '1 day' AS TEXT) AS last FROM events"
    return tuple(day[:10] + "T00:00:00Z" for day in ask(arguments, sql)[0].values())


def prelude(arguments):
    """Statements that give DuckDB the lake's tables, the views that milepost defines over them, and macros."""
    files = pathlib.Path(arguments.lake) / "rejects"
    rejects = "source_file VARCHAR, record_number BIGINT, byte_offset BIGINT, reason VARCHAR, raw VARCHAR, run_id VARCHAR"
    statements = [
        *MACROS,
        "CREATE SCHEMA lake",
        f"CREATE VIEW lake.events AS FROM {measuring.events(arguments.lake)}",
        f"CREATE VIEW files AS FROM read_parquet('{arguments.lake}/files/*.parquet')",
        f"CREATE VIEW action_catalog AS FROM read_csv('{arguments.catalog}', header = true)",
    ]
    if any(files.glob("**/*.parquet")):
        statements.append(f"CREATE VIEW lake.rejects AS FROM read_parquet('{files}/**/*.parquet')")
    else:
        statements.append(f"CREATE TABLE lake.rejects ({rejects}, rejected_at TIMESTAMPTZ)")
    sql = "SELECT table_name, definition FROM information_schema.views WHERE table_name IN ('events', 'rejects')"
    views = [view for view in ask(arguments, sql) if view["definition"]]
    return statements + [f"CREATE VIEW {view['table_name']} AS {translated(view['definition'])}" for view in views]


def values(report, since, until):
    """The values of a report's parameters: the window, and defaults."""
    given = {"since": since, "until": until}
    return {name: given.get(name, kind.get("default")) for name, kind in report["parameters"].items()}


def measure(arguments, report, given, before):
    """milepost and DuckDB in turn, so that what the machine does meanwhile hits both."""
    name = report["name"]
    result = {"name": name, "same": None, "why_not": None}
    command = [arguments.milepost, "report", "run", name, "--lake", arguments.lake, "--format", "csv", "--quiet"]
    for parameter, value in given.items():
        if value is not None:
            command += ["--param", f"{parameter}={json.dumps(value) if isinstance(value, bool) else value}"]
    text = milepost(arguments, "report", "show", name, "--format", "sql")
    question = translated(bound(text, report["parameters"], given))
    mine, other = [], []
    for _ in range(arguments.runs):
        mine.append(measuring.ask_milepost(command))
        if not result["why_not"]:
            try:
                other.append(measuring.ask_duckdb(question, before, arguments.timeout))
            except measuring.Failed as failed:
                result["why_not"] = str(failed)
    result["milepost"] = medians(mine)
    result["rows"] = len(mine[0]["rows"])
    if not result["why_not"]:
        result["duckdb"] = medians(other)
        result["same"] = measuring.same(mine[0], other[0], ordered=False)
        result["ratio"] = result["duckdb"]["seconds"] / result["milepost"]["seconds"]
        result["cpu_ratio"] = result["duckdb"]["cpu_seconds"] / result["milepost"]["cpu_seconds"]
    return result


def bound(sql, parameters, given):
    """A report's SQL with its parameters as literals."""

    def literal(name):
        value, kind = given[name], parameters[name]["type"]
        if isinstance(value, str):
            value = "'" + value.replace("'", "''") + "'"
        return f"CAST({'NULL' if value is None else value} AS {TYPES[kind]})"

    return re.sub(r"\$([a-z_]+)\b", lambda found: literal(found[1]) if found[1] in given else found[0], sql)


def translated(sql):
    for pattern, replacement in REWRITES:
        sql = re.sub(pattern, replacement, sql)
    return sql


def medians(runs):
    return {key: statistics.median(run[key] for run in runs) for key in ("seconds", "cpu_seconds", "peak_mb")}


def line(result):
    mine = f"{result['name']:32} {result['milepost']['seconds'] * 1000:7.0f}ms"
    slow = "  slow" if result["milepost"]["seconds"] > SLOW else ""
    if result["why_not"]:
        return f"{mine} {'':9} {'':7} {'':7}{slow}  not comparable"
    return (
        f"{mine} {result['duckdb']['seconds'] * 1000:7.0f}ms {result['ratio']:5.2f} x {result['cpu_ratio']:5.2f} x"
        f"{slow}{'' if result['same'] else '  ANSWERS DIFFER'}"
    )


def summarise(results):
    compared = [result for result in results if result["same"]]
    slowest = sorted(results, key=lambda result: -result["milepost"]["cpu_seconds"])[:10]
    return {
        "geometric_mean": measuring.geometric_mean([result["ratio"] for result in compared]),
        "geometric_mean_cpu": measuring.geometric_mean([result["cpu_ratio"] for result in compared]),
        "faster": sum(result["ratio"] >= 1 for result in compared),
        "slower": sum(result["ratio"] < 1 for result in compared),
        "differ": [result["name"] for result in results if result["same"] is False],
        "not_comparable": {result["name"]: result["why_not"] for result in results if result["why_not"]},
        "without_rows": [result["name"] for result in results if result["rows"] == 0],
        "slow": [result["name"] for result in results if result["milepost"]["seconds"] > SLOW],
        "slowest": {result["name"]: result["milepost"] for result in slowest},
    }


def tell(results, summary):
    if summary["geometric_mean"]:
        means = summary["geometric_mean"], summary["geometric_mean_cpu"]
        print(f"{'geometric mean':32} {'':9} {'':9} {means[0]:5.2f} x {means[1]:5.2f} x")
    print(
        f"{len(results)} reports: {summary['faster']} faster, {summary['slower']} slower, {len(summary['differ'])} differ,"
        f" {len(summary['not_comparable'])} not comparable; {len(summary['without_rows'])} have no rows here,"
        f" {len(summary['slow'])} took more than {SLOW:.0f} s"
    )
    for name, reason in summary["not_comparable"].items():
        print(f"  {name} is not comparable: {reason}")
    print("most CPU of milepost:")
    for name, used in summary["slowest"].items():
        print(f"  {name:32} {used['cpu_seconds']:5.2f} s CPU {used['seconds']:6.2f} s {used['peak_mb']:6.0f} MB")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except measuring.Failed as failed:
        sys.exit(str(failed))
