//! Any sequence of commands against a model of the lake: a set of records, and what expired.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::compact::is_sound;
use crate::context::{Context, log};

/// Sequences that are tried, each on a lake of its own.
const SEQUENCES: u32 = 6;
/// Days of the records: the first two are old enough to expire.
const DAYS: [&str; 4] = ["2020-01-01", "2020-01-02", "2999-01-01", "2999-01-02"];
const REGIONS: [&str; 2] = ["eu-west-1", "us-east-1"];

/// What is done to the lake.
#[derive(Debug, Clone)]
enum Step {
    /// Converts a file with these records, by number; the file may have come before, with others.
    Convert {
        file: u8,
        records: Vec<u8>,
    },
    /// The same, killed after so many milliseconds.
    Crash {
        file: u8,
        records: Vec<u8>,
        millis: u64,
    },
    Compact {
        vacuum: bool,
    },
    /// Killed after so many milliseconds.
    CrashedCompact {
        millis: u64,
    },
    Expire {
        region: Option<u8>,
    },
    Vacuum,
}

fn step() -> impl Strategy<Value = Step> {
    let records = || prop::collection::vec(0_u8..24, 1..8);
    prop_oneof![
        4 => (0_u8..5, records()).prop_map(|(file, records)| Step::Convert { file, records }),
        2 => (0_u8..5, records(), 0_u64..250)
            .prop_map(|(file, records, millis)| Step::Crash { file, records, millis }),
        2 => any::<bool>().prop_map(|vacuum| Step::Compact { vacuum }),
        1 => (0_u64..150).prop_map(|millis| Step::CrashedCompact { millis }),
        1 => prop::option::of(0_u8..2).prop_map(|region| Step::Expire { region }),
        1 => Just(Step::Vacuum),
    ]
}

/// A record; numbers that share `number / 2` share their id, and are different records.
fn record(number: u8) -> Value {
    let day = DAYS[usize::from(number) % DAYS.len()];
    let region = REGIONS[usize::from(number / 4) % REGIONS.len()];
    json!({"eventVersion": "1.09", "eventID": format!("id-{}", number / 2), "eventTime": format!("{day}T00:00:0{}Z", number % 10),
        "awsRegion": region, "recipientAccountId": "012345678901", "eventName": format!("Name{number}")})
}

fn day_of(number: u8) -> usize {
    usize::from(number) % DAYS.len()
}

/// What should be there.
#[derive(Default)]
struct Model {
    /// Records that the lake holds.
    held: BTreeSet<u8>,
    /// Content of the files that have been read to their end.
    known: BTreeMap<u8, Vec<u8>>,
    /// Content of the files that lie there.
    files: BTreeMap<u8, Vec<u8>>,
}

impl Model {
    fn convert(&mut self, file: u8) {
        let records = &self.files[&file];
        // what the ledger knows is not read again, whatever expired
        if self.known.get(&file) != Some(records) {
            self.held.extend(records);
            self.known.insert(file, records.clone());
        }
    }

    fn expire(&mut self, region: Option<u8>) {
        let expires = |number: &u8| day_of(*number) < 2 && region.is_none_or(|region| number / 4 % 2 == region);
        self.held.retain(|number| !expires(number));
    }
}

struct Run {
    context: Context,
    model: Model,
}

impl Run {
    fn step(&mut self, step: &Step) {
        match step {
            Step::Convert { file, records } => {
                self.put(*file, records);
                self.convert(*file);
            }
            Step::Crash { file, records, millis } => {
                self.put(*file, records);
                self.kill(&["convert", &name(*file)], *millis);
                // what a crash leaves behind, the next run completes
                self.convert(*file);
            }
            Step::CrashedCompact { millis } => self.kill(&["lake", "compact"], *millis),
            Step::Compact { vacuum } => {
                let arguments = ["lake", "compact", "--vacuum"];
                self.lake(&arguments[..if *vacuum { 3 } else { 2 }]);
            }
            Step::Expire { region } => {
                let region = region.map(|region| REGIONS[usize::from(region)]);
                let mut arguments = vec!["lake", "expire", "--older-than", "400d"];
                arguments.extend(region.into_iter().flat_map(|region| ["--region", region]));
                if self.lake(&arguments) {
                    self.model.expire(region.map(|name| u8::from(name == REGIONS[1])));
                }
            }
            Step::Vacuum => {
                self.lake(&["lake", "vacuum", "--older-than", "0h", "--force"]);
            }
        }
    }

    fn put(&mut self, file: u8, records: &[u8]) {
        let text = log(&records.iter().map(|number| record(*number)).collect::<Vec<_>>());
        // a file of the same size within the same tick of the clock would not be seen to have changed
        if self.model.files.get(&file).is_some_and(|before| before != records) {
            thread::sleep(Duration::from_millis(15));
        }
        if self.model.files.get(&file).is_none_or(|before| before != records) {
            self.context.write(&name(file), text);
            self.model.files.insert(file, records.to_vec());
        }
    }

    fn convert(&mut self, file: u8) {
        self.context.run(&["convert", &name(file)]).ended_with(0);
        self.model.convert(file);
    }

    /// Looks after the lake; false if there is none yet.
    fn lake(&self, arguments: &[&str]) -> bool {
        if self.model.known.is_empty() {
            return false;
        }
        self.context.run(arguments).ended_with(0);
        true
    }

    fn kill(&self, arguments: &[&str], millis: u64) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_milepost"));
        command.args(arguments).current_dir(self.context.path(""));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(Duration::from_millis(millis));
        child.kill().unwrap();
        child.wait().unwrap();
    }

    fn is_as_the_model(&self) {
        if self.model.known.is_empty() {
            return;
        }
        let exported = self.context.run(&["export"]).ended_with(0).stdout;
        let mut found: Vec<String> =
            exported.lines().map(|line| serde_json::from_str::<Value>(line).unwrap().to_string()).collect();
        let mut expected: Vec<String> = self.model.held.iter().map(|number| record(*number).to_string()).collect();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected);
    }
}

fn name(file: u8) -> String {
    format!("in/{file}.json")
}

#[test]
fn whatever_is_done_the_lake_holds_what_it_should() {
    let config = Config { cases: SEQUENCES, max_shrink_iters: 20, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let steps = prop::collection::vec(step(), 6..14);
    runner
        .run(&steps, |steps| {
            let mut run = Run { context: Context::new(), model: Model::default() };
            fs::create_dir_all(run.context.path("in")).unwrap();
            for step in &steps {
                run.step(step);
                run.is_as_the_model();
            }
            if !run.model.known.is_empty() {
                is_sound(&run.context);
            }
            Ok(())
        })
        .unwrap();
}
