//! The four tables of a lake and their columns.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use milepost_schema::arrow::{events_schema, timestamp_type};
use milepost_schema::{PARTITION_COLUMNS, SOURCE_FILE};

/// A table of the lake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TableName {
    /// One row a CloudTrail record.
    Events,
    /// The ledger: one row a source object that was taken in.
    Files,
    /// What could not become a row.
    Rejects,
    /// One row a run.
    Runs,
}

impl TableName {
    /// Every table.
    pub const ALL: [Self; 4] = [Self::Events, Self::Files, Self::Rejects, Self::Runs];

    /// Name of its folder, and its name in SQL.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Files => "files",
            Self::Rejects => "rejects",
            Self::Runs => "runs",
        }
    }

    /// Columns whose values are folder names.
    #[must_use]
    pub fn partition_columns(self) -> &'static [&'static str] {
        match self {
            Self::Events => &PARTITION_COLUMNS,
            _ => &[],
        }
    }

    /// All columns, partition columns last.
    #[must_use]
    pub fn schema(self) -> SchemaRef {
        match self {
            Self::Events => events_schema(),
            Self::Files => plain(&[
                ("uri", DataType::Utf8),
                ("size_bytes", DataType::Int64),
                ("etag", DataType::Utf8),
                ("carrier", DataType::Utf8),
                ("reader_version", DataType::Int64),
                ("records_read", DataType::Int64),
                ("records_written", DataType::Int64),
                ("records_duplicate", DataType::Int64),
                ("records_rejected", DataType::Int64),
                ("records_filtered", DataType::Int64),
                ("filter", DataType::Utf8),
                ("text_bytes", DataType::Int64),
                ("note", DataType::Utf8),
                ("run_id", DataType::Utf8),
                ("taken_at", timestamp_type()),
                ("modified", timestamp_type()),
            ]),
            Self::Rejects => plain(&[
                (SOURCE_FILE, DataType::Utf8),
                ("record_number", DataType::Int64),
                ("byte_offset", DataType::Int64),
                ("reason", DataType::Utf8),
                ("raw", DataType::Utf8),
                ("run_id", DataType::Utf8),
                ("rejected_at", timestamp_type()),
            ]),
            Self::Runs => plain(&[
                ("run_id", DataType::Utf8),
                ("command", DataType::Utf8),
                ("arguments", DataType::Utf8),
                ("version", DataType::Utf8),
                ("started_at", timestamp_type()),
                ("finished_at", timestamp_type()),
                ("outcome", DataType::Utf8),
                ("records_read", DataType::Int64),
                ("records_written", DataType::Int64),
                ("records_duplicate", DataType::Int64),
                ("records_rejected", DataType::Int64),
                ("records_filtered", DataType::Int64),
                ("summary", DataType::Utf8),
            ]),
        }
    }

    /// Columns that tables of earlier versions of milepost do not have, and get when they are next written to. What was
    /// written before has null in them.
    pub(crate) fn later_columns(self) -> &'static [&'static str] {
        match self {
            Self::Files => &["modified"],
            _ => &[],
        }
    }

    /// The columns that are in the data files: all but the partition columns.
    #[must_use]
    pub fn file_schema(self) -> SchemaRef {
        let schema = self.schema();
        let kept = schema.fields().len() - self.partition_columns().len();
        Arc::new(Schema::new(schema.fields()[..kept].to_vec()))
    }
}

fn plain(columns: &[(&str, DataType)]) -> SchemaRef {
    let fields: Vec<_> = columns.iter().map(|(name, kind)| Field::new(*name, kind.clone(), true)).collect();
    Arc::new(Schema::new(fields))
}
