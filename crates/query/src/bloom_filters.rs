//! Leaves out data files that do not hold a value that is looked for, by their Bloom filters.
//!
//! A scan does so as well, but file by file, when each has been opened and its footer read: for one id in a thousand files
//! that is nearly all of the time. The log says where the filters lie, so they are all asked while the query is planned.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray};
use bytes::Bytes;
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, ScalarValue};
use datafusion::error::Result;
use datafusion::object_store::ObjectStore;
use datafusion::object_store::path::Path;
use datafusion::physical_optimizer::pruning::PruningPredicate;
use futures::StreamExt as _;
use milepost_lake::{BLOOM_FILTER_COLUMNS, DataFile, TableVersion};
use parquet::bloom_filter::Sbbf;

use crate::local_files::LocalFiles;

/// Files of which fewer are left are looked into by the scan.
const MIN_FILES: usize = 4;
/// Files that are asked at once.
const AT_ONCE: usize = 32;
/// Files that a thread asks one after the other, where a disk answers before another thread would have been woken.
const FILES_OF_A_THREAD: usize = 64;
/// Longest filter that is read; ours have about ten bits a row.
const MAX_FILTER_BYTES: u64 = 16 * 1024 * 1024;

/// The filters of one file and column, one for each row group; `None` if they are not known.
type Filters = Option<Vec<Sbbf>>;
/// Where they lie.
type Places = Option<Vec<Range<u64>>>;

/// What the filters of some files say.
struct FilterStatistics {
    files: usize,
    by_column: HashMap<String, Vec<Filters>>,
}

/// The files that may hold what `predicate` looks for.
///
/// # Errors
/// None of a user's making.
pub(crate) async fn keep<'a>(
    files: Vec<&'a DataFile>,
    predicate: &PruningPredicate,
    table: &TableVersion,
) -> Result<Vec<&'a DataFile>> {
    if files.len() < MIN_FILES {
        return Ok(files);
    }
    let columns = columns_looked_for(&files, predicate);
    if columns.is_empty() {
        return Ok(files);
    }
    let local = table.folder().and_then(LocalFiles::new).map(Arc::new);
    let mut by_column = HashMap::new();
    for column in columns {
        let places = files.iter().map(|file| (file.path.clone(), places(file, &column))).collect();
        let filters = match &local {
            Some(local) => read_here(local, places).await,
            None => read_from(table.store(), places).await,
        };
        by_column.insert(column, filters);
    }
    let truths = predicate.prune(&FilterStatistics { files: files.len(), by_column })?;
    Ok(files.into_iter().zip(truths).filter_map(|(file, keep)| keep.then_some(file)).collect())
}

/// Columns of which the predicate wants certain values and files have filters.
fn columns_looked_for(files: &[&DataFile], predicate: &PruningPredicate) -> HashSet<String> {
    let names = predicate.literal_guarantees().iter().map(|guarantee| guarantee.column.name.as_str());
    // most conditions are on other columns, and there may be a hundred thousand files to ask in vain
    let distinct: HashSet<&str> = names.filter(|name| BLOOM_FILTER_COLUMNS.contains(name)).collect();
    let has_filters = |name: &&str| files.iter().any(|file| file.bloom_filters(name).is_some());
    distinct.into_iter().filter(has_filters).map(str::to_owned).collect()
}

fn places(file: &DataFile, column: &str) -> Places {
    let is_sound = |place: &Range<u64>| place.end <= file.size_bytes && place.end - place.start <= MAX_FILTER_BYTES;
    file.bloom_filters(column).filter(|places| places.iter().all(is_sound))
}

/// Reads filters from this machine's disk. What cannot be read is not known; the scan will say what is wrong with it.
async fn read_here(local: &Arc<LocalFiles>, files: Vec<(Path, Places)>) -> Vec<Filters> {
    let mut reads = Vec::new();
    for files in files.chunks(FILES_OF_A_THREAD) {
        let (local, files, count) = (Arc::clone(local), files.to_vec(), files.len());
        let read = move || {
            let filters = |(path, places): (Path, Places)| {
                let bytes = local.read_ranges(path.as_ref(), &places?).ok()?;
                parse(&bytes)
            };
            files.into_iter().map(filters).collect::<Vec<Filters>>()
        };
        reads.push((tokio::task::spawn_blocking(read), count));
    }
    let mut filters = Vec::with_capacity(files.len());
    for (read, count) in reads {
        // a thread that stopped has told nothing of its files
        filters.extend(read.await.unwrap_or_else(|_| (0..count).map(|_| None).collect()));
    }
    filters
}

/// Reads filters from a store, many at once.
async fn read_from(store: &Arc<dyn ObjectStore>, files: Vec<(Path, Places)>) -> Vec<Filters> {
    let reads: Vec<_> = files
        .into_iter()
        .map(|(path, places)| {
            let store = Arc::clone(store);
            async move { parse(&store.get_ranges(&path, &places?).await.ok()?) }
        })
        .collect();
    futures::stream::iter(reads).buffered(AT_ONCE).collect().await
}

fn parse(filters: &[Bytes]) -> Filters {
    filters.iter().map(|bytes| Sbbf::from_bytes(bytes).ok()).collect()
}

impl PruningStatistics for FilterStatistics {
    fn min_values(&self, _: &Column) -> Option<ArrayRef> {
        None
    }

    fn max_values(&self, _: &Column) -> Option<ArrayRef> {
        None
    }

    fn num_containers(&self) -> usize {
        self.files
    }

    fn null_counts(&self, _: &Column) -> Option<ArrayRef> {
        None
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        None
    }

    fn contained(&self, column: &Column, values: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        let files = self.by_column.get(&column.name)?;
        let may_hold = |group: &Sbbf, value: &ScalarValue| match value.try_as_str() {
            Some(Some(text)) => group.check(text),
            _ => true,
        };
        // a filter says for sure that a value is not there, never that it is
        let is_contained = |filters: &Filters| {
            let holds_one = filters.as_ref()?.iter().any(|group| values.iter().any(|value| may_hold(group, value)));
            (!holds_one).then_some(false)
        };
        Some(files.iter().map(is_contained).collect())
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::Array as _;

    use super::*;

    fn filter(texts: &[&str]) -> Sbbf {
        let mut filter = Sbbf::new_with_ndv_fpp(100, 0.001).unwrap();
        texts.iter().for_each(|text| filter.insert(*text));
        filter
    }

    #[test]
    fn a_file_is_left_out_if_no_row_group_may_hold_a_value() {
        let files = vec![Some(vec![filter(&["a"]), filter(&["b"])]), Some(vec![filter(&["c"])]), None];
        let known = FilterStatistics { files: 3, by_column: HashMap::from([("event_id".to_owned(), files)]) };
        let contained = |texts: &[&str], column: &str| {
            let values = texts.iter().map(|text| ScalarValue::from(*text)).collect();
            known.contained(&Column::from_name(column), &values).map(|array| array.iter().collect::<Vec<_>>())
        };
        assert_eq!(contained(&["b"], "event_id"), Some(vec![None, Some(false), None]));
        assert_eq!(contained(&["x"], "event_id"), Some(vec![Some(false), Some(false), None]));
        assert_eq!(contained(&["x", "c"], "event_id"), Some(vec![Some(false), None, None]));
        assert_eq!(contained(&["b"], "event_name"), None);
        let number = HashSet::from([ScalarValue::Int64(Some(1))]);
        assert_eq!(known.contained(&Column::from_name("event_id"), &number).unwrap().null_count(), 3);
    }
}
