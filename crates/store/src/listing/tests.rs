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
    list(store, &Path::from(path), true, plan, |found| match found {
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
    list(&store, &Path::default(), false, step, |found| {
        if let Found::Objects(objects) = found {
            keys.extend(objects.into_iter().map(|object| object.location.to_string()));
        }
    })
    .await;
    assert_eq!(keys, (10..=20).map(|day| format!("{day}/1.json")).collect());
}
