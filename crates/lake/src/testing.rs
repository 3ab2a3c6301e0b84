//! What the tests of several files need.

use std::collections::HashMap;

use object_store::path::Path;

use crate::snapshot::{DataFile, FileStatistics};

/// A file as the log may name it.
pub(crate) fn data_file(path: &str, size_bytes: u64) -> DataFile {
    DataFile {
        path: Path::from(path),
        size_bytes,
        modified_millis: 0,
        partition_values: HashMap::new(),
        statistics: FileStatistics::default(),
    }
}
