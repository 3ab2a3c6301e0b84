//! What an engine may use: threads, memory, files.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};

use crate::error::QueryError;

/// Memory of queries if nobody says otherwise: 2 GiB.
pub const DEFAULT_MEMORY_BYTES: usize = 2 << 30;
/// Users of memory that an error names.
const NAMED_CONSUMERS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(2);
/// What each sort sets aside for merging what it spilled; DataFusion's own default.
const SORT_RESERVATION_BYTES: usize = 10 << 20;
/// The sorts of all threads together may set aside a half of the memory.
const RESERVED_SHARE: usize = 2;

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
    pub protected: Option<PathBuf>,
}

impl EngineOptions {
    /// The defaults: 2 GiB and no files.
    #[must_use]
    pub fn new(threads: usize) -> Self {
        Self { threads: threads.max(1), memory_bytes: DEFAULT_MEMORY_BYTES, files: false, protected: None }
    }

    pub(crate) fn runtime(&self) -> Result<Arc<RuntimeEnv>, QueryError> {
        // shares of equal size: a query with several sorts spills all of them instead of starving the last
        let pool = TrackConsumersPool::new(FairSpillPool::new(self.memory_bytes), NAMED_CONSUMERS);
        RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(pool))
            .build_arc()
            .map_err(|source| QueryError::SetUp { source: Box::new(source) })
    }

    pub(crate) fn sort_reservation_bytes(&self) -> usize {
        SORT_RESERVATION_BYTES.min(self.memory_bytes / (RESERVED_SHARE * self.threads.max(1)))
    }
}
