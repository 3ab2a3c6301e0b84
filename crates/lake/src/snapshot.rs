//! What readers get: the data files of a table at one version, with what is known of each without opening it.

use std::collections::HashMap;
use std::sync::Arc;

use deltalake_core::kernel::LogicalFileView;
use milepost_schema::{EVENT_TIME, time};
use object_store::ObjectStore;
use object_store::path::Path;
use serde::Deserialize;

use crate::tables::TableName;

/// A table at one version.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Which table.
    pub table: TableName,
    /// Version of its transaction log.
    pub version: u64,
    /// Its data files, in the order of the log.
    pub files: Vec<DataFile>,
    /// Where the files lie; their paths are relative to it.
    pub store: Arc<dyn ObjectStore>,
}

/// A data file and what the transaction log says of it.
#[derive(Debug, Clone)]
pub struct DataFile {
    /// Path below the table.
    pub path: Path,
    /// Size in bytes.
    pub size_bytes: u64,
    /// When it was written, in milliseconds since 1970.
    pub modified_millis: i64,
    /// Value of each partition column, as text.
    pub partition_values: HashMap<String, Option<String>>,
    /// Counts and bounds.
    pub statistics: FileStatistics,
}

/// Counts and bounds of a data file; whatever is absent is not known.
#[derive(Debug, Clone, Default)]
pub struct FileStatistics {
    /// Number of rows.
    pub rows: Option<u64>,
    /// First and last `event_time`, in microseconds since 1970.
    pub event_time: Option<(i64, i64)>,
    /// Rows without an `event_time`.
    pub event_time_nulls: Option<u64>,
    /// Least and greatest text of some columns.
    pub texts: HashMap<String, (String, String)>,
}

/// Delta's JSON of statistics.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct LogStatistics {
    num_records: Option<u64>,
    min_values: HashMap<String, Option<serde_json::Value>>,
    max_values: HashMap<String, Option<serde_json::Value>>,
    null_count: HashMap<String, Option<serde_json::Value>>,
}

impl DataFile {
    pub(crate) fn from_log(view: &LogicalFileView) -> Self {
        Self {
            path: view.object_store_path(),
            size_bytes: u64::try_from(view.size()).unwrap_or(0),
            modified_millis: view.modification_time(),
            partition_values: view.partition_values_map(),
            statistics: view.stats().as_deref().map(FileStatistics::parse).unwrap_or_default(),
        }
    }
}

impl FileStatistics {
    /// Reads Delta's JSON. What cannot be read is not known, which only costs speed.
    fn parse(json: &str) -> Self {
        let log: LogStatistics = serde_json::from_str(json).unwrap_or_default();
        let text = |values: &HashMap<String, Option<serde_json::Value>>, name: &str| {
            values.get(name).and_then(Option::as_ref).and_then(|value| value.as_str()).map(str::to_owned)
        };
        let low = text(&log.min_values, EVENT_TIME).and_then(|text| time::parse(&text));
        let high = text(&log.max_values, EVENT_TIME).and_then(|text| time::parse(&text));
        let texts = log
            .min_values
            .keys()
            .filter(|name| *name != EVENT_TIME)
            .filter_map(|name| Some((name.clone(), (text(&log.min_values, name)?, text(&log.max_values, name)?))));
        let nulls = log.null_count.get(EVENT_TIME).and_then(Option::as_ref).and_then(serde_json::Value::as_u64);
        Self { rows: log.num_records, event_time: low.zip(high), event_time_nulls: nulls, texts: texts.collect() }
    }
}
