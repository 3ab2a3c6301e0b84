#!/usr/bin/env python3
"""Times queries of milepost and of DuckDB over the same Parquet files.

    python3 benches/queries.py --milepost target/release/milepost --lake LAKE [--runs 5] [--json FILE]

milepost is timed as a whole process, from its start to its end. DuckDB is timed inside of one, from opening a connection
to the last row: the start of Python is not its own. Answers are compared before a time counts. CPU seconds are those of all
threads: on a machine that does other work they say more. Needs `pip install duckdb`.
"""

import argparse
import json
import pathlib
import statistics
import sys

import measuring

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
        "window_and_role",
        "SELECT event_source, event_name, count(*) AS n FROM {events}"
        " WHERE event_time >= TIMESTAMP '2026-03-05 06:00:00Z' AND event_time < TIMESTAMP '2026-03-05 18:00:00Z'"
        " AND session_issuer_arn = '{role}' GROUP BY 1, 2 ORDER BY n DESC, 1, 2",
        "SELECT event_source, event_name, count(*) AS n FROM {events}"
        " WHERE event_time >= TIMESTAMPTZ '2026-03-05 06:00:00Z' AND event_time < TIMESTAMPTZ '2026-03-05 18:00:00Z'"
        " AND session_issuer_arn = '{role}' GROUP BY 1, 2 ORDER BY n DESC, 1, 2",
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
    (
        "json_filter",
        "SELECT event_name, count(*) AS n FROM {events} WHERE request_parameters->>'bucketName' = '{bucket}'"
        " GROUP BY 1 ORDER BY n DESC, 1",
        None,
    ),
    (
        "json_six_fields",
        "SELECT event_source, count(request_parameters->>'bucketName') AS buckets,"
        " count(DISTINCT request_parameters->>'roleName') AS roles, count(request_parameters->>'userName') AS users,"
        " count(DISTINCT request_parameters->>'keyId') AS keys, min(request_parameters->>'name') AS first_name,"
        " max(request_parameters->>'instanceId') AS last_instance FROM {events} GROUP BY 1 ORDER BY 1",
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

def main():
    arguments = parse()
    events = measuring.events(arguments.lake)
    catalog = f"read_csv('{arguments.catalog}', header = true, all_varchar = true)"
    picks = pick(events)
    results = []
    for name, ours, theirs in QUERIES:
        if arguments.only and name not in arguments.only:
            continue
        ours = fill(ours, "events", "action_catalog", picks)
        theirs = fill(theirs or next(sql for known, sql, _ in QUERIES if known == name), events, catalog, picks)
        results.append(compare(arguments, name, ours, theirs))
    mean, cpu = (measuring.geometric_mean([result[key] for result in results]) for key in ("ratio", "cpu_ratio"))
    print(f"{'geometric mean':22} {'':>9} {'':>9} {mean:6.2f} x {cpu:6.2f} x CPU")
    if arguments.json:
        found = {"runs": arguments.runs, "queries": results, "geometric_mean": mean, "geometric_mean_cpu": cpu}
        pathlib.Path(arguments.json).write_text(json.dumps(found, indent=2))
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


def pick(events):
    """Values that are there, to look for."""
    day = f"FROM {events} WHERE date = DATE '2026-03-05'"
    often = "GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"
    picks = {
        ("account", "event_id", "access_key"): (
            f"SELECT account, event_id, user_identity_access_key_id {day}"
            " AND user_identity_access_key_id IS NOT NULL ORDER BY event_id LIMIT 1"
        ),
        ("role",): f"SELECT session_issuer_arn {day} AND session_issuer_arn <> '' {often}",
        ("bucket",): f"SELECT request_parameters->>'bucketName' AS bucket {day} AND bucket <> '' {often}",
    }
    return {
        name: value
        for names, sql in picks.items()
        for name, value in zip(names, measuring.ask_duckdb(sql)["rows"][0])
    }


def fill(sql, events, catalog, picks):
    sql = sql.replace("{events}", events).replace("{catalog}", catalog)
    for name, value in picks.items():
        sql = sql.replace("{" + name + "}", value)
    return sql


def compare(arguments, name, ours, theirs):
    """Both in turn, so that what the machine does meanwhile hits both."""
    command = [arguments.milepost, "sql", ours, "--lake", arguments.lake, "--format", "csv"]
    mine, other = [], []
    for _ in range(arguments.runs):
        try:
            mine.append(measuring.ask_milepost(command))
            other.append(measuring.ask_duckdb(theirs))
        except measuring.Failed as failed:
            sys.exit(f"{name}: {failed}")
    same = measuring.same(mine[0], other[0])
    seconds, cpu = (
        [statistics.median(run[key] for run in runs) for runs in (mine, other)] for key in ("seconds", "cpu_seconds")
    )
    ratio, cpu_ratio = seconds[1] / seconds[0], cpu[1] / cpu[0]
    print(
        f"{name:22} {seconds[0] * 1000:7.0f}ms {seconds[1] * 1000:7.0f}ms {ratio:6.2f} x {cpu_ratio:6.2f} x CPU"
        f"{'' if same else '  ANSWERS DIFFER'}",
        flush=True,
    )
    return {
        "name": name,
        "milepost": seconds[0],
        "duckdb": seconds[1],
        "ratio": ratio,
        "cpu_ratio": cpu_ratio,
        "same": same,
    }


if __name__ == "__main__":
    sys.exit(main())
