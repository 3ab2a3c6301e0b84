//! Gathers rows by partition.
//!
//! Batches are kept as they came; a partition is a list of places in them. Archives arrive grouped by account, region and
//! day, so most rows have the partition of the row before and cost one comparison.

use std::collections::BTreeMap;

use arrow::array::{Array, ArrayRef, AsArray, Date32Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Date32Type};
use milepost_schema::{ACCOUNT, DATE, REGION};

use crate::partition::Partition;

/// Where a row is: the number of its batch and its row in it.
pub(crate) type Place = (usize, usize);

/// Rows that wait to be written.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    pub(crate) batches: Vec<RecordBatch>,
    pub(crate) partitions: BTreeMap<Partition, Vec<Place>>,
    bytes: usize,
}

impl Gathered {
    /// Bytes of memory behind the rows, and of their places.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds the rows of a batch with the schema of `events`.
    pub(crate) fn add(&mut self, batch: RecordBatch) {
        self.bytes += bytes_of(&batch) + batch.num_rows() * size_of::<Place>();
        let number = self.batches.len();
        let keys = Keys::of(&batch);
        let mut row = 0;
        while row < batch.num_rows() {
            let end = keys.run_end(row, batch.num_rows());
            let places = self.partitions.entry(keys.partition(row)).or_default();
            places.extend((row..end).map(|row| (number, row)));
            row = end;
        }
        self.batches.push(batch);
    }
}

/// Bytes of memory behind a batch. Texts that are all null share their zeros with others.
fn bytes_of(batch: &RecordBatch) -> usize {
    let has_own = |column: &&ArrayRef| *column.data_type() != DataType::Utf8 || column.null_count() < column.len();
    batch.columns().iter().filter(has_own).map(|column| column.get_array_memory_size()).sum()
}

/// The partition columns of one batch.
struct Keys<'a> {
    region: Option<&'a StringArray>,
    account: Option<&'a StringArray>,
    date: Option<&'a Date32Array>,
}

impl<'a> Keys<'a> {
    fn of(batch: &'a RecordBatch) -> Self {
        let texts = |name| batch.column_by_name(name).map(|array| array.as_string::<i32>());
        let days = batch.column_by_name(DATE).map(|array| array.as_primitive::<Date32Type>());
        Self { region: texts(REGION), account: texts(ACCOUNT), date: days }
    }

    fn partition(&self, row: usize) -> Partition {
        Partition {
            region: text(self.region, row).map(str::to_owned),
            account: text(self.account, row).map(str::to_owned),
            day: day(self.date, row),
        }
    }

    /// End of the run of rows from `row` on that share its partition.
    fn run_end(&self, row: usize, rows: usize) -> usize {
        let (own_day, own_account, own_region) = (day(self.date, row), text(self.account, row), text(self.region, row));
        let same = |other: usize| {
            day(self.date, other) == own_day
                && text(self.account, other) == own_account
                && text(self.region, other) == own_region
        };
        (row + 1..rows).find(|other| !same(*other)).unwrap_or(rows)
    }
}

fn text(array: Option<&StringArray>, row: usize) -> Option<&str> {
    array.filter(|array| array.is_valid(row)).map(|array| array.value(row))
}

fn day(array: Option<&Date32Array>, row: usize) -> Option<i32> {
    array.filter(|array| array.is_valid(row)).map(|array| array.value(row))
}
