//! `kill -9` at any instant, and converters side by side: every record is in the lake once, and the ledger adds up.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

use crate::context::{Context, shared, source_records};

/// Kills in one run of the test; each at another instant of the conversion.
const KILLS: u32 = 10;

fn convert(context: &Context) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_milepost"));
    command
        .arg("convert")
        .arg(shared().context.path("archive"))
        .args(["--memory", "16MB", "--quiet"])
        .current_dir(context.path(""))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

#[track_caller]
fn holds_every_record_once(context: &Context) {
    let exported = context.run(&["export"]).ended_with(0).stdout;
    let records: Vec<String> =
        exported.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap().to_string()).collect();
    assert_eq!(records.len(), shared().written.records - shared().written.duplicates);
    assert_eq!(records.into_iter().collect::<BTreeSet<_>>(), source_records(&shared().context.path("archive")));
    let files = "SELECT count(DISTINCT uri) AS n FROM files WHERE carrier = 'trail-log'";
    let expected = format!("n\n{}\n", shared().written.log_files);
    assert_eq!(context.run(&["sql", files, "-F", "csv"]).ended_with(0).stdout, expected);
}

#[test]
fn killed_at_any_instant_nothing_is_lost_or_doubled() {
    let whole = Context::new();
    let started = Instant::now();
    assert!(convert(&whole).status().unwrap().success());
    let step = started.elapsed() / KILLS;
    for number in 0..KILLS {
        let context = Context::new();
        // twice, so that the second dies over what the first left behind
        for delay in [step * number, step * (KILLS - number)] {
            let mut child = convert(&context).spawn().unwrap();
            thread::sleep(delay);
            child.kill().unwrap();
            child.wait().unwrap();
        }
        assert!(convert(&context).status().unwrap().success());
        holds_every_record_once(&context);
    }
}

#[test]
fn converters_side_by_side_double_nothing() {
    let context = Context::new();
    let mut children: Vec<_> = (0..3).map(|_| convert(&context).spawn().unwrap()).collect();
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    holds_every_record_once(&context);
}
