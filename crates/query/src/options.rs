//! What an engine may use: threads, memory, files.

use std::sync::Arc;

use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};

use crate::error::QueryError;
use crate::memory::{LEFT_PART, SharedPool};

/// Memory of queries if nobody says otherwise: 2 GiB.
pub const DEFAULT_MEMORY_BYTES: usize = 2 << 30;
/// What each sort sets aside for merging what it spilled; DataFusion's own default.
const SORT_RESERVATION_BYTES: usize = 10 << 20;
/// The sorts of all threads together may set aside an eighth of the memory, half of what is left to steps that cannot spill.
const RESERVED_SHARE: usize = 8;

/// Most that is sorted in place: far from where the offsets of an array of texts end.
const SORTED_IN_PLACE_BYTES: usize = 512 << 20;

/// Memory for each file that is merged.
const BYTES_PER_MERGED_FILE: usize = 4 << 20;
/// Fewest and most files that are merged at once.
const MERGED_AT_ONCE: (usize, usize) = (3, 256);

/// Memory there should be for each row of a batch and each thread; and the fewest threads that count.
const BYTES_PER_BATCH_ROW: usize = 32 * 1024;
const FEWEST_THREADS: usize = 2;
/// Fewest and most rows in a batch; the most is what the engine takes if nobody says otherwise.
const BATCH_ROWS: (usize, usize) = (256, 8192);

/// Bytes of texts that one array can hold.
const LARGEST_ARRAY: usize = (1 << 31) - 1;

/// What an engine may use.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// Threads for each query; at least one.
    pub threads: usize,
    /// Memory for sorting, grouping and joining, in bytes; what needs more is spilled to the system's folder for temporary
    /// files, and what cannot be spilled fails.
    pub memory_bytes: usize,
    /// Whether SQL may read and write files. Never those of `protected`.
    pub files: bool,
    /// Folder in which SQL writes nothing even then: the lake's.
    pub protected: Option<String>,
}

impl EngineOptions {
    /// The defaults: 2 GiB and no files.
    #[must_use]
    pub fn new(threads: usize) -> Self {
        Self { threads: threads.max(1), memory_bytes: DEFAULT_MEMORY_BYTES, files: false, protected: None }
    }

    pub(crate) fn runtime(&self) -> Result<Arc<RuntimeEnv>, QueryError> {
        RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(SharedPool::new(self.memory_bytes)))
            .with_max_spill_merge_fan_in(self.merged_at_once())
            .build_arc()
            .map_err(|source| QueryError::SetUp { source: Box::new(source) })
    }

    /// Rows up to this size are put together and sorted, larger ones are merged batch by batch. Merging holds a key for every
    /// row, which for narrow rows is more than the rows; so it is left to what would not fit into one array.
    pub(crate) fn sort_in_place_bytes(&self) -> usize {
        SORTED_IN_PLACE_BYTES.min(self.memory_bytes)
    }

    /// Most bytes that a function may make of a batch: what is left to steps that cannot spill. Values are copied on their way,
    /// and several calls may stand beside each other.
    pub(crate) fn value_bytes(&self) -> usize {
        (self.memory_bytes / LEFT_PART).min(LARGEST_ARRAY)
    }

    /// Spilled files that a merge reads at once. It would take as many as there is memory for, and then have none to merge with.
    fn merged_at_once(&self) -> usize {
        (self.memory_bytes / BYTES_PER_MERGED_FILE).clamp(MERGED_AT_ONCE.0, MERGED_AT_ONCE.1)
    }

    /// Rows in a batch. A merge of sorted runs holds a batch of each, and rows of CloudTrail may have some kilobytes: with little
    /// memory, batches of the usual size would leave room for none.
    pub(crate) fn batch_rows(&self) -> usize {
        let bytes_per_row = BYTES_PER_BATCH_ROW * self.threads.max(FEWEST_THREADS);
        (self.memory_bytes / bytes_per_row).clamp(BATCH_ROWS.0, BATCH_ROWS.1)
    }

    pub(crate) fn sort_reservation_bytes(&self) -> usize {
        SORT_RESERVATION_BYTES.min(self.memory_bytes / (RESERVED_SHARE * self.threads.max(1)))
    }
}
