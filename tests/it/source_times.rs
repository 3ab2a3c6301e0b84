//! When a source was last changed and how large it is: in the ledger, and in Athena's hidden columns.

use std::fs::{self, File};
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::context::{Context, log, shared};
use crate::object_store::{Faults, S3};
use crate::time_travel::record;

/// 2026-03-02T10:11:12.345678Z, and an hour later.
const FIRST: Duration = Duration::from_micros(1_772_446_272_345_678);
const SECOND: Duration = Duration::from_micros(1_772_449_872_000_000);

fn written(context: &Context, name: &str, bytes: impl AsRef<[u8]>, age: Duration) {
    let path = context.write(name, bytes);
    File::options().write(true).open(path).unwrap().set_modified(UNIX_EPOCH + age).unwrap();
}

fn rows(context: &Context, query: &str) -> Value {
    context.run(&["sql", query, "-F", "json"]).ended_with(0).json()
}

#[test]
fn the_ledger_has_the_time_of_the_last_change() {
    let context = Context::new();
    written(&context, "a.json", log(&[record(1, "2026-03-01", "eu-west-1")]), FIRST);
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("b.json", zip::write::SimpleFileOptions::default()).unwrap();
    std::io::Write::write_all(&mut zip, log(&[record(2, "2026-03-01", "eu-west-1")]).as_bytes()).unwrap();
    written(&context, "b.zip", zip.finish().unwrap().into_inner(), SECOND);
    context.run(&["convert", "a.json", "b.zip"]).ended_with(0);
    let stdin = log(&[record(3, "2026-03-01", "eu-west-1")]);
    context.run_with(&["convert", "-"], &[], &stdin).ended_with(0);
    let files = context.run(&["lake", "files", "-F", "json"]).ended_with(0).json();
    let modified = |name: &str| {
        let found = files.as_array().unwrap().iter().find(|file| file["uri"].as_str().unwrap().ends_with(name));
        found.unwrap_or_else(|| panic!("{name} in {files}"))["modified"].clone()
    };
    assert_eq!(modified("a.json"), "2026-03-02T10:11:12.345678Z");
    // of a member, when its archive was written
    assert_eq!(modified("b.zip!/b.json"), "2026-03-02T11:11:12Z");
    let none = rows(&context, "SELECT count(*) AS n FROM files WHERE modified IS NULL AND uri LIKE 'stdin:%'");
    assert_eq!(none, json!([{ "n": 1 }]));
}

#[test]
fn objects_have_the_time_of_their_store() {
    let context = Context::new();
    let s3 = S3::start(&context.path("s3"), Faults::default());
    s3.make_bucket("logs");
    let path = context.write("s3/logs/in/a.json", log(&[record(1, "2026-03-01", "eu-west-1")]));
    context.run_with(&["convert", "s3://logs/in"], &s3.env(), "").ended_with(0);
    let found = rows(&context, "SELECT date_part('epoch', modified) AS at FROM files");
    let written = fs::metadata(path).unwrap().modified().unwrap().duration_since(UNIX_EPOCH).unwrap();
    let difference = found[0]["at"].as_f64().unwrap() - written.as_secs_f64();
    assert!(difference.abs() < 2.0, "{found}, {written:?}");
}

#[test]
fn queries_of_athena_see_the_files_behind_the_rows() {
    let context = Context::new();
    let one = log(&[record(1, "2026-03-01", "eu-west-1"), record(2, "2026-03-02", "eu-west-1")]);
    written(&context, "a.json", &one, FIRST);
    written(&context, "b.json", log(&[record(3, "2026-03-01", "us-east-1")]), SECOND);
    context.run(&["convert", "a.json", "b.json"]).ended_with(0);
    let found = rows(
        &context,
        "SELECT \"$path\", \"$file_size\", \"$file_modified_time\" FROM cloudtrail_logs WHERE eventid IS NOT NULL \
         ORDER BY 3 DESC LIMIT 2",
    );
    assert!(found[0]["$path"].as_str().unwrap().ends_with("b.json"), "{found}");
    assert_eq!(found[1]["$file_size"], one.len());
    // in milliseconds, as Athena gives them
    assert_eq!(found[1]["$file_modified_time"], "2026-03-02T10:11:12.345Z");
    let counted = rows(
        &context,
        "SELECT \"$file_modified_time\" AS at, count(*) AS n, min(\"$file_size\") AS size FROM cloudtrail_logs t \
         WHERE t.\"$file_modified_time\" < from_iso8601_timestamp('2026-03-02T11:00:00Z') GROUP BY 1",
    );
    assert_eq!(counted, json!([{ "at": "2026-03-02T10:11:12.345Z", "n": 2, "size": one.len() }]));
    let least = rows(&context, "SELECT min(\"$file_modified_time\") AS first FROM cloudtrail_logs");
    assert_eq!(least, json!([{ "first": "2026-03-02T10:11:12.345Z" }]));
    // `*` does not show them
    let all = rows(&context, "SELECT * FROM cloudtrail_logs WHERE \"$file_size\" > 0 LIMIT 1");
    assert!(all[0].as_object().unwrap().keys().all(|name| !name.starts_with('$')), "{all}");
}

#[test]
fn a_file_that_was_read_twice_counts_once_and_as_it_is_now() {
    let context = Context::new();
    written(&context, "a.json", log(&[record(1, "2026-03-01", "eu-west-1")]), FIRST);
    context.run(&["convert", "a.json"]).ended_with(0);
    written(&context, "a.json", log(&[record(1, "2026-03-01", "eu-west-1"), record(2, "2026-03-01", "x")]), SECOND);
    context.run(&["convert", "a.json"]).ended_with(0);
    let found = rows(
        &context,
        "SELECT count(*) AS n, count(DISTINCT \"$file_size\") AS sizes, max(\"$file_modified_time\") AS at FROM cloudtrail_logs",
    );
    assert_eq!(found, json!([{ "n": 2, "sizes": 1, "at": "2026-03-02T11:11:12Z" }]));
}

/// The ledger is looked into by who asks for it.
#[test]
fn other_queries_do_not_read_the_ledger() {
    let plan = |column: &str| {
        let query = format!("SELECT {column} FROM cloudtrail_logs WHERE region = 'us-east-1'");
        shared().context.run(&["sql", &query, "--explain"]).ended_with(0).stdout
    };
    assert!(!plan("\"$path\"").contains("Join") && !plan("eventname").contains("taken_at"));
    let joined = plan("\"$file_size\"");
    assert!(joined.contains("Join") && joined.contains("us-east-1"), "{joined}");
}

/// The log of a ledger as earlier versions made it, without the column.
#[test]
fn an_older_ledger_gets_the_column_when_it_is_written_to() {
    let context = Context::new();
    written(&context, "a.json", log(&[record(1, "2026-03-01", "eu-west-1")]), FIRST);
    context.run(&["convert", "a.json"]).ended_with(0);
    let first = context.path("lake/files/_delta_log/00000000000000000000.json");
    let made = fs::read_to_string(&first).unwrap();
    let column = r#",{\"name\":\"modified\",\"type\":\"timestamp\",\"nullable\":true,\"metadata\":{}}"#;
    assert!(made.contains(column), "{made}");
    fs::write(&first, made.replace(column, "")).unwrap();
    // it is read as it is
    context.run(&["lake", "files"]).ended_with(0);
    rows(&context, "SELECT \"$file_modified_time\" FROM cloudtrail_logs");
    context.run(&["lake", "check"]).ended_with(0);
    // and written to
    written(&context, "b.json", log(&[record(2, "2026-03-01", "eu-west-1")]), SECOND);
    context.run(&["convert", "a.json", "b.json"]).ended_with(0);
    let found = rows(&context, "SELECT modified FROM files WHERE uri LIKE '%b.json'");
    assert_eq!(found, json!([{ "modified": "2026-03-02T11:11:12Z" }]));
    let history = context.run(&["lake", "history", "--table", "files", "-F", "json"]).ended_with(0).stdout;
    assert!(history.contains("add column"), "{history}");
    context.run(&["lake", "check"]).ended_with(0);
    context.run(&["lake", "compact"]).ended_with(0);
    assert_eq!(rows(&context, "SELECT count(*) AS n FROM files"), json!([{ "n": 2 }]));
}
