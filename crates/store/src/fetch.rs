//! Fetches objects ahead of those who read them.
//!
//! Objects are fetched in the order in which they will be asked for, several at once, so that the time a store takes to
//! answer is waited for once and not for each object. What was fetched and is not let go yet is bounded in bytes. Room is
//! given out in the same order, so whoever holds some is asked for sooner than whoever waits for some, and nobody waits for
//! ever. Large objects go into a temporary file in parts.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use futures::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path;
use object_store::{Error, GetOptions, ObjectStore};
use tempfile::NamedTempFile;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinHandle, JoinSet, spawn_blocking};

use crate::patience::Patience;
use crate::place::Place;
use crate::reason::reason;

/// Objects that are fetched at once.
pub const DEFAULT_FETCHED_AT_ONCE: usize = 32;
/// Bytes of objects that were fetched and are not let go yet.
pub const DEFAULT_BUDGET_BYTES: usize = 64 * 1024 * 1024;
/// Objects that are larger go into a temporary file. On their way they take this much of the budget.
const MAX_IN_MEMORY: u64 = 8 * 1024 * 1024;
/// Bytes of one part of a large object.
const PART_BYTES: u64 = 2 * 1024 * 1024;
/// Parts of one large object that are fetched at once.
const PARTS_AT_ONCE: usize = 4;
/// The budget is counted in pieces of this many bytes.
const BUDGET_PIECE: u64 = 1024;
const _: () =
    assert!(PART_BYTES * PARTS_AT_ONCE as u64 <= MAX_IN_MEMORY, "parts on their way are within what is counted");

/// One object to be fetched, as it was listed.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Store it lies in.
    pub store: Arc<dyn ObjectStore>,
    /// Its key.
    pub path: Path,
    /// Its size in bytes.
    pub size: u64,
    /// Its etag, if it is to be fetched only as long as it has that one.
    pub etag: Option<String>,
}

impl Wanted {
    /// The object of key `key` in the bucket of `place`; `None` if no object can have that key.
    #[must_use]
    pub fn new(place: &Place, key: &str, size: u64, etag: Option<String>) -> Option<Self> {
        let path = Path::parse(key).ok()?;
        Some(Self { store: Arc::clone(place.root()), path, size, etag })
    }
}

/// How much to fetch ahead.
#[derive(Debug, Clone, Copy)]
pub struct FetchOptions {
    /// Objects that are fetched at once.
    pub at_once: usize,
    /// Bytes of objects that were fetched and are not let go yet. A single object is fetched even if it is larger.
    pub budget_bytes: usize,
}

impl Default for FetchOptions {
    fn default() -> Self {
        Self { at_once: DEFAULT_FETCHED_AT_ONCE, budget_bytes: DEFAULT_BUDGET_BYTES }
    }
}

/// The bytes of an object.
#[derive(Debug)]
pub enum Content {
    /// In memory.
    Memory(Vec<u8>),
    /// In a temporary file, which goes when this goes.
    File(NamedTempFile),
}

/// An object that was fetched.
#[derive(Debug)]
pub struct Fetched {
    /// Its bytes.
    pub content: Content,
    /// Its part of the budget, which is given back when this is dropped.
    pub room: Room,
}

/// A part of the budget.
#[derive(Debug)]
pub struct Room(#[expect(dead_code, reason = "it is held to be dropped")] OwnedSemaphorePermit);

/// Why an object was not fetched. The message does not name it.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// It is another object than the one that was listed.
    #[error("it was changed after it was listed; the next run reads it as it is now")]
    Changed,
    /// It is not there any more.
    #[error("it was deleted after it was listed")]
    Deleted,
    /// The store does not give it.
    #[error("{}", reason(_0))]
    Store(#[source] Error),
    /// The temporary file for it cannot be written.
    #[error("cannot write it into a temporary file: {0}")]
    Temporary(#[source] io::Error),
    /// Fetching has ended.
    #[error("fetching has ended before its turn")]
    Ended,
}

/// Objects that are being fetched. Dropping it ends that.
#[derive(Debug)]
pub struct Prefetch {
    slots: Arc<Slots>,
    driver: JoinHandle<()>,
}

impl Prefetch {
    /// Starts to fetch those of the positions `0..count` for which `wanted` gives an object, in that order. Has to be called
    /// within a tokio runtime.
    pub fn start(
        count: usize,
        wanted: impl Fn(usize) -> Option<Wanted> + Send + 'static,
        options: FetchOptions,
    ) -> Self {
        let slots = Arc::new(Slots::default());
        let ending = Ending(Arc::clone(&slots));
        let driver = tokio::spawn(async move { drive(count, wanted, options, &ending.0).await });
        Self { slots, driver }
    }

    /// The object at `position`; waits until it is there. Each can be taken once. Blocks the thread, so it is not for async
    /// code.
    ///
    /// # Errors
    /// [`FetchError`] if it could not be fetched.
    pub fn take(&self, position: usize) -> Result<Fetched, FetchError> {
        self.slots.take(position)
    }
}

impl Drop for Prefetch {
    fn drop(&mut self) {
        self.driver.abort();
        self.slots.end();
    }
}

/// What was fetched and is not taken yet.
#[derive(Debug, Default)]
struct Slots {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    ready: HashMap<usize, Result<Fetched, FetchError>>,
    ended: bool,
}

impl Slots {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, position: usize, outcome: Result<Fetched, FetchError>) {
        self.state().ready.insert(position, outcome);
        self.changed.notify_all();
    }

    fn take(&self, position: usize) -> Result<Fetched, FetchError> {
        let mut state = self.state();
        loop {
            if let Some(outcome) = state.ready.remove(&position) {
                return outcome;
            }
            if state.ended {
                return Err(FetchError::Ended);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn end(&self) {
        self.state().ended = true;
        self.changed.notify_all();
    }
}

/// Ends the waiting of others when the driver ends, in whatever way it does.
struct Ending(Arc<Slots>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// The promise to fill a slot. It is kept even if fetching panics.
struct Promise {
    slots: Arc<Slots>,
    position: usize,
    is_kept: bool,
}

impl Promise {
    fn keep(mut self, outcome: Result<Fetched, FetchError>) {
        self.is_kept = true;
        self.slots.put(self.position, outcome);
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        if !self.is_kept {
            self.slots.put(self.position, Err(FetchError::Ended));
        }
    }
}

async fn drive(count: usize, wanted: impl Fn(usize) -> Option<Wanted>, options: FetchOptions, slots: &Arc<Slots>) {
    let pieces = u32::try_from(options.budget_bytes as u64 / BUDGET_PIECE).unwrap_or(u32::MAX).max(1);
    let budget = Arc::new(Semaphore::new(pieces as usize));
    let places = Arc::new(Semaphore::new(options.at_once.max(1)));
    let mut fetching = JoinSet::new();
    for position in 0..count {
        let Some(wanted) = wanted(position) else { continue };
        let cost = u32::try_from(wanted.size.min(MAX_IN_MEMORY).div_ceil(BUDGET_PIECE)).unwrap_or(pieces);
        // neither of the two is ever closed
        let Ok(room) = Arc::clone(&budget).acquire_many_owned(cost.clamp(1, pieces)).await else { return };
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let promise = Promise { slots: Arc::clone(slots), position, is_kept: false };
        fetching.spawn(async move {
            let content = fetch(&wanted).await;
            drop(place);
            promise.keep(content.map(|content| Fetched { content, room: Room(room) }));
        });
        while fetching.try_join_next().is_some() {}
    }
    while fetching.join_next().await.is_some() {}
}

/// Fetches one object, with as many attempts as it takes.
async fn fetch(wanted: &Wanted) -> Result<Content, FetchError> {
    let mut patience = Patience::default();
    loop {
        match attempt(wanted).await {
            Err(FetchError::Store(error)) => {
                if !patience.outlasts(&error).await {
                    return Err(FetchError::Store(error));
                }
            }
            outcome => return outcome,
        }
    }
}

async fn attempt(wanted: &Wanted) -> Result<Content, FetchError> {
    if wanted.size <= MAX_IN_MEMORY { whole(wanted).await.map(Content::Memory) } else { in_parts(wanted).await }
}

async fn whole(wanted: &Wanted) -> Result<Vec<u8>, FetchError> {
    let options = GetOptions { if_match: wanted.etag.clone(), ..GetOptions::default() };
    let found = wanted.store.get_opts(&wanted.path, options).await.map_err(of_store)?;
    if found.meta.size != wanted.size {
        return Err(FetchError::Changed);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(wanted.size).unwrap_or(0));
    let mut stream = found.into_stream();
    while let Some(more) = stream.try_next().await.map_err(of_store)? {
        bytes.extend_from_slice(&more);
    }
    if bytes.len() as u64 == wanted.size { Ok(bytes) } else { Err(FetchError::Changed) }
}

async fn in_parts(wanted: &Wanted) -> Result<Content, FetchError> {
    let file = spawn_blocking(|| NamedTempFile::with_prefix("milepost-")).await;
    let file = file.map_err(|_| FetchError::Ended)?.map_err(FetchError::Temporary)?;
    let mut out = file.reopen().map_err(FetchError::Temporary)?;
    let starts = (0..wanted.size).step_by(usize::try_from(PART_BYTES).unwrap_or(usize::MAX));
    let parts = starts.map(|start| part(wanted, start..wanted.size.min(start + PART_BYTES)));
    let mut parts = futures::stream::iter(parts).buffered(PARTS_AT_ONCE);
    while let Some(bytes) = parts.try_next().await? {
        out = append(out, bytes).await?;
    }
    Ok(Content::File(file))
}

async fn part(wanted: &Wanted, range: Range<u64>) -> Result<Vec<u8>, FetchError> {
    let length = range.end - range.start;
    let options = GetOptions { if_match: wanted.etag.clone(), range: Some(range.into()), ..GetOptions::default() };
    let found = wanted.store.get_opts(&wanted.path, options).await.map_err(of_store)?;
    if found.meta.size != wanted.size {
        return Err(FetchError::Changed);
    }
    let bytes = found.bytes().await.map_err(of_store)?;
    if bytes.len() as u64 == length { Ok(bytes.into()) } else { Err(FetchError::Changed) }
}

async fn append(mut out: File, bytes: Vec<u8>) -> Result<File, FetchError> {
    let written = spawn_blocking(move || out.write_all(&bytes).map(|()| out)).await;
    written.map_err(|_| FetchError::Ended)?.map_err(FetchError::Temporary)
}

fn of_store(error: Error) -> FetchError {
    match error {
        Error::Precondition { .. } | Error::NotModified { .. } => FetchError::Changed,
        Error::NotFound { .. } => FetchError::Deleted,
        error => FetchError::Store(error),
    }
}

#[cfg(test)]
mod tests;
