//! Where the time of a conversion went, for people and for programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Instant;

use indicatif::{HumanBytes, HumanCount};
use milepost_timings::{Stage, Timings};
use serde::Serialize;

use super::summary::Bytes;

/// Seconds of each stage, added up over all threads.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub(super) struct StageSeconds(BTreeMap<&'static str, f64>);

impl StageSeconds {
    pub(super) fn of(timings: &Timings) -> Self {
        Self(Stage::ALL.into_iter().map(|stage| (stage.name(), timings.of(stage).as_secs_f64())).collect())
    }

    /// A line for each stage: its seconds, its part of all, and what went through it in each of its seconds.
    pub(super) fn write(&self, out: &mut String, bytes: &Bytes, records: u64) -> std::fmt::Result {
        let all: f64 = self.0.values().sum();
        for stage in Stage::ALL {
            let seconds = self.0.get(stage.name()).copied().unwrap_or_default();
            let share = 100.0 * seconds / all.max(f64::MIN_POSITIVE);
            write!(out, "\n  {:<8} {seconds:>7.2} s {share:>3.0} %  {}", stage.name(), what(stage))?;
            let through = match stage {
                Stage::Unpack | Stage::Frame | Stage::Flatten => bytes.text,
                Stage::Encode | Stage::Put => bytes.written,
                _ => continue,
            };
            if seconds > 0.0 {
                let (through, records) = (HumanBytes(each(through, seconds)), HumanCount(each(records, seconds)));
                write!(out, ", {through}/s, {records} records/s")?;
            }
        }
        Ok(())
    }
}

#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate")]
fn each(count: u64, seconds: f64) -> u64 {
    (count as f64 / seconds) as u64
}

/// What a stage is, in a few words.
fn what(stage: Stage) -> &'static str {
    match stage {
        Stage::List => "listing, and asking the ledger",
        Stage::Unpack => "reading and unpacking",
        Stage::Frame => "finding the records",
        Stage::Flatten => "records to rows",
        Stage::Wait => "rows waiting for the writer",
        Stage::Sort => "sorting, fingerprints",
        Stage::Compare => "looking for the same records",
        Stage::Encode => "Parquet",
        Stage::Put => "writing files",
        Stage::Commit => "transaction log",
        Stage::Ledger => "entering files in the ledger",
    }
}

/// Counts the time since `started`.
pub(super) fn add(timings: Option<&Timings>, stage: Stage, started: Instant) {
    if let Some(timings) = timings {
        timings.add(stage, started.elapsed());
    }
}

/// Does `work`, and counts its time.
pub(super) fn timed<T>(timings: Option<&Timings>, stage: Stage, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let done = work();
    add(timings, stage, started);
    done
}
