//! What the tests of several files need.

use object_store::path::Path;

use crate::filters::FilterPlaces;
use crate::partition::Partition;
use crate::snapshot::DataFile;
use crate::statistics::LogStatistics;

/// A file as the log may name it.
pub(crate) fn data_file(path: &str, size_bytes: u64) -> DataFile {
    DataFile {
        path: Path::from(path),
        size_bytes,
        modified_millis: 0,
        partition: Partition::default(),
        statistics: LogStatistics::default(),
        filters: FilterPlaces::default(),
    }
}
