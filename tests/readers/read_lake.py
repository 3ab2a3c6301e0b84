"""Reads a lake with another engine and compares what it sees: read_lake.py ENGINE LAKE EXPECTED-JSON.

One engine a process: their thread pools do not get on with each other when Python ends.
"""

import json
import os
import sys
from datetime import datetime, timezone


def of_table(table):
    import pyarrow.compute as pc

    return (
        table.num_rows,
        pc.count_distinct(table["event_id"]).as_py(),
        pc.min(table["event_time"]).as_py(),
        pc.max(table["event_time"]).as_py(),
        # a Hive reader takes accounts for numbers unless it is told
        len({str(account).zfill(12) for account in table["account"].to_pylist()}),
        pc.sum(table["read_only"]).as_py(),
    )


def duckdb(events):
    import duckdb

    query = f"""SELECT count(*), count(DISTINCT event_id), epoch(min(event_time)), epoch(max(event_time)),
        count(DISTINCT account), count(*) FILTER (WHERE read_only)
        FROM read_parquet('{events}/**/*.parquet', hive_partitioning = true, hive_types = {{'account': VARCHAR}})"""
    rows, ids, first, last, accounts, reads = duckdb.sql(query).fetchall()[0]
    first, last = (datetime.fromtimestamp(time, timezone.utc) for time in (first, last))
    return rows, ids, first, last, accounts, reads


def pyarrow(events):
    import pyarrow.dataset as ds

    return of_table(ds.dataset(events, format="parquet", partitioning="hive").to_table())


def polars(events):
    import polars

    frame = polars.scan_parquet(f"{events}/**/*.parquet", hive_partitioning=True).collect()
    times = frame["event_time"]
    ids = frame["event_id"].drop_nulls().n_unique()
    return frame.height, ids, times.min(), times.max(), frame["account"].n_unique(), frame["read_only"].sum()


def deltalake(events):
    import deltalake

    return of_table(deltalake.DeltaTable(events).to_pyarrow_table())


engine, lake, expected = sys.argv[1:]
found = dict(zip(("rows", "ids", "first", "last", "accounts", "reads"), globals()[engine](f"{lake}/events")))
for name in ("first", "last"):
    found[name] = found[name].astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
if found != json.loads(expected):
    sys.exit(f"{engine} sees {found} instead of {expected}")
print(f"{engine} sees the same", flush=True)
# what is to be known is said; how an engine's threads get on with the end of Python is not its lake's affair
os._exit(0)
