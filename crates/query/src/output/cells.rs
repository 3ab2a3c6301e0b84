//! Values as the formats want them: instants as ISO 8601, nested values as JSON, text safe for a terminal.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, StringArray, UnionArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType};
use arrow::error::ArrowError;
use arrow::json::writer::{EncoderOptions, make_encoder};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion_functions_json::{JsonUnionEncoder, JsonUnionValue};
use milepost_schema::{time, write_json_string};

use super::Format;
use super::spans::{self, holds_spans};

/// The columns of an answer as `format` is given them.
pub(super) fn prepared_schema(schema: &SchemaRef, format: Format) -> SchemaRef {
    let fields: Fields = schema
        .fields()
        .iter()
        .map(|field| Field::new(field.name(), prepared_type(field.data_type(), format), true))
        .collect();
    Arc::new(Schema::new(fields))
}

fn prepared_type(found: &DataType, format: Format) -> DataType {
    match found {
        DataType::Union(..) => DataType::Utf8,
        spans if format == Format::Parquet && holds_spans(spans) => DataType::Utf8,
        kept if format.is_binary() => kept.clone(),
        DataType::Timestamp(..) => DataType::Utf8,
        nested if nested.is_nested() && !matches!(format, Format::Json | Format::Ndjson) => DataType::Utf8,
        kept => with_text_keys(kept).unwrap_or_else(|| kept.clone()),
    }
}

/// The batch with the columns of [`prepared_schema`].
pub(super) fn prepare(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().zip(schema.fields()).zip(batch.schema_ref().fields());
    let columns: Result<Vec<_>, _> = columns
        .map(|((array, wanted), field)| match wanted.data_type() {
            same if array.data_type() == same => Ok(Arc::clone(array)),
            map @ DataType::Map(..) => cast(array, map),
            _ => as_text(array, field),
        })
        .collect();
    // a query may give rows without a column
    let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns?, &rows)
}

fn as_text(array: &ArrayRef, field: &Arc<Field>) -> Result<ArrayRef, ArrowError> {
    match array.data_type() {
        DataType::Timestamp(..) => instants(array),
        DataType::Union(..) => json_unions(array),
        DataType::Interval(_) => spans::texts(array),
        _ => nested(array, field),
    }
}

/// ISO 8601: in UTC, or with the clock and offset of the zone that the query asked for.
fn instants(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    if matches!(array.data_type(), DataType::Timestamp(_, Some(zone)) if !is_utc(zone)) {
        return cast(array, &DataType::Utf8);
    }
    let micros = cast(array, &DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())))?;
    let micros = micros.as_primitive::<TimestampMicrosecondType>();
    Ok(Arc::new(micros.iter().map(|value| value.map(time::format_micros)).collect::<StringArray>()))
}

fn is_utc(zone: &str) -> bool {
    matches!(zone, "UTC" | "Etc/UTC" | "Z" | "GMT" | "+00:00" | "+0000")
}

fn nested(array: &ArrayRef, field: &Arc<Field>) -> Result<ArrayRef, ArrowError> {
    let keyed = match with_text_keys(array.data_type()) {
        Some(kind) => (cast(array, &kind)?, Arc::new(field.as_ref().clone().with_data_type(kind))),
        None => (Arc::clone(array), Arc::clone(field)),
    };
    let (array, field) = (&keyed.0, &keyed.1);
    let options = EncoderOptions::default();
    let mut encoder = make_encoder(field, array.as_ref(), &options)?;
    let mut bytes = Vec::new();
    let texts = (0..array.len()).map(|row| {
        if array.is_null(row) {
            return None;
        }
        bytes.clear();
        encoder.encode(row, &mut bytes);
        Some(String::from_utf8_lossy(&bytes).into_owned())
    });
    Ok(Arc::new(texts.collect::<StringArray>()))
}

/// The type of a map whose keys are texts, as the names in JSON are: `histogram(read_only)` has others.
fn with_text_keys(kind: &DataType) -> Option<DataType> {
    let DataType::Map(entries, sorted) = kind else { return None };
    let DataType::Struct(pair) = entries.data_type() else { return None };
    let (key, value) = (pair.first()?, pair.get(1)?);
    let key = key.as_ref().clone().with_data_type(DataType::Utf8);
    let pair = Fields::from(vec![Arc::new(key), Arc::clone(value)]);
    let entries = entries.as_ref().clone().with_data_type(DataType::Struct(pair));
    Some(DataType::Map(Arc::new(entries), *sorted))
}

/// What `json_get` and `->` give: a value that is of another type in every row.
fn json_unions(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let union =
        array.as_any().downcast_ref::<UnionArray>().and_then(|union| JsonUnionEncoder::from_union(union.clone()));
    let Some(union) = union else {
        let formatter = ArrayFormatter::try_new(array, &FormatOptions::default())?;
        return Ok(Arc::new(
            (0..array.len()).map(|row| Some(formatter.value(row).to_string())).collect::<StringArray>(),
        ));
    };
    let text = |value: JsonUnionValue<'_>| match value {
        JsonUnionValue::JsonNull => None,
        JsonUnionValue::Bool(truth) => Some(truth.to_string()),
        JsonUnionValue::Int(number) => Some(number.to_string()),
        JsonUnionValue::Float(number) => Some(number.to_string()),
        JsonUnionValue::Str(text) | JsonUnionValue::Array(text) | JsonUnionValue::Object(text) => Some(text.to_owned()),
    };
    Ok(Arc::new((0..union.len()).map(|row| text(union.get_value(row))).collect::<StringArray>()))
}

/// One formatter a column; null is empty.
pub(super) fn formatters(batch: &RecordBatch) -> Result<Vec<ArrayFormatter<'_>>, ArrowError> {
    const OPTIONS: FormatOptions<'static> = FormatOptions::new();
    batch.columns().iter().map(|array| ArrayFormatter::try_new(array.as_ref(), &OPTIONS)).collect()
}

/// Text without anything that a terminal would act on. Log fields are written by strangers: control characters, and
/// characters that turn the direction of text around, are shown as escapes.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(acts_on_a_terminal) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for char in text.chars() {
        if acts_on_a_terminal(char) {
            let mut escape = String::new();
            write_json_string(&mut escape, char.encode_utf8(&mut [0; 4]));
            let inner = escape.trim_matches('"');
            if inner.starts_with('\\') { out.push_str(inner) } else { out.push_str(&char.escape_unicode().to_string()) }
        } else {
            out.push(char);
        }
    }
    Cow::Owned(out)
}

fn acts_on_a_terminal(char: char) -> bool {
    char.is_control() || matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
