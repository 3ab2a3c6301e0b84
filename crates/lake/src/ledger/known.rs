//! What the ledger knows of the objects that were taken in.
//!
//! There may be millions, and a conversion of what is new asks for each that is there. So names and etags are kept as hashes
//! with keys that nobody knows: 128 bits of a name, by which an object that is new cannot be taken for one that is known, and
//! 64 of an etag, which is compared with that of the same name only.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use arrow::array::{Array as _, ArrowPrimitiveType, AsArray as _, PrimitiveArray, RecordBatch, StringArray};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};

/// Columns of `files` that it is made of.
pub(super) const COLUMNS: [&str; 9] = [
    "uri",
    "size_bytes",
    "etag",
    "carrier",
    "reader_version",
    "records_rejected",
    "records_filtered",
    "filter",
    "taken_at",
];

/// What the ledger knows of an object, as it was when it was taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Size as it lay there.
    pub size_bytes: u64,
    /// Its etag, as [`KnownFiles::etag`] gives it.
    pub etag: u64,
    /// What it turned out to be.
    pub carrier: Arc<str>,
    /// Version of what read it.
    pub reader_version: u32,
    /// Records that could not become rows.
    pub rejected: u64,
    /// Records that a filter left out.
    pub filtered: u64,
    /// That filter.
    pub filter: Option<Arc<str>>,
    /// When, in microseconds since 1970.
    taken_micros: i64,
}

/// Every object that was taken in.
#[derive(Debug)]
pub struct KnownFiles {
    keys: (RandomState, RandomState),
    files: HashMap<(u64, u64), Known>,
    /// Names of members of archives, by the hash of the archive's name.
    members: HashMap<(u64, u64), Vec<String>>,
    member_mark: &'static str,
    /// Each carrier and filter once.
    texts: HashMap<String, Arc<str>>,
}

impl KnownFiles {
    /// Nothing is known yet. `member_mark` parts the names of archives from those of their members.
    #[must_use]
    pub fn new(member_mark: &'static str) -> Self {
        Self {
            keys: Default::default(),
            files: HashMap::new(),
            members: HashMap::new(),
            member_mark,
            texts: HashMap::new(),
        }
    }

    /// The newest entry of an object.
    #[must_use]
    pub fn get(&self, uri: &str) -> Option<&Known> {
        self.files.get(&self.key(uri))
    }

    /// Members of an archive, by name.
    pub fn members(&self, archive: &str) -> impl Iterator<Item = (&str, &Known)> {
        let names = self.members.get(&self.key(archive)).into_iter().flatten();
        names.filter_map(|name| Some((name.as_str(), self.get(name)?)))
    }

    /// An etag as entries have it.
    #[must_use]
    pub fn etag(&self, etag: &str) -> u64 {
        self.keys.0.hash_one(etag)
    }

    fn key(&self, uri: &str) -> (u64, u64) {
        (self.keys.0.hash_one(uri), self.keys.1.hash_one(uri))
    }

    /// Adds rows of `files`. Of entries for one object, the newest counts, whatever the order they come in.
    pub(super) fn add(&mut self, batch: &RecordBatch) {
        let text = |name: &str| batch.column_by_name(name).and_then(|array| array.as_string_opt::<i32>());
        let number = |name: &str, row: usize| {
            value::<Int64Type>(batch, name, row).and_then(|number| u64::try_from(number).ok()).unwrap_or(0)
        };
        let (Some(uris), Some(etags), Some(carriers), Some(filters)) =
            (text("uri"), text("etag"), text("carrier"), text("filter"))
        else {
            return;
        };
        for row in (0..batch.num_rows()).filter(|row| uris.is_valid(*row)) {
            let entry = Known {
                size_bytes: number("size_bytes", row),
                etag: self.etag(etags.value(row)),
                carrier: self.text(carriers, row).unwrap_or_default(),
                reader_version: u32::try_from(number("reader_version", row)).unwrap_or(0),
                rejected: number("records_rejected", row),
                filtered: number("records_filtered", row),
                filter: self.text(filters, row),
                taken_micros: value::<TimestampMicrosecondType>(batch, "taken_at", row).unwrap_or(i64::MIN),
            };
            self.enter(uris.value(row), entry);
        }
    }

    fn enter(&mut self, uri: &str, entry: Known) {
        let key = self.key(uri);
        match self.files.get_mut(&key) {
            Some(before) if before.taken_micros > entry.taken_micros => {}
            Some(before) => *before = entry,
            None => {
                self.files.insert(key, entry);
                if let Some((archive, _)) = uri.split_once(self.member_mark) {
                    let archive = self.key(archive);
                    self.members.entry(archive).or_default().push(uri.to_owned());
                }
            }
        }
    }

    fn text(&mut self, texts: &StringArray, row: usize) -> Option<Arc<str>> {
        let text = texts.is_valid(row).then(|| texts.value(row))?;
        match self.texts.get(text) {
            Some(known) => Some(Arc::clone(known)),
            None => Some(Arc::clone(self.texts.entry(text.to_owned()).or_insert_with(|| text.into()))),
        }
    }
}

fn value<T: ArrowPrimitiveType>(batch: &RecordBatch, name: &str, row: usize) -> Option<T::Native> {
    let array: &PrimitiveArray<T> = batch.column_by_name(name)?.as_primitive_opt()?;
    array.is_valid(row).then(|| array.value(row))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, TimestampMicrosecondArray};

    use super::*;

    /// Rows of uri, etag, and time, which is the size as well.
    fn batch(rows: &[(&str, &str, i64)]) -> RecordBatch {
        let column = |values: Vec<Option<&str>>| Arc::new(StringArray::from(values)) as ArrayRef;
        let times: Vec<i64> = rows.iter().map(|row| row.2).collect();
        RecordBatch::try_from_iter([
            ("uri", column(rows.iter().map(|row| Some(row.0)).collect())),
            ("etag", column(rows.iter().map(|row| Some(row.1)).collect())),
            ("carrier", column(vec![Some("trail-log"); rows.len()])),
            ("filter", column(vec![None; rows.len()])),
            ("size_bytes", Arc::new(Int64Array::from(times.clone())) as ArrayRef),
            ("taken_at", Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC")) as ArrayRef),
        ])
        .unwrap()
    }

    #[test]
    fn the_newest_entry_counts_in_whatever_order_they_come() {
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let mut known = KnownFiles::new("!/");
            for at in order {
                known.add(&batch(&[[("a", "one", 1)], [("a", "two", 2)], [("a", "three", 3)]][at]));
            }
            let entry = known.get("a").unwrap();
            assert_eq!((entry.size_bytes, entry.etag), (3, known.etag("three")));
            assert!(known.get("b").is_none());
        }
    }

    #[test]
    fn members_are_found_by_their_archive() {
        let mut known = KnownFiles::new("!/");
        known.add(&batch(&[("a.zip", "e", 1), ("a.zip!/x", "e", 1), ("a.zip!/y!/z", "e", 1), ("b.zip!/x", "e", 1)]));
        known.add(&batch(&[("a.zip!/x", "f", 2)]));
        let mut names: Vec<_> = known.members("a.zip").map(|(name, entry)| (name, entry.size_bytes)).collect();
        names.sort_unstable();
        assert_eq!(names, [("a.zip!/x", 2), ("a.zip!/y!/z", 1)]);
        assert_eq!(known.members("a.zip!/y").count(), 0);
    }
}
