//! How the lake came to be, and looking at it as it was.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::context::{Context, files_below, log};

pub(crate) fn record(id: u32, day: &str, region: &str) -> Value {
    json!({"eventVersion": "1.09", "eventID": id.to_string(), "eventTime": format!("{day}T12:00:00Z"),
        "awsRegion": region, "recipientAccountId": "012345678901", "eventName": "PutObject"})
}

/// A lake in which two runs put one file each: versions 0 (made), 1 and 2.
pub(crate) fn two_runs() -> Context {
    let context = Context::new();
    context.write("one.json", log(&[record(1, "2026-03-01", "eu-west-1"), record(2, "2026-03-01", "eu-west-1")]));
    context.write("two.json", log(&[record(3, "2026-03-02", "eu-west-1")]));
    context.run(&["convert", "one.json"]).ended_with(0);
    context.run(&["convert", "two.json"]).ended_with(0);
    context
}

/// Data files of a table, in order.
pub(crate) fn data_files(context: &Context, table: &str) -> Vec<PathBuf> {
    let mut files = files_below(&context.path("lake").join(table));
    files.retain(|path| path.extension().is_some_and(|extension| extension == "parquet"));
    files.retain(|path| !path.to_string_lossy().contains("_delta_log"));
    files.sort();
    files
}

fn count(context: &Context, table: &str, as_of: &str) -> String {
    let sql = format!("SELECT count(*) AS n FROM {table}");
    let answer = context.run(&["sql", &sql, "--as-of", as_of, "-F", "csv"]).ended_with(0).stdout;
    answer.lines().nth(1).unwrap().to_owned()
}

fn history(context: &Context, table: &str) -> Vec<Value> {
    let output = context.run(&["lake", "history", "--table", table, "-F", "json"]).ended_with(0);
    output.json().as_array().unwrap().clone()
}

#[test]
fn history_says_what_became_of_a_table() {
    let context = two_runs();
    let found = history(&context, "events");
    let versions: Vec<_> = found.iter().map(|change| (&change["version"], &change["operation"])).collect();
    assert_eq!(
        versions,
        [(&json!(2), &json!("convert")), (&json!(1), &json!("convert")), (&json!(0), &json!("create"))]
    );
    assert_eq!((&found[1]["rows_added"], &found[1]["files_added"]), (&json!(2), &json!(1)));
    assert!(found.iter().all(|change| change["readable"] == true), "{found:?}");
    let runs = context.run(&["lake", "runs", "-F", "json"]).ended_with(0).json();
    assert_eq!((&runs[0]["run_id"], &runs[1]["run_id"]), (&found[0]["run_id"], &found[1]["run_id"]));
    let limited = context.run(&["lake", "history", "--limit", "1", "-F", "csv"]).ended_with(0).stdout;
    assert_eq!(limited.lines().count(), 2);
    assert_eq!(history(&context, "files").len(), 3);
    assert_eq!(history(&context, "rejects").len(), 1);
}

#[test]
fn every_question_can_be_asked_of_an_older_version() {
    let context = two_runs();
    for (version, expected) in [("0", "0"), ("1", "2"), ("2", "3")] {
        assert_eq!(count(&context, "events", version), expected);
    }
    // the ledger is that of the moment: the entry of a run comes after its rows
    assert_eq!((count(&context, "files", "0"), count(&context, "files", "2")), ("0".to_owned(), "1".to_owned()));
    let ids = context.run(&["export", "--as-of", "1"]).ended_with(0).stdout;
    assert_eq!(ids.lines().count(), 2);
    let info = context.run(&["lake", "info", "--as-of", "1", "-F", "json"]).ended_with(0).json();
    assert_eq!((&info[0]["version"], &info[0]["rows"]), (&json!(1), &json!(2)));
    let report = ["report", "run", "activity-by-service", "--param", "since=2026-01-01", "-F", "csv"];
    let lines = |as_of: &str| context.run(&[&report[..], &["--as-of", as_of]].concat()).ended_with(0).stdout;
    assert!(lines("1") != lines("2") && lines("0").lines().count() == 1, "{}", lines("1"));
}

#[test]
fn a_time_shows_what_was_there_then() {
    let context = two_runs();
    let found = history(&context, "events");
    for (at, expected) in [(0, "3"), (1, "2"), (2, "0")] {
        assert_eq!(count(&context, "events", found[at]["time"].as_str().unwrap()), expected);
    }
    assert_eq!(count(&context, "events", "0s"), "3");
    assert_eq!(count(&context, "runs", "0s"), "2");
}

#[test]
fn states_that_the_lake_does_not_have_are_named() {
    let context = two_runs();
    let error = |as_of: &str, code: i32| {
        context.run(&["sql", "SELECT 1 FROM events", "--as-of", as_of]).ended_with(code).stderr
    };
    let hint = "hint: `milepost lake history` lists the versions and their times\n";
    assert_eq!(error("7", 1), format!("error: the table `events` has no version 7: its versions are 0 to 2\n{hint}"));
    let early = error("2020-01-01", 1);
    assert!(
        early.starts_with(
            "error: the lake `./lake` holds nothing of 2020-01-01T00:00:00Z: its oldest version, 0, is of 20"
        ),
        "{early}"
    );
    assert!(early.ends_with(hint), "{early}");
    let wrong = error("soon", 2);
    assert!(wrong.starts_with("error: `--as-of soon` is no version and no time\nhint: write it as 12 ("), "{wrong}");
}

#[test]
fn a_version_whose_log_was_cleaned_up_is_named() {
    let context = two_runs();
    let version = |number: u32| context.path(&format!("lake/events/_delta_log/{number:020}.json"));
    // a checkpoint every other version, so that the log can do without its beginning
    let made = fs::read_to_string(version(0)).unwrap();
    let interval = "\"configuration\":{\"delta.checkpointInterval\":\"2\",";
    fs::write(version(0), made.replace("\"configuration\":{", interval)).unwrap();
    context.write("three.json", log(&[record(4, "2026-03-03", "eu-west-1")]));
    context.run(&["convert", "three.json"]).ended_with(0);
    for number in 0..3 {
        fs::remove_file(version(number)).unwrap();
    }
    assert_eq!(count(&context, "events", "3"), "4");
    let gone = context.run(&["sql", "SELECT 1 FROM events", "--as-of", "1"]).ended_with(1).stderr;
    let expected = "error: version 1 of the table `events` cannot be read any more: its log has been cleaned up; the oldest since is 3\n";
    assert!(gone.starts_with(expected), "{gone}");
    let found = history(&context, "events");
    assert_eq!((found.len(), &found[0]["version"], &found[0]["readable"]), (1, &json!(3), &json!(true)));
    let early = context.run(&["sql", "SELECT 1 FROM events", "--as-of", "2020-01-01"]).ended_with(1).stderr;
    assert!(early.contains("its oldest version, 3, is of"), "{early}");
    assert_eq!(context.run(&["lake", "check", "-F", "csv"]).ended_with(0).stdout.lines().count(), 1);
}

#[test]
fn a_version_whose_files_are_gone_is_not_readable_and_says_why() {
    let context = two_runs();
    let old =
        data_files(&context, "events").into_iter().find(|path| path.to_string_lossy().contains("2026-03-01")).unwrap();
    fs::remove_file(old).unwrap();
    let readable: Vec<_> = history(&context, "events").iter().map(|change| change["readable"].clone()).collect();
    assert_eq!(readable, [false, false, true]);
    let output = context.run(&["sql", "SELECT event_id FROM events", "--as-of", "1"]).ended_with(1);
    assert!(output.stderr.starts_with("error: the query needs the data file `"), "{}", output.stderr);
    assert!(
        output.stderr.contains("hint: `milepost lake vacuum` deletes files that old versions need"),
        "{}",
        output.stderr
    );
}
