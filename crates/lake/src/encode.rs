//! Rows as Parquet files, and what the transaction log says of them.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, new_null_array};
use arrow::compute::interleave;
use arrow::datatypes::{FieldRef, SchemaRef, TimestampMicrosecondType};
use arrow::error::ArrowError;
use milepost_schema::{EVENT_TIME, time};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::properties::WriterProperties;
use serde_json::{Map, Value, json};

use crate::error::LakeError;
use crate::filters::tag_of;
use crate::footer::{footer_of, sha256};
use crate::gather::Place;
use crate::layout::{ROW_GROUP_ROWS, plain_properties, properties};
use crate::pack::pack;

/// Rows put together at once; bounds what is copied beside the batches.
pub(crate) const CHUNK_ROWS: usize = 8 * 1024;
/// Columns that have their least and greatest value in the transaction log, beside `event_time`.
pub(crate) const STATISTICS_COLUMNS: [&str; 2] = ["event_source", "event_name"];
/// Longest text kept as a least or greatest value.
const STATISTICS_BYTES: usize = 64;

const _: () = assert!(ROW_GROUP_ROWS.is_multiple_of(CHUNK_ROWS));

/// A finished file.
#[derive(Debug)]
pub(crate) struct Encoded {
    pub(crate) bytes: Vec<u8>,
    pub(crate) rows: u64,
    /// Checksum of the footer, which says where everything else is.
    pub(crate) footer_sha256: Option<String>,
    /// Where its Bloom filters lie, as the log has it.
    pub(crate) bloom_filters: Option<String>,
    /// Statistics as the transaction log wants them.
    pub(crate) statistics: String,
}

/// Encodes the rows at `places`, in that order, without the columns that `file_schema` lacks.
///
/// # Errors
/// [`LakeError::Rows`] or [`LakeError::Encode`], naming `path`.
pub(crate) fn encode_places(
    batches: &[RecordBatch],
    places: &[Place],
    file_schema: &SchemaRef,
    path: &str,
) -> Result<Encoded, LakeError> {
    let rows_error = |source| LakeError::Rows { path: path.to_owned(), source };
    // of many thousand partitions, each is in a few of the batches
    let mut used: Vec<usize> = places.iter().map(|place| place.0).collect();
    used.sort_unstable();
    used.dedup();
    let columns: Vec<usize> = (0..file_schema.fields().len()).collect();
    let narrow: Result<Vec<_>, _> = used.iter().map(|batch| batches[*batch].project(&columns)).collect();
    let narrow = narrow.map_err(rows_error)?;
    let of_used = |place: &Place| (used.partition_point(|batch| *batch < place.0), place.1);
    let chunk_of = |places: &[Place]| {
        let places: Vec<Place> = places.iter().map(of_used).collect();
        rows_at(&narrow, &places, file_schema).map_err(rows_error)
    };
    if places.len() <= CHUNK_ROWS {
        return encode_batch(&chunk_of(places)?, path);
    }
    let mut encoder = Encoder::new(file_schema, places.len(), path)?;
    for places in places.chunks(CHUNK_ROWS) {
        encoder.write(&chunk_of(places)?)?;
    }
    encoder.finish()
}

/// The rows at `places` of `batches`, as one batch.
pub(crate) fn rows_at(
    batches: &[RecordBatch],
    places: &[Place],
    schema: &SchemaRef,
) -> Result<RecordBatch, ArrowError> {
    let column = |(at, field): (usize, &FieldRef)| {
        let arrays: Vec<&dyn Array> = batches.iter().map(|batch| batch.column(at).as_ref()).collect();
        // most columns of most partitions hold nothing
        if arrays.iter().all(|array| array.null_count() == array.len()) {
            return Ok(new_null_array(field.data_type(), places.len()));
        }
        interleave(&arrays, places)
    };
    let columns: Result<Vec<_>, _> = schema.fields().iter().enumerate().map(column).collect();
    RecordBatch::try_new(Arc::clone(schema), columns?)
}

/// Encodes a file of one batch.
///
/// # Errors
/// [`LakeError::Encode`], naming `path`.
pub(crate) fn encode_batch(batch: &RecordBatch, path: &str) -> Result<Encoded, LakeError> {
    let (bytes, footer) = encode_packed(batch).map_err(|source| LakeError::Encode { path: path.to_owned(), source })?;
    let mut statistics = Statistics::default();
    statistics.add(batch);
    Ok(Encoded::of(bytes, &footer, &statistics))
}

fn encode_packed(batch: &RecordBatch) -> Result<(Vec<u8>, ParquetMetaData), ParquetError> {
    let properties = plain_properties(batch);
    let mut plain = Vec::new();
    let mut writer = ArrowWriter::try_new_with_options(&mut plain, batch.schema(), options(properties.clone()))?;
    writer.write(batch)?;
    let metadata = writer.close()?;
    pack(plain, &metadata, &Arc::new(properties))
}

fn options(properties: WriterProperties) -> ArrowWriterOptions {
    // Parquet's own types say all that there is to say; Arrow's schema beside them would be half of a small footer
    ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true)
}

impl Encoded {
    fn of(bytes: Vec<u8>, footer: &ParquetMetaData, statistics: &Statistics) -> Self {
        Self {
            footer_sha256: footer_of(&bytes).map(sha256),
            bloom_filters: tag_of(footer),
            bytes,
            rows: statistics.rows,
            statistics: statistics.to_json(),
        }
    }
}

/// Encodes one file, batch after batch.
pub(crate) struct Encoder {
    writer: ArrowWriter<Vec<u8>>,
    statistics: Statistics,
    path: String,
}

impl Encoder {
    /// For at most `rows` rows, as far as is known; more are fine.
    ///
    /// # Errors
    /// [`LakeError::Encode`], naming `path`.
    pub(crate) fn new(file_schema: &SchemaRef, rows: usize, path: &str) -> Result<Self, LakeError> {
        let options = options(properties(file_schema, rows));
        let writer = ArrowWriter::try_new_with_options(Vec::new(), Arc::clone(file_schema), options)
            .map_err(|source| LakeError::Encode { path: path.to_owned(), source })?;
        Ok(Self { writer, statistics: Statistics::default(), path: path.to_owned() })
    }

    /// # Errors
    /// [`LakeError::Encode`].
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), LakeError> {
        self.statistics.add(batch);
        self.writer.write(batch).map_err(|source| LakeError::Encode { path: self.path.clone(), source })
    }

    /// # Errors
    /// [`LakeError::Encode`].
    pub(crate) fn finish(mut self) -> Result<Encoded, LakeError> {
        let footer = self.writer.finish().map_err(|source| LakeError::Encode { path: self.path, source })?;
        // a writer that is finished gives nothing away, but lets its bytes be taken
        let bytes = std::mem::take(self.writer.inner_mut());
        Ok(Encoded::of(bytes, &footer, &self.statistics))
    }
}

/// Gathers what the transaction log says of a file.
#[derive(Debug, Default)]
struct Statistics {
    rows: u64,
    time: Range<i64>,
    time_nulls: usize,
    texts: [Range<String>; STATISTICS_COLUMNS.len()],
    text_nulls: [usize; STATISTICS_COLUMNS.len()],
}

#[derive(Debug, Default)]
struct Range<T> {
    bounds: Option<(T, T)>,
}

impl Range<i64> {
    fn add(&mut self, value: i64) {
        self.bounds = Some(self.bounds.map_or((value, value), |(low, high)| (low.min(value), high.max(value))));
    }
}

impl Range<String> {
    fn add(&mut self, value: &str) {
        match &mut self.bounds {
            Some((low, _)) if value < low.as_str() => value.clone_into(low),
            Some((_, high)) if value > high.as_str() => value.clone_into(high),
            Some(_) => {}
            none => *none = Some((value.to_owned(), value.to_owned())),
        }
    }
}

impl Statistics {
    fn add(&mut self, batch: &RecordBatch) {
        self.rows += batch.num_rows() as u64;
        let times =
            batch.column_by_name(EVENT_TIME).and_then(|array| array.as_primitive_opt::<TimestampMicrosecondType>());
        if let Some(times) = times {
            self.time_nulls += times.null_count();
            times.iter().flatten().for_each(|micros| self.time.add(micros));
        }
        for (at, name) in STATISTICS_COLUMNS.iter().enumerate() {
            let texts = batch.column_by_name(name).and_then(|array| array.as_string_opt::<i32>());
            if let Some(texts) = texts {
                self.text_nulls[at] += texts.null_count();
                texts.iter().flatten().for_each(|text| self.texts[at].add(text));
            }
        }
    }

    /// Delta's JSON: `numRecords`, and for some columns least and greatest value and count of nulls.
    fn to_json(&self) -> String {
        let (mut low, mut high, mut nulls) = (Map::new(), Map::new(), Map::new());
        if let Some((first, last)) = self.time.bounds {
            low.insert(EVENT_TIME.to_owned(), json!(delta_instant(first)));
            high.insert(EVENT_TIME.to_owned(), json!(delta_instant(last)));
            nulls.insert(EVENT_TIME.to_owned(), json!(self.time_nulls));
        }
        for (at, name) in STATISTICS_COLUMNS.iter().enumerate() {
            // a bound that would have to be cut is left out: a cut greatest value is no upper bound
            if let Some((first, last)) = &self.texts[at].bounds
                && first.len() <= STATISTICS_BYTES
                && last.len() <= STATISTICS_BYTES
            {
                low.insert((*name).to_owned(), json!(first));
                high.insert((*name).to_owned(), json!(last));
                nulls.insert((*name).to_owned(), json!(self.text_nulls[at]));
            }
        }
        let mut all = json!({ "numRecords": self.rows });
        if !low.is_empty() {
            all["minValues"] = Value::Object(low);
            all["maxValues"] = Value::Object(high);
            all["nullCount"] = Value::Object(nulls);
        }
        all.to_string()
    }
}

/// An instant with the three digits of fraction that Delta's statistics have, or six where it needs them.
fn delta_instant(micros: i64) -> String {
    let text = time::format_micros(micros);
    if text.contains('.') { text } else { text.replace('Z', ".000Z") }
}
