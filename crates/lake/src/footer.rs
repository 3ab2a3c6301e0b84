//! What the footer of a data file says, without reading its rows.

use std::sync::Arc;

use object_store::ObjectStore;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::statistics::Statistics;

use crate::reader::DataFileReader;
use crate::snapshot::DataFile;

/// Reads the footer of a data file.
pub(crate) async fn read_footer(
    store: &Arc<dyn ObjectStore>,
    file: &DataFile,
) -> Result<ArrowReaderMetadata, ParquetError> {
    let mut reader = DataFileReader::new(store, file);
    ArrowReaderMetadata::load_async(&mut reader, ArrowReaderOptions::default()).await
}

/// Least and greatest value of a column of whole numbers or instants; `None` if the footer does not say, or there is none.
pub(crate) fn integer_bounds(metadata: &ParquetMetaData, name: &str) -> Option<(i64, i64)> {
    let mut found: Option<(i64, i64)> = None;
    for group in metadata.row_groups() {
        let Some((low, high)) = group_bounds(group, name)? else { continue };
        found = Some(found.map_or((low, high), |(first, last)| (first.min(low), last.max(high))));
    }
    found
}

/// The bounds in one row group: not known, or none because every value is null, or there.
fn group_bounds(group: &RowGroupMetaData, name: &str) -> Option<Option<(i64, i64)>> {
    let column = group.columns().iter().find(|column| column.column_path().string() == name)?;
    let rows = u64::try_from(group.num_rows()).unwrap_or(0);
    match column.statistics()? {
        Statistics::Int64(values) if values.null_count_opt() == Some(rows) => Some(None),
        Statistics::Int64(values) => Some(Some((*values.min_opt()?, *values.max_opt()?))),
        _ => None,
    }
}
