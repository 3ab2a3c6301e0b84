//! A lake: where its tables are, and how they are opened.

use std::io::ErrorKind;

use deltalake_core::DeltaTable;
use futures::TryStreamExt as _;
use milepost_store::{Place, StoreOptions};
use object_store::ObjectStore as _;

use crate::as_of::{AsOf, Which};
use crate::commit::EventWriter;
use crate::error::LakeError;
use crate::ledger::Ledger;
use crate::log::{LOG_FOLDER, LogReader};
use crate::replay::TableVersion;
use crate::snapshot::Snapshot;
use crate::table::{Table, log_store};
use crate::tables::TableName;

/// A place with the four tables in it.
#[derive(Debug, Clone)]
pub struct Lake {
    place: Place,
}

impl Lake {
    /// The lake at `location`, which must be there. Its tables are opened when they are asked for.
    ///
    /// # Errors
    /// [`LakeError::NotALake`] if there is no `events` table, [`LakeError::Place`] if the place cannot be looked at.
    pub async fn open(location: &str, options: &StoreOptions) -> Result<Self, LakeError> {
        let lake = Self { place: Place::open(location, options).await? };
        if lake.has_events().await? { Ok(lake) } else { Err(LakeError::NotALake { lake: location.to_owned() }) }
    }

    /// The lake at `location`; made if there is nothing there.
    ///
    /// # Errors
    /// [`LakeError::Occupied`] if the place holds something else, [`LakeError::Location`] if it cannot be made.
    pub async fn open_or_create(location: &str, options: &StoreOptions) -> Result<Self, LakeError> {
        let lake = Self { place: Place::open(location, options).await? };
        if !lake.has_events().await? {
            if let Some(folder) = lake.place.folder() {
                std::fs::create_dir_all(folder)
                    .map_err(|source| LakeError::Location { lake: location.to_owned(), source })?;
            }
            if !lake.holds_nothing_foreign().await? {
                return Err(LakeError::Occupied { lake: location.to_owned() });
            }
        }
        Table::open_or_create(&lake.place, TableName::Events).await?;
        Ok(lake)
    }

    /// The location as the user wrote it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.place.name()
    }

    /// Where it lies.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Whether the log of `events` has begun.
    async fn has_events(&self) -> Result<bool, LakeError> {
        let log = self.place.child(TableName::Events.name()).child(LOG_FOLDER);
        match log.folder().map(std::fs::metadata) {
            Some(Ok(found)) if !found.is_dir() => return Ok(false),
            Some(Err(error)) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Ok(false);
            }
            Some(Err(source)) => return Err(LakeError::Unreadable { lake: self.name().to_owned(), source }),
            Some(Ok(_)) | None => {}
        }
        let first = self.place.root().list(Some(log.path())).try_next().await;
        Ok(first.map_err(|source| self.unlisted(source))?.is_some())
    }

    /// Whether a place that is no lake yet may become one: it is empty, or holds only what a crash while making a lake
    /// leaves behind.
    async fn holds_nothing_foreign(&self) -> Result<bool, LakeError> {
        let found = self.place.root().list_with_delimiter(Some(self.place.path())).await;
        let found = found.map_err(|source| self.unlisted(source))?;
        let is_table = |path: &object_store::path::Path| {
            TableName::ALL.iter().any(|table| path.filename().is_some_and(|name| name == table.name()))
        };
        Ok(found.objects.is_empty() && found.common_prefixes.iter().all(is_table))
    }

    fn unlisted(&self, source: object_store::Error) -> LakeError {
        LakeError::List { lake: self.name().to_owned(), source }
    }

    /// A table as it is or was, or `None` if the lake does not have it, or did not have it yet.
    ///
    /// # Errors
    /// As [`table_version`](Self::table_version).
    pub async fn snapshot(&self, table: TableName, as_of: AsOf) -> Result<Option<Snapshot>, LakeError> {
        match self.table_version(table, as_of).await? {
            Some(found) => found.snapshot().await.map(Some),
            None => Ok(None),
        }
    }

    /// The version of a table that is meant, or `None` if the lake does not have it, or did not have it yet. Its files are
    /// not looked at.
    ///
    /// # Errors
    /// The table's log cannot be read; [`LakeError::NotALake`] if `events` is not there; [`LakeError::NoVersion`],
    /// [`LakeError::VersionGone`] or [`LakeError::BeforeTheLake`] if that state of the lake cannot be had.
    pub async fn table_version(&self, table: TableName, as_of: AsOf) -> Result<Option<TableVersion>, LakeError> {
        let which = match (as_of, table) {
            (AsOf::Newest, _) => Which::Newest,
            (AsOf::Instant(micros), _) => Which::Instant(micros),
            (AsOf::Version(version), TableName::Events) => Which::Version(version),
            (AsOf::Version(version), _) => {
                let events = LogReader::new(&self.place, TableName::Events);
                Which::Instant(events.made_at(version).await?)
            }
        };
        let reader = LogReader::new(&self.place, table);
        match (reader.find(which).await?, table) {
            (Some((version, log)), _) => {
                let segment = log.segment(version);
                let delta = DeltaTable::new(log_store(&self.place, table));
                Ok(Some(TableVersion { reader, version, segment, delta }))
            }
            // a lake whose maker was killed before its first table was there
            (None, TableName::Events) => Err(LakeError::NotALake { lake: self.name().to_owned() }),
            (None, _) => Ok(None),
        }
    }

    /// A table at its newest version, or `None` if the lake does not have it yet.
    ///
    /// # Errors
    /// The table's log cannot be read; [`LakeError::NotALake`] if `events` is not there.
    pub(crate) async fn open_table(&self, table: TableName) -> Result<Option<Table>, LakeError> {
        match (Table::open(&self.place, table).await?, table) {
            // a lake whose maker was killed before its first table was there
            (None, TableName::Events) => Err(LakeError::NotALake { lake: self.name().to_owned() }),
            (found, _) => Ok(found),
        }
    }

    /// A writer of `events` for one run.
    ///
    /// # Errors
    /// The table's log cannot be read.
    pub async fn event_writer(&self, run_id: &str) -> Result<EventWriter, LakeError> {
        let table = Table::open_or_create(&self.place, TableName::Events).await?;
        Ok(EventWriter::new(table, run_id))
    }

    /// The ledger, for one run.
    ///
    /// # Errors
    /// One of its tables cannot be read or made.
    pub async fn ledger(&self, run_id: &str) -> Result<Ledger, LakeError> {
        Ledger::open(&self.place, run_id).await
    }
}

/// A new id for a run.
#[must_use]
pub fn new_run_id() -> String {
    uuid::Uuid::new_v4().to_string()
}
