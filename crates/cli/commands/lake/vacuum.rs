//! `milepost lake vacuum`: deletes data files that nobody needs.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use indicatif::{HumanBytes, HumanCount};
use milepost_lake::{Deleted, Kept, Lake, Vacuumed, new_run_id};
use serde::Serialize;

use super::age;
use super::journal::{self, Run};
use crate::args::LakeVacuumArgs;
use crate::diagnostics::ExitStatus;
use crate::printer::Printer;
use crate::settings::Settings;

/// Longer than any command needs between writing a file and committing it.
const SAFE_AGE: Duration = Duration::from_secs(60 * 60);

pub(super) async fn run(args: &LakeVacuumArgs, settings: &Settings, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let age = age::parse(&args.older_than)?;
    if age < SAFE_AGE && !args.force {
        return Err(age::wrong(
            format!("`--older-than {}` is less than an hour", args.older_than),
            "a conversion that is running has written files that it has not committed yet, and they would be deleted; \
             --force says that no other command is working on the lake",
        ));
    }
    let lake = Lake::open(&settings.lake, &settings.store).await?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let keep_millis = i64::try_from(now.saturating_sub(age).as_millis()).unwrap_or(i64::MAX);
    let run_id = new_run_id();
    let kept = Kept { history_millis: keep_millis, orphans_millis: keep_millis };
    let outcome = lake.vacuum(kept, args.dry_run).await;
    let summary = outcome.map(|tables| Summary::new(args, &run_id, &tables));
    let run = Run {
        id: &run_id,
        command: "vacuum",
        arguments: serde_json::json!({ "older_than": args.older_than, "force": args.force }),
        started_micros: i64::try_from(now.as_micros()).unwrap_or(i64::MAX),
        is_dry_run: args.dry_run,
    };
    let summary = journal::enter(&lake, run, summary.map_err(anyhow::Error::from)).await?;
    journal::tell(&summary, settings.json(args.json), printer)
}

#[derive(Debug, Serialize)]
struct Summary {
    run_id: String,
    dry_run: bool,
    files: u64,
    bytes: u64,
    tables: Vec<OfTable>,
}

#[derive(Debug, Serialize)]
struct OfTable {
    table: &'static str,
    /// Files that had been taken out of the table.
    removed: Part,
    /// Files that were in no version.
    orphaned: Part,
}

#[derive(Debug, Serialize)]
struct Part {
    files: u64,
    bytes: u64,
}

impl Part {
    fn of(deleted: Deleted) -> Self {
        Self { files: deleted.files, bytes: deleted.bytes }
    }

    fn text(&self) -> String {
        format!("{} files, {}", HumanCount(self.files), HumanBytes(self.bytes))
    }
}

impl journal::Summary for Summary {
    fn text(&self) -> Result<String, std::fmt::Error> {
        let mut out = String::new();
        let verb = if self.dry_run { "would delete" } else { "deleted" };
        let all = Part { files: self.files, bytes: self.bytes };
        write!(out, "vacuum   {verb} {}", all.text())?;
        for of in self.tables.iter().filter(|of| of.removed.files + of.orphaned.files > 0) {
            let (removed, orphaned) = (of.removed.text(), of.orphaned.text());
            write!(out, "\n{:8} {removed} taken out before; {orphaned} in no version", of.table)?;
        }
        Ok(out)
    }
}

impl Summary {
    fn new(args: &LakeVacuumArgs, run_id: &str, tables: &[Vacuumed]) -> Self {
        let of_table = |done: &Vacuumed| OfTable {
            table: done.table.name(),
            removed: Part::of(done.removed),
            orphaned: Part::of(done.orphaned),
        };
        let all = tables.iter().flat_map(|done| [done.removed, done.orphaned]);
        Self {
            run_id: run_id.to_owned(),
            dry_run: args.dry_run,
            files: all.clone().map(|part| part.files).sum(),
            bytes: all.map(|part| part.bytes).sum(),
            tables: tables.iter().map(of_table).collect(),
        }
    }
}
