//! What is written comes back by Parquet's own reader.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray as _, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Encoding;
use proptest::prelude::*;

use crate::encode::encode_places;
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn columns_come_back(batches in prop::collection::vec(texts(), 1..4), order in any::<u64>()) {
        let made: Vec<_> = batches.iter().map(|texts| batch(texts, &texts.iter().rev().cloned().collect())).collect();
        let mut places: Vec<Place> =
            made.iter().enumerate().flat_map(|(at, batch)| (0..batch.num_rows()).map(move |row| (at, row))).collect();
        places.sort_by_key(|(batch, row)| (*batch as u64 * 1000 + *row as u64).wrapping_mul(order | 1));
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
