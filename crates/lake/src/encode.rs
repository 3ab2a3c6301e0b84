//! Rows as Parquet files, and what the transaction log says of them.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::compute::interleave;
use arrow::datatypes::{SchemaRef, TimestampMicrosecondType};
use arrow::error::ArrowError;
use milepost_schema::{EVENT_TIME, time};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::properties::WriterProperties;
use serde_json::{Map, Value, json};

use crate::error::LakeError;
use crate::filters::tag_of;
use crate::footer::{footer_of, sha256};
use crate::gather::Place;
use crate::layout::{PAGE_ROWS, ROW_GROUP_ROWS, properties};
use crate::pages::Bounds;
use crate::small::encode_small;

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
    // of many thousand partitions, each is in a few of the batches
    let mut used: Vec<usize> = places.iter().map(|place| place.0).collect();
    used.sort_unstable();
    used.dedup();
    let of_used = |place: &Place| (used.partition_point(|batch| *batch < place.0), place.1);
    let places: Vec<Place> = places.iter().map(of_used).collect();
    let used: Vec<&RecordBatch> = used.iter().map(|batch| &batches[*batch]).collect();
    if (1..=PAGE_ROWS).contains(&places.len())
        && let Some(encoded) = encode_small(&used, &places, file_schema, path)?
    {
        return Ok(encoded);
    }
    let columns: Vec<usize> = (0..file_schema.fields().len()).collect();
    let mut encoder = Encoder::new(file_schema, places.len(), path)?;
    for places in places.chunks(CHUNK_ROWS) {
        let rows = rows_at(&used, places, file_schema, &columns);
        encoder.write(&rows.map_err(|source| LakeError::Rows { path: path.to_owned(), source })?)?;
    }
    encoder.finish()
}

/// The rows at `places` of `batches`, as one batch with those `columns` of the batches that are columns of `schema`, too.
pub(crate) fn rows_at(
    batches: &[&RecordBatch],
    places: &[Place],
    schema: &SchemaRef,
    columns: &[usize],
) -> Result<RecordBatch, ArrowError> {
    let column = |at: &usize| {
        let arrays: Vec<&dyn Array> = batches.iter().map(|batch| batch.column(*at).as_ref()).collect();
        // most columns of most partitions hold nothing
        if arrays.iter().all(|array| array.null_count() == array.len()) {
            return Ok(new_null_array(schema.field(*at).data_type(), places.len()));
        }
        interleave(&arrays, places)
    };
    let arrays: Result<Vec<_>, _> = columns.iter().map(column).collect();
    let row_count = RecordBatchOptions::new().with_row_count(Some(places.len()));
    RecordBatch::try_new_with_options(Arc::new(schema.project(columns)?), arrays?, &row_count)
}

/// Encodes a file of one batch.
///
/// # Errors
/// [`LakeError::Encode`], naming `path`.
pub(crate) fn encode_batch(batch: &RecordBatch, path: &str) -> Result<Encoded, LakeError> {
    let places: Vec<Place> = (0..batch.num_rows()).map(|row| (0, row)).collect();
    encode_places(std::slice::from_ref(batch), &places, &batch.schema(), path)
}

fn options(properties: WriterProperties) -> ArrowWriterOptions {
    // Parquet's own types say all that there is to say; Arrow's schema beside them would be half of a small footer
    ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true)
}

impl Encoded {
    pub(crate) fn of(bytes: Vec<u8>, footer: &ParquetMetaData, statistics: &Statistics) -> Self {
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
pub(crate) struct Statistics {
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
            let (low, high) = (times.iter().flatten().min(), times.iter().flatten().max());
            let bounds = low.zip(high).map(|(low, high)| Bounds::Numbers(low, high));
            self.add_column(EVENT_TIME, bounds, times.null_count());
        }
        for name in STATISTICS_COLUMNS {
            let texts = batch.column_by_name(name).and_then(|array| array.as_string_opt::<i32>());
            if let Some(texts) = texts {
                let (low, high) = (texts.iter().flatten().min(), texts.iter().flatten().max());
                let bounds = low.zip(high).map(|(low, high)| Bounds::Texts(low.as_bytes(), high.as_bytes()));
                self.add_column(name, bounds, texts.null_count());
            }
        }
    }

    /// Of a file of so many rows.
    pub(crate) fn of_rows(rows: usize) -> Self {
        Self { rows: rows as u64, ..Self::default() }
    }

    /// Adds least and greatest value of a column, if the log keeps those of this column.
    pub(crate) fn add_column(&mut self, name: &str, bounds: Option<Bounds<'_>>, nulls: usize) {
        if name == EVENT_TIME {
            self.time_nulls += nulls;
            if let Some(Bounds::Numbers(low, high)) = bounds {
                [low, high].into_iter().for_each(|micros| self.time.add(micros));
            }
        }
        let Some(at) = STATISTICS_COLUMNS.iter().position(|column| *column == name) else { return };
        self.text_nulls[at] += nulls;
        if let Some(Bounds::Texts(low, high)) = bounds {
            // they come from columns of text
            [low, high].into_iter().for_each(|text| self.texts[at].add(&String::from_utf8_lossy(text)));
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
