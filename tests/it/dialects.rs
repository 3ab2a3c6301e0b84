//! Queries written for other tools: their answers against DuckDB's over the raw records, what is left out by them, what is
//! said when they are wrong.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::context::{Context, real_data, shared};

fn corpus() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialects");
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = paths.filter(|path| path.extension().is_some_and(|it| it == "sql")).collect();
    found.sort();
    assert_eq!(found.len(), 4);
    found
}

/// Every query of the corpus on a lake, and beside it DuckDB on the archive that the lake was made from.
#[track_caller]
fn agree(lake: &str, archive: &Path) {
    let Some(python) = std::env::var_os("MILEPOST_TEST_PYTHON") else {
        println!("skipped: MILEPOST_TEST_PYTHON is not set");
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialects/check.py");
    let output = Command::new(&python)
        .arg(&script)
        .arg(env!("CARGO_BIN_EXE_milepost"))
        .args([Path::new(lake), archive])
        .args(corpus())
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{stdout}\n{stderr}");
    assert!(stdout.ends_with(" queries, 0 differ\n"), "{stdout}");
}

#[test]
fn the_corpus_answers_as_duckdb_does() {
    agree(&shared().lake(), &shared().context.path("archive"));
}

#[test]
fn the_corpus_answers_as_duckdb_does_on_real_records() {
    let Some(data) = real_data() else { return };
    let context = Context::new();
    let archive = data.join("trail");
    context.run(&["convert", &archive.display().to_string()]).ended_with(0);
    agree(&context.path("lake").to_string_lossy(), &archive);
}

#[test]
fn the_corpus_is_large() {
    let queries: usize =
        corpus().iter().map(|path| std::fs::read_to_string(path).unwrap().matches("\n=== ").count()).sum();
    assert!(queries >= 120, "{queries}");
}

fn sql(arguments: &[&str]) -> crate::context::Output {
    shared().context.run(&[&["sql"], arguments].concat())
}

/// The logical plan of a query: what reaches the scan.
fn plan(query: &str) -> String {
    let explained = sql(&[&format!("EXPLAIN {query}"), "-F", "ndjson"]).ended_with(0).stdout;
    let rows = explained.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let logical =
        rows.filter(|row| row["plan_type"] == "logical_plan").map(|row| row["plan"].as_str().unwrap().to_owned());
    logical.collect()
}

/// The files that the physical plan names.
fn files(query: &str) -> usize {
    let explained = sql(&[&format!("EXPLAIN {query}"), "-F", "ndjson"]).ended_with(0).stdout;
    let rows = explained.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let physical = rows.filter(|row| row["plan_type"] == "physical_plan").map(|row| row["plan"].to_string());
    let names: std::collections::BTreeSet<String> = physical
        .flat_map(|plan| {
            let parts = plan.split("region=").skip(1).map(|rest| rest.split(".parquet").next().unwrap().to_owned());
            parts.collect::<Vec<_>>()
        })
        .collect();
    names.len()
}

/// 18 partitions of one file each: three accounts, two regions, three days.
#[test]
fn files_are_left_out_through_every_view() {
    let count = |from: &str| files(&format!("SELECT count(*) FROM {from}"));
    for (query, expected) in [
        ("cloudtrail_logs WHERE region = 'us-east-1' AND year = '2026' AND month = '03' AND day = '03'", 3),
        ("cloudtrail_logs WHERE \"timestamp\" = '2026/03/03' AND account = '012345678901'", 2),
        ("cloudtrail_logs WHERE dt = '2026-03-03' AND region_partition = 'us-east-1'", 3),
        ("cloudtrail_logs WHERE day = DATE '2026-03-03' AND p_account = '012345678901'", 2),
        ("cloudtrail_logs WHERE year || month || day = '20260303' AND p_region = 'us-east-1'", 3),
        (
            "cloudtrail_logs WHERE eventtime >= '2026-03-04' AND eventtime < '2026-03-05' AND account = '111122223333'",
            2,
        ),
        (
            "cloudtrail_logs WHERE eventtime BETWEEN '2026-03-03T01:00:00Z' AND '2026-03-03T05:00:00Z' AND region = 'us-east-1'",
            3,
        ),
        (
            "cloudtrail_logs WHERE from_iso8601_timestamp(eventtime) > TIMESTAMP '2026-03-04 12:00:00' AND region = 'us-east-1'",
            3,
        ),
        ("cloudtrail_logs WHERE eventsource = 'a' AND region = 'us-east-1'", 0),
        ("cloudtrail_logs WHERE from_iso8601_timestamp(eventtime) > date_add('day', -1, now())", 0),
        ("event_data_store WHERE eventTime > '2026-03-04 12:00:00' AND account = '012345678901'", 2),
        ("event_data_store WHERE eventTime > now() - INTERVAL '7' DAY", 0),
        ("aws_cloudtrail_log WHERE tp_date = date '2026-03-03' AND tp_index = '012345678901'", 2),
        ("aws_cloudtrail_log WHERE tp_timestamp > timestamp '2026-03-04 12:00:00' AND region = 'us-east-1'", 3),
        ("cloudtrail_events WHERE eventTime > '2026-03-04T12:00:00Z' AND account = '012345678901'", 2),
        ("pinpoint_events WHERE region = 'us-east-1' AND date = '2026-03-02'", 3),
        ("events WHERE event_time > ago('7d')", 0),
        // what is cut from a time, or the beginning of its text
        ("events WHERE CAST(event_time AS DATE) = DATE '2026-03-04' AND region = 'us-east-1'", 3),
        ("events WHERE date_trunc('day', event_time) = DATE '2026-03-04' AND region = 'us-east-1'", 3),
        (
            "events WHERE date_trunc('day', event_time) BETWEEN '2026-03-04' AND '2026-03-05' AND region = 'us-east-1'",
            3,
        ),
        ("events WHERE date_trunc('month', event_time) <> DATE '2026-03-01'", 0),
        ("events WHERE to_char(event_time, '%Y-%m-%d') IN ('2026-03-04', '2025-01-01') AND region = 'us-east-1'", 3),
        ("events WHERE event_time LIKE '2026-03-04%' AND region = 'us-east-1'", 3),
        ("cloudtrail_logs WHERE eventtime LIKE '2026-03-04%' AND region = 'us-east-1'", 3),
        ("cloudtrail_logs WHERE substr(eventtime, 1, 10) = '2026-03-04' AND region = 'us-east-1'", 3),
        (
            "cloudtrail_logs WHERE date(from_iso8601_timestamp(eventtime)) = DATE '2026-03-04' AND region = 'us-east-1'",
            3,
        ),
        (
            "cloudtrail_logs WHERE date_format(from_iso8601_timestamp(eventtime), '%Y-%m-%d') = '2026-03-04' AND region = 'us-east-1'",
            3,
        ),
        (
            "event_data_store WHERE date_trunc('day', eventTime) = TIMESTAMP '2026-03-04 00:00:00' AND region = 'us-east-1'",
            3,
        ),
        ("aws_cloudtrail_log WHERE strftime(tp_timestamp, '%Y-%m-%d') = '2026-03-04' AND region = 'us-east-1'", 3),
        (
            "cloudtrail_logs WHERE partition_3 = '2026' AND partition_4 = '03' AND partition_5 = '04' AND partition_2 = 'us-east-1'",
            3,
        ),
        (
            "cloudtrail_logs WHERE partition_0 = 'us-east-1' AND partition_1 = '2026' AND partition_2 = '3' AND partition_3 = '4'",
            3,
        ),
        ("events WHERE region IN (VALUES 'us-east-1') AND date = '2026-03-03'", 3),
        (
            "cloudtrail_logs WHERE date_diff('hour', from_iso8601_timestamp(eventtime), TIMESTAMP '2026-03-04 23:00:00') <= 20 AND region = 'us-east-1'",
            3,
        ),
        (
            "cloudtrail_logs WHERE 1 <= date_diff('day', TIMESTAMP '2026-03-02 12:00:00', from_iso8601_timestamp(eventtime)) AND region = 'us-east-1'",
            6,
        ),
        ("event_data_store WHERE date_diff('minute', eventTime, now()) > 1000000000", 0),
        (
            "aws_cloudtrail_log WHERE date_diff('day', tp_timestamp, TIMESTAMP '2026-03-04 23:00:00') < 1 AND region = 'us-east-1'",
            3,
        ),
        ("events WHERE date_diff('day', TIMESTAMP '2026-03-03 00:00:00', event_time) = 0 AND region = 'us-east-1'", 6),
        // open ends
        (
            "events WHERE event_time BETWEEN TIMESTAMP '2026-03-04 00:00:00' AND TIMESTAMP '9999-12-31 00:00:00' AND region = 'us-east-1'",
            3,
        ),
        (
            "events WHERE event_time >= TIMESTAMP '2026-03-04' AND event_time < CAST('9999-12-31' AS TIMESTAMP) AND region = 'us-east-1'",
            3,
        ),
        (
            "cloudtrail_logs WHERE from_iso8601_timestamp(eventtime) BETWEEN TIMESTAMP '2026-03-04 00:00:00' AND TIMESTAMP '9999-12-31 00:00:00' AND region = 'us-east-1'",
            3,
        ),
        (
            "aws_cloudtrail_log WHERE tp_timestamp BETWEEN timestamp '2026-03-04' AND '9999-12-31'::timestamp AND region = 'us-east-1'",
            3,
        ),
        // names of Snowflake
        ("cloudtrail_logs WHERE from_iso8601_timestamp(eventtime) > dateadd(day, -7, current_timestamp())", 0),
        (
            "event_data_store WHERE eventtime > dateadd(day, -1, TIMESTAMP '2026-03-05 00:00:00') AND region = 'us-east-1'",
            3,
        ),
        ("cloudtrail_logs WHERE p_occurs_since('7 days')", 0),
        ("events WHERE region GLOB 'us-*' AND date = '2026-03-03'", 3),
    ] {
        assert_eq!(count(query), expected, "{query}");
    }
}

#[test]
fn plans_read_the_columns_behind_the_fields() {
    let plans: Vec<String> = [
        "SELECT eventname, useridentity.arn FROM cloudtrail_logs WHERE useridentity.sessioncontext.sessionissuer.username = 'x' AND eventtime > '2026-03-03'",
        "SELECT eventName, userIdentity.type, count(*) FROM event_data_store WHERE userIdentity.type = 'Root' GROUP BY 1, 2",
        "SELECT user_identity.arn FROM aws_cloudtrail_log WHERE user_identity.type = 'Root' AND tp_index = '012345678901'",
        "SELECT userIdentityArn FROM cloudtrail_events WHERE userIdentityType = 'Root'",
        "SELECT application_id FROM pinpoint_events WHERE page_size = 1000",
    ]
    .iter()
    .map(|query| format!("{query}\n\n{}", plan(query)))
    .collect();
    for plan in &plans {
        assert!(!plan.split("\n\n").nth(1).unwrap().contains("struct_or_null"), "{plan}");
    }
    insta::assert_snapshot!(plans.join("\n\n\n"));
}

#[test]
fn the_dialect_can_be_said() {
    let count = |arguments: &[&str]| sql(&[arguments, &["-F", "csv"]].concat()).ended_with(0).stdout;
    let named = count(&["SELECT count(*) AS n FROM cloudtrail_logs WHERE useridentity.type = 'Root'"]);
    let said = count(&["SELECT count(*) AS n FROM my_logs WHERE useridentity.type = 'Root'", "--dialect", "athena"]);
    assert_eq!(named, said);
    assert_ne!(named, "n\n0\n");
    let lake = count(&["SELECT count_if(readOnly) AS n FROM anything", "--dialect", "lake"]);
    assert_eq!(lake, count(&["SELECT count(*) AS n FROM events WHERE read_only"]));
    // DataFusion's own meaning of a function that Trino has too
    assert_eq!(
        count(&["SELECT concat('a', NULL, 'b') AS x FROM cloudtrail_logs LIMIT 1", "--dialect", "milepost"]),
        "x\nab\n"
    );
    assert_eq!(count(&["SELECT concat('a', NULL, 'b') AS x FROM cloudtrail_logs LIMIT 1"]), "x\n\"\"\n");
    sql(&["SELECT 1", "--dialect", "oracle"]).ended_with(2);
    let folder = Context::new();
    let query = ["sql", "SELECT count_if(readOnly) AS n FROM anything", "-F", "csv", "--lake", &shared().lake()];
    folder.write("milepost.toml", "dialect = \"lake\"\n");
    assert_eq!(folder.run(&query).ended_with(0).stdout, lake);
    // the flag goes before the file
    folder.run(&[&query[..], &["--dialect", "milepost"]].concat()).ended_with(1);
    folder.write("milepost.toml", "dialect = \"oracle\"\n");
    let refused = folder.run(&query).ended_with(2).stderr;
    assert!(refused.contains("`dialect = \"oracle\"` is no dialect"), "{refused}");
}

#[test]
fn columns_of_answers_are_called_as_they_were_written() {
    let header = |query: &str| sql(&[query, "-F", "csv"]).ended_with(0).stdout.lines().next().unwrap().to_owned();
    let query = "SELECT eventName, userIdentity.arn, userIdentity.sessionContext.sessionIssuer.arn, \
                 json_extract_scalar(requestparameters, '$.bucketName'), eventname FROM cloudtrail_logs LIMIT 1";
    assert_eq!(
        header(query),
        "eventname,arn,arn_1,\"json_extract_scalar(requestparameters, '$.bucketName')\",eventname_1"
    );
    let star = header("SELECT * FROM cloudtrail_logs WHERE region = 'us-east-1' AND \"$path\" IS NOT NULL LIMIT 1");
    assert!(star.starts_with("eventversion,useridentity,eventtime,") && star.ends_with(",tlsdetails"), "{star}");
    let star = header("SELECT * FROM event_data_store LIMIT 1");
    assert!(star.ends_with(",sessioncredentialfromconsole,eventjson,eventjsonchecksum,eventcontext"), "{star}");
}

#[test]
fn errors_point_into_the_query_that_was_written() {
    let error = |query: &str| sql(&[query]).ended_with(1).stderr;
    assert_eq!(
        error("SELECT count_if(errorcode = 'x'),\n  eventnme FROM \"a\".\"b\".cloudtrail_logs"),
        "error: there is no column `eventnme` at line 2, column 3\n  |\n2 |   eventnme FROM \"a\".\"b\".cloudtrail_logs\n  |   ^\n\
         hint: did you mean `eventname`?\n"
    );
    let field = error("SELECT eventname FROM cloudtrail_logs WHERE useridentity.sesioncontext.attributes IS NULL");
    assert!(field.contains("there is no field `sesioncontext` at line 1, column 58"), "{field}");
    assert!(field.contains("hint: did you mean `sessioncontext`?"), "{field}");
    let list = error("SELECT a.arn FROM cloudtrail_logs CROSS JOIN UNNEST(resurces) AS t(a)");
    assert!(list.contains("there is no column `resurces` at line 1, column 53"), "{list}");
    let after_id = error("SELECT x FROM 1e23d5c8-90ab-4def-8123-456789abcdef WHERE");
    assert!(after_id.contains("cannot parse the query") && after_id.contains("at line 1, column 57"), "{after_id}");
    let zipped = error("SELECT zip_with(resources, resources, (a, b) -> a.arn) FROM events");
    assert!(zipped.contains("there is no function `zip_with` at line 1, column 8"), "{zipped}");
    assert!(zipped.contains("hint: unnest the list and aggregate its elements"), "{zipped}");
    let table = error("SELECT * FROM vpc_flow_logs");
    assert!(table.contains("there is no table `vpc_flow_logs` at line 1, column 15"), "{table}");
    assert!(table.contains("there are: action_catalog, aws_cloudtrail_log, "), "{table}");
    assert!(table.contains("--dialect athena"), "{table}");
    let kind = error("SELECT 1 FROM events WHERE event_time > 5");
    assert!(kind.contains("`event_time`, which is an instant, with 5 (a number)"), "{kind}");
    assert!(kind.contains("line 1, column 28"), "{kind}");
}

/// No text is too strange to be refused.
#[test]
fn strange_queries_are_refused_and_no_more() {
    for query in [
        "SELECT * FROM <",
        "SELECT * FROM {",
        "SELECT * FROM $",
        "SELECT '\u{e9}",
        "/* ",
        "SELECT CAST(a AS ARRAY(",
        "SELECT IPADDRESS '",
        "SELECT \"",
        "FROM cloudtrail_logs WHERE",
        "TABLE",
        "SELECT any_match(resources, r -> ) FROM cloudtrail_logs",
        "SELECT any_match(resources, (r, ) -> r) FROM cloudtrail_logs",
        "SELECT any_match(resources, -> r.arn) FROM cloudtrail_logs",
        "SELECT filter(resources) FROM cloudtrail_logs",
        "SELECT 1 WHERE 1 IN (VALUES",
        "SELECT 1 WHERE 1 IN (VALUES)",
        "SELECT format('%q', 1) FROM cloudtrail_logs",
        "SELECT count(*) FROM arn:aws:cloudtrail:eventdatastore/1",
        "SELECT partition_99999999999999999999 FROM cloudtrail_logs",
        "SELECT x.y.z.a.b FROM cloudtrail_logs",
        "SELECT element_at() FROM cloudtrail_logs",
        "SELECT split(1) FROM cloudtrail_logs",
        "SELECT date_format(eventtime) FROM cloudtrail_logs",
        "SELECT count_if(DISTINCT) FROM cloudtrail_logs",
        "SELECT 1 FROM UNNEST(x) AS t(y), cloudtrail_logs",
        "SELECT requestparameters.\"\".\"'\" FROM cloudtrail_logs LIMIT 1 OFFSET -1",
        "SELECT json_extract_scalar(requestparameters) FROM cloudtrail_logs",
        "SELECT date_add('fortnight', 1, now()) FROM cloudtrail_logs",
        "SELECT ago('soon')",
        "SELECT regexp_extract('a', '(')",
        "12345678-1234-1234-1234-123456789012",
    ] {
        let output = sql(&[query]);
        assert_eq!(output.code, 1, "{query}: {}", output.stdout);
        assert!(output.stderr.starts_with("error: "), "{query}: {}", output.stderr);
    }
}
