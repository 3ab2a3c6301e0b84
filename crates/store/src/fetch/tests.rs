use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::throttle::{ThrottleConfig, ThrottledStore};
use object_store::{
    CopyOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStoreExt as _, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result,
};

use super::*;

fn pattern(position: usize, size: usize) -> Vec<u8> {
    (0..size).map(|at| u8::try_from((at + position) % 251).unwrap()).collect()
}

/// Objects named by their position, each as large as `sizes` says.
async fn filled(sizes: &[usize]) -> InMemory {
    let store = InMemory::new();
    for (position, size) in sizes.iter().enumerate() {
        store.put(&Path::from(position.to_string()), pattern(position, *size).into()).await.unwrap();
    }
    store
}

async fn wanted(store: &Arc<dyn ObjectStore>, position: usize) -> Wanted {
    let meta = store.head(&Path::from(position.to_string())).await.unwrap();
    Wanted { store: Arc::clone(store), path: meta.location, size: meta.size, etag: meta.e_tag }
}

async fn start(store: Arc<dyn ObjectStore>, count: usize, options: FetchOptions) -> Arc<Prefetch> {
    let all = futures::future::join_all((0..count).map(|position| wanted(&store, position))).await;
    Arc::new(Prefetch::start(count, move |position| Some(all[position].clone()), options))
}

async fn take(prefetch: &Arc<Prefetch>, position: usize) -> std::result::Result<Fetched, FetchError> {
    let prefetch = Arc::clone(prefetch);
    spawn_blocking(move || prefetch.take(position)).await.unwrap()
}

fn bytes(content: &Content) -> Vec<u8> {
    match content {
        Content::Memory(bytes) => bytes.clone(),
        Content::File(file) => std::fs::read(file.path()).unwrap(),
    }
}

/// A store of which reads fail as `fault` says of the key and the number of the read.
#[derive(Debug)]
struct Faulty {
    store: InMemory,
    fault: fn(&str, usize) -> Option<Error>,
    reads: AtomicUsize,
}

impl std::fmt::Display for Faulty {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Faulty")
    }
}

#[async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(&self, path: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.store.put_opts(path, payload, options).await
    }
    async fn put_multipart_opts(&self, path: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.store.put_multipart_opts(path, options).await
    }
    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        if !options.head
            && let Some(error) = (self.fault)(path.as_ref(), self.reads.fetch_add(1, Ordering::SeqCst))
        {
            return Err(error);
        }
        self.store.get_opts(path, options).await
    }
    fn delete_stream(&self, paths: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.store.delete_stream(paths)
    }
    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.store.list(prefix)
    }
    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.store.list_with_delimiter(prefix).await
    }
    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.store.copy_opts(from, to, options).await
    }
}

fn generic() -> Error {
    Error::Generic { store: "test", source: "the line is bad".into() }
}

#[tokio::test(flavor = "multi_thread")]
async fn latency_is_waited_for_once_and_not_for_each_object() {
    let config = ThrottleConfig { wait_get_per_call: Duration::from_millis(20), ..ThrottleConfig::default() };
    let sizes: Vec<usize> = (0..200).map(|n| n * 7).collect();
    let store = filled(&sizes).await;
    let metas = futures::future::join_all((0..200).map(|n| {
        let (store, path) = (&store, Path::from(n.to_string()));
        async move { store.head(&path).await.unwrap() }
    }))
    .await;
    let store: Arc<dyn ObjectStore> = Arc::new(ThrottledStore::new(store, config));
    let started = Instant::now();
    let prefetch = Arc::new(Prefetch::start(
        200,
        move |n| {
            let meta = metas[n].clone();
            Some(Wanted { store: Arc::clone(&store), path: meta.location, size: meta.size, etag: meta.e_tag })
        },
        FetchOptions::default(),
    ));
    for (position, size) in sizes.iter().enumerate() {
        let fetched = take(&prefetch, position).await.unwrap();
        assert_eq!(bytes(&fetched.content), pattern(position, *size));
    }
    let elapsed = started.elapsed();
    assert!(elapsed < Duration::from_secs(1), "{elapsed:?} of 4 s one after the other");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_fetched_beyond_the_budget_until_something_is_let_go() {
    let store = filled(&[1024 * 100; 20]).await;
    let faulty = Arc::new(Faulty { store, fault: |_, _| None, reads: AtomicUsize::new(0) });
    let store: Arc<dyn ObjectStore> = Arc::clone(&faulty) as _;
    let prefetch = start(store, 20, FetchOptions { at_once: 32, budget_bytes: 300 * 1024 }).await;
    let mut held = std::collections::VecDeque::new();
    for position in 0..20 {
        if held.len() == 3 {
            assert_eq!(faulty.reads.load(Ordering::SeqCst), position, "reads while all of the budget is held");
            held.pop_front();
        }
        held.push_back(take(&prefetch, position).await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_of_later_objects_do_not_starve_those_of_earlier_ones() {
    let store: Arc<dyn ObjectStore> = Arc::new(filled(&[4000; 64]).await);
    // room for one object at a time, asked for by four threads that each take a run of neighbours
    let prefetch = start(store, 64, FetchOptions { at_once: 8, budget_bytes: 1 }).await;
    let readers = (0..4).map(|reader| {
        let prefetch = Arc::clone(&prefetch);
        spawn_blocking(move || (reader * 16..reader * 16 + 16).all(|position| prefetch.take(position).is_ok()))
    });
    assert!(futures::future::join_all(readers).await.into_iter().all(|all| all.unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn large_objects_come_in_parts_into_a_file() {
    let size = usize::try_from(MAX_IN_MEMORY + PART_BYTES + 3).unwrap();
    let store: Arc<dyn ObjectStore> = Arc::new(filled(&[size, 10]).await);
    let prefetch = start(store, 2, FetchOptions { at_once: 2, budget_bytes: 1 << 20 }).await;
    let fetched = take(&prefetch, 0).await.unwrap();
    assert!(matches!(fetched.content, Content::File(_)));
    assert!(bytes(&fetched.content) == pattern(0, size));
    drop(fetched);
    assert!(matches!(take(&prefetch, 1).await.unwrap().content, Content::Memory(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_tried_again_and_then_named_and_the_rest_goes_on() {
    let store = filled(&[10; 5]).await;
    let fault = |key: &str, read: usize| match key {
        "1" => Some(generic()),
        "2" => Some(Error::PermissionDenied { path: key.to_owned(), source: "no".into() }),
        _ if read == 0 => Some(generic()),
        _ => None,
    };
    let store: Arc<dyn ObjectStore> = Arc::new(Faulty { store, fault, reads: AtomicUsize::new(0) });
    let mut all = futures::future::join_all((0..5).map(|position| wanted(&store, position))).await;
    all[3].etag = Some("another".to_owned());
    all[4].path = Path::from("gone");
    let prefetch = Arc::new(Prefetch::start(5, move |at| Some(all[at].clone()), FetchOptions::default()));
    let mut outcomes = Vec::new();
    for position in 0..5 {
        outcomes.push(take(&prefetch, position).await.map(|fetched| bytes(&fetched.content).len()));
    }
    assert!(matches!(outcomes[0], Ok(10)));
    assert!(matches!(outcomes[1], Err(FetchError::Store(Error::Generic { .. }))));
    assert!(matches!(outcomes[2], Err(FetchError::Store(Error::PermissionDenied { .. }))));
    assert!(matches!(outcomes[3], Err(FetchError::Changed)));
    assert!(matches!(outcomes[4], Err(FetchError::Deleted)));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_is_told_when_fetching_ends() {
    let store: Arc<dyn ObjectStore> = Arc::new(filled(&[10; 2]).await);
    let one = wanted(&store, 0).await;
    let prefetch = Arc::new(Prefetch::start(2, move |at| (at == 0).then(|| one.clone()), FetchOptions::default()));
    assert!(take(&prefetch, 0).await.is_ok());
    // nothing was wanted there
    assert!(matches!(take(&prefetch, 1).await, Err(FetchError::Ended)));
}
