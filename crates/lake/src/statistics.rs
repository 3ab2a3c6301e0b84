//! Counts and bounds of a data file, as the transaction log has them.
//!
//! A log of a hundred thousand files holds tens of megabytes of them, and a question needs those of the few files that
//! its partitions leave: they are read when somebody asks.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::OnceLock;

use bytes::Bytes;
use milepost_schema::{EVENT_TIME, time};
use serde::Deserialize;
use serde_json::Value;

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

/// Statistics as they lie in the log.
#[derive(Debug, Clone, Default)]
pub(crate) struct LogStatistics {
    text: Option<Text>,
    read: OnceLock<Box<FileStatistics>>,
}

#[derive(Debug, Clone)]
enum Text {
    /// Delta's JSON.
    Json(Bytes),
    /// A JSON string that holds it, quotes and escapes included.
    Quoted(Bytes),
}

/// Delta's JSON of statistics.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Parsed<'a> {
    num_records: Option<u64>,
    #[serde(borrow)]
    min_values: HashMap<Cow<'a, str>, Value>,
    #[serde(borrow)]
    max_values: HashMap<Cow<'a, str>, Value>,
    #[serde(borrow)]
    null_count: HashMap<Cow<'a, str>, Value>,
}

impl LogStatistics {
    pub(crate) fn of_json(json: Bytes) -> Self {
        Self { text: Some(Text::Json(json)), read: OnceLock::new() }
    }

    /// Of a JSON string with its quotes, as a commit has it.
    pub(crate) fn of_string(quoted: Bytes) -> Self {
        Self { text: Some(Text::Quoted(quoted)), read: OnceLock::new() }
    }

    pub(crate) fn get(&self) -> &FileStatistics {
        self.read.get_or_init(|| Box::new(self.text.as_ref().map(Text::read).unwrap_or_default()))
    }
}

impl Text {
    fn read(&self) -> FileStatistics {
        match self {
            Self::Json(json) => FileStatistics::parse(json),
            Self::Quoted(text) => {
                let json: Option<String> = serde_json::from_slice(text).ok();
                json.map(|json| FileStatistics::parse(json.as_bytes())).unwrap_or_default()
            }
        }
    }
}

impl FileStatistics {
    /// Reads Delta's JSON. What cannot be read is not known, which only costs speed.
    fn parse(json: &[u8]) -> Self {
        let mut log: Parsed<'_> = serde_json::from_slice(json).unwrap_or_default();
        let instant = |value: Option<&Value>| value.and_then(Value::as_str).and_then(time::parse);
        let low = instant(log.min_values.get(EVENT_TIME));
        let high = instant(log.max_values.get(EVENT_TIME));
        let nulls = log.null_count.get(EVENT_TIME).and_then(Value::as_u64);
        let mut texts = HashMap::new();
        for (name, least) in log.min_values {
            if let (Value::String(least), Some(Value::String(greatest))) = (least, log.max_values.remove(&name))
                && name != EVENT_TIME
            {
                texts.insert(name.into_owned(), (least, greatest));
            }
        }
        Self { rows: log.num_records, event_time: low.zip(high), event_time_nulls: nulls, texts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = r#"{"numRecords":7,"minValues":{"event_time":"2026-01-02T03:04:05.000Z","event_name":"\"A\"","n":1},
        "maxValues":{"event_time":"2026-01-02T03:04:06.000Z","event_name":"B","n":2},"nullCount":{"event_time":2}}"#;

    fn check(statistics: &FileStatistics) {
        assert_eq!((statistics.rows, statistics.event_time_nulls), (Some(7), Some(2)));
        assert_eq!(statistics.event_time.map(|(low, high)| high - low), Some(1_000_000));
        assert_eq!(statistics.texts, HashMap::from([("event_name".to_owned(), ("\"A\"".to_owned(), "B".to_owned()))]));
    }

    #[test]
    fn they_are_read_as_json_and_as_a_string_of_it() {
        check(LogStatistics::of_json(Bytes::from(JSON)).get());
        check(LogStatistics::of_string(Bytes::from(serde_json::to_vec(JSON).unwrap())).get());
    }

    #[test]
    fn what_cannot_be_read_is_not_known() {
        for text in ["", "{", "null", "[true]", r#"{"minValues":3}"#] {
            let statistics = LogStatistics::of_json(Bytes::from(text));
            assert!(statistics.get().rows.is_none() && statistics.get().event_time.is_none(), "{text}");
        }
    }
}
