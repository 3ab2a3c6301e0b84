//! Writes answers in the formats that people and programs read. Every writer streams: it holds a batch, not an answer.

mod cells;
mod delimited;
mod expanded;
mod folders;
mod formulas;
mod json;
mod markdown;
mod plan;
mod rows;
mod spans;
mod table;

use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::str::FromStr;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::writer::StreamWriter;
use futures::{Stream, StreamExt as _, pin_mut};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::answer::Answer;
use crate::error::QueryError;
pub use cells::printable;
pub use folders::{Folders, write_folders};
pub use rows::{Column, ColumnKind, Rows};

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Columns for a terminal.
    Table,
    /// Comma-separated, with a header.
    Csv,
    /// Tab-separated, with a header.
    Tsv,
    /// One array of objects.
    Json,
    /// One object a line.
    Ndjson,
    /// A Markdown table.
    Markdown,
    /// A Parquet file.
    Parquet,
    /// An Arrow IPC stream.
    Arrow,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 8] =
        [Self::Table, Self::Csv, Self::Tsv, Self::Json, Self::Ndjson, Self::Markdown, Self::Parquet, Self::Arrow];

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Markdown => "markdown",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
        }
    }

    /// Other names that it goes by.
    #[must_use]
    pub fn aliases(self) -> &'static [&'static str] {
        match self {
            Self::Markdown => &["md"],
            Self::Ndjson => &["jsonl"],
            _ => &[],
        }
    }

    /// Whether it is bytes that no terminal should get.
    #[must_use]
    pub fn is_binary(self) -> bool {
        matches!(self, Self::Parquet | Self::Arrow)
    }

    /// The format that a file's extension asks for.
    #[must_use]
    pub fn from_extension(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "tsv" => Some(Self::Tsv),
            "json" => Some(Self::Json),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            "md" | "markdown" => Some(Self::Markdown),
            "parquet" => Some(Self::Parquet),
            "arrow" | "arrows" | "ipc" => Some(Self::Arrow),
            "txt" => Some(Self::Table),
            _ => None,
        }
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let is_meant = |format: &Self| format.name() == name || format.aliases().contains(&name);
        Self::ALL.into_iter().find(is_meant).ok_or_else(|| format!("`{name}` is not a format"))
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether a row of a table becomes a block of lines, one a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Expanded {
    /// Never.
    #[default]
    Never,
    /// If the lines would be too long.
    Auto,
    /// Always.
    Always,
}

/// How answers for people are laid out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Layout {
    /// Widest that a cell of a table may be; `None` for as wide as it is.
    pub max_cell_width: Option<usize>,
    /// Columns that a line may take before [`Expanded::Auto`] expands; `None` for any number.
    pub line_width: Option<usize>,
    /// Whether rows of tables become blocks of lines.
    pub expanded: Expanded,
    /// Whether text in CSV and TSV that a spreadsheet takes for a formula gets a `'` before it.
    pub escape_formulas: bool,
}

/// Takes the batches of one answer.
trait Encoder {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError>;
    /// Writes what must stand behind the last row.
    fn finish(self: Box<Self>) -> Result<(), ArrowError>;
}

/// Writes `answer` to `out`; gives the number of rows.
///
/// # Errors
/// What the query fails with while it runs, and [`QueryError::Write`] or [`QueryError::Encode`].
pub async fn write<W: Write + Send>(
    answer: Answer,
    format: Format,
    layout: Layout,
    out: &mut W,
) -> Result<u64, QueryError> {
    let mut out = Watched { out, failure: None };
    match write_batches(answer, format, layout, &mut out).await {
        // encoders wrap what the system said in words of their own; the kind of the failure would be lost
        Err(QueryError::Encode { format, source }) => Err(match out.failure {
            Some(source) => QueryError::Write { source },
            None => QueryError::Encode { format, source },
        }),
        outcome => outcome,
    }
}

async fn write_batches<W: Write + Send>(
    answer: Answer,
    format: Format,
    layout: Layout,
    out: &mut W,
) -> Result<u64, QueryError> {
    let failed = |source: ArrowError| QueryError::Encode { format: format.name(), source };
    let schema = cells::prepared_schema(answer.schema(), format);
    let is_plan = answer.is_plan();
    let batches = answer.into_batches();
    pin_mut!(batches);
    // a heading over an error would be half an answer
    let mut next = next_rows(&mut batches).await?;
    let mut encoder: Box<dyn Encoder + Send> = if is_plan && format == Format::Table {
        Box::new(plan::Plan::new(&mut *out))
    } else {
        encoder(format, layout, &schema, &mut *out).map_err(failed)?
    };
    let mut rows = 0;
    while let Some(batch) = next {
        let batch = cells::prepare(&batch, &schema).map_err(failed)?;
        rows += batch.num_rows() as u64;
        encoder.write(&batch).map_err(failed)?;
        next = next_rows(&mut batches).await?;
    }
    encoder.finish().map_err(failed)?;
    out.flush().map_err(|source| QueryError::Write { source })?;
    Ok(rows)
}

/// The next batch that has rows.
async fn next_rows(
    batches: &mut (impl Stream<Item = Result<RecordBatch, QueryError>> + Unpin),
) -> Result<Option<RecordBatch>, QueryError> {
    while let Some(batch) = batches.next().await.transpose()? {
        if batch.num_rows() > 0 {
            return Ok(Some(batch));
        }
    }
    Ok(None)
}

/// Remembers how writing failed.
struct Watched<'a, W> {
    out: &'a mut W,
    failure: Option<io::Error>,
}

impl<W: Write> Watched<'_, W> {
    fn watch<T>(&mut self, outcome: io::Result<T>) -> io::Result<T> {
        // an error cannot be kept and passed on, but its kind and its words can
        outcome.inspect_err(|error| self.failure = Some(io::Error::new(error.kind(), error.to_string())))
    }
}

impl<W: Write> Write for Watched<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes);
        self.watch(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.out.flush();
        self.watch(flushed)
    }
}

fn encoder<'a, W: Write + Send>(
    format: Format,
    layout: Layout,
    schema: &SchemaRef,
    out: &'a mut W,
) -> Result<Box<dyn Encoder + Send + 'a>, ArrowError> {
    Ok(match format {
        Format::Table => Box::new(table::Table::new(schema, layout, out)),
        Format::Csv => Box::new(delimited::Delimited::new(schema, b',', layout, out)?),
        Format::Tsv => Box::new(delimited::Delimited::new(schema, b'\t', layout, out)?),
        Format::Json => Box::new(json::Array::new(out)),
        Format::Ndjson => Box::new(json::Lines::new(out)),
        Format::Markdown => Box::new(markdown::Markdown::new(schema, out)?),
        Format::Parquet => Box::new(Parquet::new(schema, out)?),
        Format::Arrow => Box::new(Ipc(StreamWriter::try_new(out, schema)?)),
    })
}

struct Ipc<W: Write>(StreamWriter<W>);

impl<W: Write> Encoder for Ipc<W> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        self.0.write(batch)
    }

    fn finish(mut self: Box<Self>) -> Result<(), ArrowError> {
        self.0.finish()
    }
}

struct Parquet<W: Write + Send>(ArrowWriter<W>);

impl<W: Write + Send> Parquet<W> {
    fn new(schema: &SchemaRef, out: W) -> Result<Self, ArrowError> {
        let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
        Ok(Self(ArrowWriter::try_new(out, SchemaRef::clone(schema), Some(properties))?))
    }
}

impl<W: Write + Send> Encoder for Parquet<W> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        Ok(self.0.write(batch)?)
    }

    fn finish(self: Box<Self>) -> Result<(), ArrowError> {
        self.0.close()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
