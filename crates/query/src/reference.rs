//! The SQL reference as a page: tables, functions, and what becomes of the constructs of other dialects.

use std::fmt::Write as _;

use crate::dialect::CONSTRUCTS;
use crate::{compat, functions, services};

const INTRODUCTION: &str = "# SQL

Generated from the sources; do not edit.

SQL here is that of DataFusion, and only reads. `events` is the table to ask; `DESCRIBE events` lists its columns, which are
explained in [columns.md](columns.md). JSON columns open with `->`, `->>` and the functions below.

```sql
SELECT event_name, count(*) AS n FROM events WHERE event_time >= '2026-03-01' GROUP BY 1 ORDER BY n DESC
SELECT request_parameters->>'bucketName' AS bucket, count(*) FROM events GROUP BY 1
SELECT * FROM events WHERE NOT ip_in_cidr(source_ip_address, '10.0.0.0/8,192.168.0.0/16')
SELECT action, note FROM action_catalog WHERE service = 'Amazon Pinpoint' AND NOT logged
```

## Queries written for other tools

They run as they are. The tables a query names say what it was written for; `--dialect` overrides it, and then any table name
that is none of milepost's is taken for the table of that dialect.

| dialect | written for | tables |
|---|---|---|
| `athena` | Trino on AWS' table in Athena | any name with `cloudtrail` in it, in any catalog and database |
| `lake` | Trino on an event data store of CloudTrail Lake | the id of the store or its ARN, without quotes too; `$EDS_ID`, `<event data store id>` |
| `tailpipe` | DuckDB on Tailpipe's table | `aws_cloudtrail_log` |
| `duckdb` | DuckDB on flat columns | `cloudtrail_events` |
| `milepost` | DataFusion on milepost's own tables | all others |

In these dialects nulls come last, a rewritten column is called as it was written, and a field by its own name. Partition
columns of Athena tables are there for queries that name them: `region`, `year`, `month`, `day`, `hour`, `account`,
`account_id`, `timestamp`, `dt`, `date`, `log_date`, `date_partition`, `region_partition`, `account_partition`, `p_date`,
`p_region`, `p_account` and others, days in the form in which the query writes them. They are the lake's own partitions, so
files are left out by them, and by `awsregion = '…'` and `recipientaccountid IN (…)`, which are those of the partition where a record has them. `\"$path\"` is the object that a record came from, `\"$file_size\"` and `\"$file_modified_time\"` are its size and when it was
last changed, as the ledger has them; the time is null for objects that earlier versions of milepost took in. None of these is part of
`SELECT *`. What Glue's crawlers call `partition_0`, `partition_1` and so on is told by the year, day, region or account that the query compares it
with; without any it is an error.

`$name` and `$1` are placeholders, and each `?` is the next number: `--param name=VALUE`, `--param 1=VALUE`. A name that is given more
than once has a list: `region IN $regions` and `region IN ($regions)` look in it, as does `array_has($regions, region)`. Behind `IN`
without parentheses, a JSON array is a list too, also an empty one. `read_only = $b` takes `true` and `false`. Values are bound and never
part of the query.

`eventjson` of an event data store is the record as JSON, put together again from the lake's columns, and `eventjsonchecksum` the SHA-256 of
this text in base64. CloudTrail Lake's own sums are of texts that may have blanks and an order of their own.

milepost's own dialect takes much of the others: dots on JSON columns (`request_parameters.bucketName`), lambdas
(`array_any_match(resources, r -> r.type = 'AWS::S3::Bucket')`), `SELECT * EXCEPT (…)`, `FROM events SELECT …`,
`IN (VALUES …)`, and these functions of theirs: `transform`, `filter`, `all_match`, `none_match`, `listagg`, `list`, `count_if`,
`max_by`, `min_by`, `time_bucket`, `strlen`, `last_day_of_month`, `variance`.

`SUMMARIZE events` and `SUMMARIZE SELECT …` give a row of each column, in any dialect: its type, its least and its greatest value,
about how many different ones it has, how numbers are spread, and the share of nulls. `DESCRIBE SELECT …` gives names and types.
";

/// The page.
#[must_use]
pub fn markdown() -> String {
    let mut page = INTRODUCTION.to_owned();
    page.push_str("\n## Views of documented services\n\nEach has the columns that matter most, and these parameters of the service's requests:\n");
    page.push_str("\n| view | API in `action_catalog` | parameters |\n|---|---|---|\n");
    for (view, api, columns) in services::apis() {
        let columns: Vec<String> = columns.iter().map(|column| format!("`{column}`")).collect();
        // writing to a String cannot fail
        let _ = writeln!(page, "| `{view}` | {api} | {} |", columns.join(", "));
    }
    page.push_str(
        "\n`pinpoint_email_events` has a column `attributed_by`: the API's page names no event source, and records of \
                   `ses.amazonaws.com` are there by the names of their actions, which SES has too.\n",
    );
    page.push_str("\n## Tables of other tools\n\n| table | columns of `SELECT *` |\n|---|---|\n");
    for table in compat::Table::ALL {
        let columns: Vec<String> = table.columns().iter().map(|column| format!("`{}`", column.name)).collect();
        let _ = writeln!(page, "| `{}` | {} |", table.name(), columns.join(", "));
    }
    page.push_str("\n## Functions\n\nBeside DataFusion's (`SHOW FUNCTIONS`):\n\n| function | gives |\n|---|---|\n");
    for doc in functions::reference() {
        let _ = writeln!(page, "| `{}` | {} |", doc.call, doc.meaning);
    }
    page.push_str("\n## Constructs of other dialects\n\nEach is in a query of `tests/dialects`, whose answer is compared with DuckDB's over the raw records.\n");
    page.push_str("\n| construct | in | what becomes of it |\n|---|---|---|\n");
    for construct in CONSTRUCTS {
        let _ = writeln!(page, "| {} | {} | {} |", construct.written, construct.dialects, construct.becomes);
    }
    page
}

/// How each construct is written, as the corpus of queries names it.
pub fn constructs() -> impl Iterator<Item = &'static str> {
    CONSTRUCTS.iter().map(|construct| construct.sample)
}
