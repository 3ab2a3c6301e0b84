//! Finds the rows of a partition that the lake already holds.
//!
//! Equal records have equal `event_time` and `event_id`. So only files whose times overlap are looked at, of those only
//! the row groups that overlap, of those first only the two key columns; whole rows are read, and turned back into
//! records to compare them, for the few rows that share a key with a new one.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::RecordBatch;
use futures::TryStreamExt as _;
use milepost_schema::rebuild::{RebuildError, Rebuilder};
use milepost_schema::{EVENT_ID, EVENT_TIME, canonical_json};
use object_store::ObjectStore;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, RowSelection};
use parquet::arrow::async_reader::ParquetRecordBatchStreamBuilder;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::statistics::Statistics;

use crate::error::LakeError;
use crate::gather::Place;
use crate::reader::DataFileReader;
use crate::recent::{FileRows, RecentRows};
use crate::snapshot::DataFile;
use crate::sort::{Key, KeyColumns, Records};

/// Rows read at once.
const READ_ROWS: usize = 8 * 1024;

/// The rows of one partition that are to be written, by key.
struct Wanted<'a> {
    by_key: HashMap<Key<'a>, usize>,
    /// Rows that share a key, by the number that `by_key` has for it.
    groups: Vec<Vec<Place>>,
    /// First and last time among them; `None` if one has no time.
    span: Option<(i64, i64)>,
}

impl<'a> Wanted<'a> {
    fn of(columns: &[KeyColumns<'a>], rows: &[Place]) -> Self {
        let mut by_key: HashMap<Key<'a>, usize> = HashMap::with_capacity(rows.len());
        let mut groups: Vec<Vec<Place>> = Vec::with_capacity(rows.len());
        let mut span: Option<(i64, i64)> = None;
        let mut timeless = false;
        for place in rows {
            let key = columns[place.0].key(place.1);
            let group = *by_key.entry(key).or_insert(groups.len());
            match groups.get_mut(group) {
                Some(group) => group.push(*place),
                None => groups.push(vec![*place]),
            }
            match key.time {
                Some(time) => span = Some(span.map_or((time, time), |(low, high)| (low.min(time), high.max(time)))),
                None => timeless = true,
            }
        }
        Self { by_key, groups, span: span.filter(|_| !timeless) }
    }

    /// Adds to `found` what is among the rows `held`. `false` if that cannot be told of all.
    fn find_known(&self, held: &FileRows, print: impl Fn(&Place) -> Option<u64>, found: &mut HashSet<Place>) -> bool {
        let mut is_settled = true;
        for (key, group) in &self.by_key {
            is_settled &= held.find(*key, &self.groups[*group], &print, found);
        }
        is_settled
    }

    fn overlaps(&self, bounds: Option<(i64, i64)>) -> bool {
        match (self.span, bounds) {
            (Some((low, high)), Some((first, last))) => low <= last && first <= high,
            _ => true,
        }
    }
}

/// Which of `rows`, places in `batches` that are all of one partition, are in one of `files` as equal records.
///
/// # Errors
/// A file cannot be read, or a row cannot be turned back into its record.
pub(crate) async fn find(
    batches: &[RecordBatch],
    rows: &[Place],
    files: &[DataFile],
    recent: &RecentRows,
    print: impl Fn(&Place) -> Option<u64>,
    store: &Arc<dyn ObjectStore>,
) -> Result<HashSet<Place>, LakeError> {
    let mut found = HashSet::new();
    if files.is_empty() {
        return Ok(found);
    }
    let columns: Vec<_> = batches.iter().map(KeyColumns::of).collect();
    let wanted = Wanted::of(&columns, rows);
    let mut comparison = Comparison::new(batches);
    for file in files.iter().filter(|file| wanted.overlaps(file.statistics().event_time)) {
        // a run that comes back to what it wrote knows it, and reads only what it cannot tell apart so
        if recent.get(&file.path).is_some_and(|held| wanted.find_known(held, &print, &mut found)) {
            continue;
        }
        find_in_file(&mut comparison, &wanted, file, store, &mut found).await?;
    }
    Ok(found)
}

async fn find_in_file(
    comparison: &mut Comparison<'_>,
    wanted: &Wanted<'_>,
    file: &DataFile,
    store: &Arc<dyn ObjectStore>,
    found: &mut HashSet<Place>,
) -> Result<(), LakeError> {
    let failed = |source| LakeError::Read { path: file.path.to_string(), source };
    let reader = DataFileReader::new(store, file);
    let mut for_metadata = reader.clone();
    let metadata = ArrowReaderMetadata::load_async(&mut for_metadata, ArrowReaderOptions::default());
    let metadata = metadata.await.map_err(failed)?;
    let groups: Vec<usize> = (0..metadata.metadata().num_row_groups())
        .filter(|at| wanted.overlaps(time_bounds(metadata.metadata().row_group(*at))))
        .collect();

    let keys = ProjectionMask::columns(metadata.metadata().file_metadata().schema_descr(), [EVENT_TIME, EVENT_ID]);
    let mut stream = ParquetRecordBatchStreamBuilder::new_with_metadata(reader.clone(), metadata.clone())
        .with_row_groups(groups.clone())
        .with_projection(keys)
        .with_batch_size(READ_ROWS)
        .build()
        .map_err(failed)?;
    let mut matching: Vec<usize> = Vec::new();
    let mut total = 0;
    while let Some(batch) = stream.try_next().await.map_err(failed)? {
        let columns = KeyColumns::of(&batch);
        let shared = (0..batch.num_rows()).filter(|row| wanted.by_key.contains_key(&columns.key(*row)));
        matching.extend(shared.map(|row| total + row));
        total += batch.num_rows();
    }
    if matching.is_empty() {
        return Ok(());
    }

    let selection = matching.iter().map(|row| *row..*row + 1);
    let mut stream = ParquetRecordBatchStreamBuilder::new_with_metadata(reader, metadata)
        .with_row_groups(groups)
        .with_row_selection(RowSelection::from_consecutive_ranges(selection, total))
        .with_batch_size(READ_ROWS)
        .build()
        .map_err(failed)?;
    while let Some(batch) = stream.try_next().await.map_err(failed)? {
        comparison
            .compare(wanted, &batch, found)
            .map_err(|source| LakeError::Compare { path: file.path.to_string(), source })?;
    }
    Ok(())
}

/// Compares held rows with the wanted rows that share their key.
struct Comparison<'a> {
    records: Records<'a>,
    /// Wanted rows by their record's canonical text, for keys that a held row had.
    texts: HashMap<usize, HashMap<String, Vec<Place>>>,
}

impl<'a> Comparison<'a> {
    fn new(batches: &'a [RecordBatch]) -> Self {
        Self { records: Records::new(batches), texts: HashMap::new() }
    }

    /// Adds to `found` the wanted rows that are the same record as a row of `held`.
    fn compare(
        &mut self,
        wanted: &Wanted<'_>,
        held: &RecordBatch,
        found: &mut HashSet<Place>,
    ) -> Result<(), RebuildError> {
        let columns = KeyColumns::of(held);
        let rebuilder = Rebuilder::new(held)?;
        let mut text = String::new();
        for row in 0..held.num_rows() {
            let Some(group) = wanted.by_key.get(&columns.key(row)) else { continue };
            text.clear();
            rebuilder.write(row, &mut text)?;
            let same = self.texts(*group, &wanted.groups[*group])?.get(&canonical_json(&text));
            found.extend(same.into_iter().flatten());
        }
        Ok(())
    }

    fn texts(&mut self, group: usize, places: &[Place]) -> Result<&HashMap<String, Vec<Place>>, RebuildError> {
        match self.texts.entry(group) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => {
                let mut texts: HashMap<String, Vec<Place>> = HashMap::with_capacity(places.len());
                for place in places {
                    texts.entry(self.records.canonical(*place)?).or_default().push(*place);
                }
                Ok(entry.insert(texts))
            }
        }
    }
}

/// First and last `event_time` of a row group, if its statistics say so and no row is without one.
fn time_bounds(group: &RowGroupMetaData) -> Option<(i64, i64)> {
    let column = group.columns().iter().find(|column| column.column_path().string() == EVENT_TIME)?;
    match column.statistics()? {
        Statistics::Int64(statistics) if statistics.null_count_opt() == Some(0) => {
            Some((*statistics.min_opt()?, *statistics.max_opt()?))
        }
        _ => None,
    }
}
