//! Sorts the rows of one partition by time and id, by place, and drops repeated deliveries among them.

use std::collections::{HashMap, HashSet};

use arrow::array::{Array, AsArray, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::TimestampMicrosecondType;
use milepost_schema::rebuild::{RebuildError, Rebuilder};
use milepost_schema::{EVENT_ID, EVENT_TIME, canonical_json};

use crate::fingerprint::Fingerprints;
use crate::gather::Place;

/// What equal records share: when they happened and their id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key<'a> {
    pub(crate) time: Option<i64>,
    pub(crate) id: Option<&'a str>,
}

/// The key columns of a batch.
pub(crate) struct KeyColumns<'a> {
    time: Option<&'a TimestampMicrosecondArray>,
    id: Option<&'a StringArray>,
}

impl<'a> KeyColumns<'a> {
    pub(crate) fn of(batch: &'a RecordBatch) -> Self {
        Self {
            time: batch
                .column_by_name(EVENT_TIME)
                .and_then(|array| array.as_primitive_opt::<TimestampMicrosecondType>()),
            id: batch.column_by_name(EVENT_ID).and_then(|array| array.as_string_opt::<i32>()),
        }
    }

    pub(crate) fn key(&self, row: usize) -> Key<'a> {
        Key {
            time: self.time.filter(|array| array.is_valid(row)).map(|array| array.value(row)),
            id: self.id.filter(|array| array.is_valid(row)).map(|array| array.value(row)),
        }
    }
}

/// Rows of one partition in order, and those dropped as repeated deliveries.
#[derive(Debug, Default)]
pub(crate) struct Sorted {
    pub(crate) rows: Vec<Place>,
    pub(crate) dropped: Vec<Place>,
}

impl Sorted {
    /// Adds rows with one key, of which those that are the same record are dropped but for the first.
    fn add_different(&mut self, places: &[Place], records: &mut Records<'_>) -> Result<(), RebuildError> {
        if let [alone] = places {
            self.rows.push(*alone);
            return Ok(());
        }
        let mut seen = HashSet::with_capacity(places.len());
        for place in places {
            let is_new = seen.insert(records.canonical(*place)?);
            if is_new { self.rows.push(*place) } else { self.dropped.push(*place) }
        }
        Ok(())
    }
}

/// A row with what settles most comparisons of its key: the time and the first bytes of the id.
struct Entry {
    time: i64,
    id_start: u64,
    place: Place,
}

impl Entry {
    /// Rows that differ in this differ in their keys, in this order.
    fn start(&self) -> (i64, u64) {
        (self.time, self.id_start)
    }
}

/// The first eight bytes of an id as a number in their order. Shorter ones are filled up.
fn id_start(id: &str) -> u64 {
    let mut start = [0; 8];
    for (to, from) in start.iter_mut().zip(id.bytes()) {
        *to = from;
    }
    u64::from_be_bytes(start)
}

/// Sorts `places` by key; rows with one key keep the order they arrived in. Of rows that are the same record, the first
/// stays.
///
/// # Errors
/// A row that shares its key with another cannot be turned back into its record.
pub(crate) fn sort(batches: &[RecordBatch], prints: &Fingerprints, places: Vec<Place>) -> Result<Sorted, RebuildError> {
    let columns: Vec<_> = batches.iter().map(KeyColumns::of).collect();
    let key = |entry: &Entry| columns[entry.place.0].key(entry.place.1);
    let entry = |place: Place| {
        let Key { time, id } = columns[place.0].key(place.1);
        // no time comes before every other, and where that is not the whole truth the keys themselves are compared
        Entry { time: time.unwrap_or(i64::MIN), id_start: id.map_or(0, id_start), place }
    };
    let mut entries: Vec<Entry> = places.into_iter().map(entry).collect();
    entries.sort_by(|a, b| a.start().cmp(&b.start()).then_with(|| key(a).cmp(&key(b))));
    let mut records = Records::new(batches);
    let mut sorted = Sorted { rows: Vec::with_capacity(entries.len()), dropped: Vec::new() };
    for group in entries.chunk_by(|a, b| a.start() == b.start() && key(a) == key(b)) {
        if let [alone] = group {
            sorted.rows.push(alone.place);
            continue;
        }
        let mut seen = HashSet::with_capacity(group.len());
        let is_another = |place: &Place| prints.get(*place).is_none_or(|print| seen.insert(print));
        let (others, repeated): (Vec<Place>, Vec<Place>) = group.iter().map(|entry| entry.place).partition(is_another);
        sorted.dropped.extend(repeated);
        sorted.add_different(&others, &mut records)?;
    }
    Ok(sorted)
}

/// Rows turned back into records to compare them.
pub(crate) struct Records<'a> {
    batches: &'a [RecordBatch],
    rebuilders: HashMap<usize, Rebuilder<'a>>,
}

impl<'a> Records<'a> {
    pub(crate) fn new(batches: &'a [RecordBatch]) -> Self {
        Self { batches, rebuilders: HashMap::new() }
    }

    /// The canonical text of a record: equal records have equal texts.
    pub(crate) fn canonical(&mut self, (batch, row): Place) -> Result<String, RebuildError> {
        let rebuilder = match self.rebuilders.entry(batch) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => entry.insert(Rebuilder::new(&self.batches[batch])?),
        };
        let mut out = String::new();
        rebuilder.write(row, &mut out)?;
        Ok(canonical_json(&out))
    }
}
