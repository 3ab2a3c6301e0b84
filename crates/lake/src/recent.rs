//! What this run knows of the rows that it has committed.
//!
//! Trails deliver records of one account and day in files of others, so a run comes back to partitions that it has just
//! written. What it wrote there it need not read again.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use ahash::RandomState;
use object_store::path::Path;

use crate::gather::Place;
use crate::sort::Key;

/// Memory that it may take. Files of which it is forgotten are read, as those of other runs are.
const MAX_BYTES: usize = 24 << 20;

/// A row that was committed: a hash of its key, and its fingerprint.
pub(crate) type Row = (u64, u64);

/// The rows of one file, in order.
#[derive(Debug, Clone)]
pub(crate) struct FileRows(Arc<[Row]>);

/// The newest files of a run, and the rows in them.
#[derive(Debug, Default, Clone)]
pub(crate) struct RecentRows {
    files: HashMap<Path, FileRows>,
    order: VecDeque<Path>,
    bytes: usize,
}

impl FileRows {
    pub(crate) fn of(rows: impl Iterator<Item = Row>) -> Self {
        let mut rows: Vec<Row> = rows.collect();
        rows.sort_unstable();
        Self(rows.into())
    }

    /// Adds to `found` those of `places`, which share `key`, that are in the file; `prints` are their fingerprints. `false`
    /// if that cannot be told of one of them.
    pub(crate) fn find(
        &self,
        key: Key<'_>,
        places: &[Place],
        print: impl Fn(&Place) -> Option<u64>,
        found: &mut HashSet<Place>,
    ) -> bool {
        let key = hash(key);
        let first = self.0.partition_point(|(held, _)| *held < key);
        let held = || self.0[first..].iter().take_while(|(held, _)| *held == key);
        if held().next().is_none() {
            return true;
        }
        let mut is_settled = true;
        for place in places {
            if held().any(|(_, held)| Some(*held) == print(place)) {
                found.insert(*place);
            } else {
                is_settled = false;
            }
        }
        is_settled
    }
}

impl RecentRows {
    pub(crate) fn add(&mut self, path: Path, rows: FileRows) {
        self.bytes += size_of_val(&*rows.0);
        self.order.push_back(path.clone());
        self.files.insert(path, rows);
        while self.bytes > MAX_BYTES
            && let Some(oldest) = self.order.pop_front()
        {
            self.bytes -= self.files.remove(&oldest).map_or(0, |rows| size_of_val(&*rows.0));
        }
    }

    /// The rows of a file, if they are known.
    pub(crate) fn get(&self, path: &Path) -> Option<&FileRows> {
        self.files.get(path)
    }
}

/// Hash of a key.
pub(crate) fn hash(key: Key<'_>) -> u64 {
    // the same for all; nobody gains by keys that share a hash, as rows are told apart by their fingerprints
    RandomState::with_seeds(1, 2, 3, 4).hash_one(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(time: i64) -> Key<'static> {
        Key { time: Some(time), id: Some("id") }
    }

    #[test]
    fn a_row_is_found_by_its_key_and_fingerprint() {
        let rows = FileRows::of([(1, 10), (2, 20), (2, 21)].into_iter().map(|(time, print)| (hash(key(time)), print)));
        let find = |time: i64, prints: &[u64]| {
            let places: Vec<Place> = (0..prints.len()).map(|row| (0, row)).collect();
            let mut found = HashSet::new();
            let is_settled = rows.find(key(time), &places, |place| Some(prints[place.1]), &mut found);
            (is_settled, found.len())
        };
        assert_eq!(find(1, &[10]), (true, 1));
        assert_eq!(find(2, &[20, 21]), (true, 2));
        assert_eq!(find(3, &[10]), (true, 0), "there is no such key");
        assert_eq!(find(1, &[10, 11]), (false, 1), "it may be written otherwise");
    }

    #[test]
    fn old_files_are_forgotten() {
        let half = MAX_BYTES / size_of::<Row>() / 2;
        let rows = || FileRows::of((0..half as u64).map(|row| (row, row)));
        let mut recent = RecentRows::default();
        for name in ["a", "b"] {
            recent.add(Path::from(name), rows());
        }
        assert!(recent.get(&Path::from("a")).is_some());
        recent.add(Path::from("c"), FileRows::of([(1, 1)].into_iter()));
        assert!(recent.get(&Path::from("a")).is_none() && recent.get(&Path::from("b")).is_some());
    }
}
