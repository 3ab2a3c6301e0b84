"""What the benches share: programs that are timed, questions asked of milepost and of DuckDB, answers that are compared."""

import csv
import io
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import time

# reads the statements and the question from its input; a value becomes the text that milepost has for it in CSV
DUCKDB = """
import datetime, decimal, json, resource, sys, time, duckdb

def plain(value):
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float, decimal.Decimal)):
        return str(value)
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None and value.time() == datetime.time.min:
            return value.date().isoformat()  # a date and an interval make a time here
        return value.replace(tzinfo=None).isoformat() + ("Z" if value.tzinfo else "")
    return str(value)

def is_number(value):
    return isinstance(value, (int, float, decimal.Decimal)) and not isinstance(value, bool)

asked = json.load(sys.stdin)
started, cpu_started = time.perf_counter(), time.process_time()
connection = duckdb.connect()
connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
connection.execute("SET default_null_order = 'nulls_last_on_asc_first_on_desc'")
for statement in asked["prelude"]:
    connection.execute(statement)
rows = connection.execute(asked["question"]).fetchall()
seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu_started
print(json.dumps({
    "seconds": seconds,
    "cpu_seconds": cpu_seconds,
    "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    "rows": [[plain(value) for value in row] for row in rows],
    "numbers": sorted({place for row in rows for place, value in enumerate(row) if is_number(value)}),
}))
"""


class Failed(Exception):
    """A program ended with an error, or took too long; the text says which and why."""


def timed(command):
    """What a command prints, and the seconds, CPU seconds and memory that it and its children took."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            errors.seek(0)
            raise Failed(f"{command[0]} ended with {process.returncode}: {errors.read().decode(errors='replace').strip()}")
        out.seek(0)
        used = {"seconds": seconds, "cpu_seconds": usage.ru_utime + usage.ru_stime, "peak_mb": usage.ru_maxrss / 1024}
        return out.read().decode(), used


def ask_milepost(command):
    """What a command took that writes CSV, and its rows without the header; an empty cell is None."""
    text, used = timed(command)
    rows = [[cell or None for cell in row] for row in csv.reader(io.StringIO(text, newline=""))]
    return used | {"rows": rows[1:]}


def ask_duckdb(question, prelude=(), timeout=None):
    """The same of a question in a new connection, after the statements of `prelude`; the start of Python does not count."""
    asked = json.dumps({"prelude": list(prelude), "question": question})
    command = [sys.executable, "-c", DUCKDB]
    try:
        done = subprocess.run(command, input=asked, capture_output=True, text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        raise Failed(f"DuckDB took more than {timeout} s") from None
    if done.returncode != 0:
        lines = done.stderr.splitlines()
        raise Failed("DuckDB: " + next((line for line in lines if re.match(r"\S*(Error|Exception)\b", line)), done.stderr))
    return json.loads(done.stdout)


def events(lake):
    """The files of the lake's events for DuckDB. It knows nothing of the log: replaced files must have been vacuumed."""
    return (
        f"read_parquet('{lake}/events/**/*.parquet', hive_partitioning = true,"
        " hive_types = {'region': VARCHAR, 'account': VARCHAR, 'date': DATE})"
    )


def same(mine, other, ordered=True):
    """Whether answers of milepost and of DuckDB have the same rows; numbers are compared as numbers."""
    rows = [canonical(answer["rows"], other["numbers"]) for answer in (mine, other)]
    return rows[0] == rows[1] if ordered else sorted(rows[0]) == sorted(rows[1])


def canonical(rows, numbers):
    """Rows whose cells can be compared and sorted, None as the empty text."""
    return [[number(cell) if at in numbers and cell else cell or "" for at, cell in enumerate(row)] for row in rows]


def number(text):
    try:
        return str(int(text))
    except ValueError:
        pass
    try:
        value = float(text)
    except ValueError:
        return text
    return str(int(value)) if value.is_integer() else f"{value:.9g}"


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None
