//! The server against the client that the product uses.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ::object_store::aws::{AmazonS3, AmazonS3Builder};
use ::object_store::path::Path;
use ::object_store::{
    Error, GetOptions, MultipartUpload as _, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, RetryConfig,
};
use futures::TryStreamExt as _;

use super::{Faults, S3};

fn start(faults: Faults) -> (tempfile::TempDir, S3, AmazonS3) {
    let folder = tempfile::tempdir().unwrap();
    let s3 = S3::start(folder.path(), faults);
    s3.make_bucket("bucket");
    let mut builder = AmazonS3Builder::new().with_bucket_name("bucket").with_endpoint(s3.endpoint());
    for (name, value) in s3.env() {
        if let Ok(key) = name.to_ascii_lowercase().parse() {
            builder = builder.with_config(key, value);
        }
    }
    let retry = RetryConfig {
        backoff: ::object_store::BackoffConfig { init_backoff: Duration::from_millis(1), ..Default::default() },
        ..RetryConfig::default()
    };
    let store = builder.with_retry(retry).with_allow_http(true).build().unwrap();
    (folder, s3, store)
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn created() -> PutOptions {
    PutOptions { mode: PutMode::Create, ..PutOptions::default() }
}

#[test]
fn objects_are_written_read_listed_and_deleted() {
    let (_folder, s3, store) = start(Faults::default());
    wait(async {
        for key in ["a/1 ä.json", "a/2.json", "a/b/3.json", "c.json"] {
            store.put(&Path::from(key), key.as_bytes().to_vec().into()).await.unwrap();
        }
        s3.put("bucket", "a/b/", "");
        let listed = async |prefix: &str, offset: &str| {
            let objects = store.list_with_offset(Some(&Path::from(prefix)), &Path::from(offset));
            let objects: Vec<_> = objects.try_collect().await.unwrap();
            objects.into_iter().map(|meta| (meta.location.to_string(), meta.size)).collect::<Vec<_>>()
        };
        assert_eq!(listed("a", "a/2.json").await, [("a/b".to_owned(), 0), ("a/b/3.json".to_owned(), 10)]);
        let level = store.list_with_delimiter(Some(&Path::from("a"))).await.unwrap();
        assert_eq!(level.common_prefixes, [Path::from("a/b")]);
        assert_eq!(level.objects.len(), 2);
        let path = Path::from("a/1 ä.json");
        assert_eq!(level.objects[0].location, path);
        assert_eq!(level.objects[0].e_tag, store.head(&path).await.unwrap().e_tag);
        assert_eq!(&store.get_range(&path, 2..4).await.unwrap()[..], b"1 ");
        let paths = level.objects.into_iter().map(|meta| Ok(meta.location));
        let deleted = store.delete_stream(Box::pin(futures::stream::iter(paths.collect::<Vec<_>>())));
        assert_eq!(deleted.try_collect::<Vec<_>>().await.unwrap().len(), 2);
        assert!(matches!(store.get(&path).await, Err(Error::NotFound { .. })));
    });
    assert!(s3.take_requests().iter().any(|request| request.starts_with("GET /bucket?delimiter=%2F")));
}

#[test]
fn conditions_hold() {
    let (_folder, s3, store) = start(Faults::default());
    let store = Arc::new(store);
    wait(async {
        let path = Path::from("log/1.json");
        let writers = (0..8).map(|_| {
            let (store, path) = (Arc::clone(&store), path.clone());
            async move { store.put_opts(&path, "x".into(), created()).await }
        });
        let written = futures::future::join_all(writers).await;
        assert_eq!(written.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        assert!(
            written.iter().flat_map(|outcome| outcome.as_ref().err()).all(|e| matches!(e, Error::AlreadyExists { .. }))
        );
        let options = GetOptions { if_match: store.head(&path).await.unwrap().e_tag, ..GetOptions::default() };
        store.get_opts(&path, options.clone()).await.unwrap();
        s3.put("bucket", "log/1.json", "y");
        assert!(matches!(store.get_opts(&path, options).await, Err(Error::Precondition { .. })));
    });
}

#[test]
fn parts_become_one_object() {
    let (_folder, _s3, store) = start(Faults::default());
    wait(async {
        let path = Path::from("large");
        let mut upload = store.put_multipart(&path).await.unwrap();
        for part in ["a", "b", "c"] {
            upload.put_part(part.into()).await.unwrap();
        }
        upload.complete().await.unwrap();
        assert_eq!(&store.get(&path).await.unwrap().bytes().await.unwrap()[..], b"abc");
    });
}

#[test]
fn faults_happen_as_they_are_ordered() {
    let (_folder, s3, store) =
        start(Faults { slow_down_every: Some(2), break_off_every: Some(3), ..Faults::default() });
    let path = Path::from("object");
    s3.put("bucket", "object", "bytes");
    wait(async {
        for _ in 0..6 {
            assert_eq!(&store.get(&path).await.unwrap().bytes().await.unwrap()[..], b"bytes");
        }
        // the write was carried out, its answer got lost, and the client tried again
        s3.set_faults(Faults { drop_every: Some(2), ..Faults::default() });
        let outcomes = [
            store.put_opts(&Path::from("1"), "1".into(), created()).await,
            store.put_opts(&Path::from("2"), "2".into(), created()).await,
        ];
        assert!(matches!(outcomes, [Ok(_), Err(Error::AlreadyExists { .. })]), "{outcomes:?}");
        s3.set_faults(Faults { deny: Some("secret/".to_owned()), ..Faults::default() });
        assert!(matches!(store.get(&Path::from("secret/x")).await, Err(Error::PermissionDenied { .. })));
        s3.set_faults(Faults { latency: Duration::from_millis(50), ..Faults::default() });
        let started = Instant::now();
        store.get(&path).await.unwrap();
        assert!(started.elapsed() >= Duration::from_millis(50));
    });
}
