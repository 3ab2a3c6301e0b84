//! What is written comes back by Parquet's own reader.

use std::sync::Arc;

use arrow::array::{
    Array as _, ArrayRef, AsArray as _, BooleanArray, Int64Array, ListArray, RecordBatch, StringArray, StructArray,
    TimestampMicrosecondArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef, TimestampMicrosecondType};
use bytes::Bytes;
use milepost_schema::arrow::{resource_element, resource_fields, timestamp_type};
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::basic::Encoding;
use parquet::file::statistics::Statistics;
use proptest::prelude::*;

use crate::encode::{encode_places, rows_at};
use crate::gather::Place;

type Texts = Vec<Option<String>>;

fn batch(first: &Texts, second: &Texts) -> RecordBatch {
    let field = |name: &str| Field::new(name, DataType::Utf8, true);
    let schema = Arc::new(Schema::new(vec![field("event_id"), field("user_agent")]));
    let array = |texts: &Texts| Arc::new(texts.iter().cloned().collect::<StringArray>()) as ArrayRef;
    RecordBatch::try_new(schema, vec![array(first), array(second)]).unwrap()
}

fn encoded(batches: &[RecordBatch], places: &[Place]) -> Bytes {
    Bytes::from(encode_places(batches, places, &batches[0].schema(), "a").unwrap().bytes)
}

/// The columns of a file.
fn read(file: Bytes) -> Vec<Texts> {
    let mut columns: Vec<Texts> = vec![Vec::new(); 2];
    for batch in ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap() {
        let batch = batch.unwrap();
        for (column, array) in columns.iter_mut().zip(batch.columns()) {
            column.extend(array.as_string::<i32>().iter().map(|text| text.map(str::to_owned)));
        }
    }
    columns
}

/// Texts of all lengths; a column of few of them repeats.
fn texts() -> impl Strategy<Value = Texts> {
    let text = prop_oneof!["[ab]{0,1}", "\\PC{0,20}", "[x-z]{0,900}"];
    (prop::collection::vec(prop::option::weighted(0.8, text), 1..40), 0..400_usize).prop_map(|(few, rows)| {
        // a run at first, and then one after the other
        (0..rows).map(|row| few[row.saturating_sub(60) % few.len()].clone()).collect()
    })
}

/// The places of all rows, in some order.
fn shuffled(batches: &[RecordBatch], order: u64) -> Vec<Place> {
    let mut places: Vec<Place> =
        batches.iter().enumerate().flat_map(|(at, batch)| (0..batch.num_rows()).map(move |row| (at, row))).collect();
    places.sort_by_key(|(batch, row)| (*batch as u64 * 1000 + *row as u64).wrapping_mul(order | 1));
    places
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn columns_come_back(batches in prop::collection::vec(texts(), 1..4), order in any::<u64>()) {
        let made: Vec<_> = batches.iter().map(|texts| batch(texts, &texts.iter().rev().cloned().collect())).collect();
        let places = shuffled(&made, order);
        let expected = |column: usize| -> Texts {
            let text = |(batch, row): &Place| {
                let array = made[*batch].column(column).as_string::<i32>();
                array.is_valid(*row).then(|| array.value(*row).to_owned())
            };
            places.iter().map(text).collect()
        };
        prop_assert_eq!(read(encoded(&made, &places)), vec![expected(0), expected(1)]);
    }
}

/// A row of the columns that are no texts: instants in order and scattered, a number, a boolean, and the objects of a list.
type Row = (Option<i64>, Option<i64>, Option<i64>, Option<bool>, Option<Vec<Option<[Option<String>; 4]>>>);

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let number = prop_oneof![0..9_i64, 1_700_000_000_000_000..1_700_000_100_000_000_i64, any::<i64>()];
    let number = prop::option::weighted(0.9, number);
    let text = prop::option::weighted(0.7, "[a-c]{0,2}|[d-z]{0,40}");
    let object = prop::option::weighted(0.9, [text.clone(), text.clone(), text.clone(), text]);
    let list = prop::option::weighted(0.6, prop::collection::vec(object, 0..4));
    let row = (number.clone(), number.clone(), number, prop::option::weighted(0.8, any::<bool>()), list);
    // some columns are empty in whole batches, others have a value in each row
    (prop::collection::vec(row, 0..300), any::<[bool; 5]>(), any::<[bool; 2]>()).prop_map(|(mut rows, empty, full)| {
        for row in &mut rows {
            row.0 = row.0.filter(|_| !empty[0]).or(full[0].then_some(3));
            row.1 = row.1.filter(|_| !empty[1]);
            row.2 = row.2.filter(|_| !empty[2]);
            row.3 = row.3.filter(|_| !empty[3]).or(full[1].then_some(true));
            row.4 = row.4.take().filter(|_| !empty[4]);
        }
        rows
    })
}

fn schema_of_rows() -> SchemaRef {
    let list = DataType::List(resource_element());
    let fields = [
        ("event_time", timestamp_type()),
        ("session_creation_date", timestamp_type()),
        ("records_read", DataType::Int64),
        ("read_only", DataType::Boolean),
        ("resources", list),
    ];
    Arc::new(Schema::new(fields.map(|(name, kind)| Field::new(name, kind, true)).to_vec()))
}

fn batch_of_rows(rows: &[Row]) -> RecordBatch {
    let instants = |value: fn(&Row) -> Option<i64>| {
        Arc::new(rows.iter().map(value).collect::<TimestampMicrosecondArray>().with_timezone("UTC")) as ArrayRef
    };
    let lists = || rows.iter().map(|row| row.4.as_ref());
    let objects: Vec<Option<[Option<String>; 4]>> = lists().flatten().flatten().cloned().collect();
    let member = |member: usize| {
        let texts = objects.iter().map(|object| object.as_ref().and_then(|object| object[member].clone()));
        Arc::new(texts.collect::<StringArray>()) as ArrayRef
    };
    let nulls = objects.iter().map(Option::is_some).collect::<Vec<_>>().into();
    let objects = StructArray::new(resource_fields(), (0..4).map(member).collect(), Some(nulls));
    let offsets = OffsetBuffer::from_lengths(lists().map(|list| list.map_or(0, Vec::len)));
    let nulls = lists().map(|list| list.is_some()).collect::<Vec<_>>().into();
    let columns: Vec<ArrayRef> = vec![
        instants(|row| row.0),
        instants(|row| row.1),
        Arc::new(rows.iter().map(|row| row.2).collect::<Int64Array>()),
        Arc::new(rows.iter().map(|row| row.3).collect::<BooleanArray>()),
        Arc::new(ListArray::new(resource_element(), offsets, Arc::new(objects), Some(nulls))),
    ];
    RecordBatch::try_new(schema_of_rows(), columns).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn columns_that_are_no_texts_come_back(batches in prop::collection::vec(rows(), 1..4), order in any::<u64>()) {
        let made: Vec<RecordBatch> = batches.iter().map(|rows| batch_of_rows(rows)).collect();
        let places = shuffled(&made, order);
        prop_assume!(!places.is_empty());
        let options = ArrowReaderOptions::new().with_schema(schema_of_rows());
        let file = encoded(&made, &places);
        let reader = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options).unwrap();
        let group = reader.metadata().row_group(0).clone();
        let read = reader.with_batch_size(places.len()).build().unwrap().next().unwrap().unwrap();
        let all: Vec<&RecordBatch> = made.iter().collect();
        let expected = rows_at(&all, &places, &schema_of_rows(), &[0, 1, 2, 3, 4]).unwrap();
        prop_assert_eq!(&read, &expected);

        let times = expected.column(0).as_primitive::<TimestampMicrosecondType>();
        let Some(Statistics::Int64(bounds)) = group.column(0).statistics() else { panic!("{group:?}") };
        prop_assert_eq!(bounds.min_opt().copied(), times.iter().flatten().min());
        prop_assert_eq!(bounds.max_opt().copied(), times.iter().flatten().max());
        prop_assert_eq!(bounds.null_count_opt(), Some(times.null_count() as u64));
        let flags = expected.column(3).as_boolean();
        let Some(Statistics::Boolean(bounds)) = group.column(3).statistics() else { panic!("{group:?}") };
        prop_assert_eq!(bounds.min_opt().copied(), flags.iter().flatten().min());
        prop_assert_eq!(bounds.max_opt().copied(), flags.iter().flatten().max());
        // only what is empty says so
        let numbers = expected.column(2).as_primitive::<Int64Type>();
        prop_assert_eq!(group.column(1).statistics().is_some(), expected.column(1).null_count() == places.len());
        prop_assert_eq!(numbers.null_count() == places.len(), group.column(2).statistics().is_some());
    }
}

fn encodings(file: Bytes, column: usize) -> Vec<Encoding> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    reader.metadata().row_group(0).column(column).encodings().collect()
}

fn of_texts(texts: impl Iterator<Item = String>) -> Bytes {
    let texts: Texts = texts.map(Some).collect();
    let places: Vec<Place> = (0..texts.len()).map(|row| (0, row)).collect();
    encoded(&[batch(&texts, &texts)], &places)
}

#[test]
fn a_dictionary_is_there_for_what_repeats() {
    let most_differ = encodings(of_texts((0..100).map(|row| (row % 67).to_string())), 1);
    assert!(most_differ.contains(&Encoding::DELTA_LENGTH_BYTE_ARRAY), "{most_differ:?}");
    let many_repeat = encodings(of_texts((0..100).map(|row| (row % 66).to_string())), 1);
    assert!(many_repeat.contains(&Encoding::RLE_DICTIONARY), "{many_repeat:?}");
    let ids = encodings(of_texts((0..100).map(|_| "same".to_owned())), 0);
    assert!(ids.contains(&Encoding::DELTA_LENGTH_BYTE_ARRAY), "ids are not looked at for repetitions: {ids:?}");
}

#[test]
fn columns_that_are_too_long_are_left_to_parquets_writer() {
    let long = "x".repeat(6 * 1024 * 1024);
    let texts = (0..4).map(|row| format!("{row}{long}"));
    let file = of_texts(texts.clone());
    assert_eq!(read(file)[1], texts.map(Some).collect::<Texts>());
}
