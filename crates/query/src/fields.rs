//! Which members of records milepost has no column for, or found with another type than their column: what drifts.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray as _, Int64Array, RecordBatch, StringArray};
use futures::TryStreamExt as _;
use milepost_schema::COLUMNS;
use serde_json::value::RawValue;

use crate::answer::Answer;
use crate::diagnosis;
use crate::engine::Engine;
use crate::error::QueryError;
use crate::parameters::Parameters;

/// How a member differs from the table of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Drift {
    /// There is no column for it.
    Unknown,
    /// There is a column, and the value is written in another form than the column's.
    Form,
}

type Key = (String, Drift, Option<String>, Option<String>);
type Found = BTreeMap<Key, (i64, Option<String>)>;

impl Drift {
    fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Form => "form",
        }
    }
}

/// Goes through `extra` of every record and lists the members that differ, by event version and service, with the number of
/// records and an object that holds one. `null` and `{}` are no difference.
///
/// # Errors
/// The lake cannot be read.
pub async fn drifting_fields(engine: &Engine) -> Result<Answer, QueryError> {
    let sql = "SELECT event_version, event_source, source_file, extra FROM events WHERE extra IS NOT NULL";
    let batches = engine.query(sql, &Parameters::new()).await?.into_batches();
    let mut batches = std::pin::pin!(batches);
    let mut found = Found::new();
    while let Some(batch) = batches.try_next().await? {
        count(&batch, &mut found);
    }
    Answer::known(as_batch(&found).map_err(|error| diagnosis::of_running(&error.into()))?)
}

fn as_batch(found: &Found) -> Result<RecordBatch, arrow::error::ArrowError> {
    let texts = |values: Vec<Option<&str>>| Arc::new(StringArray::from(values)) as ArrayRef;
    let records: Int64Array = found.values().map(|(records, _)| Some(*records)).collect();
    RecordBatch::try_from_iter_with_nullable([
        ("field", texts(found.keys().map(|key| Some(key.0.as_str())).collect()), true),
        ("drift", texts(found.keys().map(|key| Some(key.1.name())).collect()), true),
        ("event_version", texts(found.keys().map(|key| key.2.as_deref()).collect()), true),
        ("event_source", texts(found.keys().map(|key| key.3.as_deref()).collect()), true),
        ("records", Arc::new(records), true),
        ("sample_file", texts(found.values().map(|(_, sample)| sample.as_deref()).collect()), true),
    ])
}

fn count(batch: &RecordBatch, found: &mut Found) {
    let column = |name: &str| batch.column_by_name(name).and_then(|array| array.as_string_opt::<i32>());
    let text = |name: &str, row: usize| {
        column(name).filter(|array| array.is_valid(row)).map(|array| array.value(row).to_owned())
    };
    for row in 0..batch.num_rows() {
        let mut fields = Vec::new();
        if let Some(extra) = column("extra").filter(|array| array.is_valid(row)) {
            walk(extra.value(row), &mut Vec::new(), &mut fields);
        }
        for (field, drift) in fields {
            let key = (field, drift, text("event_version", row), text("event_source", row));
            let entry = found.entry(key).or_insert_with(|| (0, text("source_file", row)));
            entry.0 += 1;
        }
    }
}

/// Lists the members of an object in `extra` that differ; goes into objects that are known.
fn walk(json: &str, path: &mut Vec<String>, fields: &mut Vec<(String, Drift)>) {
    let Ok(members) = serde_json::from_str::<BTreeMap<String, &RawValue>>(json) else { return };
    for (name, value) in members {
        path.push(name);
        let value = value.get();
        let starts = |column: &[&str]| column.len() >= path.len() && path.iter().zip(column).all(|(a, b)| a == b);
        let known =
            COLUMNS.iter().map(|column| column.path).filter(|column| starts(column)).min_by_key(|path| path.len());
        match known {
            _ if matches!(value, "null" | "{}") => {}
            Some(column) if column.len() > path.len() && value.starts_with('{') => walk(value, path, fields),
            Some(_) => fields.push((path.join("."), Drift::Form)),
            None => fields.push((path.join("."), Drift::Unknown)),
        }
        path.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_members_and_other_forms_are_told_apart() {
        let extra = r#"{"responseElements":null,"apiVersion":5,"new":{"a":1},
            "userIdentity":{"sessionContext":{"sessionIssuer":{},"newer":true},"arn":7}}"#;
        let mut fields = Vec::new();
        walk(extra, &mut Vec::new(), &mut fields);
        let found: Vec<_> = fields.iter().map(|(field, drift)| (field.as_str(), *drift)).collect();
        let expected = [
            ("apiVersion", Drift::Form),
            ("new", Drift::Unknown),
            ("userIdentity.arn", Drift::Form),
            ("userIdentity.sessionContext.newer", Drift::Unknown),
        ];
        assert_eq!(found, expected);
    }
}
