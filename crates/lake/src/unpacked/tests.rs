use std::sync::Arc;

use arrow::array::{Int64Array, ListBuilder, RecordBatch, StringArray, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::ZstdLevel;
use parquet::file::metadata::ParquetMetaDataReader;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{ChunkReader, Length};
use proptest::prelude::*;

use super::*;

/// A file whose compressed columns are unpacked as they are read.
struct Shown {
    file: Bytes,
    unpacked: Unpacked,
    end: u64,
}

impl Length for Shown {
    fn len(&self) -> u64 {
        self.end
    }
}

impl ChunkReader for Shown {
    type T = Cursor<Vec<u8>>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        let column = self.unpacked.columns.iter().find(|column| column.shown.contains(&start));
        let Some(Column { shown, .. }) = column else {
            return Ok(Cursor::new(self.file[usize::try_from(start)?..].to_vec()));
        };
        Ok(Cursor::new(self.get_bytes(start, usize::try_from(shown.end - start)?)?.to_vec()))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        let column = self.unpacked.columns.iter().find(|column| column.shown.contains(&start));
        let Some(Column { shown, .. }) = column else {
            return Ok(self.file.slice(usize::try_from(start)?..usize::try_from(start)? + length));
        };
        let stored = self.unpacked.stored(shown).unwrap();
        let stored = &self.file[usize::try_from(stored.start)?..usize::try_from(stored.end)?];
        let unpacked = unpack(stored, usize::try_from(shown.end - shown.start)?)?;
        let from = usize::try_from(start - shown.start)?;
        Ok(unpacked.slice(from..from + length))
    }
}

fn batch(texts: &[Option<String>]) -> RecordBatch {
    let fields = vec![
        Field::new("first", DataType::Int64, true),
        Field::new("text", DataType::Utf8, true),
        Field::new("number", DataType::Int64, true),
        Field::new("list", DataType::new_list(DataType::Utf8, true), true),
    ];
    let mut lists = ListBuilder::new(StringBuilder::new());
    for text in texts {
        let letters = text.as_ref().map(|text| text.chars().map(|letter| Some(letter.to_string())).collect::<Vec<_>>());
        lists.append_option(letters);
    }
    let numbers: Int64Array = texts.iter().map(|text| text.as_ref().map(|text| text.len() as i64)).collect();
    let texts: StringArray = texts.iter().map(Option::as_deref).collect();
    RecordBatch::try_new(
        Arc::new(Schema::new(fields)),
        vec![Arc::new(numbers.clone()), Arc::new(texts), Arc::new(numbers), Arc::new(lists.finish())],
    )
    .unwrap()
}

fn file(rows: &RecordBatch, writer: &str, page_rows: usize) -> Bytes {
    let properties = WriterProperties::builder()
        .set_created_by(writer.to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_offset_index_disabled(true)
        .set_statistics_enabled(parquet::file::properties::EnabledStatistics::None)
        .set_data_page_row_count_limit(page_rows)
        .set_write_batch_size(page_rows)
        .set_max_row_group_row_count(Some(400));
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, rows.schema(), Some(properties.build())).unwrap();
    writer.write(rows).unwrap();
    writer.close().unwrap();
    file.into()
}

fn footer(file: &Bytes) -> ParquetMetaData {
    ParquetMetaDataReader::new().parse_and_finish(file).unwrap()
}

fn read(file: &Bytes) -> Vec<RecordBatch> {
    let (footer, unpacked) = Unpacked::show(footer(file), file.len() as u64).unwrap();
    let unpacked = unpacked.unwrap();
    for group in footer.row_groups() {
        let packed = group.columns().iter().filter(|column| column.compression() != Compression::UNCOMPRESSED);
        assert_eq!(
            packed.map(ColumnChunkMetaData::column_path).map(|path| path.string()).collect::<Vec<_>>(),
            ["first"]
        );
        let (start, _) = group.column(0).byte_range();
        assert!(start < file.len() as u64);
    }
    let end = unpacked.columns.last().map_or(file.len() as u64, |column| column.shown.end);
    let shown = Shown { file: file.clone(), unpacked, end };
    let metadata = ArrowReaderMetadata::try_new(Arc::new(footer), ArrowReaderOptions::default()).unwrap();
    let reader: ParquetRecordBatchReader =
        ParquetRecordBatchReaderBuilder::new_with_metadata(shown, metadata).with_batch_size(1000).build().unwrap();
    reader.map(Result::unwrap).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn readers_get_the_same_rows(
        texts in prop::collection::vec(prop::option::of("[ab]{0,3}|\\PC{0,300}"), 1..900),
        page_rows in 100..1000_usize,
    ) {
        let rows = batch(&texts);
        let read = read(&file(&rows, "milepost 1", page_rows));
        prop_assert_eq!(arrow::compute::concat_batches(&rows.schema(), &read).unwrap(), rows);
    }

    #[test]
    fn damaged_columns_are_errors(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        at in 0..2000_usize,
        length in 0..5000_usize,
    ) {
        let _ = unpack(&bytes, length);
        let file = file(&batch(&vec![Some("abc".repeat(20)); 300]), "milepost 1", 1000);
        let (start, stored) = footer(&file).row_group(0).column(1).byte_range();
        let (start, stored) = (usize::try_from(start).unwrap(), usize::try_from(stored).unwrap());
        let mut column = file[start..start + stored].to_vec();
        for (to, from) in column.iter_mut().skip(at).zip(&bytes) {
            *to ^= from;
        }
        if let Ok(unpacked) = unpack(&column, length) {
            prop_assert_eq!(unpacked.len(), length);
        }
    }

    #[test]
    fn headers_grow_by_as_much_as_wanted(filling in 6..5000_usize, size in 0..i32::MAX) {
        // kind, sizes, and a header of a page of data with one number in it
        let mut stored = vec![0x15, 0];
        for size in [size, 5] {
            stored.push(0x15);
            stored.extend(page::varint((size as u64) << 1));
        }
        stored.extend([0x2c, 0x15, 2, 0, 0]);
        let header = PageHeader::read(&stored, 0).unwrap();
        prop_assert_eq!((header.length, header.packed_bytes, header.unpacked_bytes), (stored.len(), 5, size as usize));
        let mut out = Vec::new();
        header.write(filling, &mut out).unwrap();
        let read = PageHeader::read(&out, 0).unwrap();
        prop_assert_eq!((read.length, read.packed_bytes, read.unpacked_bytes), (out.len(), size as usize, size as usize));
        prop_assert_eq!(out.len() + size as usize, header.unpacked_length() + filling);
    }
}

#[test]
fn files_of_others_and_files_with_an_index_stay_as_they_are() {
    let rows = batch(&vec![Some("abc".to_owned()); 300]);
    let theirs = file(&rows, "parquet-rs", 1000);
    let (shown, unpacked) = Unpacked::show(footer(&theirs), 1).unwrap();
    assert!(unpacked.is_none());
    assert_eq!(shown, footer(&theirs));
    let mut indexed = Vec::new();
    let properties = WriterProperties::builder().set_created_by("milepost 1".to_owned()).build();
    let mut writer = ArrowWriter::try_new(&mut indexed, rows.schema(), Some(properties)).unwrap();
    writer.write(&rows).unwrap();
    writer.close().unwrap();
    assert!(Unpacked::show(footer(&indexed.into()), 1).unwrap().1.is_none());
}

#[test]
fn only_whole_columns_are_found() {
    let rows = batch(&vec![Some("abc".to_owned()); 300]);
    let file = file(&rows, "milepost 1", 1000);
    let (_, unpacked) = Unpacked::show(footer(&file), file.len() as u64).unwrap();
    let unpacked = unpacked.unwrap();
    let shown = unpacked.columns[0].shown.clone();
    assert!(shown.start >= file.len() as u64 && unpacked.stored(&shown).is_some());
    assert_eq!(unpacked.stored(&(shown.start..shown.end - 1)), None);
    assert_eq!(unpacked.stored(&(shown.start + 1..shown.end)), None);
}
