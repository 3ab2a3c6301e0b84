//! Writes gathered rows and commits them, all or nothing.
//!
//! A commit stands on the version that its rows were compared with. If somebody else commits first, the rows are compared
//! with what is new in the newer version, and only partitions in which something was found are written again: so converters
//! side by side never write a record twice, no lock is needed, and the slower one gets its turn. Files of an attempt that
//! died are in no log and never read.

mod sources;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use arrow::array::RecordBatch;
use chrono::Utc;
use deltalake_core::kernel::Add;
use milepost_timings::{Stage, Timings, enter};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, PutPayload};
use uuid::Uuid;

use crate::duplicates;
use crate::encode::{encode_places, rows_at};
use crate::error::LakeError;
use crate::fingerprint::Fingerprints;
use crate::gather::{Gathered, Place};
use crate::hold::Held;
use crate::log::data_path;
use crate::partition::Partition;
use crate::recent::{FileRows, RecentRows, hash};
use crate::snapshot::DataFile;
use crate::sort::{KeyColumns, Sorted, sort};
use crate::table::{Attempt, Table, add_action};
use crate::tables::TableName;
use crate::workers::Workers;
use sources::SourceRows;

/// How often a commit is tried while others keep committing first.
const MAX_ATTEMPTS: usize = 200;

/// Rows of one source object in one commit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SourceCounts {
    /// Rows that were written.
    pub written: u64,
    /// Rows that were dropped because the same record is there already.
    pub duplicates: u64,
}

/// What a commit did.
#[derive(Debug, Default)]
pub struct Committed {
    /// Version of `events` that it made; `None` if there was nothing to write.
    pub version: Option<u64>,
    /// Files written.
    pub files: u64,
    /// Rows written.
    pub rows: u64,
    /// Bytes written.
    pub bytes: u64,
    /// Rows by source object.
    pub sources: BTreeMap<String, SourceCounts>,
}

/// Takes rows and commits them to `events`.
pub struct EventWriter {
    table: Table,
    run_id: String,
    gathered: Gathered,
    held: Held,
    recent: Arc<RecentRows>,
    workers: Option<Workers>,
    timings: Option<Timings>,
}

/// The rows of one partition on their way to a commit.
struct Part {
    partition: Partition,
    rows: Vec<Place>,
    dropped: Vec<Place>,
    /// Files that the rows were compared with.
    compared: HashSet<Path>,
    /// The file that holds them, written but not committed.
    add: Option<Add>,
    /// What is to be known of its rows, if they all have fingerprints.
    known: Option<FileRows>,
    /// Files that they were to be compared with, of which one was not there.
    gone: Option<Gone>,
}

/// What the work on a part stands on.
#[derive(Clone)]
struct Context {
    batches: Arc<[RecordBatch]>,
    /// Of the rows of `batches`, where whoever made them gave some.
    prints: Arc<Fingerprints>,
    recent: Arc<RecentRows>,
    store: Arc<dyn ObjectStore>,
    workers: Workers,
    timings: Option<Timings>,
}

impl Context {
    /// Does what a store takes part in, and counts the time until it is done.
    async fn timed<T>(&self, stage: Stage, work: impl Future<Output = T>) -> T {
        timed(self.timings.as_ref(), stage, work).await
    }
}

struct Gone {
    files: Vec<Path>,
    error: LakeError,
}

impl EventWriter {
    pub(crate) fn new(table: Table, run_id: &str) -> Self {
        Self {
            table,
            run_id: run_id.to_owned(),
            gathered: Gathered::default(),
            held: Held::default(),
            recent: Arc::default(),
            workers: None,
            timings: None,
        }
    }

    /// Counts where the time of its commits goes.
    #[must_use]
    pub fn with_timings(self, timings: Option<Timings>) -> Self {
        Self { timings, ..self }
    }

    /// Adds a batch with the schema of rows on their way, or of `events`. Nothing is written before [`commit`](Self::commit).
    pub fn append(&mut self, batch: RecordBatch) {
        self.gathered.add(batch);
    }

    /// Bytes of memory that the rows waiting to be committed take.
    #[must_use]
    pub fn pending_bytes(&self) -> usize {
        self.gathered.bytes()
    }

    /// Writes and commits all rows added since the last commit. `threads` partitions are worked on at once.
    ///
    /// # Errors
    /// [`LakeError`]; then nothing of it is in the lake, and the rows are gone from the writer.
    pub async fn commit(&mut self, threads: usize) -> Result<Committed, LakeError> {
        self.held = Held::default();
        let gathered = std::mem::take(&mut self.gathered);
        self.write_out(gathered, threads).await
    }

    /// As [`commit`](Self::commit), but a few rows of partitions that have but those may wait for the next commits. What
    /// [`Committed`] does not count is not written yet.
    ///
    /// # Errors
    /// As [`commit`](Self::commit).
    pub async fn commit_most(&mut self, threads: usize) -> Result<Committed, LakeError> {
        let mut gathered = std::mem::take(&mut self.gathered);
        let held = self.held.take(&mut gathered.partitions);
        if let Some(first) = gathered.batches.first().filter(|_| !held.is_empty()) {
            // on their own: in their batches they would keep all other rows in memory
            let (schema, all): (_, Vec<&RecordBatch>) = (first.schema(), gathered.batches.iter().collect());
            let columns: Vec<usize> = (0..schema.fields().len()).collect();
            let rows = rows_at(&all, &held, &schema, &columns);
            let path = TableName::Events.name().to_owned();
            self.gathered.add(rows.map_err(|source| LakeError::Rows { path, source })?);
        }
        self.write_out(gathered, threads).await
    }

    async fn write_out(&mut self, gathered: Gathered, threads: usize) -> Result<Committed, LakeError> {
        let Gathered { batches, partitions, .. } = gathered;
        let batches: Arc<[RecordBatch]> = batches.into();
        let workers = match self.workers.take_if(|workers| workers.threads() == threads.max(1)) {
            Some(workers) => workers,
            None => Workers::new(threads, self.timings.as_ref()),
        };
        self.workers = Some(workers.clone());
        let prints = Arc::new(Fingerprints::of(&batches));
        let mut parts = sort_parts(&batches, &prints, partitions, &workers).await?;
        let mut context = Context {
            prints,
            batches,
            recent: Arc::clone(&self.recent),
            store: self.table.store(),
            workers,
            timings: self.timings.clone(),
        };
        for _ in 0..MAX_ATTEMPTS {
            timed(self.timings.as_ref(), Stage::Commit, self.table.refresh()).await?;
            parts = self.write(parts, &context).await?;
            if let Some(gone) = parts.iter_mut().find_map(|part| part.gone.take()) {
                self.explain(gone).await?;
                continue;
            }
            let adds: Vec<Add> = parts.iter().filter_map(|part| part.add.clone()).collect();
            if adds.is_empty() {
                return Ok(summary(&context.batches, &parts, None));
            }
            let attempt = self.table.append_once(adds, &self.run_id);
            if let Attempt::Committed(version) = context.timed(Stage::Commit, attempt).await? {
                // what the jobs looked into is free to be added to
                drop(std::mem::take(&mut context.recent));
                self.remember(&mut parts);
                let summary = summary(&context.batches, &parts, Some(version));
                // giving back half of all memory takes a while, and more rows wait to be read
                let Context { batches, prints, workers, .. } = context;
                workers.aside(move || drop((batches, prints, parts)));
                return Ok(summary);
            }
        }
        Err(LakeError::Contended { table: TableName::Events.name(), attempts: MAX_ATTEMPTS })
    }

    /// Whether a file that was gone when it was to be compared with is in the table no more. Then others put it together
    /// with its neighbours and deleted it, and the newer version says where its rows are.
    async fn explain(&mut self, gone: Gone) -> Result<(), LakeError> {
        self.table.refresh().await?;
        let is_named = self.table.snapshot()?.files.iter().any(|file| gone.files.contains(&file.path));
        if is_named { Err(gone.error) } else { Ok(()) }
    }

    /// Keeps what has to be known of the rows that were committed.
    fn remember(&mut self, parts: &mut [Part]) {
        let recent = Arc::make_mut(&mut self.recent);
        for part in parts {
            if let (Some(add), Some(known)) = (&part.add, part.known.take()) {
                recent.add(data_path(&add.path), known);
            }
        }
    }

    /// Brings every part up to the version that is open: compares its rows with the files it has not seen, and writes it if
    /// it has no file or the one it has holds a row too many.
    async fn write(&self, parts: Vec<Part>, context: &Context) -> Result<Vec<Part>, LakeError> {
        let mut held = files_by_partition(self.table.snapshot()?.files, &parts);
        let jobs: Vec<_> = parts
            .into_iter()
            .map(|part| {
                let mut files = held.remove(&part.partition).unwrap_or_default();
                files.retain(|file| !part.compared.contains(&file.path));
                write_part(part, files, context.clone())
            })
            .collect();
        context.workers.all(jobs).await
    }
}

/// The files that the partitions at hand already have.
fn files_by_partition(files: Vec<DataFile>, parts: &[Part]) -> HashMap<Partition, Vec<DataFile>> {
    let wanted: HashSet<&Partition> = parts.iter().map(|part| &part.partition).collect();
    let mut held: HashMap<Partition, Vec<DataFile>> = HashMap::new();
    for file in files {
        let partition = file.partition.clone();
        if wanted.contains(&partition) {
            held.entry(partition).or_default().push(file);
        }
    }
    held
}

async fn sort_parts(
    batches: &Arc<[RecordBatch]>,
    prints: &Arc<Fingerprints>,
    partitions: BTreeMap<Partition, Vec<Place>>,
    workers: &Workers,
) -> Result<Vec<Part>, LakeError> {
    let job = |part| sort_part(part, (Arc::clone(batches), Arc::clone(prints)), workers.clone());
    workers.all(partitions.into_iter().map(job).collect()).await
}

/// Puts the rows of a partition in order, and drops repeated deliveries among them.
async fn sort_part(
    (partition, places): (Partition, Vec<Place>),
    (batches, prints): (Arc<[RecordBatch]>, Arc<Fingerprints>),
    workers: Workers,
) -> Result<Part, LakeError> {
    let folder = partition.folder();
    let path = folder.clone();
    let work = move || {
        let _at = enter(Stage::Sort);
        sort(&batches, &prints, places).map_err(|source| LakeError::Compare { path, source })
    };
    let sorted = workers.compute(&folder, work).await?;
    let Sorted { rows, dropped } = sorted;
    Ok(Part { partition, rows, dropped, compared: HashSet::new(), add: None, known: None, gone: None })
}

async fn write_part(mut part: Part, unseen: Vec<DataFile>, context: Context) -> Result<Part, LakeError> {
    let print = |place: &Place| context.prints.get(*place);
    let found = duplicates::find(&context.batches, &part.rows, &unseen, &context.recent, print, &context.store);
    let found = match context.timed(Stage::Compare, found).await {
        Ok(found) => found,
        Err(error) if error.is_gone() => {
            let files = unseen.into_iter().map(|file| file.path).collect();
            part.gone = Some(Gone { files, error });
            return Ok(part);
        }
        Err(error) => return Err(error),
    };
    part.compared.extend(unseen.into_iter().map(|file| file.path));
    if let Some(add) = part.add.take_if(|_| !found.is_empty()) {
        // the commit that named it was surely not carried out; if it stays, it is in no log and nobody reads it
        let _ = context.store.delete(&data_path(&add.path)).await;
    }
    (part.rows, part.dropped) = split(part.rows, part.dropped, &found);
    if part.add.is_some() || part.rows.is_empty() {
        return Ok(part);
    }
    let folder = part.partition.folder();
    let path = format!("{folder}/{}.parquet", Uuid::new_v4());
    let (encoded, known, rows) = {
        let (path, rows) = (path.clone(), std::mem::take(&mut part.rows));
        let (batches, prints) = (Arc::clone(&context.batches), Arc::clone(&context.prints));
        let work = move || {
            let _at = enter(Stage::Encode);
            let encoded = encode_places(&batches, &rows, &TableName::Events.file_schema(), &path)?;
            Ok((encoded, known_rows(&batches, &prints, &rows), rows))
        };
        context.workers.compute(&folder, work).await?
    };
    (part.rows, part.known) = (rows, known);
    let add = add_action(&path, &encoded, part.partition.values(), Utc::now().timestamp_millis());
    context.timed(Stage::Put, put(&context.store, &path, encoded.bytes)).await?;
    part.add = Some(add);
    Ok(part)
}

/// What is to be known of rows; `None` if one has no fingerprint.
fn known_rows(batches: &[RecordBatch], prints: &Fingerprints, rows: &[Place]) -> Option<FileRows> {
    let columns: Vec<_> = batches.iter().map(KeyColumns::of).collect();
    let row = |place: &Place| Some((hash(columns[place.0].key(place.1)), prints.get(*place)?));
    let rows: Option<Vec<_>> = rows.iter().map(row).collect();
    rows.map(|rows| FileRows::of(rows.into_iter()))
}

/// Does `work`, and counts the time until it is done.
async fn timed<T>(timings: Option<&Timings>, stage: Stage, work: impl Future<Output = T>) -> T {
    let started = Instant::now();
    let done = work.await;
    if let Some(timings) = timings {
        timings.add(stage, started.elapsed());
    }
    done
}

fn split(rows: Vec<Place>, mut dropped: Vec<Place>, found: &HashSet<Place>) -> (Vec<Place>, Vec<Place>) {
    if found.is_empty() {
        return (rows, dropped);
    }
    let (repeated, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(|place| found.contains(place));
    dropped.extend(repeated);
    (rows, dropped)
}

/// Puts a file into the store.
pub(crate) async fn put(store: &Arc<dyn ObjectStore>, path: &str, bytes: Vec<u8>) -> Result<(), LakeError> {
    match store.put(&data_path(path), PutPayload::from(bytes)).await {
        Ok(_) => Ok(()),
        Err(source) => Err(LakeError::Write { path: path.to_owned(), source }),
    }
}

fn summary(batches: &[RecordBatch], parts: &[Part], version: Option<u64>) -> Committed {
    let mut committed = Committed { version, ..Committed::default() };
    let mut sources = SourceRows::of(batches);
    for part in parts {
        part.rows.iter().for_each(|place| sources.of_row(place).written += 1);
        part.dropped.iter().for_each(|place| sources.of_row(place).duplicates += 1);
        committed.rows += part.rows.len() as u64;
        if let Some(add) = &part.add {
            committed.files += 1;
            committed.bytes += u64::try_from(add.size).unwrap_or(0);
        }
    }
    committed.sources = sources.by_name();
    committed
}

#[cfg(test)]
mod tests;
