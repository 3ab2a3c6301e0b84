//! Jobs that cannot be loaded: said, and in the history, so that a job that never runs is not taken for one that finds nothing.

use std::fmt;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use milepost_lake::Lake;
use milepost_report::schedule::{self, Done, Outcome};
use milepost_report::state::Memory;
use serde_json::json;

use crate::printer::Printer;

/// Where the lake remembers which faults are in the history. No job can be called so.
const MEMORY: &str = "jobs.faults";
/// Key of that memory.
const KEY: &str = "entered";

/// A job that cannot be loaded.
#[derive(Debug)]
pub(super) struct Fault {
    /// Name of the job.
    pub(super) job: String,
    /// Name of its report, if it is known.
    pub(super) report: Option<String>,
    /// What is wrong, and where.
    pub(super) text: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Fault {
    fn done(&self) -> Done {
        let report = self.report.as_deref().unwrap_or_default();
        Done { error: Some(self.text.clone()), ..Done::of(&self.job, report, Outcome::Failed) }
    }
}

/// Enters the faults into the history, each once until it is mended: a scheduler may be started every few minutes. That this
/// fails keeps no job that is right from running, so it is only said.
pub(super) async fn enter(lake: &Lake, faults: &[Fault], printer: &Printer) {
    let memory = Memory::of(lake, MEMORY);
    let before = memory.told(KEY).await.unwrap_or_default();
    let now: Vec<String> = faults.iter().map(|fault| fault.text.clone()).collect();
    if now == before {
        return;
    }
    let started: DateTime<Utc> = SystemTime::now().into();
    for fault in faults.iter().filter(|fault| !before.contains(&fault.text)) {
        let arguments = json!({ "job": fault.job, "report": fault.report });
        if let Err(error) = schedule::enter(lake, &arguments, &fault.done(), started).await {
            printer.complain(&format!("warning: the fault is not entered into `runs`: {error}"));
            return;
        }
    }
    if let Err(error) = memory.tell(KEY, &now).await {
        printer.complain(&format!("warning: that the faults are in the history is not remembered: {error}"));
    }
}
