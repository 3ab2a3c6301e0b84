//! Compresses the columns of a small file, one after the other, with one context.
//!
//! Parquet's writer makes a compressor and a decompressor for every column of every row group. In a file of some hundred
//! rows and a hundred columns their memory is more than all the values, and having it takes longer than compressing them.
//! So small files are written plain, and their pages compressed afterwards: here it is also known what that saves, and
//! columns that would hardly shrink stay as they are, for readers to have without unpacking.

use std::cell::RefCell;
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, ZstdLevel};
use parquet::bloom_filter::Sbbf;
use parquet::column::page::{CompressedPage, Page, PageReader, PageWriter as _};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::properties::WriterProperties;
use parquet::file::serialized_reader::SerializedPageReader;
use parquet::file::writer::{SerializedFileWriter, SerializedPageWriter, TrackedWrite};
use zstd::bulk::Compressor;

use crate::layout::zstd_level;

/// Bytes of a column from which on it is worth a try: less fits into the frame that zstd would put around it, or nearly so.
const TRIED_BYTES: i64 = 256;
/// A column is compressed if that saves at least this part of it.
const SAVED_PART: usize = 16;

/// The file `plain`, of which `metadata` is the footer and no column is compressed, with its columns compressed where that
/// pays, and its footer.
///
/// # Errors
/// `plain` is not such a file.
pub(crate) fn pack(
    plain: Vec<u8>,
    metadata: &ParquetMetaData,
    properties: &Arc<WriterProperties>,
) -> Result<(Vec<u8>, ParquetMetaData), ParquetError> {
    let plain = Arc::new(Bytes::from(plain));
    let schema = metadata.file_metadata().schema_descr().root_schema_ptr();
    let mut packed = Vec::with_capacity(plain.len());
    let mut writer = SerializedFileWriter::new(&mut packed, schema, Arc::clone(properties))?;
    for group in metadata.row_groups() {
        let mut out = writer.next_row_group()?;
        for column in group.columns() {
            let rows = usize::try_from(group.num_rows()).unwrap_or(0);
            let bloom_filter = Sbbf::read_from_column_chunk(column, &*plain)?;
            let mut close = ColumnCloseResult {
                bytes_written: u64::try_from(column.compressed_size()).unwrap_or(0),
                rows_written: rows as u64,
                metadata: column.clone(),
                bloom_filter,
                column_index: None,
                offset_index: None,
            };
            match PACKER.with_borrow_mut(|packer| packer.column(&plain, column, rows))? {
                Some((bytes, metadata)) => {
                    close.bytes_written = bytes.len() as u64;
                    close.metadata = metadata;
                    out.append_column(&bytes, close)?;
                }
                None => out.append_column(&*plain, close)?,
            }
        }
        out.close()?;
    }
    let metadata = writer.close()?;
    Ok((packed, metadata))
}

thread_local! {
    /// The context is worth keeping from file to file: it is about a megabyte.
    static PACKER: RefCell<Packer> =
        RefCell::new(Packer { compressor: Compressor::default(), level: 0, scratch: Vec::new() });
}

struct Packer {
    compressor: Compressor<'static>,
    level: i32,
    scratch: Vec<u8>,
}

impl Packer {
    /// A column's pages compressed, and what the footer says of them then; `None` if that would not pay.
    fn column(
        &mut self,
        plain: &Arc<Bytes>,
        column: &ColumnChunkMetaData,
        rows: usize,
    ) -> Result<Option<(Bytes, ColumnChunkMetaData)>, ParquetError> {
        if column.compressed_size() < TRIED_BYTES {
            return Ok(None);
        }
        let level = zstd_level(column.column_path());
        if level != self.level {
            self.compressor.set_compression_level(level)?;
            self.level = level;
        }
        let mut pages = SerializedPageReader::new(Arc::clone(plain), column, rows, None)?;
        let mut sink = TrackedWrite::new(Vec::new());
        let (mut dictionary, mut data, mut unpacked) = (None, None, 0);
        while let Some(page) = pages.get_next_page()? {
            let size = page.buffer().len();
            let page = CompressedPage::new(self.page(page)?, size);
            let spec = SerializedPageWriter::new(&mut sink).write_page(page)?;
            unpacked += spec.uncompressed_size;
            let first =
                if spec.page_type == parquet::basic::PageType::DICTIONARY_PAGE { &mut dictionary } else { &mut data };
            first.get_or_insert(i64::try_from(spec.offset).unwrap_or(0));
        }
        let bytes = Bytes::from(sink.into_inner()?);
        let size = usize::try_from(column.compressed_size()).unwrap_or(0);
        if bytes.len() > size - size / SAVED_PART {
            return Ok(None);
        }
        let metadata = column
            .clone()
            .into_builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(level)?))
            .set_total_compressed_size(i64::try_from(bytes.len()).unwrap_or(0))
            .set_total_uncompressed_size(i64::try_from(unpacked).unwrap_or(0))
            .set_dictionary_page_offset(dictionary)
            .set_data_page_offset(data.unwrap_or(0))
            .build()?;
        Ok(Some((bytes, metadata)))
    }

    /// A page with its bytes compressed.
    fn page(&mut self, page: Page) -> Result<Page, ParquetError> {
        let compressed = |packer: &mut Self, buf: &Bytes| -> Result<Bytes, ParquetError> {
            packer.scratch.clear();
            packer.scratch.reserve(zstd::zstd_safe::compress_bound(buf.len()));
            packer.compressor.compress_to_buffer(buf, &mut packer.scratch)?;
            Ok(Bytes::copy_from_slice(&packer.scratch))
        };
        Ok(match page {
            Page::DictionaryPage { buf, num_values, encoding, is_sorted } => {
                Page::DictionaryPage { buf: compressed(self, &buf)?, num_values, encoding, is_sorted }
            }
            Page::DataPage { buf, num_values, encoding, def_level_encoding, rep_level_encoding, statistics } => {
                let buf = compressed(self, &buf)?;
                Page::DataPage { buf, num_values, encoding, def_level_encoding, rep_level_encoding, statistics }
            }
            // of these, levels and values are compressed apart; the files that come here have none
            Page::DataPageV2 { .. } => {
                return Err(ParquetError::General("pages of version 2 are not packed".to_owned()));
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{RecordBatch, StringArray, TimestampMicrosecondArray};
    use milepost_schema::arrow::events_schema;
    use milepost_schema::{EVENT_ID, EVENT_TIME};
    use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
    use proptest::prelude::*;

    use super::*;
    use crate::encode::encode_batch;

    /// Rows with these texts as ids, sources and names.
    fn batch(ids: &[Option<String>], rows: usize) -> RecordBatch {
        let schema = events_schema();
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
        let options = ArrowReaderOptions::new().with_schema(events_schema());
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
