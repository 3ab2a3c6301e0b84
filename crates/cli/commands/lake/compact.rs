//! `milepost lake compact`: puts small files together.

use std::fmt::Write as _;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use indicatif::{HumanBytes, HumanCount, HumanDuration};
use milepost_lake::{Compacted, Compaction, Deleted, Kept, Lake, TableName, Vacuumed, new_run_id};
use serde::Serialize;

use super::journal::{self, Run};
use crate::args::LakeCompactArgs;
use crate::diagnostics::ExitStatus;
use crate::printer::Printer;
use crate::progress::FilesProgress;
use crate::settings::Settings;

/// Files that no version names are kept for as long by `--vacuum`: a conversion may be about to commit them.
const KEPT_ORPHANS: Duration = Duration::from_secs(7 * 24 * 60 * 60);

pub(super) async fn run(args: &LakeCompactArgs, settings: &Settings, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let started = Instant::now();
    let compaction = compaction(args, settings)?;
    let lake = Lake::open(&settings.lake, &settings.store).await?;
    let run_id = new_run_id();
    let started_micros = i64::try_from(since_1970().as_micros()).unwrap_or(i64::MAX);
    let outcome = work(args, &compaction, &lake, &run_id, printer).await;
    let outcome = outcome.map(|(tables, deleted)| Summary::new(args, &run_id, &tables, &deleted, started));
    let run = Run {
        id: &run_id,
        command: "compact",
        arguments: serde_json::json!({ "target_size": args.target_size, "tables": args.tables, "vacuum": args.vacuum }),
        started_micros,
        is_dry_run: args.dry_run,
    };
    let summary = journal::enter(&lake, run, outcome).await?;
    journal::tell(&summary, settings.json(args.json), printer)
}

async fn work(
    args: &LakeCompactArgs,
    compaction: &Compaction,
    lake: &Lake,
    run_id: &str,
    printer: &Printer,
) -> anyhow::Result<(Vec<Compacted>, Vec<Vacuumed>)> {
    let mut progress = FilesProgress::new(printer, "compacting");
    let mut on_progress = |table: TableName, done: u64, all: u64| progress.show(table.name(), done, all);
    let compacted = lake.compact(compaction, run_id, &mut on_progress).await;
    progress.finish();
    let mut deleted = Vec::new();
    if args.vacuum {
        let kept = Kept {
            // whatever has been replaced until now
            history_millis: i64::MAX,
            orphans_millis: millis(since_1970().saturating_sub(KEPT_ORPHANS)),
        };
        deleted = lake.vacuum(kept, false).await?;
    }
    Ok((compacted?, deleted))
}

fn compaction(args: &LakeCompactArgs, settings: &Settings) -> anyhow::Result<Compaction> {
    let is_wanted = |table: &TableName| args.tables.is_empty() || args.tables.iter().any(|name| name == table.name());
    Ok(Compaction {
        tables: TableName::ALL.into_iter().filter(is_wanted).collect(),
        target_bytes: Settings::target_bytes(&args.target_size)?,
        memory_bytes: settings.memory_bytes(args.memory.as_deref())? as u64,
        threads: settings.threads,
        is_dry_run: args.dry_run,
    })
}

fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[derive(Debug, Serialize)]
struct Summary {
    run_id: String,
    dry_run: bool,
    tables: Vec<OfTable>,
    /// Files that were deleted.
    deleted: Option<Part>,
    seconds: f64,
}

#[derive(Debug, Serialize)]
struct OfTable {
    table: &'static str,
    /// Version that it made, if it changed.
    version: Option<u64>,
    rows: u64,
    removed: Part,
    added: Part,
    /// Files that were left alone.
    foreign: u64,
    /// Files that others took out first.
    overtaken: u64,
}

#[derive(Debug, Serialize)]
struct Part {
    files: u64,
    bytes: u64,
}

impl journal::Summary for Summary {
    fn text(&self) -> Result<String, std::fmt::Error> {
        let mut out = String::new();
        let changed = |of: &&OfTable| of.removed.files + of.foreign + of.overtaken > 0;
        if !self.tables.iter().any(|of| changed(&of)) {
            write!(out, "compact  nothing to put together")?;
        }
        for (at, of) in self.tables.iter().filter(changed).enumerate() {
            if at > 0 {
                out.push('\n');
            }
            self.table_text(of, &mut out)?;
        }
        if let Some(deleted) = &self.deleted {
            write!(out, "\nvacuum   deleted {}", deleted.text())?;
        } else if !self.dry_run && self.tables.iter().any(|of| of.removed.files > 0) {
            write!(out, "\nvacuum   `milepost lake vacuum` deletes the replaced files a week after this")?;
        }
        if !self.dry_run {
            write!(out, "\ntime     {}", HumanDuration(Duration::from_secs_f64(self.seconds)))?;
        }
        Ok(out)
    }
}

impl Summary {
    fn new(args: &LakeCompactArgs, run_id: &str, tables: &[Compacted], deleted: &[Vacuumed], started: Instant) -> Self {
        let of_table = |done: &Compacted| OfTable {
            table: done.table.name(),
            version: done.version,
            rows: done.rows,
            removed: Part { files: done.removed, bytes: done.removed_bytes },
            added: Part { files: done.added, bytes: done.added_bytes },
            foreign: done.foreign,
            overtaken: done.overtaken,
        };
        let deleted = args.vacuum.then(|| {
            let all = deleted.iter().flat_map(|done| [done.removed, done.orphaned]);
            let sum = |of: fn(Deleted) -> u64| all.clone().map(of).sum();
            Part { files: sum(|part| part.files), bytes: sum(|part| part.bytes) }
        });
        Self {
            run_id: run_id.to_owned(),
            dry_run: args.dry_run,
            tables: tables.iter().map(of_table).collect(),
            deleted,
            seconds: started.elapsed().as_secs_f64(),
        }
    }

    fn table_text(&self, of: &OfTable, out: &mut String) -> std::fmt::Result {
        let rows = HumanCount(of.rows);
        write!(out, "{:8} {} with {rows} rows", of.table, of.removed.text())?;
        if self.dry_run {
            write!(out, " would become {} files", HumanCount(of.added.files))?;
        } else {
            write!(out, " became {}", of.added.text())?;
        }
        if let Some(version) = of.version {
            write!(out, "; version {version}")?;
        }
        if of.foreign > 0 {
            write!(out, "; {} files of other programs left alone", HumanCount(of.foreign))?;
        }
        if of.overtaken > 0 {
            write!(out, "; {} files were taken out by others meanwhile", HumanCount(of.overtaken))?;
        }
        Ok(())
    }
}

impl Part {
    fn text(&self) -> String {
        format!("{} files, {}", HumanCount(self.files), HumanBytes(self.bytes))
    }
}
