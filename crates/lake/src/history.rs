//! What became of a table, version by version, and which versions can still be read.

use std::collections::{HashMap, HashSet};

use futures::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path;

use crate::as_of::micros_of;
use crate::error::LakeError;
use crate::lake::Lake;
use crate::log::{Commit, LOG_FOLDER, data_path};
use crate::table::Table;
use crate::tables::TableName;

/// Commits read ahead.
const READ_AHEAD: usize = 16;

/// What one version of a table changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Version that it made.
    pub version: u64,
    /// When, in microseconds since 1970.
    pub micros: i64,
    /// What was done: `create`, `convert`, `compact`, `expire`; of others, Delta's word in small letters.
    pub operation: String,
    /// Id of the run behind it.
    pub run_id: Option<String>,
    /// Files that it added.
    pub files_added: u64,
    /// Files that it took out.
    pub files_removed: u64,
    /// Rows in the added files, if the log says so of each.
    pub rows_added: Option<u64>,
    /// Bytes of the added files.
    pub bytes_added: u64,
    /// Whether the version can still be read: neither its log nor one of its files has been cleaned up.
    pub is_readable: bool,
}

impl Lake {
    /// What became of `table`, newest first, at most `limit` versions. Empty if the table is not there.
    ///
    /// # Errors
    /// Its log cannot be read, or its files cannot be listed.
    pub async fn history(&self, table: TableName, limit: usize) -> Result<Vec<Change>, LakeError> {
        match self.open_table(table).await? {
            Some(table) => table.history(limit).await,
            None => Ok(Vec::new()),
        }
    }
}

impl Table {
    async fn history(&self, limit: usize) -> Result<Vec<Change>, LakeError> {
        let log = self.reader.list().await?;
        let complete = log.complete();
        let mut gone = Gone::of(self).await?;
        let newest = self.snapshot()?.version;
        let versions = log.commits().into_iter().rev().filter(|version| *version <= newest).take(limit);
        let commits =
            futures::stream::iter(versions).map(|version| self.reader.commit_at(&log, version)).buffered(READ_AHEAD);
        let mut commits = std::pin::pin!(commits);
        let mut changes = Vec::new();
        while let Some(commit) = commits.try_next().await? {
            let is_readable = complete.contains(&commit.version) && gone.needed.is_empty();
            gone.undo(&commit);
            changes.push(self.change(commit, is_readable));
        }
        Ok(changes)
    }

    fn change(&self, commit: Commit, is_readable: bool) -> Change {
        let rows = |stats: Option<&str>| {
            let stats: serde_json::Value = serde_json::from_str(stats?).ok()?;
            stats["numRecords"].as_u64()
        };
        Change {
            version: commit.version,
            micros: micros_of(commit.millis),
            operation: word(&commit.operation, self.name, commit.run_id.is_some()),
            files_added: commit.added.len() as u64,
            files_removed: commit.removed.len() as u64,
            rows_added: commit.added.iter().map(|add| rows(add.stats.as_deref())).sum(),
            bytes_added: commit.added.iter().map(|add| u64::try_from(add.size).unwrap_or(0)).sum(),
            run_id: commit.run_id,
            is_readable,
        }
    }

    /// Data files that are in the store, with their sizes in bytes.
    pub(crate) async fn stored(&self) -> Result<HashMap<Path, u64>, LakeError> {
        let mut found = HashMap::new();
        let mut objects = self.store().list(None);
        while let Some(object) = objects.try_next().await.map_err(|source| self.failed("list", source.into()))? {
            if !object.location.as_ref().starts_with(LOG_FOLDER) {
                found.insert(object.location, object.size);
            }
        }
        Ok(found)
    }
}

/// Files that a version needs and that are not there any more. Begins with the newest version and goes back from there.
struct Gone {
    stored: HashMap<Path, u64>,
    needed: HashSet<Path>,
}

impl Gone {
    async fn of(table: &Table) -> Result<Self, LakeError> {
        let stored = table.stored().await?;
        let files = table.snapshot()?.files.into_iter().map(|file| file.path);
        let needed = files.filter(|path| !stored.contains_key(path)).collect();
        Ok(Self { stored, needed })
    }

    /// Goes back over one commit.
    fn undo(&mut self, commit: &Commit) {
        for add in &commit.added {
            self.needed.remove(&data_path(&add.path));
        }
        let removed = commit.removed.iter().map(|remove| data_path(&remove.path));
        self.needed.extend(removed.filter(|path| !self.stored.contains_key(path)));
    }
}

/// The command behind an operation of Delta's.
fn word(operation: &str, table: TableName, is_ours: bool) -> String {
    match (operation, table) {
        ("CREATE TABLE", _) => "create".to_owned(),
        ("WRITE", TableName::Events) if is_ours => "convert".to_owned(),
        ("DELETE", _) if is_ours => "expire".to_owned(),
        ("OPTIMIZE", _) if is_ours => "compact".to_owned(),
        (other, _) => other.to_lowercase(),
    }
}
