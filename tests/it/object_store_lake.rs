//! A lake in an object store: the same rows as in a folder, whatever the store and the network do.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::context::{Context, shared, source_records};
use crate::object_store::{Faults, S3};

const LAKE: &str = "s3://lakes/trail";

fn store(context: &Context, faults: Faults) -> S3 {
    let s3 = S3::start(&context.path("s3"), faults);
    s3.make_bucket("lakes");
    s3
}

/// A conversion with so little memory that it commits several times.
fn convert(context: &Context, s3: &S3) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_milepost"));
    command
        .arg("convert")
        .arg(shared().context.path("archive"))
        .args(["--lake", LAKE, "--memory", "16MB"])
        .envs(s3.env())
        .current_dir(context.path(""))
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command
}

#[track_caller]
fn succeeds(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[track_caller]
fn holds_every_record_once(context: &Context, s3: &S3) {
    s3.set_faults(Faults::default());
    let exported = context.run_with(&["export", "--lake", LAKE], &s3.env(), "").ended_with(0).stdout;
    let records: Vec<String> =
        exported.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap().to_string()).collect();
    assert_eq!(records.len(), shared().written.records - shared().written.duplicates);
    assert_eq!(records.into_iter().collect::<BTreeSet<_>>(), source_records(&shared().context.path("archive")));
}

#[test]
fn a_lake_in_a_bucket_holds_what_a_lake_in_a_folder_holds() {
    let context = Context::new();
    let s3 = store(&context, Faults::default());
    succeeds(&mut convert(&context, &s3));
    holds_every_record_once(&context, &s3);
    let archive = shared().context.path("archive").display().to_string();
    let again = context.run_with(&["convert", &archive, "--lake", LAKE, "--json"], &s3.env(), "").ended_with(0).json();
    assert_eq!(again["files"]["logs"], 0, "{again}");
    let folder = context.run(&["sql", "SELECT count(*) FROM events", "--lake", &shared().lake()]).ended_with(0).stdout;
    let sql = ["sql", "SELECT count(*) FROM events", "--lake", LAKE];
    assert_eq!(context.run_with(&sql, &s3.env(), "").ended_with(0).stdout, folder);
}

#[test]
fn answers_that_are_lost_double_nothing() {
    // every ninth request is carried out and not answered: commits among them, which the client then tries again
    for drop_every in [9, 4] {
        let context = Context::new();
        let s3 = store(&context, Faults { drop_every: Some(drop_every), ..Faults::default() });
        succeeds(&mut convert(&context, &s3));
        holds_every_record_once(&context, &s3);
    }
}

#[test]
fn a_throttled_store_slows_and_breaks_nothing() {
    let context = Context::new();
    let faults = Faults { latency: Duration::from_millis(2), slow_down_every: Some(5), ..Faults::default() };
    let s3 = store(&context, faults);
    succeeds(&mut convert(&context, &s3));
    holds_every_record_once(&context, &s3);
}

#[test]
fn a_lake_in_a_bucket_is_looked_after_as_one_in_a_folder_is() {
    let context = Context::new();
    let faults = Faults { drop_every: Some(17), slow_down_every: Some(11), ..Faults::default() };
    let s3 = store(&context, Faults::default());
    succeeds(&mut convert(&context, &s3));
    let run = |arguments: &[&str]| {
        let arguments = [arguments, &["--lake", LAKE]].concat();
        context.run_with(&arguments, &s3.env(), "").ended_with(0)
    };
    s3.set_faults(faults);
    let compacted = run(&["lake", "compact", "--vacuum", "--json"]).json();
    assert!(compacted["tables"][0]["removed"]["files"].as_u64().unwrap() > 1, "{compacted}");
    assert!(compacted["deleted"]["files"].as_u64().unwrap() > 1, "{compacted}");
    holds_every_record_once(&context, &s3);
    assert_eq!(run(&["lake", "check", "--json"]).json()["errors"], 0);
    let history = run(&["lake", "history", "-F", "json"]).json();
    assert_eq!(history[0]["operation"], "compact");
    let region = run(&["sql", "SELECT region FROM events GROUP BY 1 ORDER BY 1 LIMIT 1", "-F", "csv"]).stdout;
    let region = region.lines().nth(1).unwrap();
    let expired = run(&["lake", "expire", "--older-than", "1d", "--region", region, "--json"]).json();
    let gone = expired["events"]["rows"].as_u64().unwrap();
    assert!(gone > 0, "{expired}");
    let left = run(&["sql", "SELECT count(*) AS n FROM events", "-F", "json"]).json();
    let all = shared().written.records - shared().written.duplicates;
    assert_eq!(left[0]["n"].as_u64().unwrap() + gone, all as u64);
    run(&["lake", "vacuum", "--older-than", "0h", "--force"]);
    let checked = run(&["lake", "check", "--json"]).json();
    assert_eq!(checked["errors"], 0, "{checked}");
}

#[test]
fn converters_side_by_side_on_a_bucket_double_nothing() {
    let context = Context::new();
    let s3 = store(&context, Faults { drop_every: Some(13), ..Faults::default() });
    let mut children: Vec<_> = (0..3).map(|_| convert(&context, &s3).spawn().unwrap()).collect();
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    holds_every_record_once(&context, &s3);
}

#[test]
fn a_store_that_refuses_is_named_with_its_reason_once() {
    let context = Context::new();
    let s3 = store(&context, Faults::default());
    let run = |lake: &str| context.run_with(&["lake", "info", "--lake", lake], &s3.env(), "").ended_with(1).stderr;
    assert!(
        run("s3://lakes/none").starts_with("error: `s3://lakes/none` is not a lake: "),
        "{}",
        run("s3://lakes/none")
    );
    let missing = run("s3://elsewhere/lake");
    assert!(missing.starts_with("error: cannot list `s3://elsewhere/lake`\ncaused by: "), "{missing}");
    assert_eq!(missing.matches("NoSuchBucket: as the test wants it").count(), 1, "{missing}");
    assert!(!missing.contains('<'), "{missing}");
    s3.set_faults(Faults { deny: Some("lakes".to_owned()), ..Faults::default() });
    let denied = run(LAKE);
    assert_eq!(denied.matches("AccessDenied: as the test wants it").count(), 1, "{denied}");
    let address = run("ftp://host/lake");
    assert!(
        address.starts_with("error: `ftp://host/lake` is not an address: it begins with none of s3://"),
        "{address}"
    );
}
