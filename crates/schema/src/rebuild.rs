//! From a row back to its record.
//!
//! The inverse of flattening: every column with a path is written back at that path, then `extra` is laid over it:
//! members of objects are merged, anything else in `extra` replaces what the column said. The result is equal as a JSON
//! value to the record that was read; the order of members is that of the table of columns.

use std::borrow::Cow;
use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array, ArrayRef, RecordBatch, StructArray};
use arrow_schema::{DataType, TimeUnit};
use serde_json::value::RawValue;

use crate::arrow::RESOURCE_FIELDS;
use crate::columns::{COLUMNS, Kind};
use crate::json::write_json_string;
use crate::{EXTRA, FALLBACKS, time};

/// Why a batch cannot be turned back into records.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// A column has another type than the table of columns says.
    #[error("column `{column}` has type {found}, expected {expected}")]
    ColumnType {
        /// Name of the column.
        column: &'static str,
        /// Type in the batch.
        found: String,
        /// Type in the table of columns.
        expected: &'static str,
    },
    /// A JSON column holds something that is not a JSON object.
    #[error("`{column}` of row {row} is not a JSON object")]
    Json {
        /// Name of the column.
        column: &'static str,
        /// Row in the batch, from 0.
        row: usize,
        /// What the JSON parser said.
        #[source]
        source: serde_json::Error,
    },
}

/// Turns rows of one batch back into records.
#[derive(Debug)]
pub struct Rebuilder<'a> {
    columns: Vec<Source<'a>>,
    extra: Option<&'a ArrayRef>,
    fallbacks: Option<&'a ArrayRef>,
}

/// A column of the batch that goes back into the record.
#[derive(Debug)]
struct Source<'a> {
    name: &'static str,
    path: &'static [&'static str],
    kind: Kind,
    array: &'a ArrayRef,
}

/// A part of the record being put together.
enum Node<'a> {
    Text(Cow<'a, str>),
    Object(Vec<(Cow<'a, str>, Node<'a>)>),
}

type Overlay<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

impl<'a> Rebuilder<'a> {
    /// Prepares the columns of `batch`. Columns it does not have count as null.
    ///
    /// # Errors
    /// [`RebuildError::ColumnType`] if a column is there with another type.
    pub fn new(batch: &'a RecordBatch) -> Result<Self, RebuildError> {
        let mut columns = Vec::with_capacity(COLUMNS.len());
        for column in COLUMNS.iter().filter(|column| !column.path.is_empty()) {
            if let Some(array) = batch.column_by_name(column.name) {
                check_type(column.name, column.kind, array.data_type())?;
                columns.push(Source { name: column.name, path: column.path, kind: column.kind, array });
            }
        }
        let json_column = |name| match batch.column_by_name(name) {
            Some(array) => check_type(name, Kind::Json, array.data_type()).map(|()| Some(array)),
            None => Ok(None),
        };
        let (extra, fallbacks) = (json_column(EXTRA)?, json_column(FALLBACKS)?);
        Ok(Self { columns, extra, fallbacks })
    }

    /// Appends the record of `row` to `out` as one line of JSON, without a line end.
    ///
    /// # Errors
    /// [`RebuildError::Json`] if the row's `extra` or `fallbacks` is not a JSON object.
    pub fn write(&self, row: usize, out: &mut String) -> Result<(), RebuildError> {
        let mut members = Vec::with_capacity(32);
        let fallbacks = overlay(FALLBACKS, self.fallbacks, row)?;
        for column in &self.columns {
            // what came from elsewhere is no member of the record
            if column.array.is_valid(row) && !fallbacks.contains_key(column.name) {
                insert(&mut members, column.path, column.value(row));
            }
        }
        lay_over(&mut members, overlay(EXTRA, self.extra, row)?);
        write_object(&members, out);
        Ok(())
    }
}

/// The members of a JSON column's object; none if it is null.
fn overlay<'a>(column: &'static str, array: Option<&'a ArrayRef>, row: usize) -> Result<Overlay<'a>, RebuildError> {
    match array.filter(|array| array.is_valid(row)) {
        Some(array) => serde_json::from_str(array.as_string::<i32>().value(row)).map_err(|source| RebuildError::Json {
            column,
            row,
            source,
        }),
        None => Ok(Overlay::new()),
    }
}

impl<'a> Source<'a> {
    /// The JSON text of a value that is not null.
    fn value(&self, row: usize) -> Cow<'a, str> {
        match self.kind {
            Kind::Json | Kind::Date => Cow::Borrowed(self.array.as_string::<i32>().value(row)),
            Kind::Text => quoted(self.array.as_string::<i32>().value(row)),
            Kind::Bool => Cow::Borrowed(if self.array.as_boolean().value(row) { "true" } else { "false" }),
            Kind::BoolText => Cow::Borrowed(if self.array.as_boolean().value(row) { "\"true\"" } else { "\"false\"" }),
            Kind::Time => {
                let micros = self.array.as_primitive::<TimestampMicrosecondType>().value(row);
                quoted(&time::format_micros(micros))
            }
            Kind::Resources => Cow::Owned(resources(&self.array.as_list::<i32>().value(row))),
        }
    }
}

fn check_type(column: &'static str, kind: Kind, found: &DataType) -> Result<(), RebuildError> {
    let (fits, expected) = match kind {
        Kind::Text | Kind::Json => (*found == DataType::Utf8, "Utf8"),
        Kind::Bool | Kind::BoolText => (*found == DataType::Boolean, "Boolean"),
        Kind::Time => (matches!(found, DataType::Timestamp(TimeUnit::Microsecond, _)), "Timestamp(µs)"),
        Kind::Resources => (
            matches!(found, DataType::List(element) if matches!(element.data_type(), DataType::Struct(_))),
            "List(Struct)",
        ),
        Kind::Date => (*found == DataType::Date32, "Date32"),
    };
    if fits { Ok(()) } else { Err(RebuildError::ColumnType { column, found: found.to_string(), expected }) }
}

fn quoted<'a>(text: &str) -> Cow<'a, str> {
    let mut out = String::with_capacity(text.len() + 2);
    write_json_string(&mut out, text);
    Cow::Owned(out)
}

fn resources(elements: &ArrayRef) -> String {
    let elements: &StructArray = elements.as_struct();
    let mut out = String::from("[");
    for row in 0..elements.len() {
        out.push_str(if row == 0 { "{" } else { ",{" });
        let mut first = true;
        for (name, member) in RESOURCE_FIELDS {
            let Some(array) = elements.column_by_name(name).filter(|array| array.is_valid(row)) else {
                continue;
            };
            if !first {
                out.push(',');
            }
            first = false;
            write_json_string(&mut out, member);
            out.push(':');
            write_json_string(&mut out, array.as_string::<i32>().value(row));
        }
        out.push('}');
    }
    out.push(']');
    out
}

fn insert<'a>(members: &mut Vec<(Cow<'a, str>, Node<'a>)>, path: &'static [&'static str], value: Cow<'a, str>) {
    let Some((key, rest)) = path.split_first() else { return };
    if rest.is_empty() {
        members.push((Cow::Borrowed(key), Node::Text(value)));
        return;
    }
    // columns of one object are neighbours in the table, so the object is the last member or not there yet
    if !matches!(members.last(), Some((last, Node::Object(_))) if last == key) {
        members.push((Cow::Borrowed(key), Node::Object(Vec::new())));
    }
    if let Some((_, Node::Object(inner))) = members.last_mut() {
        insert(inner, rest, value);
    }
}

fn lay_over<'a>(members: &mut Vec<(Cow<'a, str>, Node<'a>)>, overlay: Overlay<'a>) {
    // names in `extra` come once each, so what is added here is never looked for again
    let known = members.len();
    for (key, raw) in overlay {
        let existing = members[..known].iter_mut().find(|(name, _)| *name == key);
        let inner = raw.get().starts_with('{').then(|| serde_json::from_str::<Overlay<'a>>(raw.get()).ok()).flatten();
        match (existing, inner) {
            (Some((_, Node::Object(object))), Some(inner)) => lay_over(object, inner),
            (Some((_, node)), _) => *node = Node::Text(Cow::Borrowed(raw.get())),
            (None, _) => members.push((key, Node::Text(Cow::Borrowed(raw.get())))),
        }
    }
}

fn write_object(members: &[(Cow<'_, str>, Node<'_>)], out: &mut String) {
    out.push('{');
    for (at, (key, node)) in members.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        write_json_string(out, key);
        out.push(':');
        match node {
            Node::Text(text) => out.push_str(text),
            Node::Object(inner) => write_object(inner, out),
        }
    }
    out.push('}');
}
