//! Taking old days out, and deleting what nobody needs.

use std::fs;
use std::process::{Command, Stdio};

use milepost_lake::{Lake, Retention};
use milepost_store::StoreOptions;
use serde_json::{Value, json};

use crate::context::{Context, log};
use crate::time_travel::{data_files, record, two_runs};

/// A region that no folder could be named after as it is.
const WEIRD: &str = "../x y%";

fn archive() -> Context {
    let context = Context::new();
    let records = [
        record(1, "2020-03-01", "eu-west-1"),
        record(2, "2020-03-01", WEIRD),
        record(3, "2020-03-02", "us-east-1"),
        record(4, "2999-03-02", "eu-west-1"),
        json!({"eventVersion": "1.09", "eventID": "5", "awsRegion": "eu-west-1"}),
        json!({"eventVersion": "1.09", "eventID": "6", "eventTime": "2020-05-05T00:00:00Z", "awsRegion": "eu-west-1",
            "recipientAccountId": "111122223333"}),
    ];
    context.write("a.json", log(&records));
    context.run(&["convert", "a.json"]).ended_with(0);
    context
}

fn ids(context: &Context) -> String {
    context.run(&["sql", "SELECT event_id FROM events ORDER BY 1", "-F", "csv"]).ended_with(0).stdout.replace('\n', " ")
}

fn expire(context: &Context, arguments: &[&str]) -> Value {
    context.run(&[&["lake", "expire", "--older-than", "400d", "--json"], arguments].concat()).ended_with(0).json()
}

fn is_sound(context: &Context) {
    let found = context.run(&["lake", "check", "--deep", "--json"]);
    let found = found.ended_with(0).json();
    assert_eq!((&found["errors"], &found["warnings"]), (&json!(0), &json!(0)), "{found}");
}

#[test]
fn only_what_is_meant_expires() {
    for (arguments, expected) in [
        (&[][..], "event_id 4 5 "),
        (&["--account", "111122223333"], "event_id 1 2 3 4 5 "),
        (&["--region", "us-east-1", "--region", WEIRD], "event_id 1 4 5 6 "),
        (&["--keep", "account=012345678901"], "event_id 1 2 3 4 5 "),
        (&["--account", "012345678901", "--keep", "region=eu-west-1"], "event_id 1 4 5 6 "),
        (&["--account", "9"], "event_id 1 2 3 4 5 6 "),
    ] {
        let context = archive();
        let would = expire(&context, &[arguments, &["--dry-run"]].concat());
        assert_eq!(ids(&context), "event_id 1 2 3 4 5 6 ");
        let did = expire(&context, arguments);
        assert_eq!(ids(&context), expected, "{arguments:?}");
        assert_eq!((&did["events"], &did["accounts"]), (&would["events"], &would["accounts"]));
        let gone = 6 - (expected.split_whitespace().count() as u64 - 1);
        assert_eq!(did["events"]["rows"], gone);
        is_sound(&context);
    }
}

#[test]
fn what_expired_does_not_come_back_and_is_told() {
    let context = archive();
    let output = context.run(&["lake", "expire", "--older-than", "400d"]).ended_with(0);
    assert!(output.stderr.contains("events   took out 4 rows in 4 files"), "{}", output.stderr);
    assert!(output.stderr.contains("account  111122223333: 1 rows in 1 files"), "{}", output.stderr);
    assert!(output.stderr.contains("undated  kept 1 rows"), "{}", output.stderr);
    assert!(output.stderr.contains("`milepost lake vacuum` deletes the files"), "{}", output.stderr);
    let again = context.run(&["convert", "a.json", "--json"]).ended_with(0).json();
    assert_eq!(again["files"]["known"], 1);
    assert_eq!(ids(&context), "event_id 4 5 ");
    let history = context.run(&["lake", "history", "-F", "json"]).ended_with(0).json();
    assert_eq!((&history[0]["operation"], &history[0]["files_removed"]), (&json!("expire"), &json!(4)));
    let runs = context.run(&["lake", "runs", "-F", "json"]).ended_with(0).json();
    assert_eq!((&runs[1]["command"], &runs[1]["run_id"]), (&json!("expire"), &history[0]["run_id"]));
    // nothing more to take out makes no version
    assert_eq!(expire(&context, &[])["version"], Value::Null);
    let before = context.run(&["sql", "SELECT count(*) AS n FROM events", "--as-of", "1", "-F", "csv"]).ended_with(0);
    assert_eq!(before.stdout, "n\n6\n");
}

#[test]
fn ages_that_would_do_harm_are_refused() {
    let context = two_runs();
    let output = context.run(&["lake", "expire", "--older-than", "12h"]).ended_with(2);
    assert!(output.stderr.starts_with("error: `--older-than 12h` is too little\nhint: "), "{}", output.stderr);
    let output = context.run(&["lake", "expire", "--older-than", "soon"]).ended_with(2);
    assert!(output.stderr.starts_with("error: `--older-than soon` is no age\n"), "{}", output.stderr);
    context.run(&["lake", "expire", "--older-than", "2d", "--keep", "eu-west-1"]).ended_with(2);
    let output = context.run(&["lake", "vacuum", "--older-than", "0h"]).ended_with(2);
    assert!(
        output.stderr.contains("error: `--older-than 0h` is less than an hour\nhint: a conversion"),
        "{}",
        output.stderr
    );
}

#[test]
fn old_rejects_expire_with_the_days() {
    let context = Context::new();
    context.write("a.json", "{\"Records\":[{\"eventID\":\"1\"},7]}");
    context.run(&["convert", "a.json"]).ended_with(3);
    // rejects are of today, so none is old
    assert_eq!(expire(&context, &[])["rejects"]["files"], 0);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let folder = context.path("lake").display().to_string();
    let lake = runtime.block_on(Lake::open(&folder, &StoreOptions::default())).unwrap();
    let expire = |before_day: i32, kept_accounts: Vec<String>| {
        let retention = Retention { before_day, kept_accounts, ..Retention::default() };
        runtime.block_on(lake.expire(&retention, "a-run", false)).unwrap().rejects
    };
    let in_a_hundred_years = 92_000;
    // what is kept of some accounts cannot be told of rejects
    assert_eq!(expire(in_a_hundred_years, vec!["1".to_owned()]).files, 0);
    let gone = expire(in_a_hundred_years, Vec::new());
    assert_eq!((gone.files, gone.rows), (1, 1));
    let count = context.run(&["sql", "SELECT count(*) AS n FROM rejects", "-F", "csv"]).ended_with(0).stdout;
    assert_eq!(count, "n\n0\n");
}

#[test]
fn expiries_and_conversions_side_by_side_lose_nothing() {
    let context = archive();
    for number in 0..4 {
        context.write(&format!("more/{number}.json"), log(&[record(100 + number, "2999-01-01", "eu-west-1")]));
    }
    let mut children = Vec::new();
    for number in 0..4 {
        let source = format!("more/{number}.json");
        for arguments in [&["convert", &source][..], &["lake", "expire", "--older-than", "400d"]] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_milepost"));
            command.args(arguments).current_dir(context.path("")).stdout(Stdio::null()).stderr(Stdio::null());
            children.push(command.spawn().unwrap());
        }
    }
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(ids(&context), "event_id 100 101 102 103 4 5 ");
    is_sound(&context);
}

#[test]
fn vacuum_deletes_what_nobody_needs_and_nothing_else() {
    let context = archive();
    let orphan = context.path("lake/events/region=eu-west-1/account=1/date=2020-01-01/left-behind.parquet");
    fs::create_dir_all(orphan.parent().unwrap()).unwrap();
    fs::write(&orphan, b"half a file").unwrap();
    fs::write(context.path("lake/events/notes.txt"), b"mine").unwrap();
    expire(&context, &[]);
    let vacuum =
        |arguments: &[&str]| context.run(&[&["lake", "vacuum", "--json"], arguments].concat()).ended_with(0).json();
    // young as they are, all stay
    assert_eq!(vacuum(&[])["files"], 0);
    assert_eq!(data_files(&context, "events").len(), 7);
    let would = vacuum(&["--older-than", "0h", "--force", "--dry-run"]);
    assert_eq!(data_files(&context, "events").len(), 7);
    let did = vacuum(&["--older-than", "0h", "--force"]);
    assert_eq!(would["tables"], did["tables"]);
    let of_events = &did["tables"][0];
    assert_eq!(
        (&of_events["removed"]["files"], &of_events["orphaned"]),
        (&json!(4), &json!({"files": 1, "bytes": 11}))
    );
    assert_eq!(data_files(&context, "events").len(), 2);
    assert!(context.path("lake/events/notes.txt").exists());
    assert_eq!(ids(&context), "event_id 4 5 ");
    let history = context.run(&["lake", "history", "-F", "json"]).ended_with(0).json();
    let readable: Vec<_> = history.as_array().unwrap().iter().map(|change| &change["readable"]).collect();
    assert_eq!(readable, [true, false, true]);
    let gone = context.run(&["sql", "SELECT event_id FROM events", "--as-of", "1"]).ended_with(1);
    assert!(gone.stderr.contains("which is not in the lake any more"), "{}", gone.stderr);
    assert_eq!(vacuum(&["--older-than", "0h", "--force"])["files"], 0);
    is_sound(&context);
}

#[test]
fn vacuum_keeps_history_as_long_as_it_is_told() {
    let context = archive();
    expire(&context, &[]);
    // the expiry was ten days ago
    let commit = context.path("lake/events/_delta_log/00000000000000000002.json");
    let text = fs::read_to_string(&commit).unwrap();
    let information = text.lines().find(|line| line.contains("commitInfo")).unwrap();
    let information: Value = serde_json::from_str(information).unwrap();
    let now = information["commitInfo"]["timestamp"].as_i64().unwrap();
    let earlier = (now - 10 * 24 * 60 * 60 * 1000).to_string();
    fs::write(&commit, text.replace(&now.to_string(), &earlier)).unwrap();
    context.run(&["lake", "vacuum", "--older-than", "11d"]).ended_with(0);
    assert_eq!(data_files(&context, "events").len(), 6);
    let output = context.run(&["lake", "vacuum"]).ended_with(0);
    assert!(output.stderr.starts_with("vacuum   deleted 4 files, "), "{}", output.stderr);
    assert!(output.stderr.contains("events   4 files, "), "{}", output.stderr);
    assert_eq!(data_files(&context, "events").len(), 2);
    let runs = context.run(&["lake", "runs", "--limit", "1", "-F", "json"]).ended_with(0).json();
    assert_eq!((&runs[0]["command"], &runs[0]["outcome"]), (&json!("vacuum"), &json!("done")));
}
