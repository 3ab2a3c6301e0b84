//! Lists what lies below a path of an object store, many folders at once.
//!
//! A plan decides folder by folder: leave it out, look which folders are in it, or list all that is below it, from one key
//! to another. What folders mean is the caller's business. Objects are handed over page by page and not kept here, in an order
//! that depends on who answers first; the caller sorts.

use std::sync::Arc;

use futures::stream::{BoxStream, SelectAll};
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path;
use object_store::{Error, ObjectMeta, ObjectStore};

/// Folders that are listed at once. Each waits for its pages one by one; a store answers some thousand listings a second.
const LISTED_AT_ONCE: usize = 16;
/// Objects that are handed over at once, as many as a page holds.
const PAGE: usize = 1000;

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

/// Lists what is below `path`. `plan` says what to do with a folder, `path` itself among them; `take` gets what is found.
///
/// `is_ordered` says that the store lists in the order of the keys, as all do but S3's directory buckets; a range of keys
/// is then listed only to its end. An object without a byte whose name has no extension is left out: that is how tools draw a
/// folder.
pub async fn list(
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
        Step::Below { after, before } => Some(below(store, folder, after, before, is_ordered)),
    }
}

async fn look(store: &Arc<dyn ObjectStore>, folder: Path, at_most: usize) -> Vec<Answer> {
    match store.list_with_delimiter(Some(&folder)).await {
        Ok(found) if found.common_prefixes.len() > at_most => vec![Answer::Crowded(folder)],
        Ok(found) => {
            let objects = found.objects.into_iter().filter(is_no_folder).collect();
            vec![Answer::Objects(objects), Answer::Folders(found.common_prefixes)]
        }
        Err(error) => vec![Answer::Failed(folder, error)],
    }
}

fn below(
    store: &Arc<dyn ObjectStore>,
    folder: Path,
    after: Option<String>,
    before: Option<String>,
    is_ordered: bool,
) -> BoxStream<'static, Answer> {
    let objects = match after.as_deref().and_then(|after| Path::parse(after).ok()) {
        Some(after) => store.list_with_offset(Some(&folder), &after),
        None => store.list(Some(&folder)),
    };
    let end = before.clone().filter(|_| is_ordered);
    let wanted = objects
        // the pages behind the last wanted key are not asked for
        .try_take_while(move |object| {
            std::future::ready(Ok(end.as_deref().is_none_or(|end| object.location.as_ref() < end)))
        })
        .try_filter(move |object| {
            let key = object.location.as_ref();
            let is_between = before.as_deref().is_none_or(|before| key < before);
            std::future::ready(is_between && is_no_folder(object))
        });
    wanted
        .try_ready_chunks(PAGE)
        .map(move |answer| match answer {
            Ok(objects) => Answer::Objects(objects),
            Err(error) => Answer::Failed(folder.clone(), error.1),
        })
        .boxed()
}

fn is_no_folder(object: &ObjectMeta) -> bool {
    object.size > 0 || object.location.filename().is_some_and(|name| name.contains('.'))
}

#[cfg(test)]
mod tests;
