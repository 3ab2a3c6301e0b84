//! A lake: where its tables are, and how they are opened.

use std::path::{Path, PathBuf};

use url::Url;

use crate::as_of::AsOf;
use crate::commit::EventWriter;
use crate::error::LakeError;
use crate::ledger::Ledger;
use crate::snapshot::Snapshot;
use crate::table::Table;
use crate::tables::TableName;

/// A place with the four tables in it.
#[derive(Debug, Clone)]
pub struct Lake {
    name: String,
    folder: PathBuf,
    root: Url,
}

impl Lake {
    /// The lake at `location`, which must be there. Its tables are opened when they are asked for.
    ///
    /// # Errors
    /// [`LakeError::NotALake`] if there is no `events` table, [`LakeError::Unsupported`] for an object store.
    pub fn open(location: &str) -> Result<Self, LakeError> {
        let folder = local_folder(location)?;
        if !folder.join(TableName::Events.name()).join("_delta_log").is_dir() {
            return Err(LakeError::NotALake { lake: location.to_owned() });
        }
        Self::at(location, &folder)
    }

    /// The lake at `location`; made if there is nothing there.
    ///
    /// # Errors
    /// [`LakeError::Occupied`] if the folder holds something else, [`LakeError::Location`] if it cannot be made.
    pub async fn open_or_create(location: &str) -> Result<Self, LakeError> {
        let folder = local_folder(location)?;
        let failed = |source| LakeError::Location { lake: location.to_owned(), source };
        let is_lake = folder.join(TableName::Events.name()).join("_delta_log").is_dir();
        if !is_lake {
            std::fs::create_dir_all(&folder).map_err(failed)?;
            if !holds_nothing_foreign(&folder).map_err(failed)? {
                return Err(LakeError::Occupied { lake: location.to_owned() });
            }
        }
        let lake = Self::at(location, &folder)?;
        Table::open_or_create(&lake.root, &lake.name, TableName::Events).await?;
        Ok(lake)
    }

    fn at(location: &str, folder: &Path) -> Result<Self, LakeError> {
        let failed = |source| LakeError::Location { lake: location.to_owned(), source };
        let folder = folder.canonicalize().map_err(failed)?;
        let root = Url::from_directory_path(&folder)
            .map_err(|()| failed(std::io::Error::other("the path cannot be written as a URL")))?;
        Ok(Self { name: location.to_owned(), folder, root })
    }

    /// The location as the user wrote it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The folder it lies in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A table as it is or was, or `None` if the lake does not have it, or did not have it yet.
    ///
    /// # Errors
    /// The table's log cannot be read; [`LakeError::NotALake`] if `events` is not there; [`LakeError::NoVersion`],
    /// [`LakeError::VersionGone`] or [`LakeError::BeforeTheLake`] if that state of the lake cannot be had.
    pub async fn snapshot(&self, table: TableName, as_of: AsOf) -> Result<Option<Snapshot>, LakeError> {
        let Some(mut opened) = self.open_table(table).await? else { return Ok(None) };
        let is_there = match (as_of, table) {
            (AsOf::Newest, _) => true,
            (AsOf::Instant(micros), _) => opened.go_to_instant(micros).await?,
            (AsOf::Version(version), TableName::Events) => {
                let log = opened.log().await?;
                opened.go_to(&log, version).await?;
                true
            }
            (AsOf::Version(version), _) => match self.open_table(TableName::Events).await? {
                Some(events) => opened.go_to_instant(events.made_at(version).await?).await?,
                None => false,
            },
        };
        is_there.then(|| opened.snapshot()).transpose()
    }

    /// A table at its newest version, or `None` if the lake does not have it yet.
    ///
    /// # Errors
    /// The table's log cannot be read; [`LakeError::NotALake`] if `events` is not there.
    pub(crate) async fn open_table(&self, table: TableName) -> Result<Option<Table>, LakeError> {
        match (Table::open(&self.root, &self.name, table).await?, table) {
            // a lake whose maker was killed before its first table was there
            (None, TableName::Events) => Err(LakeError::NotALake { lake: self.name.clone() }),
            (found, _) => Ok(found),
        }
    }

    /// A writer of `events` for one run.
    ///
    /// # Errors
    /// The table's log cannot be read.
    pub async fn event_writer(&self, run_id: &str) -> Result<EventWriter, LakeError> {
        let table = Table::open_or_create(&self.root, &self.name, TableName::Events).await?;
        Ok(EventWriter::new(table, run_id))
    }

    /// The ledger, for one run.
    ///
    /// # Errors
    /// One of its tables cannot be read or made.
    pub async fn ledger(&self, run_id: &str) -> Result<Ledger, LakeError> {
        Ledger::open(&self.root, &self.name, run_id).await
    }
}

/// A new id for a run.
#[must_use]
pub fn new_run_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

fn local_folder(location: &str) -> Result<PathBuf, LakeError> {
    match location.split_once("://") {
        None => Ok(PathBuf::from(location)),
        Some(_) => Err(LakeError::Unsupported { lake: location.to_owned(), kind: "an object store" }),
    }
}

/// Whether a folder that is no lake yet may become one: it is empty, or holds only what a crash while making a lake
/// leaves behind.
fn holds_nothing_foreign(folder: &Path) -> std::io::Result<bool> {
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        if !TableName::ALL.iter().any(|table| name == *table.name()) {
            return Ok(false);
        }
    }
    Ok(true)
}
