//! What a row of the lake is.
//!
//! [`COLUMNS`] is the one table of columns: it drives the Arrow schema ([`arrow`]), the flattening of records (crate
//! `milepost-ingest`), the way back from a row to its record ([`rebuild`]) and the column reference in the docs
//! ([`mod@reference`]). No input, no output, no clock.

pub mod arrow;
mod columns;
mod json;
pub mod partition;
pub mod rebuild;
pub mod reference;
pub mod time;

pub use columns::{COLUMNS, Column, Group, Kind, column_index};
pub use json::{canonical_json, json_equal, write_json_string};

/// Name of the partition column that holds the AWS region.
pub const REGION: &str = "region";
/// Name of the partition column that holds the account that received the record.
pub const ACCOUNT: &str = "account";
/// Name of the partition column that holds the UTC date of `eventTime`.
pub const DATE: &str = "date";
/// The partition columns of `events`, outermost folder first.
pub const PARTITION_COLUMNS: [&str; 3] = [REGION, ACCOUNT, DATE];
/// Name of the column that holds the region as a record says it.
pub const AWS_REGION: &str = "aws_region";
/// Name of the column that holds the account as a record says it.
pub const RECIPIENT_ACCOUNT: &str = "recipient_account_id";
/// Name of the column that says when the request ended.
pub const EVENT_TIME: &str = "event_time";
/// Name of the column that holds AWS's id of the record.
pub const EVENT_ID: &str = "event_id";
/// Name of the column that keeps whatever has no column of its own.
pub const EXTRA: &str = "extra";
/// Name of the column that says where values came from that a record does not say itself.
pub const FALLBACKS: &str = "fallbacks";
/// Name of the column that says what was taken out of a record before it came into the lake.
pub const REDACTED: &str = "redacted";
/// Name of the column that says which object a record was read from.
pub const SOURCE_FILE: &str = "source_file";
