//! Counts rows by the source object they came from.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use milepost_schema::SOURCE_FILE;

use super::SourceCounts;
use crate::gather::Place;

/// Counts by source. Neighbours in a batch come from one object, so names are compared once a row and looked up once a run of
/// rows.
pub(super) struct SourceRows<'a> {
    /// For each row of each batch, the number of its run.
    runs: Vec<Vec<u32>>,
    counts: Vec<(&'a str, SourceCounts)>,
}

impl<'a> SourceRows<'a> {
    /// Looks at the rows of `batches`; nothing is counted yet.
    pub(super) fn of(batches: &'a [RecordBatch]) -> Self {
        let mut rows = Self { runs: Vec::with_capacity(batches.len()), counts: Vec::new() };
        for batch in batches {
            let names = batch.column_by_name(SOURCE_FILE).and_then(|array| array.as_string_opt::<i32>());
            let runs = (0..batch.num_rows()).map(|row| rows.run(name(names, row))).collect();
            rows.runs.push(runs);
        }
        rows
    }

    /// The number of the run that a row of this name belongs to: the last one, or a new one.
    fn run(&mut self, name: &'a str) -> u32 {
        if self.counts.last().is_none_or(|(last, _)| *last != name) {
            self.counts.push((name, SourceCounts::default()));
        }
        u32::try_from(self.counts.len() - 1).unwrap_or(u32::MAX)
    }

    /// The counts that a row belongs to.
    pub(super) fn of_row(&mut self, place: &Place) -> &mut SourceCounts {
        let run = self.runs[place.0][place.1];
        &mut self.counts[run as usize].1
    }

    /// What was counted. Sources without a counted row are left out.
    pub(super) fn by_name(self) -> BTreeMap<String, SourceCounts> {
        let mut sums = BTreeMap::<String, SourceCounts>::new();
        for (name, counts) in self.counts {
            if counts == SourceCounts::default() {
                continue;
            }
            let sum = sums.entry(name.to_owned()).or_default();
            sum.written += counts.written;
            sum.duplicates += counts.duplicates;
        }
        sums
    }
}

fn name(names: Option<&StringArray>, row: usize) -> &str {
    names.filter(|names| names.is_valid(row)).map_or("", |names| names.value(row))
}
