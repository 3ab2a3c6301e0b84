#!/usr/bin/env python3
"""Times queries of milepost and of DuckDB over the same Parquet files.

    python3 benches/queries.py --milepost target/release/milepost --lake LAKE [--runs 5] [--json FILE]

milepost is timed as a whole process, from its start to its end. DuckDB is timed inside of one, from opening a connection
to the last row: the start of Python is not its own. Answers are compared before a time counts. Needs `pip install duckdb`.
"""

import argparse
import csv
import io
import json
import math
import statistics
import subprocess
import sys
import time

# name, SQL for both; `{events}` is the table, and where the engines differ there is a second text
QUERIES = [
    ("count", "SELECT count(*) FROM {events}", None),
    ("group", "SELECT event_source, count(*) AS n FROM {events} GROUP BY 1 ORDER BY n DESC, 1", None),
    (
        "top_principals",
        "SELECT user_identity_arn, count(*) AS n FROM {events} GROUP BY 1 ORDER BY n DESC, 1 LIMIT 20",
        None,
    ),
    (
        "window_and_principal",
        "SELECT event_name, count(*) AS n FROM {events} WHERE event_time >= TIMESTAMP '2026-03-03 00:00:00Z'"
        " AND event_time < TIMESTAMP '2026-03-04 00:00:00Z' AND user_identity_type = 'AssumedRole'"
        " GROUP BY 1 ORDER BY n DESC, 1",
        "SELECT event_name, count(*) AS n FROM {events} WHERE event_time >= TIMESTAMPTZ '2026-03-03 00:00:00Z'"
        " AND event_time < TIMESTAMPTZ '2026-03-04 00:00:00Z' AND user_identity_type = 'AssumedRole'"
        " GROUP BY 1 ORDER BY n DESC, 1",
    ),
    (
        "errors",
        "SELECT event_source, error_code, count(*) AS n FROM {events} WHERE error_code IS NOT NULL"
        " GROUP BY 1, 2 ORDER BY n DESC, 1, 2",
        None,
    ),
    (
        "json_field",
        "SELECT request_parameters->>'bucketName' AS bucket, count(*) AS n FROM {events}"
        " WHERE event_source = 's3.amazonaws.com' GROUP BY 1 ORDER BY n DESC, 1 LIMIT 20",
        None,
    ),
    (
        "distinct",
        "SELECT count(DISTINCT user_identity_arn) AS principals, count(DISTINCT source_ip_address) AS addresses"
        " FROM {events}",
        None,
    ),
    ("like_nested", "SELECT count(*) FROM {events} WHERE request_parameters LIKE '%AdministratorAccess%'", None),
    (
        "like_error",
        "SELECT event_name, count(*) AS n FROM {events} WHERE error_message LIKE '%not authorized%'"
        " GROUP BY 1 ORDER BY n DESC, 1",
        None,
    ),
    (
        "by_day_and_region",
        "SELECT date, region, count(*) AS n, count(DISTINCT account) AS accounts FROM {events} GROUP BY 1, 2 ORDER BY 1, 2",
        None,
    ),
    (
        "one_account_day",
        "SELECT event_name, count(*) AS n FROM {events} WHERE account = '{account}' AND date = DATE '2026-03-05'"
        " GROUP BY 1 ORDER BY n DESC, 1",
        None,
    ),
    ("lookup_event_id", "SELECT event_name, request_parameters FROM {events} WHERE event_id = '{event_id}'", None),
    (
        "lookup_access_key",
        "SELECT event_name, event_id FROM {events} WHERE user_identity_access_key_id = '{access_key}'"
        " ORDER BY event_time, 1, 2",
        None,
    ),
    (
        "catalogue_join",
        "SELECT c.service, count(*) AS n FROM {events} e JOIN {catalog} c ON c.event_source = e.event_source"
        " AND c.action = e.event_name GROUP BY 1 ORDER BY n DESC, 1",
        None,
    ),
]

DUCKDB = """
import sys, time, json, duckdb
lake, catalog, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])
sql = sys.stdin.read()
started = time.perf_counter()
connection = duckdb.connect()
connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
rows = connection.execute(sql).fetchall()
print(json.dumps({"seconds": time.perf_counter() - started, "rows": [[None if v is None else str(v) for v in r] for r in rows]}))
"""


def main():
    arguments = parse()
    events = (
        f"read_parquet('{arguments.lake}/events/**/*.parquet', hive_partitioning = true,"
        " hive_types = {'region': VARCHAR, 'account': VARCHAR, 'date': DATE})"
    )
    catalog = f"read_csv('{arguments.catalog}', header = true, all_varchar = true)"
    picks = pick(arguments, events)
    results = []
    for name, ours, theirs in QUERIES:
        if arguments.only and name not in arguments.only:
            continue
        ours = fill(ours, "events", "action_catalog", picks)
        theirs = fill(theirs or next(sql for known, sql, _ in QUERIES if known == name), events, catalog, picks)
        results.append(compare(arguments, name, ours, theirs))
    ratios = [result["ratio"] for result in results]
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
    print(f"{'geometric mean':22} {'':>9} {'':>9} {mean:6.2f} x")
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as out:
            json.dump({"runs": arguments.runs, "queries": results, "geometric_mean": mean}, out, indent=2)
    return 0 if all(result["same"] for result in results) else 1


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--milepost", default="target/release/milepost")
    parser.add_argument("--lake", required=True)
    parser.add_argument("--catalog", default="crates/query/data/action_catalog.csv")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--json")
    return parser.parse_args()


def pick(arguments, events):
    """Values that are there, to look for."""
    sql = (
        f"SELECT account, event_id, user_identity_access_key_id FROM {events}"
        " WHERE user_identity_access_key_id IS NOT NULL AND date = DATE '2026-03-05' ORDER BY event_id LIMIT 1"
    )
    account, event_id, access_key = duckdb(arguments, sql)["rows"][0]
    return {"account": account, "event_id": event_id, "access_key": access_key}


def fill(sql, events, catalog, picks):
    sql = sql.replace("{events}", events).replace("{catalog}", catalog)
    for name, value in picks.items():
        sql = sql.replace("{" + name + "}", value)
    return sql


def duckdb(arguments, sql):
    command = [sys.executable, "-c", DUCKDB, arguments.lake, arguments.catalog, "1"]
    done = subprocess.run(command, input=sql, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"DuckDB: {done.stderr.strip().splitlines()[-1]}\n{sql}")
    return json.loads(done.stdout)


def milepost(arguments, sql):
    started = time.perf_counter()
    command = [arguments.milepost, "sql", sql, "--lake", arguments.lake, "--format", "csv"]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    seconds = time.perf_counter() - started
    rows = [[value or None for value in row] for row in csv.reader(io.StringIO(out))][1:]
    return {"seconds": seconds, "rows": rows}


def compare(arguments, name, ours, theirs):
    """Both in turn, so that what the machine does meanwhile hits both."""
    mine, other = [], []
    for _ in range(arguments.runs):
        mine.append(milepost(arguments, ours))
        other.append(duckdb(arguments, theirs))
    same = len(mine[0]["rows"]) == len(other[0]["rows"]) and all(
        alike(a, b) for a, b in zip(mine[0]["rows"], other[0]["rows"])
    )
    seconds = [statistics.median(run["seconds"] for run in runs) for runs in (mine, other)]
    ratio = seconds[1] / seconds[0]
    print(
        f"{name:22} {seconds[0] * 1000:7.0f}ms {seconds[1] * 1000:7.0f}ms {ratio:6.2f} x"
        f"{'' if same else '  ANSWERS DIFFER'}",
        flush=True,
    )
    return {"name": name, "milepost": seconds[0], "duckdb": seconds[1], "ratio": ratio, "same": same}


def alike(one, other):
    """DuckDB has a text for each value, CSV none for an empty one."""
    return [value or None for value in one] == [value or None for value in other]


if __name__ == "__main__":
    sys.exit(main())
