//! Columns of data files, unpacked as they are read.
//!
//! Parquet's reader makes a compressor and a decompressor for every column that it opens, and each of them asks the processor
//! what it is able to do. On a virtual machine the answer comes from the hypervisor, and takes longer than unpacking a column
//! of a small file: a sixth of a scan of many small files went into it. So columns are unpacked here, with one decompressor
//! for each thread, and the reader is told that they are not compressed.
//!
//! It is told so by a footer in which compressed columns lie behind the end of the file, each as long as it becomes. What is
//! asked for there is read from where it really is. The first column of each row group stays where it is: by its place, a
//! scan tells which row groups of a large file are its own.

mod page;

use std::cell::RefCell;
use std::io::{self, Cursor};
use std::ops::Range;

use bytes::Bytes;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use zstd::bulk::Decompressor;

use self::page::PageHeader;
use crate::layout::is_ours;

/// Bytes that a column may grow by, as the headers of its pages do: for the few pages of a small file, and for each page of
/// at least so many bytes.
const SLACK: u64 = 64;
const PAGE_BYTES: u64 = 4096;

/// Bytes that a column of so many may grow by.
fn slack(bytes: u64) -> u64 {
    SLACK + bytes / PAGE_BYTES
}

/// Where the compressed columns of a file are, in the order of where they seem to be.
#[derive(Debug, Default)]
pub struct Unpacked {
    columns: Vec<Column>,
}

#[derive(Debug)]
struct Column {
    /// Behind the end of the file.
    shown: Range<u64>,
    stored: Range<u64>,
}

impl Unpacked {
    /// Changes what the footer of a file of `file_bytes` says of compressed columns; `None` for files that are read as they
    /// are, as parts of their columns may be wanted, or somebody else wrote them.
    ///
    /// # Errors
    /// The footer says of a column that it takes less than nothing, or more than any file.
    pub fn show(footer: ParquetMetaData, file_bytes: u64) -> Result<(ParquetMetaData, Option<Self>), ParquetError> {
        let groups = footer.row_groups();
        let has_index =
            |group: &RowGroupMetaData| group.columns().iter().any(|column| column.offset_index_offset().is_some());
        // what is known of their pages: they have no checksums, and are of the first version
        if !is_ours(&footer) || groups.iter().any(has_index) {
            return Ok((footer, None));
        }
        let mut unpacked = Self::default();
        let mut end = file_bytes;
        let mut builder = footer.into_builder();
        let groups: Result<Vec<RowGroupMetaData>, ParquetError> = builder
            .take_row_groups()
            .into_iter()
            .map(|group| {
                let mut builder = group.into_builder();
                let mut columns = builder.take_columns().into_iter();
                let first = columns.next().map(Ok);
                let others = columns.map(|column| unpacked.column(column, &mut end));
                let columns: Result<Vec<ColumnChunkMetaData>, ParquetError> = first.into_iter().chain(others).collect();
                builder.set_column_metadata(columns?).build()
            })
            .collect();
        Ok((builder.set_row_groups(groups?).build(), Some(unpacked)))
    }

    fn column(&mut self, column: ColumnChunkMetaData, end: &mut u64) -> Result<ColumnChunkMetaData, ParquetError> {
        if !matches!(column.compression(), Compression::ZSTD(_)) {
            return Ok(column);
        }
        let unpacked_bytes = u64::try_from(column.uncompressed_size())?;
        let start = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
        let (start, length) = (u64::try_from(start)?, u64::try_from(column.compressed_size())?);
        let grown = unpacked_bytes.checked_add(slack(unpacked_bytes));
        let Some(shown_end) = grown.and_then(|grown| end.checked_add(grown)) else {
            return Err(ParquetError::General("a column is longer than any file".to_owned()));
        };
        let shown = *end..shown_end;
        *end = shown.end;
        let offset = i64::try_from(shown.start)?;
        let has_dictionary = column.dictionary_page_offset().is_some();
        let total = i64::try_from(shown.end - shown.start)?;
        self.columns.push(Column { shown, stored: start..start + length });
        column
            .into_builder()
            .set_compression(Compression::UNCOMPRESSED)
            .set_total_compressed_size(total)
            .set_dictionary_page_offset(has_dictionary.then_some(offset))
            .set_data_page_offset(offset)
            .build()
    }

    /// Where the column is that seems to be at `shown`; `None` if none is.
    pub fn stored(&self, shown: &Range<u64>) -> Option<Range<u64>> {
        let at = self.columns.binary_search_by_key(&shown.start, |column| column.shown.start).ok()?;
        self.columns.get(at).filter(|column| column.shown == *shown).map(|column| column.stored.clone())
    }
}

thread_local! {
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// A column as it is stored, unpacked and filled up to `length` bytes.
///
/// # Errors
/// Its pages are damaged.
pub fn unpack(stored: &[u8], length: usize) -> Result<Bytes, ParquetError> {
    let pages = pages(stored)?;
    let unpacked = pages.iter().map(|(header, _)| header.unpacked_length()).fold(0, usize::saturating_add);
    // a footer that is not of these pages may ask for anything; pages that packing made larger have shorter headers here
    let filling = length.checked_sub(unpacked).filter(|filling| *filling as u64 <= 2 * slack(unpacked as u64));
    let mut filling = filling.ok_or_else(|| damaged(0))?;
    let mut out = Vec::new();
    out.try_reserve_exact(length).map_err(|_| damaged(0))?;
    for (header, packed) in pages {
        // the first has what fills up
        header.write(std::mem::take(&mut filling), &mut out).ok_or_else(|| damaged(0))?;
        let end = out.len() + header.unpacked_bytes;
        decompress(packed, &mut out)?;
        if out.len() != end {
            return Err(damaged(header.at));
        }
    }
    if out.len() == length { Ok(out.into()) } else { Err(damaged(0)) }
}

/// The pages of a column, packed.
fn pages(stored: &[u8]) -> Result<Vec<(PageHeader<'_>, &[u8])>, ParquetError> {
    let mut pages = Vec::new();
    let mut at = 0;
    while at < stored.len() {
        let header = PageHeader::read(stored, at).ok_or_else(|| damaged(at))?;
        let start = at + header.length;
        let end = start.checked_add(header.packed_bytes).ok_or_else(|| damaged(at))?;
        pages.push((header, stored.get(start..end).ok_or_else(|| damaged(at))?));
        at = end;
    }
    Ok(pages)
}

fn damaged(at: usize) -> ParquetError {
    ParquetError::General(format!("the page at byte {at} of a column is damaged"))
}

/// Appends what was packed, as far as `out` has room for it.
fn decompress(packed: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
    DECOMPRESSOR.with_borrow_mut(|decompressor| {
        let decompressor = match decompressor {
            Some(decompressor) => decompressor,
            none => none.insert(Decompressor::new()?),
        };
        let at = out.len() as u64;
        let mut end = Cursor::new(out);
        end.set_position(at);
        decompressor.decompress_to_buffer(packed, &mut end).map(|_| ())
    })
}

#[cfg(test)]
mod tests;
