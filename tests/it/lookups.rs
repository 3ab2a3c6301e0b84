//! Looking for one id or one access key: which files are opened for it, and that none is missed.

use std::fs;

use serde_json::{Value, json};

use crate::context::{Context, log};
use crate::object_store::{Faults, S3};

const DAYS: u32 = 8;
const IDS_A_DAY: u32 = 30;

fn id(number: u32) -> String {
    format!("{:08x}-0000-4000-8000-{number:012x}", number.wrapping_mul(0x9e37_79b9))
}

/// Every tenth record of a day has the access key of the day, the others one of their own.
fn record(day: u32, number: u32) -> Value {
    let key = if number.is_multiple_of(10) { format!("AKIADAY{day}") } else { format!("ASIA{}", id(number)) };
    json!({"eventVersion": "1.09", "eventID": id(number), "eventTime": format!("2026-03-{:02}T12:00:00Z", day + 1),
        "awsRegion": "eu-west-1", "recipientAccountId": "012345678901", "eventName": "PutObject",
        "userIdentity": {"type": "IAMUser", "accessKeyId": key}})
}

/// The records of `run`, one file a day.
fn archive(context: &Context, run: u32) -> String {
    for day in 0..DAYS {
        let first = (run * DAYS + day) * IDS_A_DAY;
        let records: Vec<Value> = (first..first + IDS_A_DAY).map(|number| record(day, number)).collect();
        context.write(&format!("run{run}/{day}.json"), log(&records));
    }
    format!("run{run}")
}

/// A lake of two runs with a file a day each.
fn lake() -> Context {
    let context = Context::new();
    for run in 0..2 {
        context.run(&["convert", &archive(&context, run)]).ended_with(0);
    }
    context
}

/// The answer to a query for a number, and how many files it read.
fn ask(context: &Context, environment: &[(&str, &str)], more: &[&str], condition: &str) -> (u64, u64) {
    let query = format!("SELECT count(event_name) AS n FROM events WHERE {condition}");
    let arguments = [&["sql", &query, "-F", "csv", "--json"], more].concat();
    let output = context.run_with(&arguments, environment, "").ended_with(0);
    let told: Value = serde_json::from_str(&output.stderr).unwrap();
    (output.stdout.lines().nth(1).unwrap().parse().unwrap(), told["files_read"].as_u64().unwrap())
}

#[track_caller]
fn finds_every_id(context: &Context, environment: &[(&str, &str)], more: &[&str], step: usize) {
    let numbers = 0..2 * DAYS * IDS_A_DAY;
    let (mut looked_for, mut files) = (0, 0);
    for number in numbers.step_by(step) {
        let (found, read) = ask(context, environment, more, &format!("event_id = '{}'", id(number)));
        assert_eq!(found, 1, "{number}");
        (looked_for, files) = (looked_for + 1, files + read);
    }
    // filters may err to one side, but seldom do
    assert!(files >= looked_for && files <= looked_for + looked_for / 4, "{files} files for {looked_for} ids");
    let (found, read) = ask(context, environment, more, "event_id = 'there is none'");
    assert!(found == 0 && read <= 1, "{found} rows of {read} files");
}

#[test]
fn only_files_that_may_hold_the_id_are_opened() {
    let context = lake();
    finds_every_id(&context, &[], &[], 9);
    let (one, other) = (id(3), id(IDS_A_DAY + 3));
    let opens = |condition: &str, rows: u64, holding: u64| {
        let (found, read) = ask(&context, &[], &[], condition);
        // a filter may be wrong about a file or so
        assert!(found == rows && (holding..=holding + 1).contains(&read), "{condition}: {found} rows of {read} files");
    };
    opens(&format!("event_id IN ('{one}', '{other}', 'x')"), 2, 2);
    opens(&format!("event_id = '{one}' OR event_id = '{other}'"), 2, 2);
    let key = "user_identity_access_key_id = 'AKIADAY3'";
    opens(key, 6, 2);
    opens(&format!("{key} AND event_id = '{}'", id(3 * IDS_A_DAY + 10)), 1, 1);
    assert_eq!(ask(&context, &[], &[], &format!("{key} OR event_name = 'DeleteObject'")).0, 6);
    let everything = u64::from(2 * DAYS);
    assert_eq!(ask(&context, &[], &[], &format!("event_id <> '{one}'")).1, everything);
    assert_eq!(ask(&context, &[], &[], &format!("event_id LIKE '{one}%'")), (1, everything));
}

#[test]
fn views_and_parameters_reach_the_filters() {
    let context = lake();
    let told = |arguments: &[&str]| -> (String, Value) {
        let output = context.run(&[&["sql", "-F", "csv", "--json"], arguments].concat()).ended_with(0);
        (output.stdout, serde_json::from_str(&output.stderr).unwrap())
    };
    let id = id(77);
    for table in ["cloudtrail_logs WHERE eventid", "aws_cloudtrail_log WHERE event_id"] {
        let (answer, told) = told(&[&format!("SELECT count(*) AS n FROM {table} = '{id}'")]);
        assert_eq!(answer, "n\n1\n", "{table}");
        assert!((1..=2).contains(&told["files_read"].as_u64().unwrap()), "{table}: {told}");
    }
    let timeline = context.run(&[
        "sql",
        "SELECT useridentity.accesskeyid AS k FROM cloudtrail_logs WHERE useridentity.accesskeyid = 'AKIADAY5'",
        "-F",
        "csv",
        "--json",
    ]);
    let told: Value = serde_json::from_str(&timeline.stderr).unwrap();
    assert_eq!(timeline.stdout.lines().count(), 7);
    assert!((2..=3).contains(&told["files_read"].as_u64().unwrap()), "{told}");
}

#[test]
fn files_put_together_and_logs_put_together_keep_their_filters() {
    let context = lake();
    let version = |number: u32| context.path(&format!("lake/events/_delta_log/{number:020}.json"));
    // a checkpoint every other version, so that the log can do without its beginning
    let made = fs::read_to_string(version(0)).unwrap();
    fs::write(
        version(0),
        made.replace("\"configuration\":{", "\"configuration\":{\"delta.checkpointInterval\":\"2\","),
    )
    .unwrap();
    context.run(&["lake", "compact"]).ended_with(0);
    finds_every_id(&context, &[], &[], 31);
    context.run(&["convert", &archive(&context, 2)]).ended_with(0);
    let log = context.path("lake/events/_delta_log");
    let checkpoints: Vec<u32> = fs::read_dir(&log)
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".checkpoint.parquet")?.parse().ok())
        .collect();
    let newest = *checkpoints.iter().max().unwrap();
    (0..newest).for_each(|number| fs::remove_file(version(number)).unwrap());
    finds_every_id(&context, &[], &[], 31);
    context.run(&["lake", "check"]).ended_with(0);
}

#[test]
fn a_store_is_asked_as_well() {
    let context = Context::new();
    let s3 = S3::start(&context.path("s3"), Faults::default());
    s3.make_bucket("lakes");
    let lake = ["--lake", "s3://lakes/trail"];
    for run in 0..2 {
        context.run_with(&[&["convert", &archive(&context, run)], &lake[..]].concat(), &s3.env(), "").ended_with(0);
    }
    finds_every_id(&context, &s3.env(), &lake, 67);
}

#[test]
fn a_log_that_points_elsewhere_is_found_and_filters_that_are_none_leave_nothing_out() {
    let context = lake();
    let log = context.path("lake/events/_delta_log/00000000000000000001.json");
    let text = fs::read_to_string(&log).unwrap();
    assert!(text.contains("event_id "), "{text}");
    fs::write(&log, text.replace("event_id ", "event_id 1")).unwrap();
    let everything = u64::from(DAYS);
    assert_eq!(ask(&context, &[], &[], &format!("event_id = '{}'", id(5))), (1, everything));
    let checked = context.run(&["lake", "check", "-F", "csv"]).ended_with(1).stdout;
    assert!(checked.contains("the log says wrongly where the Bloom filters lie"), "{checked}");
}
