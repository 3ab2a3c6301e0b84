//! What is in a lake, from its transaction logs alone.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use milepost_lake::{AsOf, Lake, Snapshot, TableName};

use crate::answer::Answer;
use crate::diagnosis;
use crate::error::QueryError;

/// One row a table: version, files, rows, bytes, partitions, and the span of the events.
///
/// # Errors
/// The lake cannot be read.
pub async fn lake_info(lake: &Lake, as_of: AsOf) -> Result<Answer, QueryError> {
    let mut tables = Vec::new();
    for table in TableName::ALL {
        if let Some(snapshot) = lake.snapshot(table, as_of).await? {
            tables.push(snapshot);
        }
    }
    Answer::known(as_batch(&tables).map_err(|error| diagnosis::of_running(&error.into()))?)
}

fn as_batch(tables: &[Snapshot]) -> Result<RecordBatch, arrow::error::ArrowError> {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let numbers = |value: &dyn Fn(&Snapshot) -> Option<u64>| {
        let values: Int64Array = tables.iter().map(|table| value(table).map(number)).collect();
        Arc::new(values) as ArrayRef
    };
    let instants = |value: &dyn Fn(&Snapshot) -> Option<i64>| {
        let values: TimestampMicrosecondArray = tables.iter().map(value).collect();
        Arc::new(values.with_timezone("UTC")) as ArrayRef
    };
    let names: StringArray = tables.iter().map(|table| Some(table.table.name())).collect();
    RecordBatch::try_from_iter_with_nullable([
        ("table", Arc::new(names) as ArrayRef, true),
        ("version", numbers(&|table| Some(table.version)), true),
        ("rows", numbers(&|table| table.files.iter().map(|file| file.statistics().rows).sum()), true),
        ("files", numbers(&|table| Some(table.files.len() as u64)), true),
        ("bytes", numbers(&|table| Some(table.files.iter().map(|file| file.size_bytes).sum())), true),
        ("partitions", numbers(&|table| (table.table == TableName::Events).then(|| partitions(table))), true),
        ("first_event", instants(&|table| times(table).map(|(first, _)| first).min()), true),
        ("last_event", instants(&|table| times(table).map(|(_, last)| last).max()), true),
    ])
}

fn times(table: &Snapshot) -> impl Iterator<Item = (i64, i64)> {
    table.files.iter().filter_map(|file| file.statistics().event_time)
}

fn partitions(table: &Snapshot) -> u64 {
    table.files.iter().map(|file| &file.partition).collect::<HashSet<_>>().len() as u64
}
