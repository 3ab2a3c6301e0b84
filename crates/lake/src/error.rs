//! What can go wrong with a lake.

use arrow::error::ArrowError;
use deltalake_core::DeltaTableError;
use milepost_schema::rebuild::RebuildError;
use milepost_schema::time;
use milepost_store::StoreError;
use parquet::errors::ParquetError;

/// What can go wrong with a lake. Every variant names its object.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// The place is there or not, but it is no lake.
    #[error("`{lake}` is not a lake: it has no `events` table")]
    NotALake {
        /// Where the lake should be.
        lake: String,
    },
    /// A new lake was to be made in a folder that holds something else.
    #[error("`{lake}` is not a lake and not empty")]
    Occupied {
        /// Where the lake should be.
        lake: String,
    },
    /// The place cannot be looked at or made.
    #[error("`{lake}` cannot hold a lake")]
    Location {
        /// Where the lake should be.
        lake: String,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The place cannot be looked into.
    #[error("cannot look into `{lake}`")]
    Unreadable {
        /// Where the lake should be.
        lake: String,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The address is none, or its store cannot be used.
    #[error(transparent)]
    Place(#[from] StoreError),
    /// The place cannot be listed.
    #[error("cannot list `{lake}`")]
    List {
        /// Where the lake should be.
        lake: String,
        /// What the store said.
        #[source]
        source: object_store::Error,
    },
    /// The transaction log of a table cannot be read or written.
    #[error("cannot {action} the table `{table}` of the lake `{lake}`")]
    Table {
        /// What was to be done.
        action: &'static str,
        /// Name of the table.
        table: &'static str,
        /// Where the lake is.
        lake: String,
        /// What Delta said.
        #[source]
        source: Box<DeltaTableError>,
    },
    /// The table has other columns than this version writes.
    #[error("the table `{table}` of the lake `{lake}` was written by another version: {difference}")]
    Columns {
        /// Name of the table.
        table: &'static str,
        /// Where the lake is.
        lake: String,
        /// First difference.
        difference: String,
    },
    /// There never was such a version.
    #[error("the table `{table}` has no version {version}: its versions are {oldest} to {newest}")]
    NoVersion {
        /// Name of the table.
        table: &'static str,
        /// The version that was asked for.
        version: u64,
        /// Oldest version that its log still has.
        oldest: u64,
        /// Newest version.
        newest: u64,
    },
    /// The log of a version has been cleaned up.
    #[error("version {version} of the table `{table}` cannot be read any more: its log has been cleaned up{}", oldest.map(|oldest| format!("; the oldest since is {oldest}")).unwrap_or_default())]
    VersionGone {
        /// Name of the table.
        table: &'static str,
        /// The version that was asked for.
        version: u64,
        /// Oldest version after it that can be read.
        oldest: Option<u64>,
    },
    /// A time before the lake was made, or before what its log still knows.
    #[error("the lake `{lake}` holds nothing of {}: its oldest version, {first}, is of {}", time::format_micros(*micros), time::format_micros(*first_micros))]
    BeforeTheLake {
        /// Where the lake is.
        lake: String,
        /// The time that was asked for, in microseconds since 1970.
        micros: i64,
        /// Oldest version that its log still has.
        first: u64,
        /// When that was made, in microseconds since 1970.
        first_micros: i64,
    },
    /// Others kept committing first.
    #[error("other writers changed the table `{table}` {attempts} times while a commit was tried")]
    Contended {
        /// Name of the table.
        table: &'static str,
        /// How often the commit was tried.
        attempts: usize,
    },
    /// A data file cannot be written.
    #[error("cannot write `{path}`")]
    Write {
        /// The file, below its table.
        path: String,
        /// What the store said.
        #[source]
        source: object_store::Error,
    },
    /// A data file cannot be read.
    #[error("cannot read `{path}`")]
    Read {
        /// The file, below its table.
        path: String,
        /// What Parquet said.
        #[source]
        source: ParquetError,
    },
    /// Rows cannot be encoded.
    #[error("cannot encode the rows of `{path}`")]
    Encode {
        /// The file, below its table.
        path: String,
        /// What Parquet said.
        #[source]
        source: ParquetError,
    },
    /// Rows do not have the columns of their table, or a column too long.
    #[error("the rows of `{path}` cannot be put together")]
    Rows {
        /// The file, below its table.
        path: String,
        /// What Arrow said.
        #[source]
        source: ArrowError,
    },
    /// A row cannot be turned back into its record to compare it.
    #[error("a row of `{path}` cannot be compared")]
    Compare {
        /// The file or partition.
        path: String,
        /// What is wrong with the row.
        #[source]
        source: RebuildError,
    },
    /// Files that are put together do not hold the rows that the log says; nothing was replaced.
    #[error("the files that were to become `{path}` hold {rows} rows, and the log says {expected}")]
    RowCount {
        /// The file that was to be.
        path: String,
        /// Rows in the files.
        rows: u64,
        /// Rows in the log.
        expected: u64,
    },
    /// A thread of the writer ended early.
    #[error("a thread ended while writing `{path}`")]
    Thread {
        /// The partition.
        path: String,
    },
}

impl LakeError {
    /// Whether a data file was not there any more.
    pub(crate) fn is_gone(&self) -> bool {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(self);
        while let Some(error) = cause {
            if let Some(object_store::Error::NotFound { .. }) = error.downcast_ref() {
                return true;
            }
            cause = error.source();
        }
        false
    }
}
