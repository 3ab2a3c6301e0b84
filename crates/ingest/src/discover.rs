//! Lists the source objects behind what a user names: files, folders, globs and standard input.
//!
//! The order is fixed (sorted by path within each argument), which makes runs repeatable and, because trails lay their
//! keys out by account, region and day, brings the records of one partition together.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use sha2::{Digest as _, Sha256};
use walkdir::WalkDir;

use crate::blob::Blob;
use crate::layout::Scope;
use crate::source::{Etag, Folders, Source};

/// The argument that means standard input.
pub const STANDARD_INPUT: &str = "-";
/// Bytes of a hash that make a name.
const HASH_BYTES: usize = 16;

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Discovery {
    /// Objects to read, each once, in a fixed order.
    pub sources: Vec<Source>,
    /// Objects and folders that are there but cannot be looked into, with the reason.
    pub unreadable: Vec<(String, String)>,
    /// Folders that were not looked into, as nothing in them is wanted.
    pub left_out: u64,
}

/// What a user named is not there.
#[derive(Debug, thiserror::Error)]
pub enum DiscoverError {
    /// No such file or folder.
    #[error("there is no file or folder `{source_name}`")]
    Missing {
        /// As the user wrote it.
        source_name: String,
    },
    /// A glob that matches nothing.
    #[error("no file matches `{pattern}`")]
    NoMatch {
        /// As the user wrote it.
        pattern: String,
    },
    /// A glob that is none.
    #[error("`{pattern}` is not a glob pattern")]
    Pattern {
        /// As the user wrote it.
        pattern: String,
        /// Where and why.
        #[source]
        source: glob::PatternError,
    },
    /// Standard input cannot be read, or not be set down.
    #[error("cannot read standard input")]
    StandardInput {
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// Lists the objects behind `arguments`, leaving out everything below the folder `except`.
///
/// # Errors
/// [`DiscoverError`] if one of the arguments names nothing.
pub fn discover(arguments: &[String], except: Option<&Path>) -> Result<Discovery, DiscoverError> {
    let mut finding = Finding::new(except, Scope::default());
    for argument in arguments {
        finding.find(argument)?;
    }
    Ok(finding.discovery)
}

fn roots(argument: &str) -> Result<Vec<PathBuf>, DiscoverError> {
    let path = PathBuf::from(argument);
    if path.exists() {
        return Ok(vec![path]);
    }
    if !argument.contains(['*', '?', '[']) {
        return Err(DiscoverError::Missing { source_name: argument.to_owned() });
    }
    let paths =
        glob::glob(argument).map_err(|source| DiscoverError::Pattern { pattern: argument.to_owned(), source })?;
    let roots: Vec<_> = paths.map(|path| path.unwrap_or_else(|error| error.path().to_path_buf())).collect();
    if roots.is_empty() { Err(DiscoverError::NoMatch { pattern: argument.to_owned() }) } else { Ok(roots) }
}

/// A search that goes on from argument to argument. Each object is found once.
#[derive(Debug, Default)]
pub struct Finding {
    discovery: Discovery,
    folders: Folders,
    seen: Seen,
    except: Option<PathBuf>,
    scope: Scope,
}

/// Names that were found, as two hashes each: to keep a million names would take more memory than to keep the sources. That
/// two names agree in 128 bits of hashes with secret keys does not happen.
#[derive(Debug, Default)]
struct Seen {
    keys: (RandomState, RandomState),
    hashes: HashSet<(u64, u64)>,
}

impl Seen {
    /// Whether it is new.
    fn insert(&mut self, name: &str) -> bool {
        self.hashes.insert((self.keys.0.hash_one(name), self.keys.1.hash_one(name)))
    }
}

impl Finding {
    /// Looks for nothing below the folder `except`, and in no folder that is outside of `scope`.
    #[must_use]
    pub fn new(except: Option<&Path>, scope: Scope) -> Self {
        Self { except: except.and_then(|path| path.canonicalize().ok()), scope, ..Self::default() }
    }

    /// Adds what is behind `argument`: a file, a folder, a glob, or standard input.
    ///
    /// # Errors
    /// [`DiscoverError`] if it names nothing.
    pub fn find(&mut self, argument: &str) -> Result<(), DiscoverError> {
        if argument == STANDARD_INPUT {
            return self.standard_input();
        }
        for root in roots(argument)? {
            self.walk(&root);
        }
        Ok(())
    }

    /// Adds an object of an object store: its name, the store's number, when it was written, in microseconds since 1970, its
    /// size and etag. Returns whether it is new.
    pub fn add_remote(&mut self, uri: &str, store: u32, modified_micros: i64, size: u64, etag: Etag) -> bool {
        let is_new = self.seen.insert(uri);
        if is_new {
            self.discovery.sources.push(Source::remote(uri, store, modified_micros, size, etag, &mut self.folders));
        }
        is_new
    }

    /// Adds an object or folder that is there but cannot be looked into, with the reason.
    pub fn add_unreadable(&mut self, uri: String, reason: String) {
        self.discovery.unreadable.push((uri, reason));
    }

    /// Adds folders that were not looked into, as nothing in them is wanted.
    pub fn add_left_out(&mut self, folders: u64) {
        self.discovery.left_out += folders;
    }

    /// Sources found so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.discovery.sources.len()
    }

    /// Sorts what was found after the first `count` sources by folder and name.
    pub fn sort_after(&mut self, count: usize) {
        if let Some(sources) = self.discovery.sources.get_mut(count..) {
            sources.sort_unstable_by(|a, b| a.sort_key().cmp(&b.sort_key()));
        }
    }

    /// Everything that was found.
    #[must_use]
    pub fn finish(self) -> Discovery {
        self.discovery
    }

    /// Sets down what comes on standard input. Its name is made of what it is, so that the same again is known again.
    fn standard_input(&mut self) -> Result<(), DiscoverError> {
        let failed = |source| DiscoverError::StandardInput { source };
        let mut hashing = Hashing { inner: io::stdin().lock(), hash: Sha256::new() };
        let blob = Blob::spool(&mut hashing).map_err(failed)?;
        let hash: String = hashing.hash.finalize().iter().take(HASH_BYTES).map(|byte| format!("{byte:02x}")).collect();
        let size = blob.size().map_err(failed)?;
        let etag = Etag::Text(hash.as_str().into());
        let source = Source::held(&format!("stdin:{hash}"), blob, size, etag, &mut self.folders);
        self.discovery.sources.push(source);
        Ok(())
    }

    fn walk(&mut self, root: &Path) {
        let root = match root.canonicalize() {
            Ok(root) => root,
            Err(error) => return self.unreadable(root, &error.to_string()),
        };
        let (except, scope) = (self.except.clone(), self.scope.clone());
        let mut left_out = 0;
        let entries = WalkDir::new(&root).follow_links(true).sort_by_file_name().into_iter().filter_entry(|entry| {
            if is_same(entry, except.as_deref()) {
                return false;
            }
            let is_wanted = !entry.file_type().is_dir() || scope.enters(&entry.path().to_string_lossy());
            left_out += u64::from(!is_wanted);
            is_wanted
        });
        for entry in entries {
            match entry {
                Ok(entry) if entry.file_type().is_dir() => {}
                Ok(entry) => self.file(&entry),
                Err(error) => {
                    let path = error.path().unwrap_or(&root).to_path_buf();
                    let reason = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                    self.unreadable(&path, &reason);
                }
            }
        }
        self.discovery.left_out += left_out;
    }

    fn file(&mut self, entry: &walkdir::DirEntry) {
        let path = entry.path();
        let metadata = match entry.metadata() {
            Ok(metadata) => metadata,
            Err(error) => return self.unreadable(path, &error.to_string()),
        };
        let uri = uri_of(path);
        if !metadata.is_file() || !self.seen.insert(&uri) {
            return;
        }
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let nanos = modified.map_or(0, |age| u64::try_from(age.as_nanos()).unwrap_or(u64::MAX));
        let etag = Etag::Changed(nanos, metadata.len());
        self.discovery.sources.push(Source::file(&uri, path, metadata.len(), etag, &mut self.folders));
    }

    fn unreadable(&mut self, path: &Path, reason: &str) {
        self.discovery.unreadable.push((path.to_string_lossy().into_owned(), reason.to_owned()));
    }
}

/// Hashes what is read through it.
struct Hashing<R> {
    inner: R,
    hash: Sha256,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hash.update(&buffer[..read]);
        Ok(read)
    }
}

/// Whether this is the folder that is left out, by whatever way the walk came to it.
fn is_same(entry: &walkdir::DirEntry, except: Option<&Path>) -> bool {
    let Some(except) = except else { return false };
    entry.path() == except
        || (entry.file_type().is_dir()
            && entry.file_name() == except.file_name().unwrap_or_default()
            && entry.path().canonicalize().is_ok_and(|path| path == except))
        || (entry.path_is_symlink() && entry.path().canonicalize().is_ok_and(|path| path == except))
}

/// The path as text; one that is not Unicode has its bytes escaped, so that two never become one.
fn uri_of(path: &Path) -> String {
    match path.to_str() {
        Some(text) => text.to_owned(),
        None => path.as_os_str().as_encoded_bytes().escape_ascii().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn folders_files_and_globs_name_each_file_once_and_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("b/lake")).unwrap();
        for name in ["b/2.json", "b/1.json", "a.json", "b/lake/x.json"] {
            fs::write(root.join(name), "{}").unwrap();
        }
        let text = |path: PathBuf| path.to_string_lossy().into_owned();
        let arguments = [text(root.to_path_buf()), text(root.join("a.json")), text(root.join("b/*.json"))];
        let found = discover(&arguments, Some(&root.join("b/lake"))).unwrap();
        let names: Vec<_> = found.sources.iter().map(|s| s.uri().rsplit('/').next().unwrap().to_owned()).collect();
        assert_eq!(names, ["a.json", "1.json", "2.json"]);
    }

    #[test]
    fn what_is_not_there_is_named() {
        let error = |argument: &str| discover(&[argument.to_owned()], None).unwrap_err().to_string();
        assert_eq!(error("/no/such"), "there is no file or folder `/no/such`");
        assert_eq!(error("/no/such/*.gz"), "no file matches `/no/such/*.gz`");
    }
}
