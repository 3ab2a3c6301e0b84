//! Fingerprints of rows: rows with one key and one fingerprint are one record.
//!
//! A repeated delivery is most often the same text once more. Who makes rows hashes each record's text, as it has the text in
//! its hands, and hands the hash over in a column of its own. 64 bits are enough beside a row's key, as they are drawn anew for each
//! run: no record can be made to look like another. Rows whose fingerprints differ may still be the same record, written
//! otherwise; those are compared in full, and so are rows without one.

use arrow::array::{Array as _, AsArray as _, RecordBatch, UInt64Array};
use arrow::datatypes::UInt64Type;
use milepost_schema::arrow::FINGERPRINT;

use crate::gather::Place;

/// The fingerprints of the rows of some batches.
#[derive(Debug)]
pub(crate) struct Fingerprints(Vec<Option<UInt64Array>>);

impl Fingerprints {
    pub(crate) fn of(batches: &[RecordBatch]) -> Self {
        let column = |batch: &RecordBatch| batch.column_by_name(FINGERPRINT)?.as_primitive_opt::<UInt64Type>().cloned();
        Self(batches.iter().map(column).collect())
    }

    /// That of one row, if it has one.
    pub(crate) fn get(&self, (batch, row): Place) -> Option<u64> {
        let prints = self.0[batch].as_ref()?;
        prints.is_valid(row).then(|| prints.value(row))
    }
}
