//! Deletes data files that nobody needs: those that were taken out of their table long enough ago, and those that never
//! were in it.
//!
//! A file is needed if the newest version has it, or if a version had it that was the newest after the time from which on
//! history is kept. The log's commits since then say that exactly. Whatever else lies in the table's folder is deleted if it
//! is old enough to be of no run that is still working: such a run writes its files first and commits them after.
//!
//! Delta's own vacuum is not used: it forgets which files were taken out after a week, whatever the age that was asked for,
//! and says nothing of bytes.

mod half_written;

use std::collections::{HashMap, HashSet};
use std::ops::AddAssign;

use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::ObjectMeta;
use object_store::path::Path;

use crate::error::LakeError;
use crate::lake::Lake;
use crate::log::{Log, data_path};
use crate::table::Table;
use crate::tables::TableName;

/// Ending of data files.
const EXTENSION: &str = ".parquet";

/// What is kept, in milliseconds since 1970.
#[derive(Debug, Clone, Copy)]
pub struct Kept {
    /// Versions that were the newest at this time or later stay readable.
    pub history_millis: i64,
    /// Files that no version names stay if they were written at this time or later: a run may be about to commit them.
    pub orphans_millis: i64,
}

/// Files that were deleted, or would be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Deleted {
    /// Number of files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl AddAssign for Deleted {
    fn add_assign(&mut self, more: Self) {
        self.files += more.files;
        self.bytes += more.bytes;
    }
}

/// What a vacuum did to one table.
#[derive(Debug, Clone)]
pub struct Vacuumed {
    /// The table.
    pub table: TableName,
    /// Files that had been taken out of the table.
    pub removed: Deleted,
    /// Files that were in no version that the log knows.
    pub orphaned: Deleted,
}

/// Files of a table that may be needed, or that were.
struct Named {
    /// In the newest version, or taken out since history is kept.
    needed: HashSet<Path>,
    /// Taken out before.
    removed: HashSet<Path>,
}

impl Lake {
    /// Deletes what no version that `kept` covers needs. With `is_dry_run`, only says what that would be.
    ///
    /// # Errors
    /// A log cannot be read, a table not be listed, or a file not be deleted; then others may have been.
    pub async fn vacuum(&self, kept: Kept, is_dry_run: bool) -> Result<Vec<Vacuumed>, LakeError> {
        let mut done = Vec::new();
        for name in TableName::ALL {
            if let Some(mut table) = self.open_table(name).await? {
                let mut vacuumed = vacuum(&mut table, kept, is_dry_run).await?;
                if let Some(folder) = self.place().child(name.name()).folder() {
                    vacuumed.orphaned += half_written::sweep(folder, kept.orphans_millis, is_dry_run)?;
                }
                done.push(vacuumed);
            }
        }
        Ok(done)
    }
}

async fn vacuum(table: &mut Table, kept: Kept, is_dry_run: bool) -> Result<Vacuumed, LakeError> {
    let named = table.named(kept.history_millis).await?;
    let mut useless: HashMap<Path, (u64, bool)> = HashMap::new();
    let mut objects = table.store().list(None);
    while let Some(object) = objects.try_next().await.map_err(|source| table.failed("list", source.into()))? {
        if is_data(&object.location) && !named.needed.contains(&object.location) {
            let was_removed = named.removed.contains(&object.location);
            if was_removed || is_old(&object, kept.orphans_millis) {
                useless.insert(object.location, (object.size, was_removed));
            }
        }
    }
    // what was committed while the listing went on stays, however old its files are
    table.refresh().await?;
    for file in table.snapshot()?.files {
        useless.remove(&file.path);
    }
    let mut done = Vacuumed { table: table.name, removed: Deleted::default(), orphaned: Deleted::default() };
    for (bytes, was_removed) in useless.values() {
        let count = if *was_removed { &mut done.removed } else { &mut done.orphaned };
        count.files += 1;
        count.bytes += bytes;
    }
    if !is_dry_run {
        delete(table, useless.into_keys().collect()).await?;
    }
    Ok(done)
}

fn is_old(object: &ObjectMeta, before_millis: i64) -> bool {
    object.last_modified.timestamp_millis() < before_millis
}

/// Whether a file is one of data. Folders and files whose names begin with `_` or `.` belong to the table itself or to
/// others; a partition's folder begins with the name of its column.
fn is_data(path: &Path) -> bool {
    let is_hidden = path.parts().any(|part| part.as_ref().starts_with(['_', '.']));
    !is_hidden && path.as_ref().ends_with(EXTENSION)
}

async fn delete(table: &Table, paths: Vec<Path>) -> Result<(), LakeError> {
    let paths: BoxStream<'static, _> = futures::stream::iter(paths.into_iter().map(Ok)).boxed();
    let mut deleted = table.store().delete_stream(paths);
    while let Some(outcome) = deleted.next().await {
        match outcome {
            // somebody else was faster, and it is gone
            Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
            Err(source) => {
                return Err(table.failed("delete a file of", source.into()));
            }
        }
    }
    Ok(())
}

impl Table {
    /// What the newest version and the commits since `keep_millis` name, and what was taken out before.
    async fn named(&self, keep_millis: i64) -> Result<Named, LakeError> {
        let mut named = Named { needed: HashSet::new(), removed: HashSet::new() };
        let log_store = self.delta.log_store();
        let state = self.delta.snapshot().map_err(|source| self.failed("read", source))?;
        let mut tombstones = state.all_tombstones(&log_store);
        while let Some(tombstone) = tombstones.try_next().await.map_err(|source| self.failed("read", source))? {
            named.removed.insert(data_path(&tombstone.path()));
        }
        named.needed.extend(self.snapshot()?.files.into_iter().map(|file| file.path));
        let log = self.reader.list().await?;
        self.add_removed_since(&log, keep_millis, &mut named.needed).await?;
        Ok(named)
    }

    /// Adds the files that were taken out at `keep_millis` or later: a version before needs them.
    async fn add_removed_since(
        &self,
        log: &Log,
        keep_millis: i64,
        needed: &mut HashSet<Path>,
    ) -> Result<(), LakeError> {
        for version in log.commits().into_iter().rev() {
            let commit = self.reader.commit_at(log, version).await?;
            if commit.millis < keep_millis {
                break;
            }
            needed.extend(commit.removed.iter().map(|remove| data_path(&remove.path)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_data_files_are_looked_at() {
        for (path, expected) in [
            ("a.parquet", true),
            ("region=%2E.%2Fx/account=__HIVE_DEFAULT_PARTITION__/date=2026-01-01/a.parquet", true),
            ("region=_x/account=1/date=2026-01-01/a.parquet", true),
            ("_delta_log/00000000000000000010.checkpoint.parquet", false),
            ("_delta_index/a.parquet", false),
            ("region=x/_temporary/a.parquet", false),
            (".hidden.parquet", false),
            ("notes.txt", false),
        ] {
            assert_eq!(is_data(&Path::parse(path).unwrap()), expected, "{path}");
        }
    }
}
