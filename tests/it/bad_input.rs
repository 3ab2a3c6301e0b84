//! What goes wrong is named, costs nothing else, and ends with the right code.

use std::fs;

use serde_json::json;

use crate::context::{Context, gzip, log};

fn good() -> String {
    log(&[json!({"eventID": "1", "eventTime": "2026-03-02T00:00:00Z"})])
}

#[test]
fn a_missing_source_is_named_and_makes_no_lake() {
    let context = Context::new();
    let output = context.run(&["convert", "no/such"]).ended_with(1);
    assert_eq!(output.stderr, "error: there is no file or folder `no/such`\n");
    let output = context.run(&["convert", "*.gz"]).ended_with(1);
    assert!(output.stderr.starts_with("error: no file matches `*.gz`\nhint: "), "{}", output.stderr);
    assert!(!context.path("lake").exists());
}

#[test]
fn a_folder_without_logs_is_an_error() {
    let context = Context::new();
    fs::create_dir(context.path("empty")).unwrap();
    let output = context.run(&["convert", "empty"]).ended_with(1);
    assert!(output.stderr.starts_with("error: there are no files in `empty`\nhint: "), "{}", output.stderr);
    context.write("other/readme.txt", "hello");
    let output = context.run(&["convert", "other"]).ended_with(1);
    assert!(output.stderr.contains("error: there are no CloudTrail records in `other`"), "{}", output.stderr);
    // and is one the second time too
    context.run(&["convert", "other"]).ended_with(1);
}

#[test]
fn damaged_files_are_named_and_the_rest_is_converted() {
    let context = Context::new();
    let packed = gzip(log(&vec![json!({"eventID": "x", "eventTime": "2026-03-02T00:00:00Z"}); 500]).as_bytes());
    context.write("logs/cut.json.gz", &packed[..packed.len() - 20]);
    context.write("logs/broken.json", "{\"Records\":[{\"eventID\":\"2\"}");
    context.write("logs/noise.json", "hello");
    context.write("logs/good.json", good());
    let output = context.run(&["convert", "logs"]).ended_with(3);
    assert!(output.stderr.contains("records  1 read = 1 written + 0 duplicates + 0 rejected"), "{}", output.stderr);
    for line in [
        "damaged  logs/cut.json.gz: the gzip data ends too early",
        "damaged  logs/broken.json: the text ends inside the document at byte 27",
        "damaged  logs/noise.json: not JSON at byte 0",
    ] {
        assert!(output.stderr.contains(line), "{line} is not in\n{}", output.stderr);
    }
    // damaged files are not in the ledger: mended, they are taken in by the next run
    context.write("logs/broken.json", "{\"Records\":[{\"eventID\":\"2\"}]}");
    let summary = context.run(&["convert", "logs", "--json"]).ended_with(3).json();
    assert_eq!((&summary["files"]["known"], &summary["records"]["written"]), (&json!(1), &json!(1)));
}

#[test]
fn nothing_but_damage_is_a_failure() {
    let context = Context::new();
    context.write("cut.json.gz", &gzip(good().as_bytes())[..20]);
    let output = context.run(&["convert", "cut.json.gz"]).ended_with(1);
    assert!(
        output.stderr.contains("error: nothing could be read: `cut.json.gz`: the gzip data ends too early"),
        "{}",
        output.stderr
    );
}

#[test]
fn a_bad_record_is_rejected_alone_with_its_text() {
    let context = Context::new();
    context.write("a.json", r#"{"Records":[{"eventID":"1"},{"n":NaN},"text",{"eventID":"2"}]}"#);
    let output = context.run(&["convert", "a.json"]).ended_with(3);
    assert!(output.stderr.contains("records  4 read = 2 written + 0 duplicates + 2 rejected"), "{}", output.stderr);
    let sql = "SELECT record_number, byte_offset, reason, raw FROM rejects ORDER BY record_number";
    let rejects = context.run(&["sql", sql, "-F", "csv"]).ended_with(0).stdout;
    let expected = "record_number,byte_offset,reason,raw\n\
        1,28,not valid JSON: expected a value at byte 5 of the record,\"{\"\"n\"\":NaN}\"\n\
        2,38,not a JSON object,\"\"\"text\"\"\"\n";
    assert_eq!(rejects, expected);
}

#[test]
fn an_unreadable_file_is_damaged() {
    let context = Context::new();
    context.write("logs/good.json", good());
    std::os::unix::fs::symlink("nowhere", context.path("logs/dangling.json")).unwrap();
    let output = context.run(&["convert", "logs"]).ended_with(3);
    assert!(output.stderr.contains("damaged  logs/dangling.json: "), "{}", output.stderr);
}

#[test]
fn a_lake_that_is_none_is_refused() {
    let context = Context::new();
    context.write("notes/mine.txt", "mine");
    context.write("a.json", good());
    let output = context.run(&["sql", "SELECT 1", "--lake", "notes"]).ended_with(1);
    assert!(
        output.stderr.starts_with("error: `notes` is not a lake: it has no `events` table\nhint: "),
        "{}",
        output.stderr
    );
    let output = context.run(&["convert", "a.json", "--lake", "notes"]).ended_with(1);
    assert!(output.stderr.starts_with("error: `notes` is not a lake and not empty\nhint: "), "{}", output.stderr);
    context.write("file", "mine");
    let output = context.run(&["convert", "a.json", "--lake", "file"]).ended_with(1);
    assert!(output.stderr.starts_with("error: `file` cannot hold a lake\ncaused by: "), "{}", output.stderr);
    context.write("broken/events/_delta_log/00000000000000000000.json", "{nonsense");
    let output = context.run(&["sql", "SELECT count(*) FROM events", "--lake", "broken"]).ended_with(1);
    assert!(
        output.stderr.starts_with("error: cannot read the table `events` of the lake `broken`\ncaused by: "),
        "{}",
        output.stderr
    );
}

#[test]
fn a_crash_between_writing_and_committing_leaves_no_row() {
    let context = Context::new();
    context.write("a.json", good());
    context.run(&["convert", "a.json"]).ended_with(0);
    // what a writer that died leaves behind: a data file in no log, and a half-written one
    let folder = context
        .path("lake/events/region=__HIVE_DEFAULT_PARTITION__/account=__HIVE_DEFAULT_PARTITION__/date=2026-03-02");
    let file = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    fs::copy(&file, folder.join("orphan.parquet")).unwrap();
    fs::write(folder.join("half.parquet"), b"PAR1").unwrap();
    let count = context.run(&["sql", "SELECT count(*) AS n FROM events", "-F", "csv"]).ended_with(0);
    assert_eq!(count.stdout, "n\n1\n");
}

#[test]
fn a_crash_before_the_ledger_costs_a_second_reading_and_no_second_row() {
    let context = Context::new();
    context.write("a.json", good());
    context.run(&["convert", "a.json"]).ended_with(0);
    // the instant between the commit of the rows and the entry in the ledger
    fs::remove_dir_all(context.path("lake/files")).unwrap();
    let summary = context.run(&["convert", "a.json", "--json"]).ended_with(0).json();
    assert_eq!(summary["records"], json!({"read": 1, "written": 0, "duplicates": 1, "rejected": 0, "filtered": 0}));
}

#[test]
fn a_run_that_fails_is_told_of_and_is_done_by_the_next() {
    let context = Context::new();
    context.write("a.json", good());
    context.run(&["convert", "a.json"]).ended_with(0);
    context.write("b.json", log(&[json!({"eventID": "2", "eventTime": "2026-03-02T00:00:00Z", "awsRegion": "r"})]));
    // a file where a folder of the lake must be
    let obstacle = context.write("lake/events/region=r", "in the way");
    let output = context.run(&["convert", "b.json"]).ended_with(1);
    assert!(output.stderr.starts_with("error: ") && output.stderr.contains("region=r"), "{}", output.stderr);
    let runs = context.run(&["sql", "SELECT outcome FROM runs ORDER BY started_at", "-F", "csv"]).ended_with(0).stdout;
    assert_eq!(runs, "outcome\ndone\nfailed\n");
    fs::remove_file(obstacle).unwrap();
    let summary = context.run(&["convert", "b.json", "--json"]).ended_with(0).json();
    assert_eq!(summary["records"]["written"], 1);
}

#[test]
fn wrong_settings_are_wrong_usage_or_named() {
    let context = Context::new();
    context.write("a.json", good());
    let output = context.run(&["convert", "a.json", "--memory", "lots"]).ended_with(2);
    assert!(output.stderr.contains("`--memory lots` is no size"), "{}", output.stderr);
    context.write("milepost.toml", "lake = \"x\"\nlakes = 2\n");
    let output = context.run(&["convert", "a.json"]).ended_with(1);
    assert!(output.stderr.contains("`milepost.toml` line 2: unknown field `lakes`"), "{}", output.stderr);
    context.run(&["convert"]).ended_with(2);
    context.run(&["sql", "SELECT 1", "--format", "xml"]).ended_with(2);
    context.run(&["report", "run", "root-usage", "--param", "since"]).ended_with(2);
}
