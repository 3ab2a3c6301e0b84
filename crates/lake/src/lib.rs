//! Record batches in, one committed Delta table out, and back to a snapshot.
//!
//! The way of the data: an [`EventWriter`] gathers rows by partition (`gather`), sorts them (`sort`), drops what was
//! delivered before (`duplicates`), encodes one Parquet file a partition (`encode`) and commits them all at once
//! (`commit`). The ledger ([`ledger`]) remembers which source objects have been taken in. A [`Snapshot`] is what readers
//! get, of the newest version or an older one ([`AsOf`]).
//!
//! Looking after it: `history` says what became of a table, `compact` puts small files together, `expire` takes old days out,
//! `vacuum` deletes what nobody needs, `check` looks whether everything is there and right. They read the transaction log
//! itself (`log`). This crate knows nothing of log files and nothing of SQL.

mod as_of;
mod check;
mod commit;
mod compact;
mod duplicates;
mod encode;
mod error;
mod expire;
mod filters;
mod fingerprint;
mod footer;
mod gather;
mod history;
mod hold;
mod lake;
mod layout;
pub mod ledger;
mod log;
mod pack;
mod pages;
mod partition;
mod reader;
mod recent;
mod replay;
mod small;
mod snapshot;
mod sort;
mod statistics;
mod table;
mod tables;
#[cfg(test)]
mod testing;
pub mod unpacked;
mod upgrade;
mod vacuum;
mod workers;

pub use as_of::AsOf;
pub use check::{CheckOptions, Checked, Finding, Severity};
pub use commit::{Committed, EventWriter, SourceCounts};
pub use compact::{Compacted, Compaction, OnProgress};
pub use error::LakeError;
pub use expire::{Expired, Removed, Retention};
pub use history::Change;
pub use lake::{Lake, new_run_id};
pub use layout::BLOOM_FILTER_COLUMNS;
pub use partition::Partition;
pub use replay::TableVersion;
pub use snapshot::{DataFile, Snapshot};
pub use statistics::FileStatistics;
pub use tables::TableName;
pub use vacuum::{Deleted, Kept, Vacuumed};
