//! Which rows wait for a later commit.
//!
//! Trails deliver a few records of an account, a region or a day in the files of others. So a commit has partitions of a row
//! or two beside those that it is about, and a file for each of them would be nearly all footer: half the files of a lake,
//! and a twelfth of its bytes. Such rows wait, for a few commits, for others of their partition.

use std::collections::{BTreeMap, HashMap};

use crate::gather::Place;
use crate::partition::Partition;

/// Most rows of a partition that wait.
const FEW_ROWS: usize = 16;
/// Commits that they wait for: what is entered in the ledger only behind them must not fall far behind.
const MAX_COMMITS: u32 = 4;
/// Rows wait only if they are at most this part of all: else it is no trickle but how the rows come.
const PART_OF_ALL: usize = 16;

/// The partitions of which rows wait, and for how many commits they have.
#[derive(Debug, Default)]
pub(crate) struct Held {
    commits: HashMap<Partition, u32>,
}

impl Held {
    /// Takes out the rows that are to wait.
    pub(crate) fn take(&mut self, partitions: &mut BTreeMap<Partition, Vec<Place>>) -> Vec<Place> {
        let before = std::mem::take(&mut self.commits);
        let all: usize = partitions.values().map(Vec::len).sum();
        let waited = |partition: &Partition| before.get(partition).copied().unwrap_or(0);
        let waits =
            |partition: &Partition, rows: &Vec<Place>| rows.len() <= FEW_ROWS && waited(partition) < MAX_COMMITS;
        let few: usize =
            partitions.iter().filter(|(partition, rows)| waits(partition, rows)).map(|(_, rows)| rows.len()).sum();
        if few * PART_OF_ALL > all {
            return Vec::new();
        }
        let mut held = Vec::with_capacity(few);
        for (partition, rows) in partitions.extract_if(.., |partition, rows| waits(partition, rows)) {
            let commits = waited(&partition) + 1;
            self.commits.insert(partition, commits);
            held.extend(rows);
        }
        held
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition(account: usize) -> Partition {
        Partition { region: None, account: Some(account.to_string()), day: None }
    }

    /// Partitions with so many rows each.
    fn partitions<const N: usize>(rows: [usize; N]) -> BTreeMap<Partition, Vec<Place>> {
        let places = |(at, rows): (usize, usize)| (partition(at), (0..rows).map(|row| (at, row)).collect());
        rows.into_iter().enumerate().map(places).collect()
    }

    #[test]
    fn few_rows_beside_many_wait_but_not_for_ever() {
        let mut held = Held::default();
        for _ in 0..MAX_COMMITS {
            let mut rows = partitions([1000, FEW_ROWS, FEW_ROWS + 1]);
            assert_eq!(held.take(&mut rows).len(), FEW_ROWS);
            assert_eq!(rows.keys().cloned().collect::<Vec<_>>(), [partition(0), partition(2)]);
        }
        assert!(held.take(&mut partitions([1000, FEW_ROWS, FEW_ROWS + 1])).is_empty());
        // what was written begins anew
        assert_eq!(held.take(&mut partitions([1000, 1, 0])).len(), 1);
    }

    #[test]
    fn rows_that_come_scattered_do_not_wait() {
        let mut rows = partitions([100, 5, 2]);
        assert!(Held::default().take(&mut rows).is_empty());
        assert_eq!(rows.len(), 3);
    }
}
