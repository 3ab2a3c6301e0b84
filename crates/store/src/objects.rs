//! Small objects below a place: outputs, states, leases. What is big or many has readers and writers of its own.

use bytes::Bytes;
use futures::TryStreamExt as _;
use object_store::path::Path;
use object_store::{Error, ObjectStore as _, ObjectStoreExt as _, PutMode, PutOptions};

use crate::error::StoreError;
use crate::place::Place;

impl Place {
    /// Writes the object `name`, which may have folders in it; whoever reads sees all of it or what was there before.
    ///
    /// # Errors
    /// [`StoreError::Object`].
    pub async fn put(&self, name: &str, bytes: impl Into<Bytes>) -> Result<(), StoreError> {
        let put = self.root().put(&self.below(name), bytes.into().into()).await;
        put.map(drop).map_err(|source| self.failed("write", name, source))
    }

    /// Writes the object `name` if there is none; says whether it did.
    ///
    /// # Errors
    /// [`StoreError::Object`].
    pub async fn put_new(&self, name: &str, bytes: impl Into<Bytes>) -> Result<bool, StoreError> {
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.root().put_opts(&self.below(name), bytes.into().into(), options).await {
            Ok(_) => Ok(true),
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(false),
            Err(source) => Err(self.failed("write", name, source)),
        }
    }

    /// The object `name`, if it is there.
    ///
    /// # Errors
    /// [`StoreError::Object`].
    pub async fn get(&self, name: &str) -> Result<Option<Bytes>, StoreError> {
        let found = match self.root().get(&self.below(name)).await {
            Ok(found) => found.bytes().await,
            Err(error) => Err(error),
        };
        match found {
            Ok(bytes) => Ok(Some(bytes)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(source) => Err(self.failed("read", name, source)),
        }
    }

    /// Names of all objects below the place, sorted.
    ///
    /// # Errors
    /// [`StoreError::Object`].
    pub async fn names(&self) -> Result<Vec<String>, StoreError> {
        let found: Result<Vec<_>, _> = self.root().list(Some(self.path())).try_collect().await;
        let found = match found {
            // a folder that is not there holds nothing
            Err(Error::NotFound { .. }) => Vec::new(),
            found => found.map_err(|source| self.failed("list", "", source))?,
        };
        let name = |path: &Path| {
            let parts: Vec<_> = path.prefix_match(self.path())?.map(|part| part.as_ref().to_owned()).collect();
            Some(parts.join("/"))
        };
        let mut names: Vec<String> = found.iter().filter_map(|object| name(&object.location)).collect();
        names.sort();
        Ok(names)
    }

    /// Deletes the object `name`; that there is none is no error.
    ///
    /// # Errors
    /// [`StoreError::Object`].
    pub async fn delete(&self, name: &str) -> Result<(), StoreError> {
        match self.root().delete(&self.below(name)).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(source) => Err(self.failed("delete", name, source)),
        }
    }

    fn below(&self, name: &str) -> Path {
        name.split('/').filter(|part| !part.is_empty()).fold(self.path().clone(), |path, part| path.join(part))
    }

    fn failed(&self, action: &'static str, name: &str, source: Error) -> StoreError {
        let address = format!("{}/{name}", self.name().trim_end_matches('/'));
        StoreError::Object { action, address: address.trim_end_matches('/').to_owned(), source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::StoreOptions;

    #[tokio::test]
    async fn objects_of_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let address = folder.path().join("not/yet").display().to_string();
        let place = Place::open(&address, &StoreOptions::default()).await.unwrap();
        assert_eq!(place.names().await.unwrap(), [""; 0]);
        assert_eq!(place.get("a/b.json").await.unwrap(), None);
        assert!(place.put_new("a/b.json", "one").await.unwrap());
        assert!(!place.put_new("a/b.json", "two").await.unwrap());
        assert_eq!(place.get("a/b.json").await.unwrap().unwrap(), "one");
        place.put("a/b.json", "three").await.unwrap();
        place.put("c", "").await.unwrap();
        assert_eq!(place.names().await.unwrap(), ["a/b.json", "c"]);
        place.delete("a/b.json").await.unwrap();
        place.delete("a/b.json").await.unwrap();
        assert_eq!(place.names().await.unwrap(), ["c"]);
        let error = place.put("c/d", "").await.unwrap_err().to_string();
        assert!(error.starts_with("cannot write `") && error.ends_with("not/yet/c/d`"), "{error}");
    }
}
