//! Makes the answer to "create this object" true.
//!
//! A put over the network may be carried out and its answer lost. The client tries again, and the store says that the object
//! exists already; or the client gives up with a time-out. Either way a writer would believe that somebody else was first, or
//! that nothing was written. So after any such answer the object is read: if it holds our bytes, the put was ours. That is
//! proof wherever no two writers create the same bytes, which holds for commits: each names new files.

use std::fmt;
use std::ops::Range;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt as _, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result,
};

/// How often a create is tried anew when it surely was not carried out.
const ATTEMPTS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// A store whose creates are confirmed.
#[derive(Debug)]
pub struct Confirming<S> {
    inner: S,
}

impl<S: ObjectStore> Confirming<S> {
    /// Confirms the creates of `inner`.
    pub fn new(inner: S) -> Self {
        Self { inner }
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
            match self.inner.get(location).await {
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
        self.inner.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.inner.get_ranges(location, ranges).await
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
