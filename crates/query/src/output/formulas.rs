//! Text that a spreadsheet would take for a formula. Whoever writes a log line may write `=HYPERLINK(…)` into it; opened as
//! CSV it would run. A `'` before it makes it text.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray as _, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;

/// Signs that begin a formula, and what a spreadsheet skips before one; the wide ones are read as the narrow ones.
const BEGINNINGS: [char; 12] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠', '|'];

/// The batch with a `'` before such texts; numbers stay numbers.
pub(super) fn escaped(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().map(escaped_column).collect::<Result<Vec<_>, _>>()?;
    let fields = batch.schema_ref().fields().iter().zip(&columns);
    let fields: Vec<Field> =
        fields.map(|(field, array)| Field::new(field.name(), array.data_type().clone(), true)).collect();
    let rows = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &rows)
}

fn escaped_column(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let is_text = match array.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => values.is_string(),
        _ => false,
    };
    if !is_text {
        return Ok(Arc::clone(array));
    }
    let texts = cast(array, &DataType::Utf8)?;
    let texts = texts
        .as_string::<i32>()
        .iter()
        .map(|text| text.map(|text| if text.starts_with(BEGINNINGS) { format!("'{text}") } else { text.to_owned() }));
    Ok(Arc::new(texts.collect::<StringArray>()))
}
