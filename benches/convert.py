#!/usr/bin/env python3
"""Times a conversion by milepost and by other programs, in turn, and compares what came out.

    python3 benches/convert.py --milepost target/release/milepost --archive ARCHIVE [--runs 3] [--json FILE]
        [--peer duckdb] [--peer 'NAME=COMMAND ARCHIVE OUT']...

Each run begins without a lake and ends with Parquet files partitioned by region, account and date. milepost does all that
it always does: duplicates, sorting, statistics, the ledger. The peer `duckdb`, which is there without asking if no other is
named, copies the same members of the records, nested ones as JSON text, and knows nothing of duplicates. Any other program
is a name and a command, in which the words ARCHIVE and OUT become paths; it leaves Parquet files at any depth below OUT. A
peer's rows must be those that milepost has read or, if it drops duplicates, those that milepost has written. Memory is the
most that a program or one of its children had. Before each run the archive is read once and all that waits to be written is
written, so that no run pays for the one before it. Needs `pip install duckdb`.
"""

import argparse
import json
import os
import pathlib
import re
import shlex
import statistics
import subprocess
import sys
import tempfile

import measuring

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
# a file's name may look like a partition
files = f"read_parquet('{sys.argv[1]}/**/*.parquet', hive_partitioning = false)"
print(duckdb.execute(f"SELECT count(*) FROM {files}").fetchone()[0])
"""
COMPARED = ("seconds", "cpu_seconds", "peak_mb", "bytes")


def main():
    arguments = parse()
    commands = {"milepost": None} | peers(arguments.peer)
    width = max(map(len, commands))
    runs = {name: [] for name in commands}
    # all of it is deleted at the end: for minutes after a file is deleted, ext4 takes longer to make another
    with tempfile.TemporaryDirectory(prefix="milepost-bench-") as outputs:
        for number in range(arguments.runs):
            for name, command in commands.items():
                last = run(arguments, name, command, pathlib.Path(outputs) / f"{number}-{name}")
                check(name, last, runs["milepost"])
                runs[name].append(last)
                print(f"{number + 1}. {name:{width}} {described(last)}", flush=True)
    median = {
        name: {key: statistics.median(run[key] for run in found) for key in COMPARED} for name, found in runs.items()
    }
    ratios = {
        name: {key: found[key] / median["milepost"][key] for key in COMPARED}
        for name, found in median.items()
        if name != "milepost"
    }
    for name, found in median.items():
        print(f"   {name:{width}} {described(found)} (median)")
    for name, found in ratios.items():
        print(
            f"{name} / milepost: time {found['seconds']:.2f}, CPU {found['cpu_seconds']:.2f},"
            f" memory {found['peak_mb']:.2f}, size {found['bytes']:.2f}"
        )
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps({"runs": runs, "median": median, "ratios": ratios}, indent=2))


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--milepost", default="target/release/milepost")
    parser.add_argument("--archive", required=True)
    parser.add_argument("--peer", action="append", help="`duckdb`, or NAME=COMMAND with the words ARCHIVE and OUT")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json")
    return parser.parse_args()


def peers(named):
    """The command of each peer; a command without a name is called `peer`."""
    found = {}
    for text in named or ["duckdb"]:
        if text == "duckdb":
            found["duckdb"] = [sys.executable, "-c", DUCKDB, "ARCHIVE", "OUT"]
            continue
        name, command = re.fullmatch(r"(?:([\w.-]+)=)?(.+)", text, re.DOTALL).groups()
        words = shlex.split(command)
        if not {"ARCHIVE", "OUT"} <= set(words):
            sys.exit(f"--peer {text}: the command needs the words ARCHIVE and OUT")
        found[name or "peer"] = words
    return found


def settle(archive):
    """The archive in the page cache, and a disk that has nothing to do."""
    for file in [archive] if archive.is_file() else archive.rglob("*"):
        if file.is_file():
            file.read_bytes()
    os.sync()


def run(arguments, name, command, out):
    try:
        if name == "milepost":
            command = [arguments.milepost, "convert", "ARCHIVE", "--lake", "OUT", "--json", "--quiet"]
        paths = {"ARCHIVE": arguments.archive, "OUT": str(out)}
        settle(pathlib.Path(arguments.archive))
        text, used = measuring.timed([paths.get(word, word) for word in command])
        if name == "milepost":
            records = json.loads(text)["records"]
            return used | {"bytes": size(out / "events"), "rows": records["read"], "distinct": records["written"]}
        return used | {"bytes": size(out), "rows": count(out)}
    except measuring.Failed as failed:
        sys.exit(f"{name}: {failed}")


def check(name, last, before):
    """Ends if a run has other rows than milepost's first."""
    first = before[0] if before else last
    allowed = {first["rows"]} if name == "milepost" else {first["rows"], first["distinct"]}
    if last["rows"] not in allowed:
        ours = f"milepost read {first['rows']} and wrote {first['distinct']}"
        sys.exit(f"the rows differ: {name} has {last['rows']}, {ours}")


def described(used):
    return (
        f"{used['seconds']:6.1f} s {used['cpu_seconds']:7.1f} s CPU {used['peak_mb']:6.0f} MB"
        f" {used['bytes'] / 1e6:7.1f} MB Parquet"
    )


def count(folder):
    done = subprocess.run([sys.executable, "-c", COUNT, str(folder)], capture_output=True, text=True, check=True)
    return int(done.stdout)


def size(folder):
    return sum(file.stat().st_size for file in folder.rglob("*.parquet") if "_delta_log" not in file.parts)


if __name__ == "__main__":
    main()
