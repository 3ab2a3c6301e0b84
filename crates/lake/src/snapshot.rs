//! What readers get: the data files of a table at one version, with what is known of each without opening it.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use deltalake_core::kernel::LogicalFileView;
use object_store::ObjectStore;
use object_store::path::Path;

use crate::filters::FilterPlaces;
use crate::log::data_path;
use crate::partition::Partition;
use crate::statistics::{FileStatistics, LogStatistics};
use crate::tables::TableName;

/// A table at one version.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Which table.
    pub table: TableName,
    /// Version of its transaction log.
    pub version: u64,
    /// Its data files, in no particular order.
    pub files: Vec<DataFile>,
    /// Where the files lie; their paths are relative to it.
    pub store: Arc<dyn ObjectStore>,
}

/// A data file and what the transaction log says of it.
#[derive(Debug, Clone)]
pub struct DataFile {
    /// Path below the table.
    pub path: Path,
    /// Size in bytes.
    pub size_bytes: u64,
    /// When it was written, in milliseconds since 1970.
    pub modified_millis: i64,
    /// Where its rows belong, in a table that has partitions.
    pub partition: Partition,
    /// Counts and bounds, not read yet.
    pub(crate) statistics: LogStatistics,
    pub(crate) filters: FilterPlaces,
}

impl DataFile {
    pub(crate) fn from_log(view: &LogicalFileView) -> Self {
        let statistics = view.stats().map(|json| LogStatistics::of_json(Bytes::from(json)));
        Self {
            path: data_path(&view.path()),
            size_bytes: u64::try_from(view.size()).unwrap_or(0),
            modified_millis: view.modification_time(),
            partition: Partition::from_values(&view.partition_values_map()),
            statistics: statistics.unwrap_or_default(),
            // only logs of others' making are read this way
            filters: FilterPlaces::default(),
        }
    }

    /// Where the Bloom filters of a column lie in the file, one for each row group; `None` if that is not known.
    #[must_use]
    pub fn bloom_filters(&self, column: &str) -> Option<Vec<Range<u64>>> {
        self.filters.of_column(column)
    }

    /// Counts and bounds.
    #[must_use]
    pub fn statistics(&self) -> &FileStatistics {
        self.statistics.get()
    }
}
