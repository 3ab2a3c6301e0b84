//! Lists what lies below a path of an object store, many folders at once.
//!
//! A plan decides folder by folder: leave it out, look which folders are in it, or list all that is below it, from one key
//! to another. What folders mean is the caller's business. Objects are handed over page by page and not kept here, in an order
//! that depends on who answers first; the caller sorts.

use std::sync::Arc;

use futures::stream::{BoxStream, SelectAll, TryReadyChunksError};
use futures::{StreamExt as _, TryStreamExt as _};
pub use object_store::ObjectMeta;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt as _};
use url::Position;

use crate::patience::Patience;
use crate::place::Place;
use crate::reason::reason;

/// Folders that are listed at once. Each waits for its pages one by one; a store answers some thousand listings a second.
const LISTED_AT_ONCE: usize = 16;
/// Objects that are handed over at once, as many as a page holds.
const PAGE: usize = 1000;

/// How the names of S3's directory buckets end.
const DIRECTORY_BUCKET: &str = "--x-s3";

/// What to do with a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Nothing in it is wanted.
    Skip,
    /// Ask what folders are in it and decide on each of them; list all of it if there are more than `at_most`.
    Look {
        /// Most folders that are worth a decision each.
        at_most: usize,
    },
    /// List everything below it.
    Below {
        /// Only keys behind this one.
        after: Option<String>,
        /// Only keys before this one.
        before: Option<String>,
    },
}

/// What a listing came upon.
#[derive(Debug)]
pub enum Found<'a> {
    /// Objects of one folder, in the order of their keys.
    Objects(Vec<ObjectMeta>),
    /// A folder that cannot be listed, and why.
    Unreadable(&'a str, Error),
}

/// Why nothing was listed.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The store does not say what is there.
    #[error("`{address}` cannot be listed: {}", reason(source))]
    Refused {
        /// As the user wrote it.
        address: String,
        /// What the store said.
        source: Error,
    },
    /// There is nothing.
    #[error("there are no objects below `{address}`")]
    Nothing {
        /// As the user wrote it.
        address: String,
    },
}

/// The address of the whole bucket that a place lies in, such as `s3://bucket/`. With a key behind it, it names an object.
#[must_use]
pub fn bucket_address(place: &Place) -> String {
    let bucket = &place.url()[..Position::BeforePath];
    // two spellings of one address must not make two names of one object
    match bucket.strip_prefix("s3a://") {
        Some(bucket) => format!("s3://{bucket}/"),
        None => format!("{bucket}/"),
    }
}

/// The one object that a place names, if it is one.
///
/// # Errors
/// [`ListError`] if there is none, or the store does not tell.
pub async fn object_at(place: &Place) -> Result<ObjectMeta, ListError> {
    let address = || place.name().to_owned();
    if place.path().is_root() {
        return Err(ListError::Nothing { address: address() });
    }
    place.root().head(place.path()).await.map_err(|source| match source {
        Error::NotFound { .. } => ListError::Nothing { address: address() },
        source => ListError::Refused { address: address(), source },
    })
}

/// Lists what is below a place. `plan` says what to do with a folder, that of the place among them; `take` gets what is found.
///
/// An object without a byte whose name has no extension is left out: that is how tools draw a folder. An object of a store
/// that lists in no order may come twice.
pub async fn list(place: &Place, plan: impl FnMut(&str) -> Step, take: impl FnMut(Found<'_>)) {
    // the only buckets that are not listed in the order of the keys
    let is_ordered = !place.url().host_str().is_some_and(|bucket| bucket.ends_with(DIRECTORY_BUCKET));
    list_below(place.root(), place.path(), is_ordered, plan, take).await;
}

/// If the store lists in the order of the keys (`is_ordered`), a range of keys is listed only to its end.
async fn list_below(
    store: &Arc<dyn ObjectStore>,
    path: &Path,
    is_ordered: bool,
    mut plan: impl FnMut(&str) -> Step,
    mut take: impl FnMut(Found<'_>),
) {
    let mut waiting = vec![(path.clone(), plan(path.as_ref()))];
    let mut running: SelectAll<BoxStream<'static, Answer>> = SelectAll::new();
    loop {
        while running.len() < LISTED_AT_ONCE
            && let Some((folder, step)) = waiting.pop()
        {
            running.extend(answers(store, folder, step, is_ordered));
        }
        let Some(answer) = running.next().await else { return };
        match answer {
            Answer::Objects(objects) => take(Found::Objects(objects)),
            Answer::Folders(folders) => waiting.extend(folders.into_iter().map(|folder| {
                let step = plan(folder.as_ref());
                (folder, step)
            })),
            Answer::Crowded(folder) => waiting.push((folder, Step::Below { after: None, before: None })),
            Answer::Failed(folder, error) => take(Found::Unreadable(folder.as_ref(), error)),
        }
    }
}

/// What one folder's listing gives, bit by bit.
enum Answer {
    Objects(Vec<ObjectMeta>),
    Folders(Vec<Path>),
    /// There are too many folders to decide on each.
    Crowded(Path),
    Failed(Path, Error),
}

fn answers(
    store: &Arc<dyn ObjectStore>,
    folder: Path,
    step: Step,
    is_ordered: bool,
) -> Option<BoxStream<'static, Answer>> {
    match step {
        Step::Skip => None,
        Step::Look { at_most } => {
            let store = Arc::clone(store);
            let looking = async move { futures::stream::iter(look(&store, folder, at_most).await) };
            Some(futures::stream::once(looking).flatten().boxed())
        }
        Step::Below { after, before } => {
            let store = Arc::clone(store);
            let below = Below {
                store,
                folder,
                after,
                before,
                is_ordered,
                pages: None,
                patience: Patience::default(),
                is_done: false,
            };
            Some(futures::stream::unfold(below, Below::next).boxed())
        }
    }
}

async fn look(store: &Arc<dyn ObjectStore>, folder: Path, at_most: usize) -> Vec<Answer> {
    let mut patience = Patience::default();
    loop {
        match store.list_with_delimiter(Some(&folder)).await {
            Ok(found) if found.common_prefixes.len() > at_most => return vec![Answer::Crowded(folder)],
            Ok(found) => {
                let objects = found.objects.into_iter().filter(is_no_folder).collect();
                return vec![Answer::Objects(objects), Answer::Folders(found.common_prefixes)];
            }
            Err(error) if patience.outlasts(&error).await => {}
            Err(error) => return vec![Answer::Failed(folder, error)],
        }
    }
}

/// Objects page by page; an error comes with those in front of it.
type Pages = BoxStream<'static, Result<Vec<ObjectMeta>, TryReadyChunksError<ObjectMeta, Error>>>;

/// The listing of all keys below a folder. The store's client gives up on a page of which the answer breaks off, so it is
/// taken up again behind the last key that came.
struct Below {
    store: Arc<dyn ObjectStore>,
    folder: Path,
    after: Option<String>,
    before: Option<String>,
    is_ordered: bool,
    /// What is under way; `None` before the first key, and after a failure.
    pages: Option<Pages>,
    patience: Patience,
    is_done: bool,
}

impl Below {
    fn open(&self) -> Pages {
        let objects = match self.after.as_deref().and_then(|after| Path::parse(after).ok()) {
            Some(after) => self.store.list_with_offset(Some(&self.folder), &after),
            None => self.store.list(Some(&self.folder)),
        };
        objects.try_ready_chunks(PAGE).boxed()
    }

    async fn next(mut self) -> Option<(Answer, Self)> {
        while !self.is_done {
            let mut pages = self.pages.take().unwrap_or_else(|| self.open());
            match pages.next().await {
                None => return None,
                Some(Ok(objects)) => {
                    self.pages = Some(pages);
                    if self.is_ordered {
                        self.patience = Patience::default();
                    }
                    return Some((self.wanted(objects), self));
                }
                // without an order there is no place to go on from, and it begins anew
                Some(Err(TryReadyChunksError(objects, error))) if objects.is_empty() || !self.is_ordered => {
                    if !self.patience.outlasts(&error).await {
                        self.is_done = true;
                        return Some((Answer::Failed(self.folder.clone(), error), self));
                    }
                }
                Some(Err(TryReadyChunksError(objects, _))) => return Some((self.wanted(objects), self)),
            }
        }
        None
    }

    /// Those of `objects` that are wanted. Notes how far the listing has come.
    fn wanted(&mut self, mut objects: Vec<ObjectMeta>) -> Answer {
        let before = self.before.as_deref();
        if let Some(last) = objects.last().filter(|_| self.is_ordered) {
            // the pages behind the last wanted key are not asked for
            self.is_done = before.is_some_and(|before| last.location.as_ref() >= before);
            self.after = Some(last.location.to_string());
        }
        objects.retain(|object| before.is_none_or(|before| object.location.as_ref() < before) && is_no_folder(object));
        Answer::Objects(objects)
    }
}

fn is_no_folder(object: &ObjectMeta) -> bool {
    object.size > 0 || object.location.filename().is_some_and(|name| name.contains('.'))
}

#[cfg(test)]
mod tests;
