//! A file of few rows, put together column by column.
//!
//! Most files of a lake are small, and most columns are text. Those are [made](crate::texts) from the rows where they lie;
//! the others are few and go through Parquet's writer. Then all of them are [compressed](crate::pack), and put side by side.

use std::sync::Arc;

use arrow::array::{AsArray as _, RecordBatch, StringArray};
use arrow::datatypes::{DataType, SchemaRef};
use bytes::Bytes;
use parquet::arrow::{ArrowSchemaConverter, ArrowWriter};
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedFileWriter;

use crate::encode::{Encoded, Statistics, options, rows_at};
use crate::error::LakeError;
use crate::gather::Place;
use crate::layout::{plain_properties, small_properties};
use crate::pack::{Chunk, Packer, chunk_of, with_packer};
use crate::texts::TextEncoder;

/// Encodes the rows at `places` of `batches`; `None` if a column is too long for that.
///
/// # Errors
/// [`LakeError::Rows`] or [`LakeError::Encode`], naming `path`.
pub(crate) fn encode_small(
    batches: &[&RecordBatch],
    places: &[Place],
    schema: &SchemaRef,
    path: &str,
) -> Result<Option<Encoded>, LakeError> {
    let columns = 0..schema.fields().len();
    let (texts, others): (Vec<usize>, Vec<usize>) = columns.partition(|column| is_text(schema, *column));
    let of_others = rows_at(batches, places, schema, &others)
        .map_err(|source| LakeError::Rows { path: path.to_owned(), source })?;
    let small = Small { batches, schema, texts: &texts, of_others };
    with_packer(|packer| small.encode(places, packer))
        .map_err(|source| LakeError::Encode { path: path.to_owned(), source })
}

fn is_text(schema: &SchemaRef, column: usize) -> bool {
    *schema.field(column).data_type() == DataType::Utf8
}

struct Small<'a> {
    batches: &'a [&'a RecordBatch],
    schema: &'a SchemaRef,
    texts: &'a [usize],
    /// The rows with the columns that are no texts.
    of_others: RecordBatch,
}

impl Small<'_> {
    fn encode(&self, places: &[Place], packer: &mut Packer) -> Result<Option<Encoded>, ParquetError> {
        let rows = places.len();
        let properties = Arc::new(small_properties(self.schema, rows));
        let mut chunks = plain_file(&self.of_others)?.into_iter();
        let mut statistics = Statistics::default();
        statistics.add_rows(&self.of_others);
        let types = ArrowSchemaConverter::new().convert(self.schema)?;
        let mut packed = Vec::new();
        let mut writer = SerializedFileWriter::new(&mut packed, types.root_schema_ptr(), Arc::clone(&properties))?;
        let mut out = writer.next_row_group()?;
        let mut encoder = TextEncoder::new(places);
        for (leaf, column) in types.columns().iter().enumerate() {
            let root = types.get_column_root_idx(leaf);
            let chunk = if self.texts.contains(&root) {
                let arrays: Vec<&StringArray> =
                    self.batches.iter().map(|batch| batch.column(root).as_string()).collect();
                let Some(text) = encoder.column(&arrays, column, &properties)? else { return Ok(None) };
                statistics.add_texts(self.schema.field(root).name(), text.bounds, text.nulls);
                Chunk { pages: text.pages, about: text.about, bloom_filter: text.bloom_filter }
            } else {
                let missing = || ParquetError::General(format!("there is no column {}", column.path()));
                chunks.next().ok_or_else(missing)?
            };
            let (bytes, close) = packer.column(chunk, rows)?;
            out.append_column(&bytes, close)?;
        }
        out.close()?;
        let footer = writer.close()?;
        Ok(Some(Encoded::of(packed, &footer, &statistics)))
    }
}

/// The columns of `rows` as Parquet's writer has them, not compressed.
fn plain_file(rows: &RecordBatch) -> Result<Vec<Chunk>, ParquetError> {
    if rows.num_columns() == 0 {
        return Ok(Vec::new());
    }
    let properties = plain_properties(rows);
    let mut plain = Vec::new();
    let mut writer = ArrowWriter::try_new_with_options(&mut plain, rows.schema(), options(properties))?;
    writer.write(rows)?;
    let footer = writer.close()?;
    let plain = Arc::new(Bytes::from(plain));
    let groups = footer.row_groups().iter();
    groups.flat_map(|group| group.columns()).map(|column| chunk_of(&plain, column, rows.num_rows())).collect()
}
