//! Partitions of `events`, and days without any: from the transaction log alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use milepost_lake::{AsOf, Lake, Partition, TableName};

use crate::answer::Answer;
use crate::diagnosis;
use crate::error::QueryError;

/// What the log says of one partition.
#[derive(Debug, Default)]
struct Part {
    files: i64,
    rows: Option<i64>,
    bytes: i64,
    times: Option<(i64, i64)>,
}

/// Days in a row without a file, between the first and the last day of an account and region.
#[derive(Debug, PartialEq, Eq)]
struct Gap {
    account: Option<String>,
    region: Option<String>,
    first_day: i32,
    last_day: i32,
}

/// One row a partition: region, account, date, files, rows, bytes, first and last event.
///
/// # Errors
/// The lake cannot be read, or does not have that state.
pub async fn lake_partitions(lake: &Lake, as_of: AsOf) -> Result<Answer, QueryError> {
    let parts = parts(lake, as_of).await?;
    Answer::known(partition_batch(&parts).map_err(|error| diagnosis::of_running(&error.into()))?)
}

/// One row a gap: account, region, first and last day without a file, number of days.
///
/// # Errors
/// The lake cannot be read, or does not have that state.
pub async fn lake_gaps(lake: &Lake, as_of: AsOf) -> Result<Answer, QueryError> {
    let gaps = gaps(parts(lake, as_of).await?.keys());
    Answer::known(gap_batch(&gaps).map_err(|error| diagnosis::of_running(&error.into()))?)
}

async fn parts(lake: &Lake, as_of: AsOf) -> Result<BTreeMap<Partition, Part>, QueryError> {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let mut parts: BTreeMap<Partition, Part> = BTreeMap::new();
    let files = lake.snapshot(TableName::Events, as_of).await?.map(|snapshot| snapshot.files).unwrap_or_default();
    for file in files {
        let first = Part { rows: Some(0), ..Part::default() };
        let part = parts.entry(file.partition.clone()).or_insert(first);
        part.files += 1;
        part.bytes += number(file.size_bytes);
        part.rows = part.rows.zip(file.statistics().rows).map(|(sum, rows)| sum + number(rows));
        part.times = match (part.times, file.statistics().event_time) {
            (Some((first, last)), Some((low, high))) => Some((first.min(low), last.max(high))),
            (times, None) | (None, times) => times,
        };
    }
    Ok(parts)
}

fn gaps<'a>(partitions: impl Iterator<Item = &'a Partition>) -> Vec<Gap> {
    let mut days: BTreeMap<(&Option<String>, &Option<String>), BTreeSet<i32>> = BTreeMap::new();
    for partition in partitions {
        if let Some(day) = partition.day {
            days.entry((&partition.account, &partition.region)).or_default().insert(day);
        }
    }
    let mut gaps = Vec::new();
    for ((account, region), days) in days {
        for (before, after) in days.iter().zip(days.iter().skip(1)) {
            if after - before > 1 {
                let (account, region) = (account.clone(), region.clone());
                gaps.push(Gap { account, region, first_day: before + 1, last_day: after - 1 });
            }
        }
    }
    gaps
}

fn partition_batch(parts: &BTreeMap<Partition, Part>) -> Result<RecordBatch, arrow::error::ArrowError> {
    let numbers =
        |value: &dyn Fn(&Part) -> Option<i64>| Arc::new(parts.values().map(value).collect::<Int64Array>()) as ArrayRef;
    let instants = |value: &dyn Fn(&Part) -> Option<i64>| {
        let values: TimestampMicrosecondArray = parts.values().map(value).collect();
        Arc::new(values.with_timezone("UTC")) as ArrayRef
    };
    let texts = |value: &dyn Fn(&Partition) -> Option<String>| {
        Arc::new(parts.keys().map(value).collect::<StringArray>()) as ArrayRef
    };
    let days: Date32Array = parts.keys().map(|partition| partition.day).collect();
    RecordBatch::try_from_iter_with_nullable([
        ("region", texts(&|partition| partition.region.clone()), true),
        ("account", texts(&|partition| partition.account.clone()), true),
        ("date", Arc::new(days) as ArrayRef, true),
        ("files", numbers(&|part| Some(part.files)), true),
        ("rows", numbers(&|part| part.rows), true),
        ("bytes", numbers(&|part| Some(part.bytes)), true),
        ("first_event", instants(&|part| part.times.map(|(first, _)| first)), true),
        ("last_event", instants(&|part| part.times.map(|(_, last)| last)), true),
    ])
}

fn gap_batch(gaps: &[Gap]) -> Result<RecordBatch, arrow::error::ArrowError> {
    let texts =
        |value: &dyn Fn(&Gap) -> Option<String>| Arc::new(gaps.iter().map(value).collect::<StringArray>()) as ArrayRef;
    let days =
        |value: &dyn Fn(&Gap) -> i32| Arc::new(Date32Array::from_iter_values(gaps.iter().map(value))) as ArrayRef;
    let lengths = gaps.iter().map(|gap| i64::from(gap.last_day - gap.first_day + 1));
    RecordBatch::try_from_iter_with_nullable([
        ("account", texts(&|gap| gap.account.clone()), true),
        ("region", texts(&|gap| gap.region.clone()), true),
        ("from", days(&|gap| gap.first_day), true),
        ("to", days(&|gap| gap.last_day), true),
        ("days", Arc::new(Int64Array::from_iter_values(lengths)) as ArrayRef, true),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_lie_between_the_days_of_one_account_and_region() {
        let partition = |region: &str, account: Option<&str>, day: Option<i32>| Partition {
            region: Some(region.to_owned()),
            account: account.map(str::to_owned),
            day,
        };
        let partitions = [
            partition("a", Some("1"), Some(10)),
            partition("a", Some("1"), Some(11)),
            partition("a", Some("1"), Some(15)),
            partition("a", Some("1"), Some(17)),
            partition("a", Some("1"), None),
            partition("b", Some("1"), Some(99)),
            partition("a", None, Some(1)),
        ];
        let found: Vec<_> = gaps(partitions.iter()).iter().map(|gap| (gap.first_day, gap.last_day)).collect();
        assert_eq!(found, [(12, 14), (16, 16)]);
    }
}
