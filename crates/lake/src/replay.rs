//! The data files of a table at one version, put together from its log for those who only read.
//!
//! Writers need all that Delta's own library keeps of a table. A question needs the paths and partitions of its files, and
//! what the log says of the few that these leave: here the log's texts are read as they are, side by side, and statistics
//! not before they are asked for. Tables of our making have nothing in their logs that this does not know. Whatever else
//! turns up, or cannot be read, is left to the library, which knows all of Delta or says what is wrong.

mod checkpoint;
mod commit;

use std::collections::HashSet;
use std::path::Path as FolderPath;
use std::sync::Arc;

use deltalake_core::DeltaTable;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::ObjectStore;
use object_store::path::Path;
use tokio::task::spawn_blocking;

use crate::error::LakeError;
use crate::log::{LogReader, Segment};
use crate::snapshot::{DataFile, Snapshot};
use crate::table::files_of;

/// Parts of the log that are read at once.
const READ_AHEAD: usize = 16;

/// A table at one version, of which nothing has been read yet.
#[derive(Debug, Clone)]
pub struct TableVersion {
    pub(crate) reader: LogReader,
    pub(crate) version: u64,
    /// The part of the log that makes it, if all of it was found.
    pub(crate) segment: Option<Segment>,
    /// The same for Delta's library.
    pub(crate) delta: DeltaTable,
}

/// A part of the log holds something that is not known here, or cannot be read.
#[derive(Debug, PartialEq, Eq)]
struct Unknown;

/// What a part of the log does to the table.
#[derive(Debug, Default)]
struct Part {
    added: Vec<DataFile>,
    removed: Vec<Path>,
}

impl TableVersion {
    /// The version.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Where the files lie.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.reader.store
    }

    /// The folder where the files lie, if it is one.
    #[must_use]
    pub fn folder(&self) -> Option<&FolderPath> {
        self.reader.folder.as_deref()
    }

    /// Reads the log.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn snapshot(&self) -> Result<Snapshot, LakeError> {
        let files = match self.replay().await {
            Ok(files) => files,
            Err(Unknown) => self.load().await?,
        };
        Ok(Snapshot { table: self.reader.table, version: self.version, files, store: Arc::clone(&self.reader.store) })
    }

    async fn replay(&self) -> Result<Vec<DataFile>, Unknown> {
        let segment = self.segment.as_ref().ok_or(Unknown)?;
        let commits = segment.commits.iter().map(|version| (*version, false));
        let parts = segment.checkpoint.map(|version| (version, true)).into_iter().chain(commits);
        // collected first: a stream that borrows itself cannot be sent between threads
        let reads: Vec<_> = parts.map(|(version, is_checkpoint)| self.read(version, is_checkpoint)).collect();
        let parts: Vec<Part> = futures::stream::iter(reads).buffered(READ_AHEAD).try_collect().await?;
        Ok(put_together(parts))
    }

    async fn read(&self, version: u64, is_checkpoint: bool) -> Result<Part, Unknown> {
        let kind = if is_checkpoint { "checkpoint.parquet" } else { "json" };
        let bytes = self.reader.get(&format!("{version:020}.{kind}")).await.map_err(|_| Unknown)?;
        let read = move || if is_checkpoint { checkpoint::read(bytes) } else { commit::read(&bytes) };
        spawn_blocking(read).await.map_err(|_| Unknown)?
    }

    async fn load(&self) -> Result<Vec<DataFile>, LakeError> {
        let failed = |source| self.reader.failed("read", source);
        let mut delta = self.delta.clone();
        delta.load_version(self.version).await.map_err(failed)?;
        files_of(&delta).map_err(failed)
    }
}

/// What is left after all parts, which are in their order: the newest word on a path counts.
fn put_together(parts: Vec<Part>) -> Vec<DataFile> {
    let mut files = Vec::with_capacity(parts.iter().map(|part| part.added.len()).sum());
    let mut named = HashSet::new();
    let is_alone = parts.len() == 1;
    for part in parts.into_iter().rev() {
        for file in part.added {
            if is_alone || named.insert(file.path.clone()) {
                files.push(file);
            }
        }
        named.extend(part.removed);
    }
    files
}

#[cfg(test)]
mod tests;
