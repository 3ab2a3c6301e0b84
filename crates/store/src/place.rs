//! An address, opened.

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use futures::StreamExt as _;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreScheme};
use url::Url;

use crate::confirm::Confirming;
use crate::error::StoreError;
use crate::options::StoreOptions;
use crate::s3;

/// What parts the kind of a store from the rest of an address.
const SCHEME_MARK: &str = "://";

/// A folder or a prefix of a bucket.
#[derive(Debug, Clone)]
pub struct Place {
    name: String,
    url: Url,
    root: Arc<dyn ObjectStore>,
    path: Path,
    folder: Option<PathBuf>,
}

impl Place {
    /// Opens the place at `address`: a path, or a URL such as `s3://bucket/prefix`. Whether there is anything is not looked
    /// at. A folder that is not there yet needs a parent that is.
    ///
    /// # Errors
    /// [`StoreError`] if the address is none, or its store cannot be used as it is configured.
    pub async fn open(address: &str, options: &StoreOptions) -> Result<Self, StoreError> {
        if Self::is_remote(address) { remote(address, options).await } else { local(address) }
    }

    /// Whether an address is that of an object store.
    #[must_use]
    pub fn is_remote(address: &str) -> bool {
        address.contains(SCHEME_MARK) && !address.starts_with("file:")
    }

    /// The address as the user wrote it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address as a URL that ends in `/`.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The whole bucket or file system.
    #[must_use]
    pub fn root(&self) -> &Arc<dyn ObjectStore> {
        &self.root
    }

    /// The place's path below the root.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder, if it is one.
    #[must_use]
    pub fn folder(&self) -> Option<&FilePath> {
        self.folder.as_deref()
    }

    /// Whether there is nothing below the place.
    ///
    /// # Errors
    /// [`StoreError::Store`] if the store does not say.
    pub async fn is_empty(&self) -> Result<bool, StoreError> {
        match self.root.list(Some(&self.path)).next().await {
            None => Ok(true),
            Some(Ok(_)) => Ok(false),
            Some(Err(source)) => Err(StoreError::Store { address: self.name.clone(), source }),
        }
    }

    /// The object at a path below this place, whose parts are taken as they are: `%2F` stays `%2F`.
    ///
    /// # Errors
    /// [`StoreError::Address`] if no object can have that name.
    pub fn object(&self, path: &str) -> Result<Self, StoreError> {
        let name = format!("{}/{path}", self.name.trim_end_matches('/'));
        let whole = format!("{}/{path}", self.path);
        match Path::parse(whole.trim_start_matches('/')) {
            Ok(path) => Ok(Self { name, path, folder: None, ..self.clone() }),
            Err(error) => Err(StoreError::Address { address: name, reason: error.to_string() }),
        }
    }

    /// The place below this one with that name.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        let mut url = self.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push(name).push("");
        }
        Self {
            name: format!("{}/{name}", self.name.trim_end_matches('/')),
            url,
            root: Arc::clone(&self.root),
            path: self.path.clone().join(name),
            folder: self.folder.as_ref().map(|folder| folder.join(name)),
        }
    }
}

fn local(address: &str) -> Result<Place, StoreError> {
    let wrong = |reason: &str| StoreError::Address { address: address.to_owned(), reason: reason.to_owned() };
    let folder = match address.strip_prefix("file:") {
        None => PathBuf::from(address),
        Some(_) => Url::parse(address)
            .ok()
            .and_then(|url| url.to_file_path().ok())
            .ok_or_else(|| wrong("a file URL is written file:///folder"))?,
    };
    let folder = absolute(&folder).map_err(|source| StoreError::Folder { address: address.to_owned(), source })?;
    let url = Url::from_directory_path(&folder).map_err(|()| wrong("the path cannot be written as a URL"))?;
    let path = Path::from_absolute_path(&folder).map_err(|error| wrong(&error.to_string()))?;
    let root: Arc<dyn ObjectStore> = Arc::new(LocalFileSystem::new());
    Ok(Place { name: address.to_owned(), url, root, path, folder: Some(folder) })
}

/// The folder without links and dots, as far as it is there.
fn absolute(folder: &FilePath) -> std::io::Result<PathBuf> {
    let absolute = std::path::absolute(folder)?;
    let mut missing = Vec::new();
    let mut there = absolute.as_path();
    loop {
        match there.canonicalize() {
            Ok(mut found) => {
                found.extend(missing.iter().rev());
                return Ok(found);
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let (Some(parent), Some(name)) = (there.parent(), there.file_name()) else { return Err(error) };
                missing.push(name.to_owned());
                there = parent;
            }
            Err(error) => return Err(error),
        }
    }
}

async fn remote(address: &str, options: &StoreOptions) -> Result<Place, StoreError> {
    let wrong = |reason: String| StoreError::Address { address: address.to_owned(), reason };
    let url = Url::parse(address).map_err(|error| wrong(error.to_string()))?;
    let unknown = || wrong("it begins with none of s3://, gs://, az://, abfss://".to_owned());
    let (scheme, path) = ObjectStoreScheme::parse(&url).map_err(|_| unknown())?;
    let failed = |source| StoreError::Store { address: address.to_owned(), source };
    let root: Arc<dyn ObjectStore> = match (scheme, url.host_str()) {
        (ObjectStoreScheme::AmazonS3, Some(bucket)) if matches!(url.scheme(), "s3" | "s3a") => {
            Arc::new(Confirming::new(s3::bucket(bucket, options).await.map_err(failed)?))
        }
        (ObjectStoreScheme::GoogleCloudStorage, Some(_)) => {
            let builder = GoogleCloudStorageBuilder::from_env().with_url(address);
            Arc::new(Confirming::new(builder.build().map_err(failed)?))
        }
        (ObjectStoreScheme::MicrosoftAzure, Some(_)) if url.scheme() != "https" => {
            let builder = MicrosoftAzureBuilder::from_env().with_url(address);
            Arc::new(Confirming::new(builder.build().map_err(failed)?))
        }
        _ => return Err(unknown()),
    };
    let mut url = url;
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(Place { name: address.to_owned(), url, root, path, folder: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_folder_is_a_place_even_before_it_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().canonicalize().unwrap();
        let address = folder.path().join("./a b/lake").display().to_string();
        let place = Place::open(&address, &StoreOptions::default()).await.unwrap();
        assert_eq!(place.folder().unwrap(), real.join("a b/lake"));
        assert!(place.url().as_str().ends_with("/a%20b/lake/"), "{}", place.url());
        let child = place.child("events");
        assert_eq!(child.folder().unwrap(), real.join("a b/lake/events"));
        assert!(child.url().as_str().ends_with("/lake/events/"));
        assert!(child.path().as_ref().ends_with("a b/lake/events"), "{}", child.path());
    }

    #[tokio::test]
    async fn what_is_no_address_is_said_to_be_none() {
        for address in ["ftp://host/x", "s3://", "http://host/lake", "file://host/x"] {
            let error = Place::open(address, &StoreOptions::default()).await.unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{address}` is not an address")), "{error}");
        }
    }

    #[tokio::test]
    async fn a_prefix_of_a_bucket_is_a_place() {
        let options = StoreOptions {
            endpoint: Some("http://127.0.0.1:1".to_owned()),
            anonymous: true,
            ..StoreOptions::default()
        };
        let place = Place::open("s3://logs/trail/2026", &options).await.unwrap();
        assert_eq!((place.path().as_ref(), place.url().as_str()), ("trail/2026", "s3://logs/trail/2026/"));
        assert_eq!(place.child("events").url().as_str(), "s3://logs/trail/2026/events/");
    }
}
