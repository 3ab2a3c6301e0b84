//! Record batches in, one committed Delta table out, and back to a snapshot.
//!
//! The way of the data: an [`EventWriter`] gathers rows by partition (`gather`), sorts them (`sort`), drops what was
//! delivered before (`duplicates`), encodes one Parquet file a partition (`encode`) and commits them all at once
//! (`commit`). The ledger ([`ledger`]) remembers which source objects have been taken in. A [`Snapshot`] is what readers
//! get. This crate knows nothing of log files and nothing of SQL.

mod commit;
mod duplicates;
mod encode;
mod error;
mod gather;
mod lake;
pub mod ledger;
mod partition;
mod reader;
mod snapshot;
mod sort;
mod table;
mod tables;

pub use commit::{Committed, EventWriter, SourceCounts};
pub use error::LakeError;
pub use lake::{Lake, new_run_id};
pub use partition::Partition;
pub use snapshot::{DataFile, FileStatistics, Snapshot};
pub use tables::TableName;
