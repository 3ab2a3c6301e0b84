//! The Arrow view of the table of columns.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};

use crate::columns::{COLUMNS, Column, Kind};

/// Members of one element of `resources`, in order: column member, then the record's spelling.
pub const RESOURCE_FIELDS: [(&str, &str); 4] =
    [("arn", "ARN"), ("arn_prefix", "ARNPrefix"), ("account_id", "accountId"), ("type", "type")];

/// Arrow type of an instant: microseconds since 1970, UTC.
#[must_use]
pub fn timestamp_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// Members of one element of `resources`.
#[must_use]
pub fn resource_fields() -> Fields {
    RESOURCE_FIELDS.iter().map(|(name, _)| Field::new(*name, DataType::Utf8, true)).collect()
}

/// The list element of `resources`; named `element` as Parquet and Delta name it.
#[must_use]
pub fn resource_element() -> Arc<Field> {
    Arc::new(Field::new("element", DataType::Struct(resource_fields()), true))
}

/// Arrow type of a column.
#[must_use]
pub fn data_type(column: &Column) -> DataType {
    match column.kind {
        Kind::Text | Kind::Json => DataType::Utf8,
        Kind::Bool | Kind::BoolText => DataType::Boolean,
        Kind::Time => timestamp_type(),
        Kind::Resources => DataType::List(resource_element()),
        Kind::Date => DataType::Date32,
    }
}

/// The schema of `events`: every column, nullable, partition columns last.
#[must_use]
pub fn events_schema() -> SchemaRef {
    Arc::new(Schema::new(events_fields().collect::<Fields>()))
}

/// A column of rows on their way into a lake that is in no lake: a hash of the record's text, of which each run has its own.
/// Rows with one key and one such number are one record.
pub const FINGERPRINT: &str = "fingerprint";

/// The schema of rows on their way into a lake: that of `events`, and behind it [`FINGERPRINT`].
#[must_use]
pub fn rows_schema() -> SchemaRef {
    let fingerprint = Field::new(FINGERPRINT, DataType::UInt64, true);
    Arc::new(Schema::new(events_fields().chain([fingerprint]).collect::<Fields>()))
}

fn events_fields() -> impl Iterator<Item = Field> {
    COLUMNS.iter().map(|column| Field::new(column.name, data_type(column), true))
}
