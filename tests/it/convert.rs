//! `convert` and `export`, from log files to a lake and back.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::context::{Context, log, real_data, shared, source_records};

/// The records that `export` gives, as canonical text; each must come once.
pub(crate) fn exported(context: &Context, arguments: &[&str]) -> BTreeSet<String> {
    let output = context.run(&[&["export"], arguments].concat()).ended_with(0);
    let records: Vec<String> =
        output.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap().to_string()).collect();
    let distinct: BTreeSet<String> = records.iter().cloned().collect();
    assert_eq!(distinct.len(), records.len(), "a record came twice");
    distinct
}

#[test]
fn an_organizations_archive_comes_back_record_for_record() {
    let shared = shared();
    let records = exported(&shared.context, &[]);
    assert_eq!(records.len(), shared.written.records - shared.written.duplicates);
    assert_eq!(records, source_records(&shared.context.path("archive")));
}

#[test]
fn a_second_run_takes_in_only_what_is_new() {
    let context = Context::new();
    let record = |id: u32| json!({"eventID": id.to_string(), "eventTime": "2026-03-02T00:00:00Z", "awsRegion": "r"});
    context.write("logs/1.json", log(&[record(1), record(2)]));
    let first = context.run(&["convert", "logs", "--json"]).ended_with(0).json();
    assert_eq!(first["records"], json!({"read": 2, "written": 2, "duplicates": 0, "rejected": 0, "filtered": 0}));

    let again = context.run(&["convert", "logs", "--json"]).ended_with(0).json();
    assert_eq!((&again["files"]["known"], &again["records"]["read"]), (&json!(1), &json!(0)));
    assert_eq!(again["lake"]["version"], Value::Null);

    // a record that was delivered before, a new one, and the first file under another name
    context.write("logs/2.json", log(&[record(2), record(3)]));
    fs::copy(context.path("logs/1.json"), context.path("logs/copy.json")).unwrap();
    let third = context.run(&["convert", "logs", "--json"]).ended_with(0).json();
    assert_eq!(third["records"], json!({"read": 4, "written": 1, "duplicates": 3, "rejected": 0, "filtered": 0}));
    assert_eq!(exported(&context, &[]).len(), 3);

    // a file whose content changed is read again
    context.write("logs/1.json", log(&[record(1), record(2), record(4)]));
    let fourth = context.run(&["convert", "logs", "--json"]).ended_with(0).json();
    assert_eq!((&fourth["files"]["changed"], &fourth["records"]["written"]), (&json!(1), &json!(1)));
}

#[test]
fn timings_say_where_the_time_went() {
    let shared = shared();
    let context = Context::new();
    let archive = shared.context.path("archive").display().to_string();
    let run = context.run(&["convert", &archive, "--timings", "--json"]).ended_with(0).json();
    let stages = run["timings"].as_object().unwrap();
    let names: BTreeSet<&str> = stages.keys().map(String::as_str).collect();
    let expected =
        ["list", "unpack", "frame", "flatten", "wait", "sort", "compare", "encode", "put", "commit", "ledger"];
    assert_eq!(names, BTreeSet::from(expected));
    // stages that work through all records take time, and no more than all threads have
    let seconds = |name: &str| stages[name].as_f64().unwrap();
    assert!(["unpack", "frame", "flatten", "sort", "encode"].iter().all(|name| seconds(name) > 0.0), "{stages:?}");
    let reading = seconds("unpack") + seconds("frame") + seconds("flatten") + seconds("wait");
    let threads = std::thread::available_parallelism().unwrap().get() as f64;
    assert!(reading <= run["seconds"].as_f64().unwrap() * threads, "{run}");
    let text = context.run(&["convert", &archive, "--timings"]).ended_with(0).stderr;
    assert!(text.contains("records to rows"), "{text}");
    let plain = context.run(&["convert", &archive, "--json"]).ended_with(0).json();
    assert!(plain.get("timings").is_none());
}

/// Records of a few other days and accounts in the files of a trail neither make files of their own nor keep their sources
/// from being entered.
#[test]
fn a_few_rows_of_other_partitions_make_few_files() {
    let context = Context::new();
    let record = |file: usize, id: usize| {
        // the last of each file happened in another account, which is the same one in every tenth file
        let account = if id == 199 { 900 + file % 10 } else { file };
        json!({
            "eventID": format!("{file}-{id}"), "eventTime": "2026-03-02T00:00:00Z", "awsRegion": "eu-west-1",
            "recipientAccountId": format!("{account:012}"), "userAgent": "x".repeat(2000),
        })
    };
    for file in 0..60 {
        let records: Vec<Value> = (0..200).map(|id| record(file, id)).collect();
        context.write(&format!("logs/{file:03}.json"), log(&records));
    }
    let run = context.run(&["convert", "logs", "--memory", "16MB", "--jobs", "1", "--json"]).ended_with(0).json();
    assert_eq!(run["records"]["written"], json!(12_000));
    assert!(run["lake"]["version"].as_u64().unwrap() >= 4, "there are several commits: {run}");
    // sixty accounts and ten more; without waiting there would be a file for each in each commit
    let files = run["lake"]["files_written"].as_u64().unwrap();
    assert!(files <= 60 + 30, "{files} files");
    let again = context.run(&["convert", "logs", "--json"]).ended_with(0).json();
    assert_eq!((&again["files"]["known"], &again["records"]["read"]), (&json!(60), &json!(0)));
    context.run(&["lake", "check"]).ended_with(0);
}

#[test]
fn the_lake_lies_in_hive_folders_by_region_account_and_day_of_the_event() {
    let context = Context::new();
    // delivered on the third, happened on the second
    let record =
        json!({"eventTime": "2026-03-02T23:59:54Z", "awsRegion": "eu-west-1", "recipientAccountId": "012345678901"});
    let odd = json!({"eventTime": "never", "awsRegion": "../x y", "recipientAccountId": "0"});
    context.write("AWSLogs/9/CloudTrail/eu-west-1/2026/03/03/a.json", log(&[record, odd]));
    context.run(&["convert", "AWSLogs"]).ended_with(0);
    let folder = |path: &str| fs::read_dir(context.path(&format!("lake/events/{path}"))).unwrap().count();
    assert_eq!(folder("region=eu-west-1/account=012345678901/date=2026-03-02"), 1);
    assert_eq!(folder("region=%2E.%2Fx%20y/account=0/date=__HIVE_DEFAULT_PARTITION__"), 1);
    let answer = context.run(&["sql", "SELECT region, account, date FROM events ORDER BY region", "-F", "csv"]);
    assert_eq!(answer.ended_with(0).stdout, "region,account,date\n../x y,0,\neu-west-1,012345678901,2026-03-02\n");
    assert_eq!(exported(&context, &["--where", "region = '../x y'"]).len(), 1);
}

#[test]
fn single_account_prefix_and_plain_layouts_and_globs_are_read() {
    let context = Context::new();
    let record = |id: &str| json!({"eventID": id, "eventTime": "2026-03-02T00:00:00Z"});
    context.write("AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/02/a.json", log(&[record("a")]));
    context
        .write("team/x/AWSLogs/o-abc1234567/444455556666/CloudTrail/eu-west-1/2026/03/02/b.json", log(&[record("b")]));
    context.write("flat/c.log", log(&[record("c")]));
    context.run(&["convert", "AWSLogs", "team", "flat/*.log"]).ended_with(0);
    let sql = "SELECT event_id, account, region FROM events ORDER BY event_id";
    let expected = "event_id,account,region\na,111122223333,us-east-1\nb,444455556666,eu-west-1\nc,,\n";
    assert_eq!(context.run(&["sql", sql, "-F", "csv"]).ended_with(0).stdout, expected);
}

#[test]
fn what_is_no_log_file_is_counted_and_left_alone() {
    let output =
        shared().context.run(&["sql", "SELECT carrier, count(*) AS n FROM files GROUP BY 1 ORDER BY 1", "-F", "csv"]);
    let logs = shared().written.log_files;
    assert_eq!(
        output.ended_with(0).stdout,
        format!("carrier,n\ndigest,6\nnot-json,1\nother-json,1\ntrail-log,{logs}\n")
    );
}

#[test]
fn the_ledger_adds_up() {
    let sql = "SELECT sum(records_read) AS read, sum(records_written) AS written, sum(records_duplicate) AS duplicates,
        sum(records_rejected) AS rejected, bool_and(records_read = records_written + records_duplicate + records_rejected) AS sums
        FROM files";
    let shared = shared();
    let answer = shared.context.run(&["sql", sql, "-F", "ndjson"]).ended_with(0).json();
    let (read, duplicates) = (shared.written.records, shared.written.duplicates);
    let expected =
        json!({"read": read, "written": read - duplicates, "duplicates": duplicates, "rejected": 0, "sums": true});
    assert_eq!(answer, expected);
    let runs = shared.context.run(&["sql", "SELECT command, outcome, records_read FROM runs", "-F", "csv"]);
    assert_eq!(runs.ended_with(0).stdout, format!("command,outcome,records_read\nconvert,done,{read}\n"));
}

#[test]
fn little_memory_means_more_commits_and_the_same_rows() {
    let shared = shared();
    let context = Context::new();
    let archive = shared.context.path("archive");
    let summary =
        context.run(&["convert", archive.to_str().unwrap(), "--memory", "16MB", "--json"]).ended_with(0).json();
    assert!(summary["lake"]["version"].as_u64().unwrap() > 1, "{summary}");
    assert_eq!(exported(&context, &[]), source_records(&archive));
}

#[test]
fn the_real_records_come_back_as_they_were() {
    let Some(data) = real_data() else { return };
    let context = Context::new();
    let trail = data.join("trail");
    let summary = context.run(&["convert", trail.to_str().unwrap(), "--json"]).ended_with(0).json();
    assert_eq!(summary["records"]["written"], 2900);
    let again = context.run(&["convert", trail.to_str().unwrap(), "--json"]).ended_with(0).json();
    assert_eq!(again["records"]["read"], 0);
    assert_eq!(exported(&context, &[]), source_records(&trail));

    let versions = data.join("versions");
    let lake = ["--lake", "versions-lake"];
    context.run(&[&["convert", versions.to_str().unwrap()][..], &lake].concat()).ended_with(0);
    assert_eq!(exported(&context, &lake), source_records(&versions));
}

#[test]
fn demo_is_a_tour_that_ends_well() {
    let context = Context::new();
    let output = context.run(&["demo"]).ended_with(0);
    for part in [
        "files    483 found",
        "= 7,212 written + 60 duplicates + 0 rejected",
        "mfa_used",
        "denials",
        "What to try next",
    ] {
        assert!(output.stdout.contains(part), "{part} is not in\n{}", output.stdout);
    }
    assert_eq!(output.stderr, "");
    // once more, over what is there
    let again = context.run(&["demo"]).ended_with(0);
    assert!(again.stdout.contains("483 known"), "{}", again.stdout);
}
