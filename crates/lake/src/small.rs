//! A file of few rows, put together column by column.
//!
//! Most files of a lake are small. Their columns are [made](crate::pages) from the rows where they lie,
//! [compressed](crate::pack), and put side by side.

use std::sync::Arc;

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::{DataType, SchemaRef};
use parquet::arrow::ArrowSchemaConverter;
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedFileWriter;

use crate::encode::{Encoded, Statistics};
use crate::error::LakeError;
use crate::gather::Place;
use crate::layout::small_properties;
use crate::pack::{Packer, with_packer};
use crate::pages::PageEncoder;

/// Encodes the rows at `places` of `batches`; `None` if a column is too long for that, or of a type
/// that no table has.
///
/// # Errors
/// [`LakeError::Encode`], naming `path`.
pub(crate) fn encode_small(
    batches: &[&RecordBatch],
    places: &[Place],
    schema: &SchemaRef,
    path: &str,
) -> Result<Option<Encoded>, LakeError> {
    with_packer(|packer| encode(batches, places, schema, packer))
        .map_err(|source| LakeError::Encode { path: path.to_owned(), source })
}

fn encode(
    batches: &[&RecordBatch],
    places: &[Place],
    schema: &SchemaRef,
    packer: &mut Packer,
) -> Result<Option<Encoded>, ParquetError> {
    let rows = places.len();
    let properties = Arc::new(small_properties(schema, rows));
    let types = ArrowSchemaConverter::new().convert(schema)?;
    let mut packed = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut packed, types.root_schema_ptr(), Arc::clone(&properties))?;
    let mut out = writer.next_row_group()?;
    let mut statistics = Statistics::of_rows(rows);
    let mut encoder = PageEncoder::new(places);
    let mut leaves = types.columns();
    for (at, field) in schema.fields().iter().enumerate() {
        let (own, others) = leaves.split_at(leaves_of(field.data_type()).min(leaves.len()));
        leaves = others;
        let arrays: Vec<&dyn Array> = batches.iter().map(|batch| batch.column(at).as_ref()).collect();
        let Some(columns) = encoder.columns(&arrays, own, &properties)? else { return Ok(None) };
        for column in columns {
            statistics.add_column(field.name(), column.bounds, column.nulls);
            let (bytes, close) = packer.column(column.chunk, rows)?;
            out.append_column(&bytes, close)?;
        }
    }
    out.close()?;
    let footer = writer.close()?;
    Ok(Some(Encoded::of(packed, &footer, &statistics)))
}

/// The number of Parquet's columns that a column has.
fn leaves_of(data_type: &DataType) -> usize {
    match data_type {
        DataType::List(element) => leaves_of(element.data_type()),
        DataType::Struct(members) => members.iter().map(|member| leaves_of(member.data_type())).sum(),
        _ => 1,
    }
}
