//! How a command that looks after the lake ends: it is entered into `runs`, and says what it did.

use std::io::Write as _;

use milepost_lake::Lake;
use milepost_lake::ledger::RunEntry;
use serde::Serialize;

use crate::diagnostics::ExitStatus;
use crate::printer::{Destination, Printer};

/// A run that has ended.
pub(super) struct Run<'a> {
    pub(super) id: &'a str,
    pub(super) command: &'a str,
    pub(super) arguments: serde_json::Value,
    /// When it began, in microseconds since 1970.
    pub(super) started_micros: i64,
    /// It only said what it would do, and is not entered.
    pub(super) is_dry_run: bool,
}

/// What a run did, for people; programs get it as JSON.
pub(super) trait Summary: Serialize {
    fn text(&self) -> Result<String, std::fmt::Error>;
}

/// Enters a run, however it ended, and gives its summary.
pub(super) async fn enter<S: Summary>(lake: &Lake, run: Run<'_>, outcome: anyhow::Result<S>) -> anyhow::Result<S> {
    if run.is_dry_run {
        return outcome;
    }
    let summary = outcome.as_ref().ok().map(serde_json::to_value).transpose()?;
    let entry = RunEntry {
        command: run.command.to_owned(),
        arguments: run.arguments.to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_micros: run.started_micros,
        outcome: if summary.is_some() { "done" } else { "failed" },
        read: 0,
        written: 0,
        duplicates: 0,
        rejected: 0,
        filtered: 0,
        summary: summary.unwrap_or_default().to_string(),
    };
    let entered = enter_entry(lake, run.id, &entry).await;
    // what went wrong first is what the user has to know
    let summary = outcome?;
    entered?;
    Ok(summary)
}

async fn enter_entry(lake: &Lake, run_id: &str, entry: &RunEntry) -> anyhow::Result<()> {
    Ok(lake.ledger(run_id).await?.add_run(entry).await?)
}

/// Says what a run did: as JSON on stdout, or to people on stderr.
pub(super) fn tell(summary: &impl Summary, as_json: bool, printer: &Printer) -> anyhow::Result<ExitStatus> {
    if as_json {
        let mut out = Destination::open(None)?;
        writeln!(out, "{}", serde_json::to_string_pretty(summary)?)?;
        out.finish()?;
    } else {
        printer.say(&summary.text()?);
    }
    Ok(ExitStatus::Done)
}
