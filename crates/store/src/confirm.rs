//! Makes the answer to "create this object" true.
//!
//! A put over the network may be carried out and its answer lost. The client tries again, and the store says that the object
//! exists already; or the client gives up with a time-out. Either way a writer would believe that somebody else was first, or
//! that nothing was written. So after any such answer the object is read: if it holds our bytes, the put was ours. That is
//! proof wherever no two writers create the same bytes, which holds for commits: each names new files.
//!
//! An answer to a read may break off in its body, which the client does not always mend; such a read is done again. For that
//! a body is taken in whole before it is handed on: what reads here reads logs, footers and ranges.

use std::fmt;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt as _, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result,
};

/// How often a create is tried anew when it surely was not carried out.
const ATTEMPTS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// How long reads that fail at once are tried anew; the client below has a patience of its own.
const PATIENCE: Duration = Duration::from_secs(30);

/// A store whose creates are confirmed, and whose reads are whole.
#[derive(Debug)]
pub struct Confirming<S> {
    inner: S,
}

impl<S: ObjectStore> Confirming<S> {
    /// Confirms the creates of `inner`.
    pub fn new(inner: S) -> Self {
        Self { inner }
    }

    /// Reads until a body arrives whole.
    async fn read(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let started = Instant::now();
        let mut pause = FIRST_PAUSE;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let found = match self.inner.get_opts(location, options.clone()).await {
                Ok(found) => found,
                // such as the body of a "not found" that broke off; what took long was tried often enough
                Err(Error::Generic { .. }) if attempt < ATTEMPTS && started.elapsed() < PATIENCE => {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let (meta, range, attributes) = (found.meta.clone(), found.range.clone(), found.attributes.clone());
            match found.bytes().await {
                Ok(bytes) => {
                    let payload = GetResultPayload::Stream(futures::stream::once(async { Ok(bytes) }).boxed());
                    return Ok(GetResult { payload, meta, range, attributes });
                }
                Err(error) if attempt == ATTEMPTS => return Err(error),
                Err(_) => {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
            }
        }
    }

    async fn create(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let mut pause = FIRST_PAUSE;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let error = match self.inner.put_opts(location, payload.clone(), options.clone()).await {
                Ok(done) => return Ok(done),
                Err(error @ Error::NotImplemented { .. }) => return Err(error),
                Err(error) => error,
            };
            match self.get(location).await {
                Ok(found) => {
                    let (e_tag, version) = (found.meta.e_tag.clone(), found.meta.version.clone());
                    if found.bytes().await? == Bytes::from(payload.clone()) {
                        return Ok(PutResult { e_tag, version });
                    }
                    let source = Box::new(error);
                    return Err(Error::AlreadyExists { path: location.to_string(), source });
                }
                // it surely is not there: the create may be tried again, unless the store says that it never will work
                Err(Error::NotFound { .. }) if attempt < ATTEMPTS && is_passing(&error) => {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                Err(_) => return Err(error),
            }
        }
    }
}

/// Whether an error may be gone the next time.
fn is_passing(error: &Error) -> bool {
    !matches!(
        error,
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } | Error::UnknownConfigurationKey { .. }
    )
}

impl<S: ObjectStore> fmt::Display for Confirming<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.inner, f)
    }
}

#[async_trait]
impl<S: ObjectStore> ObjectStore for Confirming<S> {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        if options.mode == PutMode::Create {
            return self.create(location, payload, options).await;
        }
        self.inner.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        if options.head { self.inner.get_opts(location, options).await } else { self.read(location, options).await }
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.inner.rename_opts(from, to, options).await
    }
}

#[cfg(test)]
mod tests;
