"""Reads answers that milepost wrote with other programs: read_answers.py FOLDER ROWS."""

import sys

import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset as ds
import pyarrow.parquet as pq

folder, rows = sys.argv[1].rstrip("/"), int(sys.argv[2])

table = pq.read_table(f"{folder}/all.parquet")
assert table.num_rows == rows
assert pa.types.is_timestamp(table.schema.field("event_time").type) and table.schema.field("event_time").type.tz == "UTC"
assert pa.types.is_date(table.schema.field("date").type)
assert pa.types.is_list(table.schema.field("resources").type)
with pa.ipc.open_stream(f"{folder}/all.arrow") as stream:
    assert stream.read_all().equals(table)

ids = table["event_id"].to_pylist()
options = pyarrow.csv.ConvertOptions(column_types={"account": pa.string(), "event_time": pa.timestamp("us", "UTC")})
csv = pyarrow.csv.read_csv(f"{folder}/all.csv", convert_options=options)
assert csv["event_id"].to_pylist() == ids and csv["account"].to_pylist() == table["account"].to_pylist()
assert csv["event_time"].to_pylist() == table["event_time"].to_pylist()

types = {"region": pa.string(), "account": pa.string()}
partitioning = ds.partitioning(pa.schema(types), flavor="hive")
by = ds.dataset(f"{folder}/by", format="parquet", partitioning=partitioning).to_table()
keys = sorted(zip(table["event_id"].to_pylist(), table["region"].to_pylist(), table["account"].to_pylist()))
assert sorted(zip(by["event_id"].to_pylist(), by["region"].to_pylist(), by["account"].to_pylist())) == keys

import duckdb

for source in [
    f"read_csv('{folder}/all.csv')",
    f"read_json('{folder}/all.ndjson')",
    f"read_parquet('{folder}/by/**/*.parquet', hive_partitioning = true)",
]:
    found = duckdb.sql(f"SELECT count(*), count(DISTINCT event_id) FROM {source}").fetchall()[0]
    assert found == (rows, len(set(ids))), (source, found)

print("all the same")
