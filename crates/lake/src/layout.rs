//! How a data file is laid out: how each column is encoded and compressed, and what the file says of it beside its values.
//!
//! Most files of a lake are small, and of the hundred columns of a small file most hold nothing or one value again and
//! again. What is written for each column whatever is in it, a zstd context in memory and bounds nobody prunes by in the
//! footer, is then more than the values. So it is written where it pays.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, SchemaRef};
use milepost_schema::{EVENT_ID, EVENT_TIME};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

/// Rows of one row group: small enough that time prunes inside a busy day, large enough to compress.
pub(crate) const ROW_GROUP_ROWS: usize = 128 * 1024;
/// Rows below which a column is one page, of which an index of pages says nothing.
const PAGE_ROWS: usize = 20_000;
/// zstd level: 1 and 3 write at the same speed here, 3 is a little smaller.
const ZSTD_LEVEL: i32 = 3;
/// zstd level for texts that are drawn by lot: they hold no repetitions to look for, and level 1 packs their few letters
/// tighter than 3.
const RANDOM_ZSTD_LEVEL: i32 = 1;
/// Columns of random texts that hardly ever repeat: a dictionary would hold all of them.
const UNIQUE_COLUMNS: [&str; 2] = [EVENT_ID, "request_id"];
/// Columns of random texts that repeat.
const RANDOM_COLUMNS: [&str; 2] = ["user_identity_access_key_id", "source_ip_address"];
/// Columns of which one value is looked for, and whose bounds say nothing.
const BLOOM_FILTER_COLUMNS: [&str; 2] = [EVENT_ID, "user_identity_access_key_id"];
/// Part of the row groups without a value that are read in vain: about ten bits a value.
const BLOOM_FILTER_FPP: f64 = 0.01;
/// Columns whose bounds leave row groups out. `event_time` has those of its pages as well.
const BOUNDED_COLUMNS: [&str; 16] = [
    "event_source",
    "event_name",
    "event_type",
    "event_category",
    "read_only",
    "error_code",
    "user_identity_type",
    "user_identity_arn",
    "user_identity_account_id",
    "user_identity_user_name",
    "user_identity_principal_id",
    "user_identity_invoked_by",
    "session_issuer_arn",
    "session_issuer_user_name",
    "source_ip_address",
    "vpc_endpoint_id",
];
/// Bytes of a column, once its dictionary is taken out, from which on it is compressed: what is less fits into the frame
/// that zstd would put around it, or nearly so.
const COMPRESSED_BYTES: usize = 384;
/// Different texts of a column that is not compressed.
const FEW_TEXTS: usize = 16;

/// What a column of a small file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    /// Nothing.
    Empty,
    /// Not enough to be compressed.
    Light,
    Heavy,
}

/// How a file of about `rows` rows is written. `all` are the rows, if they are at hand.
pub(crate) fn properties(schema: &SchemaRef, rows: usize, all: Option<&RecordBatch>) -> WriterProperties {
    let has_pages = rows > PAGE_ROWS;
    // the tables beside `events` are small, and expiry goes by the bounds of their times
    let of_others = match schema.index_of(EVENT_TIME) {
        Ok(_) => EnabledStatistics::None,
        Err(_) => EnabledStatistics::Chunk,
    };
    let mut properties = WriterProperties::builder()
        .set_compression(zstd(ZSTD_LEVEL))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_statistics_enabled(of_others)
        .set_offset_index_disabled(!has_pages)
        .set_sorting_columns(sorting(schema))
        .set_created_by(concat!("milepost ", env!("CARGO_PKG_VERSION")).to_owned());
    let has = |name: &&&str| schema.index_of(name).is_ok();
    let of_time = if has_pages { EnabledStatistics::Page } else { EnabledStatistics::Chunk };
    for name in BOUNDED_COLUMNS.iter().filter(has) {
        properties = properties.set_column_statistics_enabled(ColumnPath::from(*name), EnabledStatistics::Chunk);
    }
    for name in [EVENT_TIME].iter().filter(has) {
        properties = properties
            .set_column_statistics_enabled(ColumnPath::from(*name), of_time)
            .set_column_dictionary_enabled(ColumnPath::from(*name), false)
            .set_column_encoding(ColumnPath::from(*name), Encoding::DELTA_BINARY_PACKED);
    }
    for name in UNIQUE_COLUMNS.iter().filter(has) {
        properties = properties
            .set_column_compression(ColumnPath::from(*name), zstd(RANDOM_ZSTD_LEVEL))
            .set_column_dictionary_enabled(ColumnPath::from(*name), false)
            .set_column_encoding(ColumnPath::from(*name), Encoding::DELTA_LENGTH_BYTE_ARRAY);
    }
    for name in RANDOM_COLUMNS.iter().filter(has) {
        properties = properties.set_column_compression(ColumnPath::from(*name), zstd(RANDOM_ZSTD_LEVEL));
    }
    for name in BLOOM_FILTER_COLUMNS.iter().filter(has) {
        properties = properties
            .set_column_bloom_filter_fpp(ColumnPath::from(*name), BLOOM_FILTER_FPP)
            .set_column_bloom_filter_max_ndv(ColumnPath::from(*name), rows.clamp(1, ROW_GROUP_ROWS) as u64);
    }
    match all {
        Some(all) => with_weights(properties, all).build(),
        None => properties.build(),
    }
}

/// Compresses what is heavy, and says of what is empty that it is.
fn with_weights(mut properties: WriterPropertiesBuilder, all: &RecordBatch) -> WriterPropertiesBuilder {
    for (field, array) in all.schema().fields().iter().zip(all.columns()) {
        for (path, weight) in leaves(vec![field.name().clone()], array) {
            let path = ColumnPath::new(path);
            if weight == Weight::Empty {
                properties = properties.set_column_statistics_enabled(path.clone(), EnabledStatistics::Chunk);
            }
            if weight != Weight::Heavy {
                properties = properties.set_column_compression(path, Compression::UNCOMPRESSED);
            }
        }
    }
    properties
}

/// The columns of Parquet that a column of Arrow becomes.
fn leaves(path: Vec<String>, array: &ArrayRef) -> Vec<(Vec<String>, Weight)> {
    let below = |names: &[&str]| path.iter().cloned().chain(names.iter().map(|name| (*name).to_owned())).collect();
    match array.data_type() {
        DataType::List(element) => leaves(below(&["list", element.name()]), array.as_list::<i32>().values()),
        DataType::Struct(fields) => {
            let members = fields.iter().zip(array.as_struct().columns());
            members.flat_map(|(field, member)| leaves(below(&[field.name()]), member)).collect()
        }
        _ => vec![(path, weigh(array))],
    }
}

fn weigh(array: &ArrayRef) -> Weight {
    if array.null_count() == array.len() {
        return Weight::Empty;
    }
    let bytes = match array.data_type() {
        DataType::Boolean => array.len() / 8,
        DataType::Utf8 => text_bytes(array.as_string()),
        other => array.len() * other.primitive_width().unwrap_or(size_of::<i64>()),
    };
    if bytes <= COMPRESSED_BYTES { Weight::Light } else { Weight::Heavy }
}

/// About the bytes of the texts with a dictionary of them, or more than [`COMPRESSED_BYTES`] if it is more than that.
fn text_bytes(texts: &StringArray) -> usize {
    let mut different: Vec<&str> = Vec::with_capacity(FEW_TEXTS);
    let mut bytes = 0;
    let mut last = None;
    for text in texts.iter().flatten() {
        if last == Some(text) || different.contains(&text) {
            last = Some(text);
            continue;
        }
        last = Some(text);
        different.push(text);
        bytes += text.len() + size_of::<u32>();
        if different.len() > FEW_TEXTS || bytes > COMPRESSED_BYTES {
            return usize::MAX;
        }
    }
    let bits = usize::BITS - different.len().saturating_sub(1).leading_zeros();
    bytes + texts.len() * bits as usize / 8
}

fn sorting(schema: &SchemaRef) -> Option<Vec<SortingColumn>> {
    let place = |name: &str| schema.index_of(name).ok().and_then(|at| i32::try_from(at).ok());
    let columns: Vec<_> = [EVENT_TIME, EVENT_ID]
        .iter()
        .map_while(|name| place(name))
        .map(|column_idx| SortingColumn { column_idx, descending: false, nulls_first: true })
        .collect();
    (!columns.is_empty()).then_some(columns)
}

fn zstd(level: i32) -> Compression {
    Compression::ZSTD(ZstdLevel::try_new(level).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::BooleanArray;
    use milepost_schema::arrow::events_schema;

    use super::*;

    fn texts(texts: impl IntoIterator<Item = Option<String>>) -> ArrayRef {
        Arc::new(texts.into_iter().collect::<StringArray>())
    }

    #[test]
    fn every_column_that_is_named_is_there() {
        let schema = events_schema();
        let named = UNIQUE_COLUMNS.iter().chain(&RANDOM_COLUMNS).chain(&BLOOM_FILTER_COLUMNS).chain(&BOUNDED_COLUMNS);
        for name in named.chain(&[EVENT_TIME]) {
            assert!(schema.index_of(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn columns_are_weighed() {
        let repeated = |text: &str, rows: usize| texts(std::iter::repeat_n(Some(text.to_owned()), rows));
        assert_eq!(weigh(&texts([None, None])), Weight::Empty);
        assert_eq!(weigh(&repeated("us-east-1", 100_000)), Weight::Light);
        assert_eq!(weigh(&repeated(&"x".repeat(400), 1)), Weight::Heavy);
        assert_eq!(weigh(&texts((0..1000).map(|row| Some((row % 2).to_string())))), Weight::Light);
        assert_eq!(weigh(&texts((0..9000).map(|row| Some((row % 2).to_string())))), Weight::Heavy);
        assert_eq!(weigh(&texts((0..17).map(|row| Some(row.to_string())))), Weight::Heavy);
        assert_eq!(weigh(&(Arc::new(BooleanArray::from(vec![true; 3000])) as ArrayRef)), Weight::Light);
        assert_eq!(weigh(&(Arc::new(BooleanArray::from(vec![true; 5000])) as ArrayRef)), Weight::Heavy);
    }

    #[test]
    fn members_of_lists_are_columns_too() {
        let schema = events_schema();
        let all = RecordBatch::new_empty(schema);
        let paths: Vec<String> = all
            .schema()
            .fields()
            .iter()
            .zip(all.columns())
            .flat_map(|(field, array)| leaves(vec![field.name().clone()], array))
            .map(|(path, _)| path.join("."))
            .collect();
        assert!(paths.contains(&"resources.list.element.arn_prefix".to_owned()), "{paths:?}");
    }
}
