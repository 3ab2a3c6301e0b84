//! Fingerprints of rows: rows with one key and one fingerprint are one record.
//!
//! A repeated delivery is most often the same text once more. To know it for what it is, without reading and rebuilding the
//! row that is in the lake, 64 bits of all its columns are enough beside its key: they are drawn anew for each run, so no
//! record can be made to look like another. Rows whose fingerprints differ may still be the same record, written
//! otherwise; those are compared in full.

use ahash::RandomState;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Date32Type, TimestampMicrosecondType};
use milepost_schema::SOURCE_FILE;

/// An odd number without a pattern, to mix with.
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// Makes the fingerprints of one run.
#[derive(Debug, Clone)]
pub(crate) struct Fingerprints {
    state: RandomState,
}

impl Default for Fingerprints {
    fn default() -> Self {
        Self { state: RandomState::new() }
    }
}

impl Fingerprints {
    /// The fingerprint of each row of a batch: of everything but where it came from. `None` if there is a column of a type
    /// that `events` does not have.
    pub(crate) fn of(&self, batch: &RecordBatch) -> Option<Vec<u64>> {
        let mut rows = vec![0; batch.num_rows()];
        for (at, (field, column)) in batch.schema().fields().iter().zip(batch.columns()).enumerate() {
            if field.name() != SOURCE_FILE {
                self.add(at, column, &mut rows)?;
            }
        }
        Some(rows)
    }

    /// Adds the values of a column. A null adds nothing: which column a value is of is part of what it adds.
    fn add(&self, at: usize, column: &ArrayRef, rows: &mut [u64]) -> Option<()> {
        if column.null_count() == column.len() && !column.is_empty() {
            return Some(());
        }
        let salt = (at as u64 + 1).wrapping_mul(MIX);
        let mut add = |row: usize, value: u64| {
            let sum: &mut u64 = &mut rows[row];
            *sum = (sum.rotate_left(23) ^ value ^ salt).wrapping_mul(MIX);
        };
        match column.data_type() {
            DataType::Utf8 => {
                let texts = column.as_string::<i32>();
                each_value(column, |row| add(row, self.state.hash_one(texts.value(row).as_bytes())));
            }
            DataType::Boolean => {
                let truths = column.as_boolean();
                each_value(column, |row| add(row, self.state.hash_one(truths.value(row))));
            }
            DataType::Timestamp(..) => {
                let instants = column.as_primitive::<TimestampMicrosecondType>();
                each_value(column, |row| add(row, self.state.hash_one(instants.value(row))));
            }
            DataType::Date32 => {
                let days = column.as_primitive::<Date32Type>();
                each_value(column, |row| add(row, self.state.hash_one(days.value(row))));
            }
            DataType::List(_) => {
                let lists = column.as_list::<i32>();
                let mut elements = vec![0; lists.values().len()];
                self.add(0, lists.values(), &mut elements)?;
                let offsets = lists.value_offsets();
                let bound = |row: usize| usize::try_from(offsets[row]).unwrap_or(0);
                each_value(column, |row| add(row, self.state.hash_one(&elements[bound(row)..bound(row + 1)])));
            }
            DataType::Struct(_) => {
                let members = column.as_struct();
                let mut sums = vec![0; column.len()];
                for (at, member) in members.columns().iter().enumerate() {
                    self.add(at, member, &mut sums)?;
                }
                each_value(column, |row| add(row, self.state.hash_one(sums[row])));
            }
            _ => return None,
        }
        Some(())
    }
}

/// Calls `take` with every row that is not null.
fn each_value(column: &ArrayRef, take: impl FnMut(usize)) {
    match column.nulls() {
        Some(nulls) => nulls.valid_indices().for_each(take),
        None => (0..column.len()).for_each(take),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{BooleanArray, StringArray};
    use milepost_schema::arrow::events_schema;

    use super::*;

    fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap()
    }

    fn texts<const N: usize>(texts: [Option<&str>; N]) -> ArrayRef {
        Arc::new(StringArray::from_iter(texts))
    }

    #[test]
    fn rows_that_differ_in_a_value_or_its_place_differ() {
        let prints = Fingerprints::default();
        let a = texts([Some("x"), Some("x"), None, Some(""), Some("y"), None]);
        let b = texts([Some("y"), None, Some("x"), None, Some("x"), None]);
        let found = prints.of(&batch(vec![("a", a), ("b", b)])).unwrap();
        let different: std::collections::HashSet<u64> = found.iter().copied().collect();
        assert_eq!(different.len(), found.len());
    }

    #[test]
    fn where_a_row_came_from_does_not_count_and_what_is_in_its_batch_neither() {
        let prints = Fingerprints::default();
        let truths: ArrayRef = Arc::new(BooleanArray::from(vec![Some(true), Some(true), None]));
        let sources = texts([Some("one"), Some("two"), None]);
        let found = prints.of(&batch(vec![("source_file", sources), ("t", Arc::clone(&truths))])).unwrap();
        assert_eq!(found[0], found[1]);
        assert_ne!(found[0], found[2]);
        let alone = prints.of(&batch(vec![("source_file", texts([None])), ("t", truths.slice(0, 1))])).unwrap();
        assert_eq!(found[0], alone[0]);
    }

    #[test]
    fn every_column_of_events_counts() {
        let empty = RecordBatch::new_empty(events_schema());
        assert_eq!(Fingerprints::default().of(&empty), Some(Vec::new()));
    }
}
