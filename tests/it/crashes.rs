//! `kill -9` at any instant, and converters side by side: every record is in the lake once, and the ledger adds up.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::context::{Context, shared, source_records};

/// Kills in one run of the test.
const KILLS: u32 = 60;
/// Runs on one lake that are to be killed, before one is let finish.
const RUNS_OF_A_LAKE: u32 = 9;

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

fn compact(context: &Context) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_milepost"));
    command.args(["lake", "compact", "--vacuum", "--quiet"]).current_dir(context.path(""));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
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

/// When runs of one kind are killed: at another instant each time, spread over what such a run takes. The golden ratio
/// fills a stretch evenly, however many are asked for.
struct Instants {
    number: u32,
    whole: Duration,
}

impl Instants {
    /// Starts a run and kills it; false if it ended before.
    fn kill(&mut self, mut command: Command) -> bool {
        let golden = (5_f64.sqrt() - 1.0) / 2.0;
        self.number += 1;
        let mut child = command.spawn().unwrap();
        thread::sleep(self.whole.mul_f64((f64::from(self.number) * golden).fract()));
        let was_running = child.try_wait().unwrap().is_none();
        child.kill().unwrap();
        child.wait().unwrap();
        // how long a run takes depends on what is there already, and on what else the machine does
        self.whole = self.whole.mul_f64(if was_running { 1.1 } else { 0.7 });
        was_running
    }
}

#[track_caller]
fn is_sound(context: &Context) {
    let found = context.run(&["lake", "check", "--json"]);
    assert_eq!(found.code, 0, "{} {}", found.stdout, found.stderr);
    assert_eq!(found.json()["warnings"], 0, "{}", found.stdout);
}

#[test]
fn killed_at_any_instant_nothing_is_lost_or_doubled() {
    let mut converts = Instants { number: 0, whole: Duration::from_secs(1) };
    let mut compacts = Instants { number: 0, whole: Duration::from_millis(300) };
    let (mut kills, mut lakes) = (0, 0);
    while kills < KILLS {
        let context = Context::new();
        for number in 0..RUNS_OF_A_LAKE {
            // later runs die over what the first ones put there, and over each other's remains
            let has_lake = context.path("lake/runs").exists();
            let was_running = match number % 3 {
                2 if has_lake => compacts.kill(compact(&context)),
                _ => converts.kill(convert(&context)),
            };
            kills += u32::from(was_running);
        }
        assert!(convert(&context).status().unwrap().success());
        holds_every_record_once(&context);
        is_sound(&context);
        lakes += 1;
        assert!(lakes < 5 * KILLS / RUNS_OF_A_LAKE, "only {kills} runs were still running when they were to die");
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
