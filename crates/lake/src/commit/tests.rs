use arrow::array::{ArrayRef, StringArray, TimestampMicrosecondArray, UInt64Array, new_null_array};
use milepost_schema::arrow::{events_schema, rows_schema};
use milepost_store::StoreOptions;

use super::*;
use crate::as_of::AsOf;
use crate::lake::Lake;

const DAY: i64 = milepost_schema::time::MICROS_PER_DAY;

/// Rows of (seconds after 1970, event id, event name), all of one account and region.
fn rows(source: &str, rows: &[(i64, Option<&str>, &str)]) -> RecordBatch {
    let schema = events_schema();
    let texts = |values: Vec<Option<&str>>| -> ArrayRef { Arc::new(StringArray::from(values)) };
    let columns = schema.fields().iter().map(|field| match field.name().as_str() {
        "event_time" => {
            let times = rows.iter().map(|row| row.0 * 1_000_000);
            Arc::new(TimestampMicrosecondArray::from_iter_values(times).with_timezone("UTC")) as ArrayRef
        }
        "event_id" => texts(rows.iter().map(|row| row.1).collect()),
        "event_name" => texts(rows.iter().map(|row| Some(row.2)).collect()),
        "source_file" => texts(vec![Some(source); rows.len()]),
        "region" => texts(vec![Some("us-east-1"); rows.len()]),
        "account" => texts(vec![Some("012345678901"); rows.len()]),
        "date" => {
            let days = rows.iter().map(|row| i32::try_from((row.0 * 1_000_000).div_euclid(DAY)).unwrap());
            Arc::new(arrow::array::Date32Array::from_iter_values(days)) as ArrayRef
        }
        _ => new_null_array(field.data_type(), rows.len()),
    });
    RecordBatch::try_new(schema.clone(), columns.collect()).unwrap()
}

/// The same rows with fingerprints.
fn with_prints(rows: &RecordBatch, prints: &[u64]) -> RecordBatch {
    let columns = rows.columns().iter().cloned().chain([Arc::new(UInt64Array::from(prints.to_vec())) as ArrayRef]);
    RecordBatch::try_new(rows_schema(), columns.collect()).unwrap()
}

async fn new_lake() -> (tempfile::TempDir, Lake) {
    let folder = tempfile::tempdir().unwrap();
    let lake =
        Lake::open_or_create(&folder.path().join("lake").to_string_lossy(), &StoreOptions::default()).await.unwrap();
    (folder, lake)
}

async fn take_in(lake: &Lake, batches: Vec<RecordBatch>) -> Committed {
    let mut writer = lake.event_writer("run").await.unwrap();
    batches.into_iter().for_each(|batch| writer.append(batch));
    writer.commit(2).await.unwrap()
}

fn counts(written: u64, duplicates: u64) -> SourceCounts {
    SourceCounts { written, duplicates }
}

#[tokio::test]
async fn a_commit_writes_one_file_a_partition_with_its_statistics() {
    let (_folder, lake) = new_lake().await;
    let committed =
        take_in(&lake, vec![rows("a", &[(90_000, Some("2"), "B"), (5, Some("1"), "A"), (90_001, None, "C")])]).await;
    assert_eq!((committed.files, committed.rows), (2, 3));
    let snapshot = lake.snapshot(TableName::Events, AsOf::Newest).await.unwrap().unwrap();
    let mut files: Vec<_> = snapshot.files.iter().collect();
    files.sort_by_key(|file| file.path.to_string());
    let path = files[1].path.to_string();
    assert!(path.starts_with("region=us-east-1/account=012345678901/date=1970-01-02/"), "{path}");
    assert_eq!(files[1].statistics().rows, Some(2));
    assert_eq!(files[1].statistics().event_time, Some((90_000_000_000, 90_001_000_000)));
    assert_eq!(files[1].statistics().texts["event_name"], ("B".to_owned(), "C".to_owned()));
    assert_eq!(files[1].partition.account.as_deref(), Some("012345678901"));
}

#[tokio::test]
async fn repeated_deliveries_are_dropped_within_a_commit_and_against_the_lake() {
    let (_folder, lake) = new_lake().await;
    let first = rows("a", &[(1, Some("x"), "A"), (1, Some("x"), "A"), (2, Some("y"), "A")]);
    let committed = take_in(&lake, vec![first.clone(), rows("b", &[(2, Some("y"), "A")])]).await;
    assert_eq!(committed.sources["a"], counts(2, 1));
    assert_eq!(committed.sources["b"], counts(0, 1));
    let again = take_in(&lake, vec![first, rows("c", &[(3, Some("z"), "A")])]).await;
    assert_eq!(again.sources["a"], counts(0, 3));
    assert_eq!(again.sources["c"], counts(1, 0));
    let nothing = take_in(&lake, vec![rows("d", &[(3, Some("z"), "A")])]).await;
    assert_eq!((nothing.version, nothing.sources["d"]), (None, counts(0, 1)));
}

#[tokio::test]
async fn a_few_rows_of_other_partitions_wait_for_more() {
    let (_folder, lake) = new_lake().await;
    let ids: Vec<String> = (0..200).map(|id| id.to_string()).collect();
    // a hundred of one day, and one of the next
    let batch = |ids: &[String], source: &str| {
        let day = |at: usize| if at == 0 { 90_000 } else { 5 };
        let all: Vec<_> = ids.iter().enumerate().map(|(at, id)| (day(at), Some(id.as_str()), "A")).collect();
        rows(source, &all)
    };
    let mut writer = lake.event_writer("run").await.unwrap();
    writer.append(batch(&ids[..100], "a"));
    let committed = writer.commit_most(2).await.unwrap();
    assert_eq!((committed.files, committed.sources["a"]), (1, counts(99, 0)));
    assert!(writer.pending_bytes() > 0);
    writer.append(batch(&ids[100..], "b"));
    writer.append(batch(&ids[..1], "c"));
    let committed = writer.commit(2).await.unwrap();
    assert_eq!((committed.files, committed.rows), (2, 101));
    let [a, b, c] = ["a", "b", "c"].map(|source| committed.sources[source]);
    assert_eq!((a, b, c), (counts(1, 0), counts(100, 0), counts(0, 1)));
    assert_eq!(writer.pending_bytes(), 0);
}

#[tokio::test]
async fn different_records_that_share_an_id_are_both_kept() {
    let (_folder, lake) = new_lake().await;
    let pair =
        rows("a", &[(1, Some("x"), "GetCampaigns"), (1, Some("x"), "CreateCampaign"), (1, None, "A"), (1, None, "B")]);
    assert_eq!(take_in(&lake, vec![pair]).await.rows, 4);
    assert_eq!(take_in(&lake, vec![rows("b", &[(1, Some("x"), "Other")])]).await.rows, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_side_by_side_write_a_record_once() {
    let (_folder, lake) = new_lake().await;
    let mut tasks = Vec::new();
    for number in 0..4 {
        let lake = lake.clone();
        tasks.push(tokio::spawn(async move {
            let mut rows_written = 0;
            for id in ["a", "b", "c"] {
                let batch = rows(&format!("source {number}"), &[(1, Some(id), "A"), (2, Some(id), "B")]);
                rows_written += take_in(&lake, vec![batch]).await.rows;
            }
            rows_written
        }));
    }
    let mut total = 0;
    for task in tasks {
        total += task.await.unwrap();
    }
    assert_eq!(total, 6);
    let snapshot = lake.snapshot(TableName::Events, AsOf::Newest).await.unwrap().unwrap();
    assert_eq!(snapshot.files.iter().filter_map(|file| file.statistics().rows).sum::<u64>(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_lake_can_be_made_by_several_at_once() {
    for _ in 0..5 {
        let folder = tempfile::tempdir().unwrap();
        let location = folder.path().join("lake").to_string_lossy().into_owned();
        let makers = (0..4).map(|_| {
            let location = location.clone();
            tokio::spawn(async move {
                let lake = Lake::open_or_create(&location, &StoreOptions::default()).await.unwrap();
                lake.ledger("run").await.map(|_| ()).unwrap();
            })
        });
        for maker in makers.collect::<Vec<_>>() {
            maker.await.unwrap();
        }
    }
}

#[tokio::test]
async fn what_is_no_lake_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_string_lossy().into_owned();
    assert!(matches!(Lake::open(&path, &StoreOptions::default()).await, Err(LakeError::NotALake { .. })));
    std::fs::write(folder.path().join("notes.txt"), "mine").unwrap();
    assert!(matches!(Lake::open_or_create(&path, &StoreOptions::default()).await, Err(LakeError::Occupied { .. })));
    let nowhere = Lake::open("ftp://host/lake", &StoreOptions::default()).await;
    assert!(matches!(nowhere, Err(LakeError::Place(_))));
}

#[tokio::test]
async fn the_ledger_remembers_what_was_taken_in() {
    let (_folder, lake) = new_lake().await;
    let entry = |uri: &str, etag: &str| crate::ledger::FileEntry {
        uri: uri.to_owned(),
        size_bytes: 10,
        etag: etag.to_owned(),
        carrier: "trail-log",
        reader_version: 1,
        read: 3,
        written: 2,
        duplicates: 1,
        rejected: 0,
        filtered: 4,
        filter: Some("f".to_owned()),
        text_bytes: 100,
        note: None,
        modified_micros: None,
    };
    let mut ledger = lake.ledger("run").await.unwrap();
    ledger.add_files(&[entry("a", "1"), entry("b", "1")]).await.unwrap();
    ledger.add_files(&[entry("b", "2")]).await.unwrap();
    let known = lake.ledger("next").await.unwrap().known("!/").await.unwrap();
    assert!(known.get("a").is_some() && known.get("c").is_none());
    assert_eq!(known.get("b").unwrap().etag, known.etag("2"));
}

#[tokio::test]
async fn rows_with_fingerprints_are_told_apart_by_them_and_by_what_they_say() {
    let (_folder, lake) = new_lake().await;
    let mut writer = lake.event_writer("run").await.unwrap();
    let first = rows("a", &[(1, Some("x"), "A"), (1, Some("x"), "A"), (1, Some("x"), "A"), (1, Some("x"), "B")]);
    // the same text again, the same record written otherwise, and another record with the same key
    writer.append(with_prints(&first, &[7, 7, 8, 9]));
    assert_eq!(writer.commit(1).await.unwrap().sources["a"], counts(2, 2));
    // what this run wrote it knows by its fingerprint, and reads where that does not settle it
    let again = rows("b", &[(1, Some("x"), "A"), (1, Some("x"), "A"), (1, Some("x"), "C"), (2, Some("y"), "A")]);
    writer.append(with_prints(&again, &[7, 10, 11, 7]));
    assert_eq!(writer.commit(1).await.unwrap().sources["b"], counts(2, 2));
    let snapshot = lake.snapshot(TableName::Events, AsOf::Newest).await.unwrap().unwrap();
    assert_eq!(snapshot.files.iter().filter_map(|file| file.statistics().rows).sum::<u64>(), 4);
}
