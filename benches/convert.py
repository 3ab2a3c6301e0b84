#!/usr/bin/env python3
"""Times a conversion by milepost and by DuckDB, in turn, and compares what came out.

    python3 benches/convert.py --milepost target/release/milepost --archive ARCHIVE [--runs 3] [--json FILE]

Each run begins without a lake and ends with Parquet files partitioned by region, account and date. milepost does all that
it always does: duplicates, sorting, statistics, the ledger. DuckDB copies the same members of the records, nested ones as
JSON text, and knows nothing of duplicates: its rows must be those that milepost has read. `--peer 'COMMAND ARCHIVE OUT'`
takes another program in DuckDB's place; the words ARCHIVE and OUT become paths. Needs `pip install duckdb`.
"""

import argparse
import json
import os
import pathlib
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

DUCKDB = """
import duckdb, sys
archive, out = sys.argv[1:]
connection = duckdb.connect()
connection.execute("SET threads = 2; SET preserve_insertion_order = false; SET enable_progress_bar = false")
connection.execute(f'''
COPY (
  WITH files AS (
    SELECT unnest(Records) AS r FROM read_json('{archive}/**/*.json.gz', columns = {{Records: 'JSON[]'}},
      maximum_object_size = 268435456)
  )
  SELECT r->>'eventTime' AS event_time, r->>'eventID' AS event_id, r->>'requestID' AS request_id,
    r->>'eventVersion' AS event_version, r->>'eventSource' AS event_source, r->>'eventName' AS event_name,
    r->>'eventType' AS event_type, r->>'eventCategory' AS event_category, r->>'readOnly' AS read_only,
    r->>'managementEvent' AS management_event, r->>'apiVersion' AS api_version, r->>'errorCode' AS error_code,
    r->>'errorMessage' AS error_message, r->>'sourceIPAddress' AS source_ip_address, r->>'userAgent' AS user_agent,
    r->>'$.userIdentity.type' AS user_type, r->>'$.userIdentity.principalId' AS principal_id,
    r->>'$.userIdentity.arn' AS user_arn, r->>'$.userIdentity.accountId' AS user_account,
    r->>'$.userIdentity.accessKeyId' AS access_key_id, r->>'$.userIdentity.userName' AS user_name,
    r->>'$.userIdentity.invokedBy' AS invoked_by,
    r->>'$.userIdentity.sessionContext.sessionIssuer.arn' AS issuer_arn,
    r->>'$.userIdentity.sessionContext.sessionIssuer.userName' AS issuer_user_name,
    r->>'$.userIdentity.sessionContext.attributes.creationDate' AS session_creation_date,
    r->'requestParameters' AS request_parameters, r->'responseElements' AS response_elements,
    r->'additionalEventData' AS additional_event_data, r->'serviceEventDetails' AS service_event_details,
    r->'resources' AS resources, r->'tlsDetails' AS tls_details, r->>'sharedEventID' AS shared_event_id,
    r->>'vpcEndpointId' AS vpc_endpoint_id,
    r->>'awsRegion' AS region, r->>'recipientAccountId' AS account, left(r->>'eventTime', 10) AS date
  FROM files
) TO '{out}' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (region, account, date))
''')
"""
COUNT = """
import duckdb, sys
print(duckdb.execute(f"SELECT count(*) FROM read_parquet('{sys.argv[1]}/**/*.parquet')").fetchone()[0])
"""


def main():
    arguments = parse()
    runs = {"milepost": [], "peer": []}
    for number in range(arguments.runs):
        for name in runs:
            runs[name].append(run(arguments, name))
            last = runs[name][-1]
            print(f"{number + 1}. {name:9} {last['seconds']:6.1f} s  {last['peak_mb']:6.0f} MB  {last['bytes'] / 1e6:6.1f} MB Parquet", flush=True)
    rows = {run["rows"] for runs in runs.values() for run in runs}
    if len(rows) != 1:
        sys.exit(f"the rows differ: {rows}")
    median = {name: {key: statistics.median(run[key] for run in found) for key in found[0]} for name, found in runs.items()}
    ratios = {key: median["peer"][key] / median["milepost"][key] for key in ("seconds", "peak_mb", "bytes")}
    print(f"peer / milepost: time {ratios['seconds']:.2f}, memory {ratios['peak_mb']:.2f}, size {ratios['bytes']:.2f}")
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps({"runs": runs, "median": median, "ratios": ratios}, indent=2))


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--milepost", default="target/release/milepost")
    parser.add_argument("--archive", required=True)
    parser.add_argument("--peer", help="another program than DuckDB: a command with the words ARCHIVE and OUT")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json")
    return parser.parse_args()


def run(arguments, name):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="milepost-bench-"))
    try:
        out = folder / "out"
        if name == "milepost":
            command = [arguments.milepost, "convert", arguments.archive, "--lake", str(out), "--json", "--quiet"]
        elif arguments.peer:
            paths = {"ARCHIVE": arguments.archive, "OUT": str(out)}
            command = [paths.get(word, word) for word in shlex.split(arguments.peer)]
        else:
            command = [sys.executable, "-c", DUCKDB, arguments.archive, str(out)]
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        text, errors = process.communicate()
        seconds = time.perf_counter() - started
        if process.returncode != 0:
            sys.exit(f"{name}: {errors}")
        rows = json.loads(text)["records"]["read"] if name == "milepost" else count(out)
        data = out / "events" if name == "milepost" else out
        return {"seconds": seconds, "peak_mb": peak(command), "bytes": size(data), "rows": rows}
    finally:
        shutil.rmtree(folder)


PEAKS = {}


def peak(command):
    """The most memory that any child has had is all the system tells, so each program is asked in a process of its own."""
    key = command[0] + command[1]
    if key not in PEAKS:
        folder = tempfile.mkdtemp(prefix="milepost-bench-")
        again = [part if "milepost-bench-" not in part else os.path.join(folder, "out") for part in command]
        watch = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True);"
        watch += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
        found = subprocess.run([sys.executable, "-c", watch, *again], capture_output=True, text=True, check=True)
        PEAKS[key] = int(found.stdout) / 1024
        shutil.rmtree(folder)
    return PEAKS[key]


def count(folder):
    done = subprocess.run([sys.executable, "-c", COUNT, str(folder)], capture_output=True, text=True, check=True)
    return int(done.stdout)


def size(folder):
    return sum(file.stat().st_size for file in folder.rglob("*.parquet") if "_delta_log" not in file.parts)


if __name__ == "__main__":
    main()
