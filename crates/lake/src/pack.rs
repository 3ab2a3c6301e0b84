//! Compresses the columns of a small file, one after the other, with one context.
//!
//! Parquet's writer makes a compressor and a decompressor for every column of every row group. In a file of some hundred
//! rows and a hundred columns their memory is more than all the values, and having it takes longer than compressing them.
//! So the pages of small files are made plain, and compressed afterwards: here it is also known what that saves, and
//! columns that would hardly shrink stay as they are, for readers to have without unpacking.

use std::cell::RefCell;

use bytes::Bytes;
use parquet::basic::{Compression, PageType, ZstdLevel};
use parquet::bloom_filter::Sbbf;
use parquet::column::page::{CompressedPage, Page, PageWriter as _};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaDataBuilder;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use zstd::bulk::Compressor;

use crate::layout::zstd_level;

/// Bytes of a column from which on it is worth a try: less fits into the frame that zstd would put around it, or nearly so.
const TRIED_BYTES: usize = 256;
/// A column is compressed if that saves at least this part of it.
const SAVED_PART: usize = 16;

/// A column that is not compressed.
pub(crate) struct Chunk {
    pub(crate) pages: Vec<Page>,
    /// What the footer says of it, but for where its pages lie and how they are compressed.
    pub(crate) about: ColumnChunkMetaDataBuilder,
    pub(crate) bloom_filter: Option<Sbbf>,
}

thread_local! {
    /// The context is worth keeping from file to file: it is about a megabyte.
    static PACKER: RefCell<Packer> =
        RefCell::new(Packer { compressor: Compressor::default(), level: 0, scratch: Vec::new() });
}

/// Does `work` with this thread's packer.
pub(crate) fn with_packer<T>(work: impl FnOnce(&mut Packer) -> T) -> T {
    PACKER.with_borrow_mut(work)
}

/// Compresses columns.
pub(crate) struct Packer {
    compressor: Compressor<'static>,
    level: i32,
    scratch: Vec<u8>,
}

impl Packer {
    /// A column of `rows` rows as it lies in a file, compressed if that pays.
    ///
    /// # Errors
    /// zstd fails, or the column has pages that are none of small files.
    pub(crate) fn column(&mut self, chunk: Chunk, rows: usize) -> Result<(Bytes, ColumnCloseResult), ParquetError> {
        let Chunk { pages, about, bloom_filter } = chunk;
        let metadata = about.build()?;
        let level = zstd_level(metadata.column_path());
        let packed = self.packed(&pages, level)?;
        let compression = match packed {
            Some(_) => Compression::ZSTD(ZstdLevel::try_new(level)?),
            None => Compression::UNCOMPRESSED,
        };
        let pages = packed.unwrap_or_else(|| pages.into_iter().map(as_it_is).collect());
        let mut sink = TrackedWrite::new(Vec::new());
        let (mut dictionary, mut data, mut unpacked) = (None, None, 0);
        for page in pages {
            let spec = SerializedPageWriter::new(&mut sink).write_page(page)?;
            unpacked += spec.uncompressed_size;
            let first = if spec.page_type == PageType::DICTIONARY_PAGE { &mut dictionary } else { &mut data };
            first.get_or_insert(number(spec.offset));
        }
        let bytes = Bytes::from(sink.into_inner()?);
        let metadata = metadata
            .into_builder()
            .set_compression(compression)
            .set_total_compressed_size(number(bytes.len() as u64))
            .set_total_uncompressed_size(number(unpacked as u64))
            .set_dictionary_page_offset(dictionary)
            .set_data_page_offset(data.unwrap_or(0))
            .build()?;
        let close = ColumnCloseResult {
            bytes_written: bytes.len() as u64,
            rows_written: rows as u64,
            metadata,
            bloom_filter,
            column_index: None,
            offset_index: None,
        };
        Ok((bytes, close))
    }

    /// The pages compressed; `None` if that would not pay.
    fn packed(&mut self, pages: &[Page], level: i32) -> Result<Option<Vec<CompressedPage>>, ParquetError> {
        let size: usize = pages.iter().map(|page| page.buffer().len()).sum();
        if size < TRIED_BYTES {
            return Ok(None);
        }
        if level != self.level {
            self.compressor.set_compression_level(level)?;
            self.level = level;
        }
        let packed: Result<Vec<_>, _> = pages.iter().map(|page| self.page(page)).collect();
        let packed = packed?;
        let packed_size: usize = packed.iter().map(CompressedPage::compressed_size).sum();
        Ok((packed_size <= size - size / SAVED_PART).then_some(packed))
    }

    /// A page with its bytes compressed.
    fn page(&mut self, page: &Page) -> Result<CompressedPage, ParquetError> {
        let plain = page.buffer();
        self.scratch.clear();
        self.scratch.reserve(zstd::zstd_safe::compress_bound(plain.len()));
        self.compressor.compress_to_buffer(plain, &mut self.scratch)?;
        let buf = Bytes::copy_from_slice(&self.scratch);
        let page = match *page {
            Page::DictionaryPage { num_values, encoding, is_sorted, .. } => {
                Page::DictionaryPage { buf, num_values, encoding, is_sorted }
            }
            Page::DataPage { num_values, encoding, def_level_encoding, rep_level_encoding, .. } => {
                let statistics = None;
                Page::DataPage { buf, num_values, encoding, def_level_encoding, rep_level_encoding, statistics }
            }
            // of these, levels and values are compressed apart; the files that come here have none
            Page::DataPageV2 { .. } => {
                return Err(ParquetError::General("pages of version 2 are not packed".to_owned()));
            }
        };
        Ok(CompressedPage::new(page, plain.len()))
    }
}

/// A page that is not compressed.
fn as_it_is(page: Page) -> CompressedPage {
    let size = page.buffer().len();
    CompressedPage::new(page, size)
}

fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{RecordBatch, StringArray, TimestampMicrosecondArray};
    use milepost_schema::{EVENT_ID, EVENT_TIME};
    use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
    use proptest::prelude::*;

    use super::*;
    use crate::encode::encode_batch;
    use crate::tables::TableName;

    /// Rows with these texts as ids, sources and names.
    fn batch(ids: &[Option<String>], rows: usize) -> RecordBatch {
        let schema = TableName::Events.file_schema();
        let texts = |row: usize| ids.get(row % ids.len().max(1)).cloned().flatten();
        let columns = schema
            .fields()
            .iter()
            .map(|field| match field.name().as_str() {
                EVENT_ID | "event_source" | "user_agent" => {
                    Arc::new((0..rows).map(texts).collect::<StringArray>()) as _
                }
                EVENT_TIME => {
                    let times = (0..rows).map(|row| i64::try_from(row).ok());
                    Arc::new(times.collect::<TimestampMicrosecondArray>().with_timezone("UTC")) as _
                }
                _ => arrow::array::new_null_array(field.data_type(), rows),
            })
            .collect();
        RecordBatch::try_new(schema, columns).unwrap()
    }

    fn builder(bytes: Vec<u8>) -> ParquetRecordBatchReaderBuilder<Bytes> {
        let options = ArrowReaderOptions::new().with_schema(TableName::Events.file_schema());
        ParquetRecordBatchReaderBuilder::try_new_with_options(Bytes::from(bytes), options).unwrap()
    }

    fn codec(builder: &ParquetRecordBatchReaderBuilder<Bytes>, name: &str) -> Compression {
        let columns = builder.metadata().row_group(0).columns();
        columns.iter().find(|column| column.column_path().string() == name).unwrap().compression()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn what_is_packed_comes_out_again(
            ids in prop::collection::vec(prop::option::of("[a-f]{0,40}|\\PC{0,300}"), 1..200),
            rows in 1..3000_usize,
        ) {
            let rows = batch(&ids, rows);
            let read = builder(encode_batch(&rows, "a").unwrap().bytes).with_batch_size(rows.num_rows()).build().unwrap();
            let read: Vec<_> = read.map(Result::unwrap).collect();
            prop_assert_eq!(read, vec![rows]);
        }
    }

    #[test]
    fn columns_are_compressed_where_that_saves_something() {
        let ids: Vec<_> = (0..2000).map(|row| Some(format!("{:032x}", row * 0x9e37_79b9_7f4a_7c15_u128))).collect();
        let random = builder(encode_batch(&batch(&ids, 2000), "a").unwrap().bytes);
        assert!(matches!(codec(&random, EVENT_ID), Compression::ZSTD(_)));
        assert!(matches!(codec(&random, "user_agent"), Compression::ZSTD(_)));
        assert_eq!(codec(&random, "error_code"), Compression::UNCOMPRESSED);
        let few = builder(encode_batch(&batch(&[Some("a".to_owned())], 10), "a").unwrap().bytes);
        assert_eq!(codec(&few, EVENT_ID), Compression::UNCOMPRESSED);
    }

    #[test]
    fn filters_and_bounds_are_kept() {
        let ids: Vec<_> = (0..500).map(|row| Some(format!("id-{row}"))).collect();
        let bytes = Bytes::from(encode_batch(&batch(&ids, 500), "a").unwrap().bytes);
        let read = builder(bytes.to_vec());
        let group = read.metadata().row_group(0);
        let column = |name: &str| group.columns().iter().find(|column| column.column_path().string() == name).unwrap();
        let filter = Sbbf::read_from_column_chunk(column(EVENT_ID), &bytes).unwrap().unwrap();
        assert!(filter.check(&"id-499") && !filter.check(&"id-500"));
        assert_eq!(column("event_source").statistics().unwrap().min_bytes_opt(), Some(b"id-0".as_slice()));
        assert_eq!(column("error_code").statistics().unwrap().null_count_opt(), Some(500));
    }
}
