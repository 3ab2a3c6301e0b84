//! The transaction log of a table as it lies in the store: which versions there are, and what each of them did.
//!
//! Delta's own snapshot knows one version and nothing of the way to it. Looking back, expiring and cleaning up need the
//! way: they read the log's files themselves, one listing for the versions and one small file for each that is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use deltalake_core::DeltaTableError;
use deltalake_core::kernel::{Action, Add, CommitInfo, Remove};
use deltalake_core::logstore::{commit_uri_from_version, get_actions};
use futures::TryStreamExt as _;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};

use crate::error::LakeError;
use crate::table::Table;

/// Folder of the log below its table.
pub(crate) const LOG_FOLDER: &str = "_delta_log";
/// Member of a commit's information that names the run behind it.
const RUN_ID: &str = "milepostRun";
/// Digits of a version in the names of the log's files.
const VERSION_DIGITS: usize = 20;

/// The versions of a table that its log still has something of.
#[derive(Debug)]
pub(crate) struct Log {
    /// Commits, with the time their file was written, in milliseconds since 1970.
    commits: BTreeMap<u64, i64>,
    /// Versions with a checkpoint.
    checkpoints: BTreeSet<u64>,
}

/// One commit, as its file says.
#[derive(Debug)]
pub(crate) struct Commit {
    /// Version that it made.
    pub(crate) version: u64,
    /// When, in milliseconds since 1970.
    pub(crate) millis: i64,
    /// Delta's word for what it did.
    pub(crate) operation: String,
    /// Run behind it, if it was one of milepost.
    pub(crate) run_id: Option<String>,
    pub(crate) added: Vec<Add>,
    pub(crate) removed: Vec<Remove>,
}

impl Log {
    /// Every version that there is something of, oldest first.
    pub(crate) fn versions(&self) -> BTreeSet<u64> {
        self.commits.keys().chain(&self.checkpoints).copied().collect()
    }

    /// Versions that have their own commit, oldest first.
    pub(crate) fn commits(&self) -> Vec<u64> {
        self.commits.keys().copied().collect()
    }

    /// Versions that can be put together: from the beginning or a checkpoint on without a gap.
    pub(crate) fn complete(&self) -> BTreeSet<u64> {
        let mut complete = BTreeSet::new();
        for version in self.versions() {
            let goes_on = version == 0 || complete.contains(&(version - 1));
            if self.checkpoints.contains(&version) || (goes_on && self.commits.contains_key(&version)) {
                complete.insert(version);
            }
        }
        complete
    }

    fn add(&mut self, path: &Path, modified_millis: i64) {
        let Some((version, kind)) = path.filename().and_then(|name| name.split_once('.')) else { return };
        if version.len() != VERSION_DIGITS {
            return;
        }
        let Ok(version) = version.parse() else { return };
        if kind == "json" {
            self.commits.insert(version, modified_millis);
        } else if kind.starts_with("checkpoint.") {
            self.checkpoints.insert(version);
        }
    }
}

impl Table {
    /// Lists the log.
    pub(crate) async fn log(&self) -> Result<Log, LakeError> {
        let mut log = Log { commits: BTreeMap::new(), checkpoints: BTreeSet::new() };
        let mut found = self.store().list(Some(&Path::from(LOG_FOLDER)));
        while let Some(object) = found.try_next().await.map_err(|source| self.failed("read", source.into()))? {
            log.add(&object.location, object.last_modified.timestamp_millis());
        }
        Ok(log)
    }

    /// Reads one commit.
    pub(crate) async fn commit_at(&self, log: &Log, version: u64) -> Result<Commit, LakeError> {
        let store = self.store();
        let actions = read(&store, version).await.map_err(|source| self.failed("read", source))?;
        let written_millis = log.commits.get(&version).copied().unwrap_or_default();
        Ok(Commit::of(version, written_millis, actions))
    }
}

async fn read(store: &Arc<dyn ObjectStore>, version: u64) -> Result<Vec<Action>, DeltaTableError> {
    let bytes = store.get(&commit_uri_from_version(Some(version))).await?.bytes().await?;
    get_actions(version, &bytes)
}

impl Commit {
    fn of(version: u64, written_millis: i64, actions: Vec<Action>) -> Self {
        let (mut information, mut added, mut removed) = (CommitInfo::default(), Vec::new(), Vec::new());
        for action in actions {
            match action {
                Action::CommitInfo(found) => information = found,
                Action::Add(add) => added.push(add),
                Action::Remove(remove) => removed.push(remove),
                _ => {}
            }
        }
        Self {
            version,
            // the file's own time changes when a lake is copied
            millis: information.timestamp.unwrap_or(written_millis),
            operation: information.operation.unwrap_or_default(),
            run_id: information.info.get(RUN_ID).and_then(|run| run.as_str()).map(str::to_owned),
            added,
            removed,
        }
    }
}

/// Where a file of the log lies below its table. Its path is encoded already, and must not be encoded again.
pub(crate) fn data_path(path: &str) -> Path {
    Path::parse(path).unwrap_or_else(|_| Path::from(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_complete_from_a_checkpoint_or_the_beginning_on() {
        let mut log = Log { commits: BTreeMap::new(), checkpoints: BTreeSet::new() };
        let names = [
            "00000000000000000003.json",
            "00000000000000000004.checkpoint.parquet",
            "00000000000000000004.json",
            "00000000000000000005.json",
            "00000000000000000007.json",
            "00000000000000000009.checkpoint.0000000001.0000000002.parquet",
            "_last_checkpoint",
            "00000000000000000009.json.tmp",
            "5.json",
        ];
        for name in names {
            log.add(&Path::from(format!("{LOG_FOLDER}/{name}")), 7);
        }
        assert_eq!(log.commits(), [3, 4, 5, 7]);
        assert_eq!(log.versions().into_iter().collect::<Vec<_>>(), [3, 4, 5, 7, 9]);
        assert_eq!(log.complete().into_iter().collect::<Vec<_>>(), [4, 5, 9]);
    }
}
