#!/usr/bin/env python3
"""Times the stages of a conversion: unpack, frame, flatten, sort, compare, encode, put and the rest.

    python3 benches/stages.py --milepost target/release/milepost --archive ARCHIVE [--runs 5] [--json FILE]

Each run converts the archive into a new lake with `--timings`. A stage's seconds are those of all its threads together; its
throughput is what went through it in each of them: text for the stages before rows, Parquet for those behind them. The median
run of each stage counts, and all runs must have read the same records.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

# what goes through a stage, as the summary calls it; the other stages have records only
BYTES = {"unpack": "text", "frame": "text", "flatten": "text", "sort": "text", "encode": "written", "put": "written"}


def main():
    arguments = parse()
    # deleted at the end: for minutes after a file is deleted, ext4 takes longer to make another
    with tempfile.TemporaryDirectory(prefix="milepost-bench-") as lakes:
        runs = [run(arguments, pathlib.Path(lakes) / str(number)) for number in range(arguments.runs)]
    records = {run["records"]["read"] for run in runs}
    if len(records) != 1:
        sys.exit(f"the records differ: {records}")
    stages = [stage(name, runs) for name in runs[0]["timings"]]
    seconds = statistics.median(run["seconds"] for run in runs)
    stages.sort(key=lambda stage: -stage["seconds"])
    print(f"{records.pop():,} records in {seconds:.2f} s (median of {len(runs)})")
    print(f"{'stage':9} {'seconds':>8} {'share':>6} {'MB/s':>8} {'records/s':>12}")
    total = sum(stage["seconds"] for stage in stages)
    for found in stages:
        share, throughput = found["seconds"] / total, found["mb_each_second"]
        print(
            f"{found['stage']:9} {found['seconds']:8.2f} {share:6.1%} {throughput or '':>8} {found['records_each_second']:12,}"
        )
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps({"seconds": seconds, "stages": stages}, indent=2))


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--milepost", default="target/release/milepost")
    parser.add_argument("--archive", required=True)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json")
    return parser.parse_args()


def run(arguments, lake):
    command = [arguments.milepost, "convert", arguments.archive, "--lake", str(lake), "--timings", "--json", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, 3):
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def stage(name, runs):
    seconds = statistics.median(run["timings"][name] for run in runs)
    through = runs[0]["bytes"].get(BYTES.get(name))
    rate = lambda count: round(count / seconds) if seconds else 0
    return {
        "stage": name,
        "seconds": seconds,
        "mb_each_second": rate(through / 1e6) if through else None,
        "records_each_second": rate(runs[0]["records"]["read"]),
    }


if __name__ == "__main__":
    main()
