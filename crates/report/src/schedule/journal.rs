//! Enters what was done into the lake's `runs`, where people and queries find it.

use chrono::{DateTime, Utc};
use milepost_lake::ledger::RunEntry;
use milepost_lake::{Lake, LakeError, new_run_id};
use serde_json::{Value, json};

use super::{Done, Outcome, Scheduler};
use crate::job::Job;
use crate::window::Window;

/// Name in `runs` of the runs of reports.
pub const RUN_COMMAND: &str = "report";

impl Scheduler {
    pub(super) async fn enter(
        &self,
        job: &Job,
        window: Window,
        done: &Done,
        started: DateTime<Utc>,
    ) -> Result<(), LakeError> {
        let arguments = json!({
            "job": job.name, "report": job.report.name, "window_start": window.start, "window_end": window.end,
            "params": job.params,
        });
        enter(&self.lake, &arguments, done, started).await
    }
}

/// Enters a run of a report.
///
/// # Errors
/// The ledger cannot be written.
pub async fn enter(lake: &Lake, arguments: &Value, done: &Done, started: DateTime<Utc>) -> Result<(), LakeError> {
    let entry = RunEntry {
        command: RUN_COMMAND.to_owned(),
        arguments: arguments.to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_micros: started.timestamp_micros(),
        outcome: if done.outcome == Outcome::Failed { "failed" } else { "done" },
        read: 0,
        written: 0,
        duplicates: 0,
        rejected: 0,
        filtered: 0,
        summary: serde_json::to_string(done).unwrap_or_default(),
    };
    lake.ledger(&new_run_id()).await?.add_run(&entry).await
}
