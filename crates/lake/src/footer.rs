//! What the footer of a data file says, without reading its rows.

use std::sync::Arc;

use object_store::{ObjectStore, ObjectStoreExt as _};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::statistics::Statistics;
use sha2::{Digest as _, Sha256};

use crate::reader::DataFileReader;
use crate::snapshot::DataFile;

/// Length of the footer, and the word that every Parquet file ends with.
const TAIL_BYTES: usize = 8;
/// Most that a footer may have to be compared with its checksum.
const MAX_FOOTER_BYTES: u32 = 256 * 1024 * 1024;

/// The footer at the end of a whole file, or of the end of one; `None` if it is longer than that.
pub(crate) fn footer_of(bytes: &[u8]) -> Option<&[u8]> {
    let at = bytes.len().checked_sub(TAIL_BYTES)?;
    let length = footer_length(&bytes[at..])?;
    bytes.get(at.checked_sub(length)?..at)
}

fn footer_length(tail: &[u8]) -> Option<usize> {
    let length = u32::from_le_bytes(tail.get(..4)?.try_into().ok()?);
    (length <= MAX_FOOTER_BYTES).then(|| usize::try_from(length).ok()).flatten()
}

/// A checksum as the log has it.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The checksum of a data file's footer, read as it lies there.
pub(crate) async fn footer_checksum(
    store: &Arc<dyn ObjectStore>,
    file: &DataFile,
) -> Result<Option<String>, object_store::Error> {
    let tail = file.size_bytes.saturating_sub(TAIL_BYTES as u64);
    let bytes = store.get_range(&file.path, tail..file.size_bytes).await?;
    let Some(length) = footer_length(&bytes) else { return Ok(None) };
    let start = tail.saturating_sub(length as u64);
    Ok(Some(sha256(&store.get_range(&file.path, start..tail).await?)))
}

/// Reads the footer of a data file.
pub(crate) async fn read_footer(
    store: &Arc<dyn ObjectStore>,
    file: &DataFile,
) -> Result<ArrowReaderMetadata, ParquetError> {
    let footer = DataFileReader::new(store, file).footer(None).await?;
    ArrowReaderMetadata::try_new(Arc::new(footer), ArrowReaderOptions::default())
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
