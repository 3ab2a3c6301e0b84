//! How a data file is laid out: how each column is encoded and compressed, and what the file says of it beside its values.
//!
//! Most files of a lake are small, and of the hundred columns of a small file most hold nothing or one value again and
//! again. What is written for each column whatever is in it, a zstd context in memory and bounds nobody prunes by in the
//! footer, is then more than the values. So it is written where it pays.

use arrow::datatypes::SchemaRef;
use milepost_schema::{EVENT_ID, EVENT_TIME};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::{ParquetMetaData, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

/// Rows of one row group: small enough that time prunes inside a busy day, large enough to compress.
pub(crate) const ROW_GROUP_ROWS: usize = 128 * 1024;
/// Rows below which a column is one page, of which an index of pages says nothing.
pub(crate) const PAGE_ROWS: usize = 20_000;
/// zstd level: 1 and 3 write at the same speed here, 3 is a little smaller.
const ZSTD_LEVEL: i32 = 3;
/// zstd level for texts that are drawn by lot: they hold no repetitions to look for, and level 1 packs their few letters
/// tighter than 3.
const RANDOM_ZSTD_LEVEL: i32 = 1;
/// Columns of random texts that hardly ever repeat: a dictionary would hold all of them.
const UNIQUE_COLUMNS: [&str; 2] = [EVENT_ID, "request_id"];
/// Columns of random texts that repeat.
const RANDOM_COLUMNS: [&str; 2] = ["user_identity_access_key_id", "source_ip_address"];
/// Times that seldom repeat: numbers in a dictionary would cost more than the dictionary saves.
const SCATTERED_TIMES: [&str; 1] = ["session_creation_date"];
/// Columns of which one value is looked for, and whose bounds say nothing.
pub const BLOOM_FILTER_COLUMNS: [&str; 2] = [EVENT_ID, "user_identity_access_key_id"];
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
/// What every file that milepost wrote says of its writer, before the version.
const WRITER: &str = "milepost ";

/// Whether milepost wrote the file with this footer.
pub(crate) fn is_ours(footer: &ParquetMetaData) -> bool {
    footer.file_metadata().created_by().is_some_and(|writer| writer.starts_with(WRITER))
}

/// How a file of about `rows` rows is written, batch after batch.
pub(crate) fn properties(schema: &SchemaRef, rows: usize) -> WriterProperties {
    let mut properties = encodings(schema, rows).set_compression(zstd(ZSTD_LEVEL));
    for name in UNIQUE_COLUMNS.iter().chain(&RANDOM_COLUMNS).filter(|name| schema.index_of(name).is_ok()) {
        properties = properties.set_column_compression(ColumnPath::from(*name), zstd(RANDOM_ZSTD_LEVEL));
    }
    properties.build()
}

/// How a small file of `rows` rows is written.
pub(crate) fn small_properties(schema: &SchemaRef, rows: usize) -> WriterProperties {
    encodings(schema, rows).build()
}

/// The level at which zstd packs a column.
pub(crate) fn zstd_level(column: &ColumnPath) -> i32 {
    let is_random = match column.parts() {
        [name] => UNIQUE_COLUMNS.iter().chain(&RANDOM_COLUMNS).any(|random| random == name),
        _ => false,
    };
    if is_random { RANDOM_ZSTD_LEVEL } else { ZSTD_LEVEL }
}

fn encodings(schema: &SchemaRef, rows: usize) -> WriterPropertiesBuilder {
    let has_pages = rows > PAGE_ROWS;
    // the tables beside `events` are small, and expiry goes by the bounds of their times
    let of_others = match schema.index_of(EVENT_TIME) {
        Ok(_) => EnabledStatistics::None,
        Err(_) => EnabledStatistics::Chunk,
    };
    let mut properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_statistics_enabled(of_others)
        .set_offset_index_disabled(!has_pages)
        .set_sorting_columns(sorting(schema))
        .set_created_by(format!("{WRITER}{}", env!("CARGO_PKG_VERSION")));
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
    for name in SCATTERED_TIMES.iter().filter(has) {
        properties = properties.set_column_dictionary_enabled(ColumnPath::from(*name), false);
    }
    for name in UNIQUE_COLUMNS.iter().filter(has) {
        properties = properties
            .set_column_dictionary_enabled(ColumnPath::from(*name), false)
            .set_column_encoding(ColumnPath::from(*name), Encoding::DELTA_LENGTH_BYTE_ARRAY);
    }
    for name in BLOOM_FILTER_COLUMNS.iter().filter(has) {
        properties = properties
            .set_column_bloom_filter_fpp(ColumnPath::from(*name), BLOOM_FILTER_FPP)
            .set_column_bloom_filter_max_ndv(ColumnPath::from(*name), rows.clamp(1, ROW_GROUP_ROWS) as u64);
    }
    properties
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
    use milepost_schema::arrow::events_schema;

    use super::*;

    #[test]
    fn every_column_that_is_named_is_there() {
        let schema = events_schema();
        let named = UNIQUE_COLUMNS
            .iter()
            .chain(&RANDOM_COLUMNS)
            .chain(&BLOOM_FILTER_COLUMNS)
            .chain(&BOUNDED_COLUMNS)
            .chain(&SCATTERED_TIMES);
        for name in named.chain(&[EVENT_TIME]) {
            assert!(schema.index_of(name).is_ok(), "{name}");
        }
    }
}
