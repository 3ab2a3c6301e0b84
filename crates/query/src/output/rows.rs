//! An answer as text in memory, for pages, charts and alerts.

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};
use futures::StreamExt as _;

use super::{Format, cells};
use crate::answer::Answer;
use crate::error::QueryError;

/// What a column holds, as far as a reader has to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Numbers.
    Number,
    /// Instants or days.
    Time,
    /// Everything else.
    Text,
}

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: ColumnKind,
}

/// A whole answer, which can be written several times.
#[derive(Debug, Clone)]
pub struct Rows {
    /// Its columns.
    pub columns: Vec<Column>,
    /// Row by row, a text or null a column.
    pub texts: Vec<Vec<Option<String>>>,
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

impl Rows {
    /// Runs `answer` to its end.
    ///
    /// # Errors
    /// What the query fails with while it runs, [`QueryError::Encode`] if a value has no text.
    pub async fn collect(answer: Answer) -> Result<Self, QueryError> {
        let schema = SchemaRef::clone(answer.schema());
        let (mut batches, mut texts) = (Vec::new(), Vec::new());
        let prepared = cells::prepared_schema(&schema, Format::Csv);
        let mut stream = std::pin::pin!(answer.into_batches());
        while let Some(batch) = stream.next().await {
            let batch = batch?;
            let failed = |source| QueryError::Encode { format: "text", source };
            let plain = cells::prepare(&batch, &prepared).map_err(failed)?;
            let formatters = cells::formatters(&plain).map_err(failed)?;
            for row in 0..plain.num_rows() {
                let cell = |(column, formatter): (usize, &arrow::util::display::ArrayFormatter<'_>)| {
                    (!plain.column(column).is_null(row)).then(|| formatter.value(row).to_string())
                };
                texts.push(formatters.iter().enumerate().map(cell).collect());
            }
            batches.push(batch);
        }
        let columns = schema.fields().iter();
        let columns = columns.map(|field| Column { name: field.name().clone(), kind: kind(field.data_type()) });
        Ok(Self { columns: columns.collect(), texts, schema: SchemaRef::clone(&schema), batches })
    }

    /// The answer again.
    ///
    /// # Errors
    /// None that is known of.
    pub fn answer(&self) -> Result<Answer, QueryError> {
        Answer::of(SchemaRef::clone(&self.schema), self.batches.clone())
    }
}

fn kind(found: &DataType) -> ColumnKind {
    match found {
        number if number.is_numeric() => ColumnKind::Number,
        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => ColumnKind::Time,
        _ => ColumnKind::Text,
    }
}
