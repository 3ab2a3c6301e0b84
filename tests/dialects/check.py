"""Compares answers of milepost with DuckDB's over the raw records: check.py MILEPOST LAKE ARCHIVE CORPUS...

Each corpus file has queries in one dialect and beside each the question as DuckDB answers it from the JSON in ARCHIVE,
without milepost. Prints one line for each difference and ends with 1 if there is one.
"""

import datetime
import decimal
import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb

# what the checks call the members of a record
VIEW = """
CREATE TABLE r AS SELECT j, j->>'$.eventID' AS eid, j->>'$.eventTime' AS ts,
    (j->>'$.eventTime')::timestamptz::timestamp AS t, (j->>'$.eventTime')[1:10]::date AS day, j->>'$.eventSource' AS src,
    j->>'$.eventName' AS name, j->>'$.awsRegion' AS region, j->>'$.recipientAccountId' AS acct,
    j->>'$.sourceIPAddress' AS ip, j->>'$.userAgent' AS ua, j->>'$.errorCode' AS err, j->>'$.eventCategory' AS cat,
    j->'$.requestParameters' AS rp, j->'$.responseElements' AS re, j->'$.additionalEventData' AS ae,
    j->'$.resources' AS res, (j->>'$.readOnly')::boolean AS ro, (j->>'$.managementEvent')::boolean AS mgmt,
    j->>'$.tlsDetails.tlsVersion' AS tls, j->'$.userIdentity' AS ui, ui->>'$.type' AS utype, ui->>'$.arn' AS uarn,
    ui->>'$.userName' AS uname, ui->>'$.principalId' AS upid, ui->>'$.accessKeyId' AS ukey,
    ui->>'$.sessionContext.attributes.mfaAuthenticated' AS mfa,
    (ui->>'$.sessionContext.attributes.creationDate')::timestamptz::timestamp AS cdate,
    ui->>'$.sessionContext.sessionIssuer.type' AS itype, ui->>'$.sessionContext.sessionIssuer.userName' AS iname
FROM (SELECT DISTINCT unnest(Records::json[]) AS j FROM
    read_json('{archive}/**/*.json.gz', columns = {{'Records': 'JSON'}}, filename = true, maximum_object_size = 100000000)
    WHERE filename LIKE '%/CloudTrail%' AND filename NOT LIKE '%Digest%')
"""
TIME = re.compile(r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?$")


def plain(value):
    """A value as both engines would write it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float, decimal.Decimal)):
        return str(int(value)) if value == int(value) else f"{float(value):.9g}"
    if isinstance(value, datetime.datetime):
        value = value.isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, (list, dict)):
        return json.dumps(value, default=plain)
    if isinstance(value, str) and TIME.match(value):
        value = re.sub(r"(\.0+)?(Z|\+00:00)?$", "", value).replace(" ", "T")
    return value


def rows(found):
    return sorted((tuple(map(plain, row)) for row in found), key=repr)


def queries(path):
    for part in re.split(r"^=== ", Path(path).read_text(), flags=re.MULTILINE)[1:]:
        title, _, text = part.partition("\n")
        query, _, check = text.partition("\n---\n")
        yield f"{Path(path).stem}: {title.split(' | ')[0]}", query.strip(), check.strip()


def ask(milepost, lake, query):
    command = [milepost, "sql", query, "--lake", lake, "--format", "ndjson"]
    output = subprocess.run(command, capture_output=True, text=True, check=False)
    if output.returncode:
        return output.stderr.strip()
    return rows(list(json.loads(line).values()) for line in output.stdout.splitlines())


def main(milepost, lake, archive, *corpus):
    engine = duckdb.connect()
    engine.execute("SET TimeZone = 'UTC'")
    engine.execute(VIEW.format(archive=archive))
    asked = [query for path in corpus for query in queries(path)]
    differences = 0
    with ThreadPoolExecutor(4) as pool:
        answers = pool.map(lambda query: ask(milepost, lake, query[1]), asked)
        for (title, query, check), answer in zip(asked, answers):
            expected = rows(engine.execute(check).fetchall())
            if answer != expected:
                differences += 1
                short = answer if isinstance(answer, str) else [row for row in answer if row not in expected][:3]
                missing = [row for row in expected if isinstance(answer, str) or row not in answer][:3]
                print(f"{title}: {short}\n  instead of {missing}\n  {query}")
    print(f"{len(asked)} queries, {differences} differ")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
