use std::collections::BTreeSet;
use std::sync::Mutex;

use object_store::ObjectStoreExt as _;
use object_store::memory::InMemory;

use super::*;

async fn store(keys: &[&str]) -> Arc<dyn ObjectStore> {
    let store = InMemory::new();
    for key in keys {
        let bytes = if key.ends_with("empty") { "" } else { "x" };
        store.put(&Path::from(*key), bytes.into()).await.unwrap();
    }
    Arc::new(store)
}

async fn listed(store: &Arc<dyn ObjectStore>, path: &str, plan: impl FnMut(&str) -> Step) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    list_below(store, &Path::from(path), true, plan, |found| match found {
        Found::Objects(objects) => {
            for object in objects {
                assert!(keys.insert(object.location.to_string()), "{} came twice", object.location);
            }
        }
        Found::Unreadable(folder, error) => assert!(keys.insert(format!("{folder}: {error}"))),
    })
    .await;
    keys
}

fn all() -> Step {
    Step::Below { after: None, before: None }
}

fn texts(keys: &[&str]) -> BTreeSet<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

#[tokio::test]
async fn the_plan_says_what_is_listed_and_how() {
    let store = store(&["a/1", "a/x/2", "a/x/y/3", "a/z/4", "a/z/empty", "a/z/empty.gz", "b/5", "6"]).await;
    let asked = Mutex::new(Vec::new());
    let found = listed(&store, "", |folder| {
        asked.lock().unwrap().push(folder.to_owned());
        match folder {
            "" | "a" => Step::Look { at_most: 9 },
            "b" => Step::Skip,
            _ => all(),
        }
    })
    .await;
    assert_eq!(found, texts(&["6", "a/1", "a/x/2", "a/x/y/3", "a/z/4", "a/z/empty.gz"]));
    assert_eq!(*asked.lock().unwrap(), ["", "a", "b", "a/x", "a/z"]);
    assert_eq!(listed(&store, "a", |_| all()).await.len(), 5);
    assert!(listed(&store, "none", |_| all()).await.is_empty());
}

#[tokio::test]
async fn a_crowd_of_folders_is_listed_at_once() {
    let keys: Vec<String> = (0..20).map(|n| format!("day={n}/1")).collect();
    let store = store(&keys.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut decisions = 0;
    let found = listed(&store, "", |_| {
        decisions += 1;
        Step::Look { at_most: 10 }
    });
    assert_eq!(found.await.len(), 20);
    assert_eq!(decisions, 1);
}

#[tokio::test]
async fn a_range_of_keys_is_listed_from_its_start_to_its_end() {
    let store = store(&["l/01/a", "l/02/a", "l/02/b", "l/03/a", "l/04/a"]).await;
    let between = |after: &str, before: &str| {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Step::Below { after: some(after), before: some(before) }
    };
    for (after, before, expected) in [
        ("l/02", "l/030", &["l/02/a", "l/02/b", "l/03/a"][..]),
        ("l/02", "", &["l/02/a", "l/02/b", "l/03/a", "l/04/a"]),
        ("", "l/010", &["l/01/a"]),
        ("l/05", "l/06", &[]),
        ("", "l/00", &[]),
    ] {
        assert_eq!(listed(&store, "l", |_| between(after, before)).await, texts(expected), "{after}..{before}");
    }
}

#[tokio::test]
async fn a_store_that_lists_in_no_order_is_listed_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    for day in (0..40).rev() {
        std::fs::create_dir_all(folder.path().join(format!("{day:02}"))).unwrap();
        std::fs::write(folder.path().join(format!("{day:02}/1.json")), "x").unwrap();
    }
    let store: Arc<dyn ObjectStore> =
        Arc::new(object_store::local::LocalFileSystem::new_with_prefix(folder.path()).unwrap());
    let mut keys = BTreeSet::new();
    let step = |_: &str| Step::Below { after: Some("10".to_owned()), before: Some("200".to_owned()) };
    list_below(&store, &Path::default(), false, step, |found| {
        if let Found::Objects(objects) = found {
            keys.extend(objects.into_iter().map(|object| object.location.to_string()));
        }
    })
    .await;
    assert_eq!(keys, (10..=20).map(|day| format!("{day}/1.json")).collect());
}

/// A store of which listings break off now and then, in the middle of a page.
#[derive(Debug)]
struct Breaking {
    store: InMemory,
    listings: std::sync::atomic::AtomicUsize,
}

impl std::fmt::Display for Breaking {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Breaking")
    }
}

fn broken() -> Error {
    Error::Generic { store: "test", source: "the answer broke off".into() }
}

impl Breaking {
    fn is_due(&self) -> bool {
        self.listings.fetch_add(1, std::sync::atomic::Ordering::SeqCst).is_multiple_of(2)
    }

    fn breaking(
        &self,
        all: BoxStream<'static, Result<ObjectMeta, Error>>,
    ) -> BoxStream<'static, Result<ObjectMeta, Error>> {
        if self.is_due() {
            all.take(3).chain(futures::stream::iter([Err(broken())])).boxed()
        } else {
            all.take(4).boxed()
        }
    }
}

#[async_trait::async_trait]
impl ObjectStore for Breaking {
    async fn put_opts(
        &self,
        path: &Path,
        payload: object_store::PutPayload,
        options: object_store::PutOptions,
    ) -> Result<object_store::PutResult, Error> {
        self.store.put_opts(path, payload, options).await
    }
    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: object_store::PutMultipartOptions,
    ) -> Result<Box<dyn object_store::MultipartUpload>, Error> {
        self.store.put_multipart_opts(path, options).await
    }
    async fn get_opts(&self, path: &Path, options: object_store::GetOptions) -> Result<object_store::GetResult, Error> {
        self.store.get_opts(path, options).await
    }
    fn delete_stream(&self, paths: BoxStream<'static, Result<Path, Error>>) -> BoxStream<'static, Result<Path, Error>> {
        self.store.delete_stream(paths)
    }
    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta, Error>> {
        self.breaking(self.store.list(prefix))
    }
    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta, Error>> {
        self.breaking(self.store.list_with_offset(prefix, offset))
    }
    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<object_store::ListResult, Error> {
        if self.is_due() { Err(broken()) } else { self.store.list_with_delimiter(prefix).await }
    }
    async fn copy_opts(&self, from: &Path, to: &Path, options: object_store::CopyOptions) -> Result<(), Error> {
        self.store.copy_opts(from, to, options).await
    }
}

#[tokio::test]
async fn a_listing_that_breaks_off_is_taken_up_again() {
    let store = InMemory::new();
    for n in 0..7 {
        store.put(&Path::from(format!("a/{n}.json")), "x".into()).await.unwrap();
    }
    let store: Arc<dyn ObjectStore> = Arc::new(Breaking { store, listings: 0.into() });
    let plan = |folder: &str| if folder.is_empty() { Step::Look { at_most: 9 } } else { all() };
    assert_eq!(listed(&store, "", plan).await.len(), 7);
}
