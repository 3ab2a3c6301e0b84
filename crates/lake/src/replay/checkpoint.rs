//! A checkpoint: all that was true at its version, one row each, as Parquet.

use arrow::array::{Array, AsArray, Int32Array, Int64Array, MapArray, RecordBatch, StringArray, StructArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int32Type, Int64Type};
use bytes::Bytes;
use milepost_schema::{ACCOUNT, DATE, REGION};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::commit::READER_VERSION;
use super::{Part, Unknown};
use crate::filters::{BLOOM_FILTERS, FilterPlaces};
use crate::log::raw_path;
use crate::partition::Partition;
use crate::snapshot::DataFile;
use crate::statistics::LogStatistics;

/// What is read of it. What was removed before is no longer named by anything.
const COLUMNS: [&str; 7] = [
    "add.path",
    "add.partitionValues",
    "add.size",
    "add.modificationTime",
    "add.stats",
    "add.tags",
    "protocol.minReaderVersion",
];
/// A member of a row's `add` that makes it more than a file.
const DELETION_VECTOR: &str = "add.deletionVector.storageType";
/// Rows decoded at once.
const BATCH_ROWS: usize = 8192;

/// Reads a checkpoint.
pub(super) fn read(bytes: Bytes) -> Result<Part, Unknown> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(|_| Unknown)?;
    let columns = COLUMNS.into_iter().chain([DELETION_VECTOR]);
    let mask = ProjectionMask::columns(reader.parquet_schema(), columns);
    let batches = reader.with_projection(mask).with_batch_size(BATCH_ROWS).build().map_err(|_| Unknown)?;
    let mut part = Part::default();
    for batch in batches {
        add_rows(&batch.map_err(|_| Unknown)?, &mut part)?;
    }
    Ok(part)
}

fn add_rows(batch: &RecordBatch, part: &mut Part) -> Result<(), Unknown> {
    let protocol = member(batch, "protocol")?;
    let versions: Int32Array =
        typed(protocol, "minReaderVersion", &DataType::Int32)?.as_primitive::<Int32Type>().clone();
    if versions.iter().flatten().any(|version| version > READER_VERSION) {
        return Err(Unknown);
    }
    let add = member(batch, "add")?;
    if let Some(vectors) = add.column_by_name("deletionVector")
        && vectors.null_count() < vectors.len()
    {
        return Err(Unknown);
    }
    let adds = Adds::of(add)?;
    part.added.extend((0..batch.num_rows()).filter(|row| add.is_valid(*row)).map(|row| adds.file(row)));
    Ok(())
}

/// The columns of a batch's files.
struct Adds {
    path: StringArray,
    size: Int64Array,
    modified: Int64Array,
    stats: StringArray,
    partition: Texts,
    /// What writers noted of files, if they did.
    tags: Option<Texts>,
}

/// Texts by name, some for each row.
struct Texts {
    values: MapArray,
    names: StringArray,
    texts: StringArray,
}

impl Texts {
    fn of(add: &StructArray, name: &str) -> Result<Self, Unknown> {
        let values = add.column_by_name(name).and_then(|values| values.as_map_opt()).ok_or(Unknown)?;
        let text_of = |array| cast(array, &DataType::Utf8).map(|array| array.as_string::<i32>().clone());
        Ok(Self {
            names: text_of(values.keys()).map_err(|_| Unknown)?,
            texts: text_of(values.values()).map_err(|_| Unknown)?,
            values: values.clone(),
        })
    }

    fn get(&self, row: usize, name: &str) -> Option<&str> {
        let offsets = self.values.value_offsets();
        let bound = |at: usize| usize::try_from(offsets[at]).unwrap_or(0);
        let at = (bound(row)..bound(row + 1)).find(|at| self.names.value(*at) == name)?;
        self.texts.is_valid(at).then(|| self.texts.value(at))
    }
}

impl Adds {
    fn of(add: &StructArray) -> Result<Self, Unknown> {
        let texts = |name| typed(add, name, &DataType::Utf8).map(|array| array.as_string::<i32>().clone());
        let numbers = |name| typed(add, name, &DataType::Int64).map(|array| array.as_primitive::<Int64Type>().clone());
        Ok(Self {
            path: texts("path")?,
            size: numbers("size")?,
            modified: numbers("modificationTime")?,
            stats: texts("stats")?,
            partition: Texts::of(add, "partitionValues")?,
            tags: Texts::of(add, "tags").ok(),
        })
    }

    fn file(&self, row: usize) -> DataFile {
        let stats = self.stats.is_valid(row).then(|| self.stats.value(row).as_bytes());
        let filters = self.tags.as_ref().and_then(|tags| tags.get(row, BLOOM_FILTERS));
        let filters = filters.map(|text| FilterPlaces::of(Bytes::copy_from_slice(text.as_bytes())));
        DataFile {
            path: raw_path(self.path.value(row)),
            size_bytes: u64::try_from(self.size.value(row)).unwrap_or(0),
            modified_millis: self.modified.value(row),
            partition: self.partition(row),
            statistics: stats.map(|json| LogStatistics::of_json(Bytes::copy_from_slice(json))).unwrap_or_default(),
            filters: filters.unwrap_or_default(),
        }
    }

    fn partition(&self, row: usize) -> Partition {
        let value = |name: &str| self.partition.get(row, name).map(str::to_owned);
        Partition::of_texts(value(REGION), value(ACCOUNT), value(DATE))
    }
}

fn member<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a StructArray, Unknown> {
    batch.column_by_name(name).and_then(|column| column.as_struct_opt()).ok_or(Unknown)
}

fn typed(group: &StructArray, name: &str, data_type: &DataType) -> Result<arrow::array::ArrayRef, Unknown> {
    cast(group.column_by_name(name).ok_or(Unknown)?, data_type).map_err(|_| Unknown)
}
