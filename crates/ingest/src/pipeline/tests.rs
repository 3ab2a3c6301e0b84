use super::*;
use crate::blob::{Blob, Fetched};
use crate::discover::discover;
use crate::source::{Etag, Folders};
use arrow_array::cast::AsArray;
use std::fs;

fn sources(files: &[(String, Vec<u8>)]) -> (tempfile::TempDir, Arc<Vec<Source>>) {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    let found = discover(&[folder.path().to_string_lossy().into_owned()], None).unwrap();
    (folder, found.sources.into())
}

fn log(ids: impl Iterator<Item = usize>) -> Vec<u8> {
    let records: Vec<_> = ids.map(|id| format!("{{\"eventID\":\"{id:06}\"}}")).collect();
    format!("{{\"Records\":[{}]}}", records.join(",")).into_bytes()
}

fn options(threads: usize) -> Options {
    Options {
        threads,
        batch_rows: 100,
        batch_bytes: DEFAULT_BATCH_BYTES,
        window_bytes: DEFAULT_WINDOW_BYTES,
        salvage: false,
        rules: None,
        fetcher: None,
        timings: None,
    }
}

#[test]
fn order_does_not_depend_on_the_number_of_threads() {
    let files: Vec<_> = (0..600).map(|n| (format!("{n:04}.json"), log(n * 7..n * 7 + 7))).collect();
    let (_folder, sources) = sources(&files);
    for threads in [1, 2, 5] {
        let mut ids = Vec::new();
        let mut finished = Vec::new();
        for piece in run(Arc::clone(&sources), options(threads)) {
            let piece = piece.unwrap();
            finished.extend(piece.finished.iter().map(|outcome| outcome.source));
            if let Some(batch) = piece.batch {
                let column = batch.column_by_name("event_id").unwrap();
                ids.extend(column.as_string::<i32>().iter().flatten().map(str::to_owned));
            }
        }
        assert_eq!(ids, (0..4200).map(|id| format!("{id:06}")).collect::<Vec<_>>());
        assert_eq!(finished, (0..600).collect::<Vec<_>>());
    }
}

#[test]
fn bad_records_and_damaged_sources_do_not_stop_the_rest() {
    let mut invalid = log(0..3);
    let at = invalid.windows(6).position(|w| w == b"000001").unwrap();
    invalid[at] = 0xff;
    let (_folder, sources) = sources(&[
        ("1.json".into(), br#"{"Records":[{"eventID":"a"},NaN,{"b":1,},{"eventID":"c"}]}"#.to_vec()),
        ("2.json".into(), br#"{"Records":[{"eventID":"x"},"#.to_vec()),
        ("3.json".into(), invalid),
        ("4.json".into(), b"hello".to_vec()),
        ("5.txt".into(), b"hello".to_vec()),
        ("6".into(), Vec::new()),
    ]);
    let pieces: Vec<_> = run(sources, options(2)).map(Result::unwrap).collect();
    let rows: usize = pieces.iter().filter_map(|piece| piece.batch.as_ref()).map(RecordBatch::num_rows).sum();
    let finished: Vec<_> = pieces.iter().flat_map(|piece| &piece.finished).collect();
    let summary: Vec<_> = finished
        .iter()
        .map(|outcome| match &outcome.status {
            Status::Read(carrier) => (carrier.name(), outcome.records, outcome.rejected),
            Status::Known => ("known", 0, 0),
            Status::Damaged { reason, .. } | Status::Salvaged { reason, .. } => {
                (reason.as_str(), outcome.records, outcome.rejected)
            }
        })
        .collect();
    assert_eq!(
        summary,
        [
            ("trail-log", 4, 2),
            ("the text ends inside the document", 0, 0),
            ("trail-log", 3, 1),
            ("not JSON", 0, 0),
            ("not-json", 0, 0),
            ("empty", 0, 0),
        ]
    );
    assert_eq!(rows, 4);
    let rejects: Vec<_> = pieces.iter().flat_map(|piece| &piece.rejects).map(|r| (r.record, r.offset)).collect();
    let expected = [(Some(1), Some(28)), (Some(2), Some(32)), (None, Some(28)), (Some(1), Some(33)), (None, Some(0))];
    assert_eq!(rejects, expected);
}

#[test]
fn what_only_looks_like_a_record_is_named() {
    let notification =
        br#"{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventTime":"2026-03-02T00:00:00.000Z","s3":{}},
        {"eventVersion":"1.08","eventSource":"aws:s3"},{"messageId":"1","body":"{}"}]}"#;
    let (_folder, sources) = sources(&[("1.json".into(), notification.to_vec())]);
    let pieces: Vec<_> = run(sources, options(1)).map(Result::unwrap).collect();
    let reasons: Vec<_> = pieces.iter().flat_map(|piece| &piece.rejects).map(|r| r.reason.as_str()).collect();
    let expected =
        ["not a CloudTrail record but an S3 event notification", "not a CloudTrail record but an SQS message"];
    assert_eq!(reasons, expected);
    assert_eq!(pieces.iter().filter_map(|piece| piece.batch.as_ref()).map(RecordBatch::num_rows).sum::<usize>(), 1);
}

#[test]
fn batches_stay_small_however_the_records_come() {
    let empty = format!("{{\"Records\":[{}]}}", vec!["{}"; 300_000].join(","));
    let bad = format!(
        "{{\"Records\":[{}]}}",
        vec!["{\"n\":NaN,\"text\":\"some text that fills the record\"}"; 5_000].join(",")
    );
    // rejects of neighbours add up: no file of these fills a batch on its own
    let few = r#"{"Records":[{"n":NaN,"text":"some text that fills the record"}]}"#;
    let mut files = vec![("1.json".to_owned(), empty.into_bytes()), ("2.json".to_owned(), bad.into_bytes())];
    files.extend((0..600).map(|n| (format!("few-{n}.json"), few.into())));
    let (_folder, sources) = sources(&files);
    let options = Options { batch_bytes: 10_000, ..options(1) };
    let (mut rows, mut rejects) = (0, 0);
    for piece in run(sources, options) {
        let piece = piece.unwrap();
        assert!(piece.batch.as_ref().is_none_or(|batch| batch.num_rows() <= 100));
        assert!(piece.rejects.iter().flat_map(|reject| &reject.raw).map(String::len).sum::<usize>() <= 10_400);
        rows += piece.batch.map_or(0, |batch| batch.num_rows());
        rejects += piece.rejects.len();
    }
    assert_eq!((rows, rejects), (300_000, 5_600));
}

#[test]
fn dropping_the_pieces_ends_the_run() {
    let files: Vec<_> = (0..50).map(|n| (format!("{n:04}.json"), log(0..500))).collect();
    let (_folder, sources) = sources(&files);
    let mut pieces = run(Arc::clone(&sources), options(2));
    assert!(pieces.next().is_some());
    drop(pieces);
    // every thread holds the list of sources as long as it lives
    let patience = std::time::Instant::now();
    while Arc::strong_count(&sources) > 1 {
        assert!(patience.elapsed().as_secs() < 30, "a thread still works for nobody");
        std::thread::yield_now();
    }
}

#[test]
fn sources_that_have_to_be_fetched_are_read_like_others_and_let_go() {
    let mut folders = Folders::default();
    let source = |at: usize| Source::remote(&format!("s3://b/{at}.json"), 0, 0, 1, Etag::Changed(0, 0), &mut folders);
    let sources = Arc::new((0..600).map(source).collect::<Vec<_>>());
    let held = Arc::new(());
    let guard = Arc::clone(&held);
    let fetcher = Fetcher::new(move |at| match at {
        7 => Err("the store is away".to_owned()),
        _ => Ok(Fetched { blob: Blob::Memory(log(at..at + 1).into()), guard: Box::new(Arc::clone(&guard)) }),
    });
    let options = Options { fetcher: Some(fetcher), ..options(3) };
    let pieces: Vec<_> = run(sources, options).map(Result::unwrap).collect();
    let rows: usize = pieces.iter().filter_map(|piece| piece.batch.as_ref()).map(RecordBatch::num_rows).sum();
    assert_eq!(rows, 599);
    let damaged: Vec<_> = pieces
        .iter()
        .flat_map(|piece| &piece.finished)
        .filter_map(|outcome| match &outcome.status {
            Status::Damaged { reason, .. } => Some((outcome.uri.as_str(), reason.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(damaged, [("s3://b/7.json", "cannot be fetched: the store is away")]);
    let rejects: Vec<_> = pieces.iter().flat_map(|piece| &piece.rejects).map(|reject| &reject.source_file).collect();
    assert_eq!(rejects, ["s3://b/7.json"]);
    // one is with the function, which the last thread drops when it ends
    while Arc::strong_count(&held) > 2 {
        std::thread::yield_now();
    }
}
