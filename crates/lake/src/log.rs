//! The transaction log of a table as it lies in the store: which versions there are, and what each of them did.
//!
//! Delta's own snapshot knows one version and nothing of the way to it. Looking back, expiring and cleaning up need the
//! way: they read the log's files themselves, one listing for the versions and one small file for each that is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use deltalake_core::DeltaTableError;
use deltalake_core::kernel::{Action, Add, CommitInfo, Remove};
use deltalake_core::logstore::{commit_uri_from_version, get_actions};
use futures::TryStreamExt as _;
use futures::stream::BoxStream;
use milepost_store::Place;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _};
use percent_encoding::percent_decode_str;
use serde::Deserialize;

use crate::error::LakeError;
use crate::table::failed;
use crate::tables::TableName;

/// Folder of the log below its table.
pub(crate) const LOG_FOLDER: &str = "_delta_log";
/// Member of a commit's information that names the run behind it.
const RUN_ID: &str = "milepostRun";
/// Digits of a version in the names of the log's files.
const VERSION_DIGITS: usize = 20;

/// The versions of a table that its log still has something of.
#[derive(Debug, Default)]
pub(crate) struct Log {
    /// Commits, with the time their file was written, in milliseconds since 1970.
    commits: BTreeMap<u64, i64>,
    /// Versions with a checkpoint.
    checkpoints: BTreeSet<u64>,
    /// Those of them whose checkpoint is one file.
    single: BTreeSet<u64>,
}

/// What the log's hint at its newest checkpoint says.
#[derive(Deserialize)]
struct LastCheckpoint {
    version: u64,
}

/// Reads the log of one table, of which nothing is kept.
#[derive(Debug, Clone)]
pub(crate) struct LogReader {
    pub(crate) table: TableName,
    pub(crate) lake: String,
    /// Where the table's files lie.
    pub(crate) store: Arc<dyn ObjectStore>,
    /// The same, if it is a folder.
    pub(crate) folder: Option<PathBuf>,
}

/// The part of a log that makes a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    /// Version of the checkpoint that it begins with.
    pub(crate) checkpoint: Option<u64>,
    /// Versions after it, oldest first.
    pub(crate) commits: Vec<u64>,
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

    /// What has to be read for a version: a checkpoint in one file, if there is one, and the commits after it. `None` if
    /// that is not all of it.
    pub(crate) fn segment(&self, version: u64) -> Option<Segment> {
        let checkpoint = self.single.range(..=version).next_back().copied();
        let commits = checkpoint.map_or(0, |checkpoint| checkpoint + 1)..=version;
        let is_whole = commits.clone().all(|version| self.commits.contains_key(&version));
        is_whole.then(|| Segment { checkpoint, commits: commits.collect() })
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
            if kind == "checkpoint.parquet" {
                self.single.insert(version);
            }
        }
    }
}

impl LogReader {
    /// Reads the log of a table, whether it is there or not.
    pub(crate) fn new(place: &Place, table: TableName) -> Self {
        let below = place.child(table.name());
        let store = PrefixStore::new(Arc::clone(below.root()), below.path().clone());
        let folder = below.folder().map(Into::into);
        Self { table, lake: place.name().to_owned(), store: Arc::new(store), folder }
    }

    /// Lists the whole log. It is empty if there is no table.
    pub(crate) async fn list(&self) -> Result<Log, LakeError> {
        self.gather(self.store.list(Some(&Path::from(LOG_FOLDER)))).await
    }

    /// Lists the log from its newest checkpoint on: enough for the newest version.
    pub(crate) async fn list_newest(&self) -> Result<Log, LakeError> {
        let Some(version) = self.last_checkpoint().await else { return self.list().await };
        let offset = Path::from(format!("{LOG_FOLDER}/{version:0VERSION_DIGITS$}"));
        let log = self.gather(self.store.list_with_offset(Some(&Path::from(LOG_FOLDER)), &offset)).await?;
        // the hint may be of a log that is not there any more
        if log.checkpoints.contains(&version) { Ok(log) } else { self.list().await }
    }

    /// What the log's hint names. It is only a hint: if it is not there or not to be read, there is more to list.
    async fn last_checkpoint(&self) -> Option<u64> {
        let hint = Path::from(format!("{LOG_FOLDER}/_last_checkpoint"));
        let bytes = self.store.get(&hint).await.ok()?.bytes().await.ok()?;
        serde_json::from_slice::<LastCheckpoint>(&bytes).ok().map(|hint| hint.version)
    }

    async fn gather(&self, mut found: BoxStream<'_, object_store::Result<ObjectMeta>>) -> Result<Log, LakeError> {
        let mut log = Log::default();
        while let Some(object) = found.try_next().await.map_err(|source| self.failed("read", source.into()))? {
            log.add(&object.location, object.last_modified.timestamp_millis());
        }
        Ok(log)
    }

    /// An object of the log.
    pub(crate) async fn get(&self, name: &str) -> object_store::Result<Bytes> {
        self.store.get(&Path::from(format!("{LOG_FOLDER}/{name}"))).await?.bytes().await
    }

    pub(crate) fn failed(&self, action: &'static str, source: DeltaTableError) -> LakeError {
        failed(action, self.table, &self.lake, source)
    }

    /// Reads one commit.
    pub(crate) async fn commit_at(&self, log: &Log, version: u64) -> Result<Commit, LakeError> {
        let actions = read(&self.store, version).await.map_err(|source| self.failed("read", source))?;
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

/// The same, of a path as it stands in the log's texts, which are encoded once more.
pub(crate) fn raw_path(path: &str) -> Path {
    data_path(&percent_decode_str(path).decode_utf8_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_complete_from_a_checkpoint_or_the_beginning_on() {
        let mut log = Log::default();
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
        assert_eq!(log.segment(5), Some(Segment { checkpoint: Some(4), commits: vec![5] }));
        assert_eq!(log.segment(4), Some(Segment { checkpoint: Some(4), commits: vec![] }));
        assert_eq!(log.segment(3), None, "there is no beginning");
        assert_eq!(log.segment(7), None, "there is a gap");
        assert_eq!(log.segment(9), None, "its checkpoint is in parts");
    }
}
