//! Puts small files together: fewer files to open, fewer entries in the log, rows of a partition in one order.
//!
//! Rows are neither added nor dropped, and a reader of the table sees the same before and after. One commit replaces the files
//! of many partitions; it stands on the version that is newest then, in which every replaced file must still be. If one is
//! not, as it expired or somebody else put it together, what was made of it is dropped. So a compaction beside conversions
//! and other compactions costs them a try, and nothing else.

mod merge;
mod plan;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use deltalake_core::kernel::{Add, Remove};
use futures::StreamExt as _;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use self::merge::{Merged, merge};
use self::plan::{Job, plan};
use crate::commit::put;
use crate::error::LakeError;
use crate::lake::Lake;
use crate::log::data_path;
use crate::snapshot::DataFile;
use crate::table::{Attempt, Removal, Table, add_action};
use crate::tables::TableName;

/// How often a commit is tried while others keep committing first.
const MAX_ATTEMPTS: usize = 200;
/// Files of a commit: what was done until then survives a crash.
const COMMIT_FILES: usize = 64;
/// How often what came out of a compaction is looked at again.
const MAX_ROUNDS: usize = 8;
/// Memory of a job, as a multiple of its files' bytes: the files, the rows in work, and the file that comes out.
const MEMORY_FACTOR: u64 = 3;
/// Bytes of what memory is given out in.
const MEMORY_UNIT: u64 = 1_000_000;
/// Memory that a job takes however small its files are, in units.
const MIN_JOB_UNITS: u64 = 32;
/// A file that comes out takes at most this part of the memory.
const FILES_IN_MEMORY: u64 = 4;

/// What is to be put together, and how.
#[derive(Debug, Clone)]
pub struct Compaction {
    /// Tables to look at.
    pub tables: Vec<TableName>,
    /// Bytes of the files that should come out.
    pub target_bytes: u64,
    /// Memory for it, in bytes.
    pub memory_bytes: u64,
    /// Files that are made at once.
    pub threads: usize,
    /// Only say what would be done.
    pub is_dry_run: bool,
}

/// What became of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compacted {
    /// The table.
    pub table: TableName,
    /// Version that it made; `None` if nothing was changed.
    pub version: Option<u64>,
    /// Files that were replaced.
    pub removed: u64,
    /// Their bytes.
    pub removed_bytes: u64,
    /// Files that took their place.
    pub added: u64,
    /// Their bytes; not known of a dry run.
    pub added_bytes: u64,
    /// Rows in them, as far as the log says.
    pub rows: u64,
    /// Files that were left alone, as another program wrote them or their rows are not in order.
    pub foreign: u64,
    /// Files that were not replaced, as somebody else took them out meanwhile.
    pub overtaken: u64,
}

impl Compacted {
    fn new(table: TableName) -> Self {
        Self {
            table,
            version: None,
            removed: 0,
            removed_bytes: 0,
            added: 0,
            added_bytes: 0,
            rows: 0,
            foreign: 0,
            overtaken: 0,
        }
    }
}

/// What is told while it goes on: files put together, of how many.
pub type OnProgress<'a> = &'a mut (dyn FnMut(TableName, u64, u64) + Send);

/// A file that was made and not committed.
struct Made {
    inputs: Vec<DataFile>,
    add: Add,
    rows: u64,
}

/// What became of a job.
struct Outcome {
    made: Option<Made>,
    left: Vec<Path>,
    inputs: u64,
}

impl Lake {
    /// Puts small files together.
    ///
    /// # Errors
    /// A file cannot be read or written, or [`LakeError::Contended`]; what was committed before stays.
    pub async fn compact(
        &self,
        compaction: &Compaction,
        run_id: &str,
        on_progress: OnProgress<'_>,
    ) -> Result<Vec<Compacted>, LakeError> {
        let mut done = Vec::new();
        for name in &compaction.tables {
            if let Some(mut table) = self.open_table(*name).await? {
                let mut compacting = Compacting {
                    table: &mut table,
                    compaction,
                    run_id,
                    done: Compacted::new(*name),
                    left: HashSet::new(),
                };
                compacting.run(on_progress).await?;
                done.push(compacting.done);
            }
        }
        Ok(done)
    }
}

/// One table while it is worked on.
struct Compacting<'a> {
    table: &'a mut Table,
    compaction: &'a Compaction,
    run_id: &'a str,
    done: Compacted,
    /// Files that cannot be put together with others.
    left: HashSet<Path>,
}

impl Compacting<'_> {
    async fn run(&mut self, on_progress: OnProgress<'_>) -> Result<(), LakeError> {
        for _ in 0..MAX_ROUNDS {
            let jobs = self.plan()?;
            if jobs.is_empty() {
                break;
            }
            if self.compaction.is_dry_run {
                self.tell(&jobs);
                break;
            }
            self.round(jobs, on_progress).await?;
        }
        self.done.foreign = self.left.len() as u64;
        Ok(())
    }

    fn plan(&self) -> Result<Vec<Job>, LakeError> {
        let mut files = self.table.snapshot()?.files;
        files.retain(|file| !self.left.contains(&file.path));
        let in_memory = self.compaction.memory_bytes / FILES_IN_MEMORY;
        Ok(plan(self.table.name, files, self.compaction.target_bytes.min(in_memory.max(MEMORY_UNIT))))
    }

    /// Counts what would be done.
    fn tell(&mut self, jobs: &[Job]) {
        for job in jobs {
            self.done.removed += job.inputs.len() as u64;
            self.done.removed_bytes += job.bytes();
            self.done.rows += job.inputs.iter().filter_map(|file| file.statistics().rows).sum::<u64>();
            self.done.added += 1;
        }
    }

    /// Does jobs side by side, as many as the memory allows, and commits what is done.
    async fn round(&mut self, jobs: Vec<Job>, on_progress: OnProgress<'_>) -> Result<(), LakeError> {
        let all: u64 = jobs.iter().map(|job| job.inputs.len() as u64).sum();
        let mut worked = 0;
        let memory = Memory::new(self.compaction.memory_bytes);
        let (table, store) = (self.table.name, self.table.store());
        let outcomes = futures::stream::iter(jobs).map(|job| {
            let (memory, store) = (&memory, Arc::clone(&store));
            async move {
                let _taken = memory.take(job.bytes()).await;
                work(table, store, job).await
            }
        });
        let mut outcomes = std::pin::pin!(outcomes.buffer_unordered(self.compaction.threads.max(1)));
        let mut waiting = Vec::new();
        while let Some(outcome) = outcomes.next().await {
            let outcome = match outcome {
                Ok(outcome) => outcome,
                // a file may be gone as somebody else put it together and deleted it; the next round sees what is there
                Err(error) if error.is_gone() && self.is_overtaken().await? => continue,
                Err(error) => return Err(error),
            };
            self.left.extend(outcome.left);
            waiting.extend(outcome.made);
            worked += outcome.inputs;
            on_progress(table, worked, all);
            if waiting.len() >= COMMIT_FILES {
                self.commit(std::mem::take(&mut waiting)).await?;
            }
        }
        self.commit(waiting).await
    }

    /// Whether somebody else has committed since the table was opened.
    async fn is_overtaken(&mut self) -> Result<bool, LakeError> {
        let before = self.table.snapshot()?.version;
        self.table.refresh().await?;
        Ok(self.table.snapshot()?.version != before)
    }

    /// Puts what was made in the place of what it was made of, as far as that is still there.
    async fn commit(&mut self, made: Vec<Made>) -> Result<(), LakeError> {
        if made.is_empty() {
            return Ok(());
        }
        let mut made = made;
        for _ in 0..MAX_ATTEMPTS {
            let mut removes: HashMap<Path, Remove> = HashMap::new();
            for (file, remove) in self.table.removable(Removal::Files)? {
                removes.insert(file.path, remove);
            }
            let (valid, gone) = made
                .into_iter()
                .partition(|made: &Made| made.inputs.iter().all(|file| removes.contains_key(&file.path)));
            made = valid;
            self.drop_made(gone).await;
            if made.is_empty() {
                return Ok(());
            }
            let inputs = made.iter().flat_map(|made| &made.inputs);
            let taken: Vec<Remove> = inputs.filter_map(|file| removes.remove(&file.path)).collect();
            let adds = made.iter().map(|made| made.add.clone()).collect();
            let target = self.compaction.target_bytes;
            match self.table.replace_once(taken, adds, target, self.run_id).await? {
                Attempt::Committed(version) => {
                    self.count(&made, version);
                    return Ok(());
                }
                Attempt::Overtaken => self.table.refresh().await?,
            }
        }
        Err(LakeError::Contended { table: self.table.name.name(), attempts: MAX_ATTEMPTS })
    }

    fn count(&mut self, made: &[Made], version: u64) {
        self.done.version = Some(version);
        for made in made {
            self.done.removed += made.inputs.len() as u64;
            self.done.removed_bytes += made.inputs.iter().map(|file| file.size_bytes).sum::<u64>();
            self.done.added += 1;
            self.done.added_bytes += u64::try_from(made.add.size).unwrap_or(0);
            self.done.rows += made.rows;
        }
    }

    /// Deletes files that were never committed; one that stays is in no log, and a vacuum finds it.
    async fn drop_made(&mut self, gone: Vec<Made>) {
        let store = self.table.store();
        for made in gone {
            self.done.overtaken += made.inputs.len() as u64;
            let _ = store.delete(&data_path(&made.add.path)).await;
        }
    }
}

/// Memory that jobs share.
struct Memory {
    units: u32,
    free: Semaphore,
}

impl Memory {
    fn new(bytes: u64) -> Self {
        let units = u32::try_from(bytes / MEMORY_UNIT).unwrap_or(u32::MAX).max(1);
        Self { units, free: Semaphore::new(usize::try_from(units).unwrap_or(1)) }
    }

    /// Waits until there is enough for a job with files of so many bytes; one that wants all of it runs alone.
    async fn take(&self, bytes: u64) -> Option<tokio::sync::SemaphorePermit<'_>> {
        let wanted = (bytes * MEMORY_FACTOR / MEMORY_UNIT).max(MIN_JOB_UNITS);
        let wanted = u32::try_from(wanted).unwrap_or(u32::MAX).min(self.units);
        self.free.acquire_many(wanted).await.ok()
    }
}

/// Reads, merges and writes the files of one job.
async fn work(table: TableName, store: Arc<dyn ObjectStore>, job: Job) -> Result<Outcome, LakeError> {
    let inputs = job.inputs.len() as u64;
    let Some(first) = job.inputs.first() else { return Ok(Outcome { made: None, left: Vec::new(), inputs }) };
    let partition = first.partition.clone();
    let name = format!("{}.parquet", Uuid::new_v4());
    let path = match table {
        TableName::Events => format!("{}/{name}", partition.folder()),
        _ => name,
    };
    let runtime = Handle::current();
    let (thread_path, thread_store) = (path.clone(), Arc::clone(&store));
    let merged = spawn_blocking(move || {
        let mut left = Vec::new();
        let merged = runtime.block_on(merge(table, &thread_store, job, &thread_path, &mut left));
        merged.map(|merged| (merged, left))
    });
    let Ok(merged) = merged.await else { return Err(LakeError::Thread { path }) };
    let (merged, left) = merged?;
    let Merged::Done(encoded, files) = merged else { return Ok(Outcome { made: None, left, inputs }) };
    check_rows(&path, encoded.rows, &files)?;
    // as old as what it holds: rejects expire by it, and a ledger is read in this order
    let modified = files.iter().map(|file| file.modified_millis).max().unwrap_or_default();
    let values = if table == TableName::Events { partition.values() } else { HashMap::new() };
    let add = add_action(&path, &encoded, values, modified);
    put(&store, &path, encoded.bytes).await?;
    Ok(Outcome { made: Some(Made { inputs: files, add, rows: encoded.rows }), left, inputs })
}

/// Nothing is replaced by fewer or more rows.
fn check_rows(path: &str, rows: u64, files: &[DataFile]) -> Result<(), LakeError> {
    let expected: Option<u64> = files.iter().map(|file| file.statistics().rows).sum();
    match expected {
        Some(expected) if expected != rows => Err(LakeError::RowCount { path: path.to_owned(), rows, expected }),
        _ => Ok(()),
    }
}
