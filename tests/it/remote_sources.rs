//! `convert` from object stores: what is found, what is asked for, and what a bad day of the store does.

use std::time::{Duration, Instant};

use milepost_testkit::Archive;
use serde_json::{Value, json};

use crate::context::{Context, Output, files_below, log, source_records};
use crate::convert::exported;
use crate::object_store::{Faults, S3};

const FOLDER: &str = "AWSLogs/111122223333/CloudTrail";

fn start(context: &Context) -> S3 {
    let s3 = S3::start(&context.path("s3"), Faults::default());
    s3.make_bucket("trail");
    s3
}

fn convert(context: &Context, s3: &S3, arguments: &[&str]) -> Output {
    context.run_with(&[&["convert", "--json"], arguments].concat(), &s3.env(), "")
}

fn record(id: u32, day: u32) -> Value {
    json!({"eventID": id.to_string(), "eventTime": format!("2026-03-{day:02}T12:00:00Z"), "awsRegion": "eu-west-1",
        "recipientAccountId": "111122223333"})
}

/// Puts a log file with one record of `day` into the folder of the day of its delivery.
fn deliver(s3: &S3, region: &str, id: u32, day: u32, delivered: u32) -> String {
    let key = format!("{FOLDER}/{region}/2026/03/{delivered:02}/{id}.json");
    s3.put("trail", &key, log(&[record(id, day)]));
    format!("s3://trail/{key}")
}

fn gets(requests: &[String]) -> usize {
    requests.iter().filter(|request| request.starts_with("GET") && !request.contains("list-type")).count()
}

/// Prefixes that were listed, without those of other regions.
fn listed(requests: &[String]) -> Vec<String> {
    let prefix = |request: &String| {
        let query = request.split_once("list-type=2")?.1;
        let prefix = query.split('&').find_map(|pair| pair.strip_prefix("prefix="))?;
        Some(prefix.replace("%2F", "/"))
    };
    let mut listed: Vec<_> = requests.iter().filter_map(prefix).collect();
    listed.sort();
    listed
}

#[test]
fn an_archive_in_a_bucket_is_taken_in_as_one_on_disk_is() {
    let context = Context::new();
    let s3 = start(&context);
    let written = Archive::default().write(&context.path("s3/trail/team/x")).unwrap();
    let first = convert(&context, &s3, &["s3://trail"]).ended_with(0).json();
    assert_eq!(first["records"]["read"], written.records);
    assert_eq!(first["files"]["logs"], written.log_files);
    assert_eq!(exported(&context, &[]), source_records(&context.path("s3")));
    let files = context.run(&["sql", "SELECT min(uri), max(uri), count(*) AS n FROM files", "-F", "csv"]).ended_with(0);
    assert!(files.stdout.contains("s3://trail/team/x/AWSLogs/"), "{}", files.stdout);
    let joined = "SELECT count(*) AS n FROM events WHERE source_file NOT IN (SELECT uri FROM files)";
    assert_eq!(context.run(&["sql", joined, "-F", "csv"]).ended_with(0).stdout, "n\n0\n");

    s3.take_requests();
    let again = convert(&context, &s3, &["s3://trail/team"]).ended_with(0).json();
    assert_eq!((&again["files"]["known"], &again["records"]["read"]), (&first["files"]["found"], &json!(0)));
    assert_eq!(gets(&s3.take_requests()), 0, "what is known is not fetched again");
}

#[test]
fn late_changed_and_uploaded_again() {
    let context = Context::new();
    let s3 = start(&context);
    let first = deliver(&s3, "eu-west-1", 1, 2, 2);
    deliver(&s3, "eu-west-1", 2, 9, 9);
    s3.put("trail", &format!("{FOLDER}/eu-west-1/"), "");
    s3.put("trail", "AWSLogs/111122223333/vpcflowlogs/eu-west-1/1.log.gz", "version account-id");
    let output = convert(&context, &s3, &["s3://trail/AWSLogs"]).ended_with(0);
    assert_eq!(output.json()["files"]["found"], 2);
    let left_out = "left out, as other services write there: `s3://trail/AWSLogs/111122223333/vpcflowlogs`";
    assert!(output.stderr.contains(left_out), "{}", output.stderr);

    // a key before all that are known, an object with another content, and one with the same content as before
    deliver(&s3, "eu-west-1", 3, 1, 1);
    s3.put("trail", first.strip_prefix("s3://trail/").unwrap(), log(&[record(1, 2), record(4, 2)]));
    deliver(&s3, "eu-west-1", 2, 9, 9);
    let second = convert(&context, &s3, &["s3://trail/AWSLogs", "s3://trail/AWSLogs"]).ended_with(0).json();
    assert_eq!(second["records"], json!({"read": 3, "written": 2, "duplicates": 1, "rejected": 0, "filtered": 0}));
    assert_eq!((&second["files"]["known"], &second["changed"]), (&json!(1), &json!([first])));
    assert_eq!(exported(&context, &[]).len(), 4);
}

#[test]
fn a_key_a_glob_and_a_folder_of_another_service_may_be_named() {
    let context = Context::new();
    let s3 = start(&context);
    let one = deliver(&s3, "eu-west-1", 1, 2, 2);
    s3.put("trail", "logs/a/2.json", log(&[record(2, 2)]));
    s3.put("trail", "logs/b/c/3.json", log(&[record(3, 2)]));
    s3.put("trail", "logs/b/c/4.txt", log(&[record(4, 2)]));
    s3.put("trail", "AWSLogs/111122223333/Copied/5.json", log(&[record(5, 2)]));
    let found = |source: &str| convert(&context, &s3, &[source]).ended_with(0).json()["files"]["logs"].clone();
    assert_eq!(found(&one), 1);
    assert_eq!(found("s3://trail/logs/*/*.json"), 1);
    assert_eq!(found("s3://trail/logs/**/*.json"), 1);
    assert_eq!(found("s3://trail/AWSLogs/111122223333/Copied"), 1);
    assert_eq!(exported(&context, &[]).len(), 4);
}

#[test]
fn a_store_on_a_bad_day_slows_and_breaks_nothing() {
    let context = Context::new();
    let s3 = start(&context);
    let written = Archive::default().write(&context.path("s3/trail")).unwrap();
    s3.set_faults(Faults {
        slow_down_every: Some(9),
        drop_every: Some(11),
        break_off_every: Some(13),
        ..Faults::default()
    });
    let summary = convert(&context, &s3, &["s3://trail/AWSLogs"]).ended_with(0).json();
    assert_eq!(summary["records"]["read"], written.records);
    assert_eq!(exported(&context, &[]), source_records(&context.path("s3")));
}

#[test]
fn latency_is_hidden() {
    let context = Context::new();
    let s3 = start(&context);
    for id in 0..300 {
        deliver(&s3, "eu-west-1", id, 2, 2);
    }
    s3.set_faults(Faults { latency: Duration::from_millis(40), ..Faults::default() });
    let started = Instant::now();
    let summary = convert(&context, &s3, &["s3://trail/AWSLogs"]).ended_with(0).json();
    assert_eq!(summary["records"]["written"], 300);
    let elapsed = started.elapsed();
    assert!(elapsed < Duration::from_secs(6), "{elapsed:?} of 12 s one after the other");
}

#[test]
fn what_cannot_be_fetched_or_listed_is_named_and_taken_when_it_can_be() {
    let context = Context::new();
    let s3 = start(&context);
    let denied = deliver(&s3, "eu-west-1", 1, 2, 2);
    deliver(&s3, "eu-west-1", 2, 2, 2);
    deliver(&s3, "us-east-2", 3, 2, 2);
    let with_faults = |deny: &str, code| {
        s3.set_faults(Faults { deny: Some(deny.to_owned()), ..Faults::default() });
        convert(&context, &s3, &["s3://trail/AWSLogs"]).ended_with(code).json()
    };
    let summary = with_faults("/2026/03/02/1.json", 3);
    let expected =
        json!([{"uri": denied, "reason": "cannot be fetched: access denied", "offset": null, "salvaged": false}]);
    assert_eq!(summary["damaged"], expected);
    assert_eq!(summary["records"]["written"], 2);
    let summary = with_faults(&format!("prefix={FOLDER}/eu-west-1/"), 3);
    let folder = format!("s3://trail/{FOLDER}/eu-west-1/");
    let expected =
        json!([{"uri": folder, "reason": "cannot be listed: access denied", "offset": null, "salvaged": false}]);
    assert_eq!(summary["damaged"], expected);
    let summary = with_faults("nothing", 0);
    assert_eq!((&summary["records"]["written"], &summary["files"]["known"]), (&json!(1), &json!(2)));
}

#[test]
fn what_is_not_there_is_said_clearly() {
    let context = Context::new();
    let s3 = start(&context);
    let error = |source: &str| convert(&context, &s3, &[source]).ended_with(1).stderr;
    assert!(error("s3://trail/AWSLog").starts_with("error: there are no objects below `s3://trail/AWSLog`\n"));
    assert!(error("s3://trail/*.gz").starts_with("error: there are no objects below `s3://trail/*.gz`\n"));
    let other = error("s3://other/x");
    assert!(other.starts_with("error: `s3://other/x` cannot be listed: it is not there\ncaused by: "), "{other}");
    assert!(other.contains("\nhint: listing takes the permission s3:ListBucket"), "{other}");
    s3.set_faults(Faults { deny: Some("/trail".to_owned()), ..Faults::default() });
    assert!(
        error("s3://trail/x").contains("`s3://trail/x` cannot be listed: access denied\n"),
        "{}",
        error("s3://trail/x")
    );
}

#[test]
fn a_window_lists_its_days_and_some_behind_it() {
    let context = Context::new();
    let s3 = start(&context);
    for (id, day, delivered) in [(1, 1, 1), (2, 10, 10), (3, 10, 12), (4, 10, 20), (5, 25, 25)] {
        deliver(&s3, "eu-west-1", id, day, delivered);
        deliver(&s3, "us-east-2", id, day, delivered);
    }
    s3.put("trail", &format!("{FOLDER}/eu-west-1/2025/12/31/6.json"), log(&[record(6, 1)]));
    s3.put("trail", "AWSLogs/999999999999/CloudTrail/eu-west-1/2026/03/10/7.json", log(&[record(7, 10)]));
    let window = [
        "s3://trail/AWSLogs",
        "--from",
        "2026-03-10",
        "--to",
        "2026-03-11",
        "--region",
        "eu-west-1",
        "--account",
        "111122223333",
    ];
    s3.take_requests();
    let summary = convert(&context, &s3, &window).ended_with(0).json();
    let requests = s3.take_requests();
    assert_eq!((&summary["files"]["found"], &summary["records"]["written"]), (&json!(2), &json!(2)), "{requests:#?}");
    assert_eq!(summary["folders_left_out"], 3);
    let expected = ["", "/111122223333", "/111122223333/CloudTrail", "/111122223333/CloudTrail/eu-west-1"];
    let mut expected: Vec<_> = expected.iter().map(|folder| format!("AWSLogs{folder}/")).collect();
    expected.extend([format!("{FOLDER}/eu-west-1/2026/"), "AWSLogs/999999999999/".to_owned()]);
    expected.sort();
    assert_eq!(listed(&requests), expected);
    assert!(requests.iter().any(|request| request.contains("start-after=") && request.contains("2026%2F03%2F09")));
    // a longer look back finds what came later, and what is known is not read again
    let longer = convert(&context, &s3, &[&window[..], &["--look-back", "10"]].concat()).ended_with(0).json();
    assert_eq!((&longer["files"]["known"], &longer["records"]["written"]), (&json!(2), &json!(1)));
    // nothing in a window is no failure
    let nothing = ["s3://trail/AWSLogs", "--from", "2027-03-10", "--lake", "other"];
    let output = convert(&context, &s3, &nothing).ended_with(0).json();
    assert_eq!(output["files"]["found"], 0);
}

#[test]
fn a_window_leaves_folders_on_disk_out_too() {
    let context = Context::new();
    for (region, day) in [("eu-west-1", 1), ("eu-west-1", 10), ("us-east-2", 10)] {
        context.write(&format!("{FOLDER}/{region}/2026/03/{day:02}/1.json"), log(&[record(day, day)]));
    }
    let window = ["--from", "2026-03-10", "--region", "eu-west-1", "--json"];
    let summary = context.run(&[&["convert", "AWSLogs"], &window[..]].concat()).ended_with(0).json();
    assert_eq!((&summary["files"]["found"], &summary["folders_left_out"]), (&json!(1), &json!(2)));
    let all = context.run(&["convert", "AWSLogs", "--json"]).ended_with(0).json();
    assert_eq!((&all["files"]["found"], &all["files"]["known"]), (&json!(3), &json!(1)));
    assert_eq!(exported(&context, &[]).len(), 2);
}

#[test]
fn the_lake_in_the_bucket_is_no_source() {
    let context = Context::new();
    let s3 = start(&context);
    deliver(&s3, "eu-west-1", 1, 2, 2);
    let both = ["s3://trail", "--lake", "s3://trail/lake"];
    assert_eq!(convert(&context, &s3, &both).ended_with(0).json()["files"]["found"], 1);
    assert!(files_below(&context.path("s3/trail/lake")).len() > 4);
    let again = convert(&context, &s3, &both).ended_with(0).json();
    assert_eq!((&again["files"]["found"], &again["files"]["known"]), (&json!(1), &json!(1)));
}

#[test]
fn large_objects_and_little_memory() {
    let context = Context::new();
    let s3 = start(&context);
    let filler = "x".repeat(1000);
    let records: Vec<Value> = (0..9000)
        .map(|id| json!({"eventID": format!("{id}"), "eventTime": "2026-03-02T12:00:00Z", "requestParameters": {"v": filler}}))
        .collect();
    s3.put("trail", "large.json", log(&records));
    deliver(&s3, "eu-west-1", 1, 2, 2);
    let summary = convert(&context, &s3, &["s3://trail", "--memory", "16MB"]).ended_with(0).json();
    assert_eq!(summary["records"]["written"], 9001);
}
