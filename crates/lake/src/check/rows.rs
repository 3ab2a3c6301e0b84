//! Reads the rows of `events`, a partition at a time: counts them by source, and looks for records that are there twice;
//! with `--deep`, decodes every value and compares it with where the row lies.
//!
//! Memory: eight bytes a row for the rows whose keys are looked at together, at most [`KEYS_AT_ONCE`] of a partition; a
//! larger one is read in several passes.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash as _, Hasher as _};
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use futures::{StreamExt as _, TryStreamExt as _};
use milepost_schema::{EVENT_ID, EVENT_TIME, SOURCE_FILE, time};
use object_store::ObjectStore;
use parquet::arrow::ProjectionMask;
use parquet::arrow::async_reader::ParquetRecordBatchStreamBuilder;
use parquet::errors::ParquetError;
use tokio::task::JoinHandle;

use super::{CheckOptions, Finding, LOST_FILE, Severity, duplicates, with_causes};
use crate::error::LakeError;
use crate::partition::Partition;
use crate::reader::DataFileReader;
use crate::snapshot::DataFile;
use crate::sort::{Key, KeyColumns};
use crate::table::Table;
use crate::tables::TableName;

/// Keys of one partition that are held at once.
const KEYS_AT_ONCE: u64 = 16 * 1024 * 1024;
/// Rows read at once.
const READ_ROWS: usize = 8 * 1024;

/// Rows of `events` by source object.
pub(super) type Counts = HashMap<String, u64>;

/// What one partition holds.
#[derive(Default)]
struct Seen {
    counts: Counts,
    findings: Vec<Finding>,
}

/// A partition that is being read.
#[derive(Clone)]
struct Reading {
    partition: Partition,
    files: Arc<[DataFile]>,
    store: Arc<dyn ObjectStore>,
    is_deep: bool,
}

/// Counts the rows by source; what is wrong with them goes to `findings`.
pub(super) async fn check(
    events: &Table,
    files: &[DataFile],
    options: CheckOptions,
    findings: &mut Vec<Finding>,
) -> Result<Counts, LakeError> {
    let mut partitions: BTreeMap<Partition, Vec<DataFile>> = BTreeMap::new();
    for file in files {
        partitions.entry(file.partition.clone()).or_default().push(file.clone());
    }
    let store = events.store();
    let jobs = partitions.into_iter().map(|(partition, files)| {
        let store = Arc::clone(&store);
        let reading = Reading { partition, files: files.into(), store, is_deep: options.is_deep };
        async move {
            let job: JoinHandle<Seen> = tokio::spawn(read_partition(reading.clone()));
            job.await.map_err(|_| LakeError::Thread { path: reading.partition.folder() })
        }
    });
    let mut seen = std::pin::pin!(futures::stream::iter(jobs).buffered(options.threads.max(1)));
    let mut counts = Counts::new();
    while let Some(of_partition) = seen.try_next().await? {
        findings.extend(of_partition.findings);
        for (source, rows) in of_partition.counts {
            *counts.entry(source).or_default() += rows;
        }
    }
    Ok(counts)
}

async fn read_partition(reading: Reading) -> Seen {
    let mut seen = Seen::default();
    let rows: u64 = reading.files.iter().filter_map(|file| file.statistics().rows).sum();
    let passes = rows.div_ceil(KEYS_AT_ONCE).max(1);
    for pass in 0..passes {
        let mut keys = Vec::new();
        for file in reading.files.iter() {
            // what is said of a file, or counted of it, is so once
            let first = (pass == 0).then_some(&mut seen);
            let read = read_file(&reading, file, first, |key| {
                if key % passes == pass {
                    keys.push(key);
                }
            });
            if let Err(error) = read.await
                && pass == 0
            {
                let problem = format!("its rows cannot be read: {}", with_causes(&error));
                seen.findings.push(Finding::error(TableName::Events, file.path.as_ref(), problem).hint(LOST_FILE));
            }
        }
        let repeated = repeated(keys);
        if !repeated.is_empty() {
            let found = duplicates::find(&reading.store, &reading.files, &repeated).await;
            seen.findings.extend(found.finding(&reading.partition.folder()));
        }
    }
    seen
}

/// Keys that are there more than once.
fn repeated(mut keys: Vec<u64>) -> std::collections::HashSet<u64> {
    keys.sort_unstable();
    keys.chunk_by(|a, b| a == b).filter(|same| same.len() > 1).map(|same| same[0]).collect()
}

/// Reads one file; gives the key of each row to `each_key`.
async fn read_file(
    reading: &Reading,
    file: &DataFile,
    mut first: Option<&mut Seen>,
    mut each_key: impl FnMut(u64),
) -> Result<(), ParquetError> {
    let builder = ParquetRecordBatchStreamBuilder::new(DataFileReader::new(&reading.store, file)).await?;
    let columns = match reading.is_deep && first.is_some() {
        true => ProjectionMask::all(),
        false => ProjectionMask::columns(builder.parquet_schema(), [EVENT_TIME, EVENT_ID, SOURCE_FILE]),
    };
    let mut stream = builder.with_projection(columns).with_batch_size(READ_ROWS).build()?;
    let mut order = Order::default();
    let mut misplaced: Option<String> = None;
    while let Some(batch) = stream.try_next().await? {
        let keys = KeyColumns::of(&batch);
        for row in 0..batch.num_rows() {
            each_key(hash_of(&keys.key(row)));
        }
        if let Some(seen) = first.as_deref_mut() {
            count(&batch, &mut seen.counts);
            if reading.is_deep {
                order.add(&batch);
                misplaced = misplaced.or_else(|| find_misplaced(&batch, &reading.partition));
            }
        }
    }
    if let Some(seen) = first {
        let path = file.path.as_ref();
        if let Some(problem) = misplaced {
            seen.findings.push(Finding::error(TableName::Events, path, problem).hint(LOST_FILE));
        }
        if !order.is_kept() {
            let problem = "its rows are not in the order of their times".to_owned();
            let finding = Finding::new(Severity::Warning, TableName::Events, path, problem);
            seen.findings.push(finding.hint("another program wrote it; time windows read more of it than they need"));
        }
    }
    Ok(())
}

/// A number that rows with the same key share.
pub(super) fn hash_of(key: &Key<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// Rows of one source mostly come together, so most cost one comparison.
fn count(batch: &RecordBatch, counts: &mut Counts) {
    let Some(sources) = batch.column_by_name(SOURCE_FILE).and_then(|array| array.as_string_opt::<i32>()) else {
        return;
    };
    let source = |row: usize| if sources.is_valid(row) { sources.value(row) } else { "" };
    let mut row = 0;
    while row < sources.len() {
        let name = source(row);
        let end = (row..sources.len()).find(|next| source(*next) != name).unwrap_or(sources.len());
        let rows = (end - row) as u64;
        match counts.get_mut(name) {
            Some(count) => *count += rows,
            None => drop(counts.insert(name.to_owned(), rows)),
        }
        row = end;
    }
}

/// Whether rows come in the order of their keys.
#[derive(Default)]
struct Order {
    last: Option<(Option<i64>, Option<String>)>,
    is_broken: bool,
}

impl Order {
    fn add(&mut self, batch: &RecordBatch) {
        let keys = KeyColumns::of(batch);
        let owned = |key: &Key<'_>| (key.time, key.id.map(str::to_owned));
        if let (Some((time, id)), 1..) = (&self.last, batch.num_rows()) {
            self.is_broken |= Key { time: *time, id: id.as_deref() } > keys.key(0);
        }
        self.is_broken |= (1..batch.num_rows()).any(|row| keys.key(row - 1) > keys.key(row));
        if let Some(row) = batch.num_rows().checked_sub(1) {
            self.last = Some(owned(&keys.key(row)));
        }
    }

    fn is_kept(&self) -> bool {
        !self.is_broken
    }
}

/// The first row that does not belong into the partition, in words.
fn find_misplaced(batch: &RecordBatch, partition: &Partition) -> Option<String> {
    let keys = KeyColumns::of(batch);
    let named = |row: usize| keys.key(row).id.map(|id| format!(" (event_id `{id}`)")).unwrap_or_default();
    for row in 0..batch.num_rows() {
        let day = keys.key(row).time.map(time::day_of);
        if day.is_some() && day != partition.day {
            let time = keys.key(row).time.map(time::format_micros).unwrap_or_default();
            return Some(format!("a row{} is of {time}, which is not the day of its partition", named(row)));
        }
    }
    for (column, expected) in [("aws_region", &partition.region), ("recipient_account_id", &partition.account)] {
        let Some(values) = batch.column_by_name(column).and_then(|array| array.as_string_opt::<i32>()) else {
            continue;
        };
        // an empty name is none
        let is_named = |row: usize| values.is_valid(row) && !values.value(row).is_empty();
        let is_other = |row: &usize| is_named(*row) && Some(values.value(*row)) != expected.as_deref();
        if let Some(row) = (0..values.len()).find(is_other) {
            let (id, value) = (named(row), values.value(row));
            return Some(format!("a row{id} has `{column}` = `{value}`, which is not that of its partition"));
        }
    }
    None
}
