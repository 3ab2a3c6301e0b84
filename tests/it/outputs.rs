//! Where answers go and what is in them: files that are read back, objects in a store, folders of files.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use arrow::array::{Array as _, AsArray as _, RecordBatch};
use arrow::datatypes::{DataType, Int64Type, TimeUnit, TimestampMicrosecondType};
use arrow::ipc::reader::StreamReader;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::context::{Context, files_below, shared};
use crate::object_store::{Faults, S3};

/// Types, quotes, nesting, nothing.
const QUERY: &str = "SELECT 1 AS n, 'a\"b,c
d\te' AS t, TIMESTAMP '2026-03-02T10:11:12.345678Z' AS at, DATE '2026-03-02' AS day, true AS yes, 1.5 AS f,
    [1, NULL] AS list, named_struct('k', 'v', 'n', NULL) AS s, NULL AS nothing, X'00ff' AS bytes";

fn sql(context: &Context, arguments: &[&str]) -> crate::context::Output {
    context.run(&[&["sql", "--lake", &shared().lake()], arguments].concat())
}

fn check(batch: &RecordBatch) {
    assert_eq!(batch.num_rows(), 1);
    let column = |name: &str| batch.column_by_name(name).unwrap();
    assert_eq!(column("n").as_primitive::<Int64Type>().value(0), 1);
    assert_eq!(arrow::util::display::array_value_to_string(column("t"), 0).unwrap(), "a\"b,c\nd\te");
    let micros = arrow::compute::cast(column("at"), &DataType::Timestamp(TimeUnit::Microsecond, None)).unwrap();
    assert_eq!(micros.as_primitive::<TimestampMicrosecondType>().value(0), 1_772_446_272_345_678);
    assert_eq!(column("day").data_type(), &DataType::Date32);
    assert_eq!(column("yes").data_type(), &DataType::Boolean);
    assert_eq!(column("f").data_type(), &DataType::Float64);
    assert!(matches!(column("list").data_type(), DataType::List(_)));
    assert!(matches!(column("s").data_type(), DataType::Struct(_)));
    assert_eq!(column("nothing").logical_null_count(), 1);
}

#[test]
fn parquet_and_arrow_keep_the_types() {
    let context = Context::new();
    sql(&context, &[QUERY, "--output", "a.parquet"]).ended_with(0);
    let file = File::open(context.path("a.parquet")).unwrap();
    let mut batches = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    check(&batches.next().unwrap().unwrap());
    sql(&context, &[QUERY, "--output", "a.arrow"]).ended_with(0);
    let mut batches = StreamReader::try_new(File::open(context.path("a.arrow")).unwrap(), None).unwrap();
    check(&batches.next().unwrap().unwrap());
}

#[test]
fn texts_are_quoted_and_nested_values_are_json() {
    let context = Context::new();
    let run = |format: &str| sql(&context, &[QUERY, "-F", format]).ended_with(0).stdout;
    let head = "n,t,at,day,yes,f,list,s,nothing,bytes\n";
    let row = "1,\"a\"\"b,c\nd\te\",2026-03-02T10:11:12.345678Z,2026-03-02,true,1.5,\"[1,null]\",\"{\"\"k\"\":\"\"v\"\"}\",,00ff\n";
    assert_eq!(run("csv"), format!("{head}{row}"));
    let json: serde_json::Value = serde_json::from_str(&run("json")).unwrap();
    assert_eq!(json[0]["list"], serde_json::json!([1, null]));
    assert_eq!(json[0]["s"]["k"], "v");
    assert_eq!(json[0]["at"], "2026-03-02T10:11:12.345678Z");
    assert_eq!(json[0]["nothing"], serde_json::Value::Null);
    assert_eq!(run("ndjson").lines().count(), 1);
}

#[test]
fn formulas_are_text_on_request() {
    let context = Context::new();
    let query = "SELECT '=1+1' AS a, '@x' AS b, '-5' AS c, -5 AS d, 'plain' AS e, NULL AS f";
    assert_eq!(sql(&context, &[query, "-F", "csv"]).ended_with(0).stdout, "a,b,c,d,e,f\n=1+1,@x,-5,-5,plain,\n");
    let output = sql(&context, &[query, "-F", "csv", "--escape-formulas"]).ended_with(0);
    assert_eq!(output.stdout, "a,b,c,d,e,f\n'=1+1,'@x,'-5,-5,plain,\n");
}

#[test]
fn other_programs_read_the_answers() {
    let Some(python) = std::env::var_os("MILEPOST_TEST_PYTHON") else {
        println!("skipped: MILEPOST_TEST_PYTHON is not set");
        return;
    };
    let context = Context::new();
    let query = "SELECT event_id, event_time, region, account, date, resources FROM events";
    for format in ["parquet", "arrow", "csv", "ndjson"] {
        sql(&context, &[query, "--output", &format!("all.{format}")]).ended_with(0);
    }
    for (format, folder) in [("parquet", "by"), ("arrow", "by-arrow")] {
        sql(&context, &[query, "--partition-by", "region,account", "-F", format, "--output", folder]).ended_with(0);
    }
    let expected = shared().written.records - shared().written.duplicates;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readers/read_answers.py");
    let output = Command::new(python).arg(script).arg(context.path("")).arg(expected.to_string()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "all the same\n");
}

#[test]
fn answers_are_objects_in_a_store_when_they_are_complete() {
    let context = Context::new();
    let s3 = S3::start(&context.path("s3"), Faults::default());
    s3.make_bucket("answers");
    let lake = shared().lake();
    let run = |arguments: &[&str]| context.run_with(&[&["sql", "--lake", &lake], arguments].concat(), &s3.env(), "");
    let object = |key: &str| context.path("s3/answers").join(key);
    run(&[QUERY, "--output", "s3://answers/in/a.parquet"]).ended_with(0);
    let file = File::open(object("in/a.parquet")).unwrap();
    check(&ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap().next().unwrap().unwrap());
    // more than one part
    s3.take_requests();
    let large = "SELECT value, repeat('x', 100) AS x FROM generate_series(1, 400000)";
    run(&[large, "--output", "s3://answers/large.csv"]).ended_with(0);
    assert_eq!(fs::read_to_string(object("large.csv")).unwrap().lines().count(), 400_001);
    let requests = s3.take_requests();
    assert!(requests.iter().any(|request| request.contains("partNumber=3")), "{requests:?}");
    // what fails leaves nothing, neither before nor after its first part
    run(&["SELECT 1 / 0 AS x FROM events", "--output", "s3://answers/failed.csv"]).ended_with(1);
    let late = "SELECT value, repeat('x', 100) AS x, 1 / (value - 350000) AS y FROM generate_series(1, 400000)";
    run(&[late, "--output", "s3://answers/late.csv"]).ended_with(1);
    assert!(!object("failed.csv").exists() && !object("late.csv").exists());
    // a store that refuses is named with its reason
    s3.set_faults(Faults { deny: Some("denied".to_owned()), ..Faults::default() });
    let denied = run(&["SELECT 1", "--output", "s3://answers/denied.csv"]).ended_with(1).stderr;
    assert!(denied.starts_with("error: cannot write `s3://answers/denied.csv`\ncaused by: "), "{denied}");
    let bucket = run(&["SELECT 1", "-F", "csv", "--output", "s3://answers"]).ended_with(1).stderr;
    assert!(bucket.contains("names a bucket and no object"), "{bucket}");
}

#[test]
fn a_folder_of_files_is_partitioned_and_keeps_the_order() {
    let context = Context::new();
    let query = "SELECT event_id, event_time, region, account FROM events ORDER BY event_id DESC";
    sql(&context, &[query, "--partition-by", "region,account", "--output", "by"]).ended_with(0);
    let files = files_below(&context.path("by"));
    assert_eq!(files.len(), 6, "{files:?}");
    let mut rows = 0;
    for path in files {
        let name = path.strip_prefix(context.path("by")).unwrap().display().to_string();
        assert!(
            name.starts_with("region=") && name.contains("/account=") && name.ends_with("/part-0.parquet"),
            "{name}"
        );
        let mut last = None;
        for batch in ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap().build().unwrap() {
            let batch = batch.unwrap();
            assert_eq!(batch.num_columns(), 2);
            rows += batch.num_rows();
            for row in 0..batch.num_rows() {
                let id = arrow::util::display::array_value_to_string(batch.column(0), row).unwrap();
                assert!(last.as_ref().is_none_or(|last| *last >= id), "{name}");
                last = Some(id);
            }
        }
    }
    assert_eq!(rows, shared().written.records - shared().written.duplicates);
    // it is there already
    sql(&context, &[query, "--partition-by", "region", "--output", "by"]).ended_with(1);
    let unknown = sql(&context, &[query, "--partition-by", "regin", "--output", "other"]).ended_with(1).stderr;
    assert!(unknown.contains("no column `regin`") && unknown.contains("did you mean `region`?"), "{unknown}");
    sql(&context, &[query, "--partition-by", "region"]).ended_with(2);
    let failing = "SELECT 1 / (value - 9) AS x, value % 3 AS k FROM generate_series(1, 10)";
    sql(&context, &[failing, "--partition-by", "k", "--output", "failing"]).ended_with(1);
    let names: Vec<_> = fs::read_dir(context.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["by"]);
}

#[test]
fn a_folder_of_files_may_be_in_a_store() {
    let context = Context::new();
    let s3 = S3::start(&context.path("s3"), Faults::default());
    s3.make_bucket("answers");
    let query = "SELECT k, v FROM (VALUES ('a/b', 1), (NULL, 2), ('', 3), ('c', 4)) t(k, v)";
    let lake = shared().lake();
    let output = ["--partition-by", "k", "-F", "csv", "--output", "s3://answers/by"];
    let run = || context.run_with(&[&["sql", "--lake", &lake, query][..], &output].concat(), &s3.env(), "");
    run().ended_with(0);
    let mut found: Vec<String> = files_below(&context.path("s3/answers"))
        .into_iter()
        .map(|path| path.strip_prefix(context.path("s3/answers")).unwrap().display().to_string())
        .collect();
    found.sort();
    let expected = [
        "by/k=__HIVE_DEFAULT_PARTITION__/part-0.csv",
        "by/k=__HIVE_DEFAULT_PARTITION__/part-1.csv",
        "by/k=a%2Fb/part-0.csv",
        "by/k=c/part-0.csv",
    ];
    assert_eq!(found, expected);
    run().ended_with(1);
}

#[test]
fn nothing_is_written_into_the_lake() {
    let context = shared();
    let lake = context.lake();
    let refused = |arguments: &[&str]| {
        let output = context.context.run(arguments).ended_with(2);
        assert!(output.stderr.contains("lies in the lake") && output.stderr.contains("hint: "), "{}", output.stderr);
    };
    let file = format!("{lake}/events/answer.csv");
    refused(&["sql", "SELECT 1", "-o", &file]);
    refused(&["sql", "SELECT 1", "-o", &format!("{lake}/../lake/events/answer.parquet")]);
    refused(&["sql", "SELECT 1 AS a, 2 AS b", "--partition-by", "a", "-o", &format!("{lake}/events/answers")]);
    refused(&["export", "-o", &format!("{lake}/records.ndjson")]);
    refused(&["report", "run", "console-logins", "-o", &file]);
    assert!(!Path::new(&file).exists());
}

#[test]
fn an_export_has_every_format() {
    let context = Context::new();
    let condition = "event_name = 'RotateKey'";
    let export = |arguments: &[&str]| {
        context.run(&[&["export", "--lake", &shared().lake(), "--where", condition], arguments].concat())
    };
    let lines = export(&[]).ended_with(0).stdout;
    let count = lines.lines().count();
    assert!(count > 10 && lines.starts_with("{\"event"), "{lines}");
    let array: Vec<serde_json::Value> = serde_json::from_str(&export(&["-F", "json"]).ended_with(0).stdout).unwrap();
    let each: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(array, each);
    let csv = export(&["-F", "csv"]).ended_with(0).stdout;
    assert!(csv.starts_with("event_time,"), "{csv}");
    assert_eq!(csv.lines().count(), count + 1);
    assert_eq!(export(&["-o", "keys.parquet"]).ended_with(0).stderr, format!("{count} records\n"));
    let file = File::open(context.path("keys.parquet")).unwrap();
    let rows: usize = ParquetRecordBatchReaderBuilder::try_new(file)
        .unwrap()
        .build()
        .unwrap()
        .map(|batch| batch.unwrap().num_rows())
        .sum();
    assert_eq!(rows, count);
    // a name that says nothing is records
    export(&["-o", "keys.log"]).ended_with(0);
    assert_eq!(fs::read_to_string(context.path("keys.log")).unwrap(), lines);
    let nothing = context.run(&["export", "--lake", &shared().lake(), "--where", "false", "-F", "json"]);
    assert_eq!(nothing.ended_with(0).stdout, "[]\n");
    assert!(export(&["--timeout", "1ms"]).ended_with(1).stderr.contains("took longer than 1ms"));
    assert!(export(&["--memory", "1MB"]).ended_with(2).stderr.contains("is too little"));
}

#[test]
fn spans_of_time_are_text_where_a_file_has_no_type_for_them() {
    let context = Context::new();
    let query =
        "SELECT INTERVAL '14 months 3 days 4 hours' AS span, [INTERVAL '1 day'] AS spans, NULL::interval AS none";
    sql(&context, &[query, "--output", "a.parquet"]).ended_with(0);
    let file = File::open(context.path("a.parquet")).unwrap();
    let batch = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap().next().unwrap().unwrap();
    let text =
        |name: &str| arrow::util::display::array_value_to_string(batch.column_by_name(name).unwrap(), 0).unwrap();
    assert_eq!(text("span"), "P1Y2M3DT4H");
    assert_eq!(batch.column_by_name("none").unwrap().null_count(), 1);
    assert!(text("spans").contains("1 days"), "{}", text("spans"));
    sql(&context, &[query, "--output", "a.arrow"]).ended_with(0);
    let mut batches = StreamReader::try_new(File::open(context.path("a.arrow")).unwrap(), None).unwrap();
    assert!(matches!(batches.next().unwrap().unwrap().column(0).data_type(), DataType::Interval(_)));
}

#[test]
fn a_value_that_no_folder_can_be_named_after_is_told() {
    let context = Context::new();
    let query = "SELECT 1 AS n, repeat('long ', 100) AS \"who\"";
    let output = sql(&context, &[query, "--partition-by", "who", "--output", "by"]).ended_with(1);
    let wanted = "error: a value of `who` is too long for the name of a folder: `long long ";
    assert!(output.stderr.starts_with(wanted), "{}", output.stderr);
    assert!(output.stderr.contains("hint: ") && output.stderr.contains("left(who, 40)"), "{}", output.stderr);
    assert!(!context.path("by").exists());
    let shorter = "SELECT 1 AS n, left(repeat('long ', 100), 40) AS who";
    sql(&context, &[shorter, "--partition-by", "who", "--output", "by"]).ended_with(0);
}

#[test]
fn formats_have_short_names_too() {
    let context = Context::new();
    for (short, long) in [("md", "markdown"), ("jsonl", "ndjson")] {
        let run = |format: &str| sql(&context, &["SELECT 1 AS n", "-F", format]).ended_with(0).stdout;
        assert_eq!(run(short), run(long));
    }
    context.write("milepost.toml", "format = \"md\"\n");
    assert!(sql(&context, &["SELECT 1 AS n"]).ended_with(0).stdout.starts_with("| n |"));
}
