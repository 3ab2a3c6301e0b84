//! One Delta table: open, create, append, list its files.

use std::collections::HashMap;
use std::sync::Arc;

use deltalake_core::kernel::engine::arrow_conversion::TryIntoKernel as _;
use deltalake_core::kernel::transaction::{CommitBuilder, CommitProperties, TransactionError};
use deltalake_core::kernel::{Action, Add, LogicalFileView, Remove, StructType};
use deltalake_core::logstore::{LogStoreRef, StorageConfig, default_logstore};
use deltalake_core::operations::create::CreateBuilder;
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use deltalake_core::{DeltaTable, DeltaTableError};
use milepost_store::Place;
use object_store::ObjectStore;
use object_store::path::Path;
use object_store::prefix::PrefixStore;

use crate::encode::{Encoded, STATISTICS_COLUMNS};
use crate::error::LakeError;
use crate::filters::BLOOM_FILTERS;
use crate::log::LogReader;
use crate::snapshot::{DataFile, Snapshot};
use crate::tables::TableName;
use crate::upgrade::with_later_columns;

/// Tag of a file in the log: the SHA-256 of its footer.
pub(crate) const FOOTER_SHA256: &str = "milepost.footerSha256";

/// An open table at one version.
pub(crate) struct Table {
    pub(crate) name: TableName,
    pub(crate) lake: String,
    pub(crate) delta: DeltaTable,
    /// Of its log.
    pub(crate) reader: LogReader,
}

/// What became of an attempt to commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// The version that the commit made.
    Committed(u64),
    /// Somebody else committed first; nothing was changed.
    Overtaken,
}

/// Why files are taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Removal {
    /// Their rows are to go.
    Rows,
    /// Their rows stay, in other files.
    Files,
}

impl Table {
    /// Opens the table below `root`, or gives `None` if there is none.
    pub(crate) async fn open(place: &Place, name: TableName) -> Result<Option<Self>, LakeError> {
        let lake = place.name();
        let failed = |source| failed("open", name, lake, source);
        let mut delta = DeltaTable::new(log_store(place, name));
        if !delta.verify_deltatable_existence().await.map_err(failed)? {
            return Ok(None);
        }
        delta.load().await.map_err(failed)?;
        Ok(Some(Self { name, lake: lake.to_owned(), delta, reader: LogReader::new(place, name) }))
    }

    /// Opens the table below `root`; makes it if there is none.
    pub(crate) async fn open_or_create(place: &Place, name: TableName) -> Result<Self, LakeError> {
        if let Some(table) = Self::open(place, name).await? {
            let table = with_later_columns(place, table).await?;
            table.check_columns()?;
            return Ok(table);
        }
        let lake = place.name();
        let failed = |source| failed("create", name, lake, source);
        let schema = name.schema();
        let columns: StructType = schema.as_ref().try_into_kernel().map_err(|source| failed(source.into()))?;
        let statistics = [milepost_schema::EVENT_TIME].iter().chain(&STATISTICS_COLUMNS).copied().collect::<Vec<_>>();
        let mut create = CreateBuilder::new()
            .with_log_store(log_store(place, name))
            .with_columns(columns.fields().cloned())
            .with_partition_columns(name.partition_columns().iter().copied())
            .with_save_mode(SaveMode::Ignore);
        if name == TableName::Events {
            let property = Some(statistics.join(","));
            create = create.with_configuration([("delta.dataSkippingStatsColumns".to_owned(), property)]);
        }
        let created = create.await;
        // another process may have made it in the meantime; what counts is that it is there
        match (Self::open(place, name).await?, created) {
            (Some(table), _) => Ok(table),
            (None, Err(source)) => Err(failed(source)),
            (None, Ok(_)) => Err(LakeError::NotALake { lake: lake.to_owned() }),
        }
    }

    /// Goes to the newest version.
    pub(crate) async fn refresh(&mut self) -> Result<(), LakeError> {
        let (name, lake) = (self.name, self.lake.clone());
        self.delta.update_state().await.map_err(|source| failed("read", name, &lake, source))
    }

    /// Where the data files lie; paths are relative to the table.
    pub(crate) fn store(&self) -> Arc<dyn ObjectStore> {
        self.delta.object_store()
    }

    /// What readers see at the table's version.
    pub(crate) fn snapshot(&self) -> Result<Snapshot, LakeError> {
        let files = files_of(&self.delta).map_err(|source| self.failed("read", source))?;
        let state = self.delta.snapshot().map_err(|source| self.failed("read", source))?;
        Ok(Snapshot { table: self.name, version: state.version(), files, store: self.store() })
    }

    /// Tries once to commit new files on top of the version that is open.
    pub(crate) async fn append_once(&mut self, files: Vec<Add>, run_id: &str) -> Result<Attempt, LakeError> {
        let actions = files.into_iter().map(Action::Add).collect();
        self.commit_once(actions, self.append_operation(), run_id).await
    }

    /// Commits new files whatever others commit meanwhile; for tables whose rows do not depend on each other.
    pub(crate) async fn append(&mut self, files: Vec<Add>, run_id: &str) -> Result<(), LakeError> {
        const RETRIES: usize = 50;
        let actions = files.into_iter().map(Action::Add).collect();
        match self.commit_actions(actions, self.append_operation(), run_id, RETRIES).await {
            Ok(_) => Ok(()),
            Err(source) => Err(self.failed("commit to", source)),
        }
    }

    /// The files of the version that is open, and how each would be taken out.
    pub(crate) fn removable(&self, removal: Removal) -> Result<Vec<(DataFile, Remove)>, LakeError> {
        let state = self.delta.snapshot().map_err(|source| self.failed("read", source))?;
        let log = state.snapshot().try_log_data().map_err(|source| self.failed("read", source))?;
        let is_change = removal == Removal::Rows;
        Ok(log.iter().map(|view| (DataFile::from_log(&view), view.remove_action(is_change))).collect())
    }

    /// What the log has of files under a name of ours.
    pub(crate) fn tags(&self, name: &str) -> Result<HashMap<Path, String>, LakeError> {
        let state = self.delta.snapshot().map_err(|source| self.failed("read", source))?;
        let log = state.snapshot().try_log_data().map_err(|source| self.failed("read", source))?;
        let tag = |view: LogicalFileView| {
            #[expect(deprecated, reason = "nothing else gives the tags")]
            let tags = view.add_action().tags?;
            Some((view.object_store_path(), tags.get(name)?.clone()?))
        };
        Ok(log.iter().filter_map(tag).collect())
    }

    /// Tries once to take files out of the version that is open. `predicate` says in SQL which rows they hold.
    pub(crate) async fn remove_once(
        &mut self,
        files: Vec<Remove>,
        predicate: String,
        run_id: &str,
    ) -> Result<Attempt, LakeError> {
        let operation = DeltaOperation::Delete { predicate: Some(predicate) };
        let actions = files.into_iter().map(Action::Remove).collect();
        self.commit_once(actions, operation, run_id).await
    }

    /// Tries once to put files in the place of others that hold the same rows, in the version that is open.
    pub(crate) async fn replace_once(
        &mut self,
        removes: Vec<Remove>,
        adds: Vec<Add>,
        target_bytes: u64,
        run_id: &str,
    ) -> Result<Attempt, LakeError> {
        let target_size = i64::try_from(target_bytes).unwrap_or(i64::MAX);
        let operation = DeltaOperation::Optimize { predicate: None, target_size };
        let adds = adds.into_iter().map(|add| Action::Add(Add { data_change: false, ..add }));
        let actions = removes.into_iter().map(Action::Remove).chain(adds).collect();
        self.commit_once(actions, operation, run_id).await
    }

    async fn commit_once(
        &mut self,
        actions: Vec<Action>,
        operation: DeltaOperation,
        run_id: &str,
    ) -> Result<Attempt, LakeError> {
        match self.commit_actions(actions, operation, run_id, 0).await {
            Ok(version) => Ok(Attempt::Committed(version)),
            Err(DeltaTableError::Transaction { source: TransactionError::MaxCommitAttempts(_) }) => {
                Ok(Attempt::Overtaken)
            }
            Err(source) => Err(self.failed("commit to", source)),
        }
    }

    fn append_operation(&self) -> DeltaOperation {
        let partition_by = self.name.partition_columns().iter().map(|name| (*name).to_owned()).collect();
        DeltaOperation::Write { mode: SaveMode::Append, partition_by: Some(partition_by), predicate: None }
    }

    async fn commit_actions(
        &mut self,
        actions: Vec<Action>,
        operation: DeltaOperation,
        run_id: &str,
        retries: usize,
    ) -> Result<u64, DeltaTableError> {
        let metadata = [("milepostRun".to_owned(), serde_json::Value::from(run_id))];
        let properties = CommitProperties::default().with_max_retries(retries).with_metadata(metadata);
        let state = self.delta.snapshot()?;
        let commit = CommitBuilder::from(properties)
            .with_actions(actions)
            .build(Some(state), self.delta.log_store(), operation)
            .await?;
        let version = commit.version();
        self.delta.state = Some(commit.snapshot());
        Ok(version)
    }

    /// A table with other columns than this version of milepost writes is refused. Reading it is fine: a column that it does
    /// not have is null.
    fn check_columns(&self) -> Result<(), LakeError> {
        let state = self.delta.snapshot().map_err(|source| self.failed("read", source))?;
        let found = state.snapshot().arrow_schema();
        let expected = self.name.schema();
        let difference = expected.fields().iter().find_map(|field| match found.field_with_name(field.name()) {
            Err(_) => Some(format!("it has no column `{}`", field.name())),
            Ok(_) => None,
        });
        let unknown = found.fields().iter().find(|field| expected.field_with_name(field.name()).is_err());
        match difference.or_else(|| unknown.map(|field| format!("it has a column `{}`", field.name()))) {
            None => Ok(()),
            Some(difference) => {
                Err(LakeError::Columns { table: self.name.name(), lake: self.lake.clone(), difference })
            }
        }
    }

    pub(crate) fn failed(&self, action: &'static str, source: DeltaTableError) -> LakeError {
        failed(action, self.name, &self.lake, source)
    }
}

/// The files of a table that has been loaded.
pub(crate) fn files_of(delta: &DeltaTable) -> Result<Vec<DataFile>, DeltaTableError> {
    let log = delta.snapshot()?.snapshot().try_log_data()?;
    Ok(log.iter().map(|view| DataFile::from_log(&view)).collect())
}

/// The log entry of a file that was just written.
pub(crate) fn add_action(
    path: &str,
    encoded: &Encoded,
    partition_values: HashMap<String, Option<String>>,
    now_millis: i64,
) -> Add {
    let tags = [(FOOTER_SHA256, &encoded.footer_sha256), (BLOOM_FILTERS, &encoded.bloom_filters)];
    let tags: HashMap<_, _> = tags
        .into_iter()
        .filter(|(_, text)| text.is_some())
        .map(|(name, text)| (name.to_owned(), text.clone()))
        .collect();
    Add {
        path: path.to_owned(),
        partition_values,
        size: i64::try_from(encoded.bytes.len()).unwrap_or(i64::MAX),
        modification_time: now_millis,
        data_change: true,
        stats: Some(encoded.statistics.clone()),
        tags: (!tags.is_empty()).then_some(tags),
        deletion_vector: None,
        base_row_id: None,
        default_row_commit_version: None,
        clustering_provider: None,
    }
}

/// The transaction log of a table, in the store of its lake.
pub(crate) fn log_store(place: &Place, name: TableName) -> LogStoreRef {
    let table = place.child(name.name());
    let below_table = Arc::new(PrefixStore::new(Arc::clone(table.root()), table.path().clone()));
    default_logstore(below_table, Arc::clone(table.root()), table.url(), &StorageConfig::default())
}

pub(crate) fn failed(action: &'static str, name: TableName, lake: &str, source: DeltaTableError) -> LakeError {
    LakeError::Table { action, table: name.name(), lake: lake.to_owned(), source: Box::new(source) }
}
