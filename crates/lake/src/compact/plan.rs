//! Chooses which files are put together.
//!
//! A file joins only if those that are smaller than it are together at least a third of it: so every byte is written again
//! a few times in its life, however many small files come, and not with every compaction.

use std::collections::BTreeMap;

use milepost_schema::time;

use crate::partition::Partition;
use crate::snapshot::DataFile;
use crate::tables::TableName;

/// Files put together at once at most: each is open while it is read.
const MAX_INPUTS: usize = 256;
/// A file joins if what is there is together at least one such part of it.
const WORTH: u64 = 3;
/// Milliseconds of a day.
const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// Files of one partition that become one.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) inputs: Vec<DataFile>,
}

impl Job {
    pub(super) fn bytes(&self) -> u64 {
        self.inputs.iter().map(|file| file.size_bytes).sum()
    }
}

/// The files that may become one: of a partition, and of rejects those of a month, which expire together.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Partition(Partition),
    Month(String),
    Table,
}

impl Group {
    fn of(table: TableName, file: &DataFile) -> Self {
        match table {
            TableName::Events => Self::Partition(file.partition.clone()),
            TableName::Rejects => {
                let day = i32::try_from(file.modified_millis.div_euclid(DAY_MILLIS)).unwrap_or(0);
                Self::Month(time::format_day(day).chars().take("2026-01".len()).collect())
            }
            TableName::Files | TableName::Runs => Self::Table,
        }
    }
}

/// What is to be put together so that files of about `target_bytes` come out.
pub(super) fn plan(table: TableName, files: Vec<DataFile>, target_bytes: u64) -> Vec<Job> {
    let mut groups: BTreeMap<Group, Vec<DataFile>> = BTreeMap::new();
    for file in files {
        groups.entry(Group::of(table, &file)).or_default().push(file);
    }
    groups.into_values().flat_map(|files| of_group(files, target_bytes)).collect()
}

fn of_group(mut files: Vec<DataFile>, target_bytes: u64) -> Vec<Job> {
    // files of about one size side by side, and of those the ones of one time: what comes out holds a stretch of time
    let first_time = |file: &DataFile| file.statistics().event_time.map_or(file.modified_millis, |(first, _)| first);
    files.sort_by_cached_key(|file| (tier(file.size_bytes), first_time(file), file.path.to_string()));
    let (mut jobs, mut open, mut bytes) = (Vec::new(), Vec::new(), 0_u64);
    for file in files {
        let is_full = bytes + file.size_bytes > target_bytes || open.len() == MAX_INPUTS;
        if is_full {
            jobs.extend(job(std::mem::take(&mut open)));
            bytes = 0;
        }
        // what is too small to be worth it waits for more of its kind
        if bytes == 0 || bytes.saturating_mul(WORTH) >= file.size_bytes {
            bytes += file.size_bytes;
            open.push(file);
        } else {
            jobs.extend(job(std::mem::take(&mut open)));
            bytes = file.size_bytes;
            open.push(file);
        }
    }
    jobs.extend(job(open));
    jobs
}

fn job(inputs: Vec<DataFile>) -> Option<Job> {
    (inputs.len() > 1).then_some(Job { inputs })
}

/// Powers of four.
fn tier(bytes: u64) -> u32 {
    bytes.max(1).ilog2() / 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::data_file;

    fn sizes(sizes: &[u64], target: u64) -> Vec<Vec<u64>> {
        let files = sizes.iter().enumerate().map(|(at, size)| data_file(&format!("{at}.parquet"), *size)).collect();
        let jobs = plan(TableName::Runs, files, target);
        jobs.iter().map(|job| job.inputs.iter().map(|file| file.size_bytes).collect()).collect()
    }

    #[test]
    fn files_are_put_together_where_it_pays() {
        assert_eq!(sizes(&[], 100), Vec::<Vec<u64>>::new());
        assert_eq!(sizes(&[10], 100), Vec::<Vec<u64>>::new());
        assert_eq!(sizes(&[10, 10], 100), [[10, 10]]);
        // a large file is not written again for a small one
        assert_eq!(sizes(&[90, 1], 100), Vec::<Vec<u64>>::new());
        assert_eq!(sizes(&[30, 10], 100), [[10, 30]]);
        assert_eq!(sizes(&[31, 10], 100), Vec::<Vec<u64>>::new());
        // and what is full stays as it is
        assert_eq!(sizes(&[90, 90, 90], 100), Vec::<Vec<u64>>::new());
        assert_eq!(sizes(&[60, 40, 30, 20], 100), [[60, 40], [30, 20]]);
    }

    #[test]
    fn partitions_and_months_stay_apart() {
        let of = |account: &str| {
            let mut file = data_file(account, 10);
            file.partition.account = Some(account.to_owned());
            file
        };
        assert!(plan(TableName::Events, vec![of("1"), of("2")], 100).is_empty());
        assert_eq!(plan(TableName::Events, vec![of("1"), of("1"), of("2")], 100).len(), 1);
        let at = |day: i64| DataFile { modified_millis: day * DAY_MILLIS, ..data_file("a", 10) };
        assert!(plan(TableName::Rejects, vec![at(30), at(31)], 100).is_empty());
        assert_eq!(plan(TableName::Rejects, vec![at(29), at(30)], 100).len(), 1);
    }

    proptest! {
        #[test]
        fn no_file_is_taken_twice_and_none_outgrows_the_target(sizes in prop::collection::vec(1_u64..5_000, 0..400)) {
            let files: Vec<_> =
                sizes.iter().enumerate().map(|(at, size)| data_file(&format!("{at}.parquet"), *size)).collect();
            let jobs = plan(TableName::Files, files, 4_000);
            let mut seen = std::collections::HashSet::new();
            for job in &jobs {
                prop_assert!(job.inputs.len() > 1 && job.inputs.len() <= MAX_INPUTS);
                prop_assert!(job.bytes() <= 4_000);
                prop_assert!(job.inputs.iter().all(|file| seen.insert(file.path.clone())));
            }
        }

        /// Files that come one by one, with a compaction after each, are few, and each byte is written a few times.
        #[test]
        fn work_and_files_grow_with_the_logarithm(count in 1_usize..400, size in 1_u64..200) {
            let mut files: Vec<DataFile> = Vec::new();
            let mut written = 0;
            for at in 0..count {
                files.push(data_file(&format!("{at}.parquet"), size));
                while let [job, ..] = plan(TableName::Files, files.clone(), u64::MAX).as_slice() {
                    files.retain(|file| job.inputs.iter().all(|input| input.path != file.path));
                    let number = files.len();
                    files.push(data_file(&format!("{at}-{number}-{written}.parquet"), job.bytes()));
                    written += job.bytes();
                }
            }
            let levels = u64::from((count as u64).ilog2()) + 1;
            prop_assert!(files.len() as u64 <= 2 * levels + 1, "{} files", files.len());
            prop_assert!(written <= 4 * levels * count as u64 * size, "{written} bytes written");
        }
    }
}
