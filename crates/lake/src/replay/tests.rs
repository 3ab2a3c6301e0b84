use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::testing::data_file;

fn lines(lines: &[&str]) -> Result<Part, Unknown> {
    commit::read(&Bytes::from(lines.join("\n")))
}

const ADD: &str = r#"{"add":{"path":"region=a/account=%2520/date=2026-01-02/x.parquet","partitionValues":{"region":"a","account":"","date":"2026-01-02"},"size":7,"modificationTime":9,"dataChange":true,"stats":"{\"numRecords\":3}","tags":null}}"#;

#[test]
fn a_commit_is_read() {
    let part = lines(&[
        r#"{"commitInfo":{"operation":"WRITE","engineInfo":"\u00e4"}}"#,
        r#"{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}"#,
        ADD,
        r#"{"remove":{"path":"y.parquet","dataChange":true,"deletionTimestamp":1}}"#,
        r#"{"txn":{"appId":"a","version":1}}"#,
        "",
    ])
    .unwrap();
    let [file] = part.added.as_slice() else { panic!("{part:?}") };
    assert_eq!(file.path.as_ref(), "region=a/account=%20/date=2026-01-02/x.parquet");
    assert_eq!((file.size_bytes, file.modified_millis, file.statistics().rows), (7, 9, Some(3)));
    assert_eq!(file.partition.folder(), "region=a/account=__HIVE_DEFAULT_PARTITION__/date=2026-01-02");
    assert_eq!(part.removed, [Path::from("y.parquet")]);
}

#[test]
fn what_is_not_known_is_left_to_the_library() {
    for line in [
        r#"{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["deletionVectors"]}}"#,
        r#"{"add":{"path":"x.parquet","partitionValues":{},"size":7,"modificationTime":9,"deletionVector":{"storageType":"u"}}}"#,
        r#"{"add":{"path":"x.parquet"}}"#,
        r#"{"add":{"path":"x.parquet","partitionValues":{},"size":-7,"modificationTime":9}}"#,
        "{",
        "\u{0}",
    ] {
        assert_eq!(lines(&[ADD, line]).map(|_| ()), Err(Unknown), "{line}");
    }
    assert_eq!(checkpoint::read(Bytes::from("PAR1 and nothing else")).map(|_| ()), Err(Unknown));
}

#[test]
fn a_file_that_goes_and_comes_in_one_commit_stays() {
    let remove = r#"{"remove":{"path":"region=a/account=%2520/date=2026-01-02/x.parquet"}}"#;
    for order in [[ADD, remove], [remove, ADD]] {
        let parts = vec![lines(&[ADD]).unwrap(), lines(&order).unwrap()];
        assert_eq!(put_together(parts).len(), 1);
    }
}

proptest! {
    /// Against the plain way: one action after the other, oldest first.
    #[test]
    fn the_newest_word_on_a_path_counts(actions in prop::collection::vec((0_u8..5, 0_u8..12, any::<bool>()), 0..60)) {
        let mut parts: Vec<Part> = (0..5).map(|_| Part::default()).collect();
        for (part, name, is_add) in &actions {
            let part = &mut parts[usize::from(*part)];
            let file = data_file(&name.to_string(), 1);
            let is_named = part.added.iter().any(|added| added.path == file.path) || part.removed.contains(&file.path);
            if is_named {
                // a commit says one thing of a path
            } else if *is_add {
                part.added.push(file);
            } else {
                part.removed.push(file.path);
            }
        }
        let mut expected = std::collections::BTreeSet::new();
        for part in &parts {
            for path in &part.removed {
                expected.remove(path);
            }
            expected.extend(part.added.iter().map(|file| file.path.clone()));
        }
        let mut found: Vec<Path> = put_together(parts).into_iter().map(|file| file.path).collect();
        found.sort();
        prop_assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
    }
}
