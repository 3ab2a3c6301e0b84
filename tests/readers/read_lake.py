"""Reads a lake with other engines and compares what they see: read_lake.py LAKE EXPECTED-JSON."""

import json
import sys
from datetime import datetime, timezone

import deltalake
import duckdb
import polars
import pyarrow.compute as pc
import pyarrow.dataset as ds

lake, expected = sys.argv[1], json.loads(sys.argv[2])
events = f"{lake}/events"
failed = False


def check(engine, rows, ids, first, last, accounts, reads):
    global failed

    def iso(time):
        time = datetime.fromtimestamp(time, timezone.utc) if isinstance(time, float) else time
        return time.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

    found = dict(rows=rows, ids=ids, first=iso(first), last=iso(last), accounts=accounts, reads=reads)
    print(f"{engine}: {'same' if found == expected else f'{found} instead of {expected}'}")
    failed |= found != expected


def check_table(engine, table):
    check(
        engine,
        table.num_rows,
        pc.count_distinct(table["event_id"]).as_py(),
        pc.min(table["event_time"]).as_py(),
        pc.max(table["event_time"]).as_py(),
        len({str(a).zfill(12) for a in table["account"].to_pylist()}),
        pc.sum(table["read_only"]).as_py(),
    )


check(
    "duckdb",
    *duckdb.sql(
        f"""SELECT count(*), count(DISTINCT event_id), epoch(min(event_time)), epoch(max(event_time)), count(DISTINCT account),
            count(*) FILTER (WHERE read_only)
            FROM read_parquet('{events}/**/*.parquet', hive_partitioning = true, hive_types = {{'account': VARCHAR}})"""
    ).fetchall()[0],
)
check_table("pyarrow", ds.dataset(events, format="parquet", partitioning="hive").to_table())
frame = polars.scan_parquet(f"{events}/**/*.parquet", hive_partitioning=True).collect()
check(
    "polars",
    frame.height,
    frame["event_id"].drop_nulls().n_unique(),
    frame["event_time"].min(),
    frame["event_time"].max(),
    frame["account"].n_unique(),
    frame["read_only"].sum(),
)
check_table("deltalake", deltalake.DeltaTable(events).to_pyarrow_table())
sys.exit(1 if failed else 0)
