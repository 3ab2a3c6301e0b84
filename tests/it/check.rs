//! A check finds what is wrong with a lake, and names it.

use std::fs;

use serde_json::{Value, json};

use crate::context::{Context, log, real_data, shared};
use crate::time_travel::{data_files, record, two_runs};

/// What a check says: severity, table and problem of each finding.
fn check(context: &Context, code: i32, arguments: &[&str]) -> Vec<(String, String, String)> {
    let found = context.run(&[&["lake", "check", "--json"], arguments].concat()).ended_with(code).json();
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_owned();
    let findings = found["findings"].as_array().unwrap().iter();
    findings.map(|finding| (text(finding, "severity"), text(finding, "table"), text(finding, "problem"))).collect()
}

#[track_caller]
fn has(found: &[(String, String, String)], severity: &str, problem: &str) {
    let is_there = found.iter().any(|(is, _, text)| is == severity && text.contains(problem));
    assert!(is_there, "{problem}: {found:#?}");
}

/// Changes the newest commit of `events`.
fn change_log(context: &Context, version: u32, change: impl Fn(&str) -> String) {
    let path = context.path(&format!("lake/events/_delta_log/{version:020}.json"));
    fs::write(&path, change(&fs::read_to_string(&path).unwrap())).unwrap();
}

#[test]
fn a_sound_lake_has_no_findings() {
    let output = shared().context.run(&["lake", "check", "--deep"]).ended_with(0);
    assert_eq!(output.stdout, "");
    assert!(output.stderr.starts_with("the lake is sound: "), "{}", output.stderr);
    let csv = shared().context.run(&["lake", "check", "-F", "csv"]).ended_with(0).stdout;
    assert_eq!(csv, "severity,table,object,problem,hint\n");
}

#[test]
fn real_records_and_every_shape_of_them_make_a_sound_lake() {
    let Some(data) = real_data() else { return };
    let context = Context::new();
    let output = context.run(&["convert", &data.to_string_lossy()]);
    assert!([0, 3].contains(&output.code), "{}", output.stderr);
    assert_eq!(check(&context, 0, &["--deep"]), []);
}

#[test]
fn odd_values_make_a_sound_lake() {
    let context = Context::new();
    let records = [
        json!({"eventID": "1"}),
        json!({"eventID": "2", "eventTime": "2026-03-01T00:00:00Z", "awsRegion": "", "recipientAccountId": ""}),
        json!({"eventID": "3", "eventTime": "2026-03-01T23:59:59.999999Z", "awsRegion": "../x y%"}),
        json!({"eventID": "3", "eventTime": "2026-03-01T23:59:59.999999Z", "awsRegion": "../x y%", "other": 1}),
        json!({"eventID": 4, "eventTime": 7, "awsRegion": 8, "recipientAccountId": 12345678901_i64}),
    ];
    context.write("a.json", log(&records));
    context.write("logs.zip", crate::carriers::zip(&[("b.json", log(&[record(9, "2026-03-01", "é")]).into())]));
    context.run(&["convert", "a.json", "logs.zip"]).ended_with(0);
    assert_eq!(check(&context, 0, &["--deep"]), []);
}

#[test]
fn a_file_that_is_gone_cut_or_overwritten_is_named() {
    let context = two_runs();
    let [first, second] = &data_files(&context, "events")[..] else { panic!("two files") };
    let whole = fs::read(first).unwrap();
    fs::remove_file(first).unwrap();
    let found = check(&context, 1, &[]);
    has(&found, "error", "the file is not there");
    has(&found, "error", "2 rows of 1 sources are missing, one of them `one.json`");
    fs::write(first, &whole[..whole.len() - 5]).unwrap();
    has(
        &check(&context, 1, &[]),
        "error",
        &format!("the file has {} bytes, and the log says {}", whole.len() - 5, whole.len()),
    );
    let mut torn = whole.clone();
    let end = torn.len();
    torn[end - 40..].fill(0);
    fs::write(first, torn).unwrap();
    has(&check(&context, 1, &[]), "error", "the footer cannot be read");
    let mut torn = whole.clone();
    torn[4..200].fill(0);
    fs::write(first, torn).unwrap();
    has(&check(&context, 1, &["--deep"]), "error", "its rows cannot be read");
    // one letter of the footer that changes nothing of what it says of the rows
    let mut other = whole.clone();
    let name = b"milepost ";
    let at = other.windows(name.len()).rposition(|window| window == name).unwrap();
    other[at] = b'M';
    fs::write(first, other).unwrap();
    has(&check(&context, 1, &[]), "error", "the footer is not the one that was written: its checksum differs");
    // two files of the same size that changed places
    let other = fs::read(second).unwrap();
    let size = format!("\"size\":{}", whole.len());
    change_log(&context, 1, |text| text.replace(&size, &format!("\"size\":{}", other.len())));
    fs::write(first, other).unwrap();
    let found = check(&context, 1, &[]);
    has(&found, "error", "the file holds 1 rows, and the log says 2");
    has(&found, "error", "and the log says 2026-03-01T12:00:00Z to 2026-03-01T12:00:00Z");
    let output = context.run(&["lake", "check"]).ended_with(1);
    assert!(output.stdout.contains("put this file back from a copy of the lake"), "{}", output.stdout);
    assert!(output.stderr.starts_with("the lake is damaged, with "), "{}", output.stderr);
}

#[test]
fn a_log_that_lies_is_found() {
    let context = two_runs();
    change_log(&context, 1, |text| text.replace("\\\"numRecords\\\":2", "\\\"numRecords\\\":5"));
    has(&check(&context, 1, &[]), "error", "the file holds 2 rows, and the log says 5");
    let context = two_runs();
    change_log(&context, 2, |text| text.replace("\"date\":\"2026-03-02\"", "\"date\":\"2026-03-05\""));
    let found = check(&context, 1, &["--deep"]);
    has(&found, "error", "the log says it is of the partition `region=eu-west-1/account=012345678901/date=2026-03-05`");
    has(&found, "error", "and its partition is 2026-03-05");
    has(&found, "error", "which is not the day of its partition");
}

#[test]
fn rows_that_are_there_twice_are_found() {
    let context = two_runs();
    let first = &data_files(&context, "events")[0];
    let copy = first.with_file_name("copied.parquet");
    fs::copy(first, &copy).unwrap();
    let name = first.file_name().unwrap().to_string_lossy().into_owned();
    let commit = fs::read_to_string(context.path("lake/events/_delta_log/00000000000000000001.json")).unwrap();
    let third = context.path("lake/events/_delta_log/00000000000000000003.json");
    fs::write(third, commit.replace(&name, "copied.parquet")).unwrap();
    let found = check(&context, 1, &[]);
    assert_eq!(found.len(), 1, "{found:?}");
    has(&found, "error", "2 rows are there again; one is the record with event_id `1`, in `");
    let object = context.run(&["lake", "check", "--json"]).json()["findings"][0]["object"].clone();
    assert_eq!(object, "region=eu-west-1/account=012345678901/date=2026-03-01");
}

#[test]
fn an_interrupted_run_and_its_files_are_told_apart_from_damage() {
    let context = two_runs();
    // as a kill between the commit and the ledger leaves it
    let newest = data_files(&context, "files");
    for version in [1, 2] {
        let _ = fs::remove_file(context.path(&format!("lake/files/_delta_log/{version:020}.json")));
    }
    assert_eq!(newest.len(), 2);
    let found = check(&context, 0, &[]);
    has(&found, "warning", "its 2 rows are of a source that is not in the ledger");
    has(&found, "note", "2 files with");
    context.run(&["convert", "one.json", "two.json"]).ended_with(0);
    let found = check(&context, 0, &[]);
    assert!(found.iter().all(|(severity, ..)| severity == "note"), "{found:?}");
}

#[test]
fn a_ledger_that_does_not_add_up_is_found() {
    let context = two_runs();
    let lines = context.run(&["lake", "files", "-F", "json"]).ended_with(0).json();
    assert_eq!((&lines[0]["uri"], &lines[0]["read"], &lines[0]["written"]), (&json!("one.json"), &json!(2), &json!(2)));
    let run = lines[1]["run_id"].as_str().unwrap();
    let of_run = context.run(&["lake", "files", "--run", &run[..8], "-F", "json"]).ended_with(0).json();
    assert_eq!((of_run.as_array().unwrap().len(), &of_run[0]["uri"]), (1, &json!("two.json")));
    // the rows of a source are taken away behind the ledger's back
    fs::remove_file(context.path("lake/events/_delta_log/00000000000000000002.json")).unwrap();
    let found = check(&context, 1, &[]);
    has(&found, "error", "1 of the 1 rows written from it are missing");
}
