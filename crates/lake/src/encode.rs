//! Rows as Parquet files, and what the transaction log says of them.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::interleave_record_batch;
use arrow::datatypes::{SchemaRef, TimestampMicrosecondType};
use milepost_schema::{EVENT_TIME, time};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use serde_json::{Map, Value, json};

use crate::error::LakeError;
use crate::footer::{footer_of, sha256};
use crate::gather::Place;

/// Rows of one row group: small enough that time prunes inside a busy day, large enough to compress.
const ROW_GROUP_ROWS: usize = 128 * 1024;
/// Rows put together at once; bounds what is copied beside the batches.
pub(crate) const CHUNK_ROWS: usize = 8 * 1024;
/// zstd level: 1 and 3 write at the same speed here, 3 is a little smaller.
const ZSTD_LEVEL: i32 = 3;
/// Columns that have their least and greatest value in the transaction log, beside `event_time`.
pub(crate) const STATISTICS_COLUMNS: [&str; 2] = ["event_source", "event_name"];
/// Columns of which one value is looked for, and whose bounds say nothing.
const BLOOM_FILTER_COLUMNS: [&str; 2] = [milepost_schema::EVENT_ID, "user_identity_access_key_id"];
/// Part of the row groups without a value that are read in vain: about ten bits a value.
const BLOOM_FILTER_FPP: f64 = 0.01;
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
    let narrow: Vec<_> = narrow.iter().collect();
    let of_used = |place: &Place| (used.partition_point(|batch| *batch < place.0), place.1);
    let mut encoder = Encoder::new(file_schema, places.len(), path)?;
    for chunk in places.chunks(CHUNK_ROWS) {
        let chunk: Vec<Place> = chunk.iter().map(of_used).collect();
        encoder.write(&interleave_record_batch(&narrow, &chunk).map_err(rows_error)?)?;
    }
    encoder.finish()
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
        let properties = properties(file_schema, rows);
        let writer = ArrowWriter::try_new(Vec::new(), Arc::clone(file_schema), Some(properties))
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
    pub(crate) fn finish(self) -> Result<Encoded, LakeError> {
        let bytes = self.writer.into_inner().map_err(|source| LakeError::Encode { path: self.path, source })?;
        let footer_sha256 = footer_of(&bytes).map(sha256);
        Ok(Encoded { bytes, rows: self.statistics.rows, statistics: self.statistics.to_json(), footer_sha256 })
    }
}

fn properties(schema: &SchemaRef, rows: usize) -> WriterProperties {
    let level = ZstdLevel::try_new(ZSTD_LEVEL).unwrap_or_default();
    let sorted_by = |name: &str| schema.index_of(name).ok().and_then(|at| i32::try_from(at).ok());
    let sorting = [EVENT_TIME, milepost_schema::EVENT_ID]
        .iter()
        .map_while(|name| sorted_by(name))
        .map(|column_idx| SortingColumn { column_idx, descending: false, nulls_first: true })
        .collect::<Vec<_>>();
    let mut properties = WriterProperties::builder();
    for name in BLOOM_FILTER_COLUMNS.iter().filter(|name| schema.index_of(name).is_ok()) {
        let column = ColumnPath::from(*name);
        properties = properties
            .set_column_bloom_filter_fpp(column.clone(), BLOOM_FILTER_FPP)
            .set_column_bloom_filter_max_ndv(column, rows.clamp(1, ROW_GROUP_ROWS) as u64);
    }
    properties
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_sorting_columns((!sorting.is_empty()).then_some(sorting))
        .set_created_by(concat!("milepost ", env!("CARGO_PKG_VERSION")).to_owned())
        .build()
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
