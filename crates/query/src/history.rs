//! How a table of the lake came to be, as an answer.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use milepost_lake::{Change, Lake, TableName};

use crate::answer::Answer;
use crate::diagnosis;
use crate::error::QueryError;

/// One row a version, newest first, at most `limit`: time, operation, run, files, rows, and whether it can be read.
///
/// # Errors
/// The table's log cannot be read.
pub async fn lake_history(lake: &Lake, table: TableName, limit: usize) -> Result<Answer, QueryError> {
    let changes = lake.history(table, limit).await?;
    Answer::known(as_batch(&changes).map_err(|error| diagnosis::of_running(&error.into()))?)
}

fn as_batch(changes: &[Change]) -> Result<RecordBatch, arrow::error::ArrowError> {
    let numbers = |value: &dyn Fn(&Change) -> Option<u64>| {
        let number = |count| i64::try_from(count).unwrap_or(i64::MAX);
        let values: Int64Array = changes.iter().map(|change| value(change).map(number)).collect();
        Arc::new(values) as ArrayRef
    };
    let texts = |value: &dyn Fn(&Change) -> Option<String>| {
        Arc::new(changes.iter().map(value).collect::<StringArray>()) as ArrayRef
    };
    let times: TimestampMicrosecondArray = changes.iter().map(|change| Some(change.micros)).collect();
    let readable: BooleanArray = changes.iter().map(|change| Some(change.is_readable)).collect();
    RecordBatch::try_from_iter_with_nullable([
        ("version", numbers(&|change| Some(change.version)), true),
        ("time", Arc::new(times.with_timezone("UTC")) as ArrayRef, true),
        ("operation", texts(&|change| Some(change.operation.clone())), true),
        ("files_added", numbers(&|change| Some(change.files_added)), true),
        ("files_removed", numbers(&|change| Some(change.files_removed)), true),
        ("rows_added", numbers(&|change| change.rows_added), true),
        ("bytes_added", numbers(&|change| Some(change.bytes_added)), true),
        ("readable", Arc::new(readable) as ArrayRef, true),
        ("run_id", texts(&|change| change.run_id.clone()), true),
    ])
}
