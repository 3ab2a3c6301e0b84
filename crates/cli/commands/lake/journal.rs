//! Enters a run that looks after the lake into `runs`.

use milepost_lake::Lake;
use milepost_lake::ledger::RunEntry;

/// A run that has ended.
pub(super) struct Run<'a> {
    pub(super) id: &'a str,
    pub(super) command: &'a str,
    pub(super) arguments: serde_json::Value,
    pub(super) started_micros: i64,
    /// Its summary, or that it failed.
    pub(super) summary: Option<serde_json::Value>,
}

pub(super) async fn enter(lake: &Lake, run: Run<'_>) -> anyhow::Result<()> {
    let entry = RunEntry {
        command: run.command.to_owned(),
        arguments: run.arguments.to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_micros: run.started_micros,
        outcome: if run.summary.is_some() { "done" } else { "failed" },
        read: 0,
        written: 0,
        duplicates: 0,
        rejected: 0,
        filtered: 0,
        summary: run.summary.unwrap_or_default().to_string(),
    };
    Ok(lake.ledger(run.id).await?.add_run(&entry).await?)
}
