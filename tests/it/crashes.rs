//! `kill -9` at any instant, and converters side by side: every record is in the lake once, and the ledger adds up.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::context::{Context, shared};

/// Kills in one run of the test; each at another instant of the conversion.
const KILLS: u32 = 15;

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
    let expected = shared().written.records - shared().written.duplicates;
    let count = "SELECT count(*) AS n, count(DISTINCT event_id) AS ids FROM events";
    let rows = context.run(&["sql", count, "-F", "csv"]).ended_with(0).stdout;
    assert_eq!(rows, format!("n,ids\n{expected},{expected}\n"));
    let sums = "SELECT count(*) AS n FROM files
        WHERE records_read <> records_written + records_duplicate + records_rejected";
    assert_eq!(context.run(&["sql", sums, "-F", "csv"]).ended_with(0).stdout, "n\n0\n");
}

#[test]
fn killed_at_any_instant_nothing_is_lost_or_doubled() {
    let context = Context::new();
    let whole = Context::new();
    let started = Instant::now();
    assert!(convert(&whole).status().unwrap().success());
    let step = started.elapsed() / KILLS;
    for number in 0..KILLS {
        let mut child = convert(&context).spawn().unwrap();
        // from the first instant to past the last: the later ones die between commits, in the ledger, or not at all
        thread::sleep(step * number + Duration::from_millis(u64::from(number * 7 % 13)));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(convert(&context).status().unwrap().success());
    holds_every_record_once(&context);
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
