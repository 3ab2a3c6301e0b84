//! Lists the source objects behind what a user names: files, folders, globs and standard input.
//!
//! The order is fixed (sorted by path within each argument), which makes runs repeatable and, because trails lay their
//! keys out by account, region and day, brings the records of one partition together.

use std::collections::HashSet;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use sha2::{Digest as _, Sha256};
use walkdir::WalkDir;

use crate::blob::Blob;

/// The argument that means standard input.
pub const STANDARD_INPUT: &str = "-";
/// Bytes of a hash that make a name.
const HASH_BYTES: usize = 16;

/// One object to read.
#[derive(Debug, Clone)]
pub struct Source {
    /// Absolute path; the object's name in the ledger and in `source_file`. For standard input, a name made of its hash.
    pub uri: String,
    /// Where to read it.
    pub blob: Blob,
    /// Size in bytes, packed.
    pub size: u64,
    /// Changes when the object's content may have changed.
    pub etag: String,
    /// Account in the object's key, if the key is one that CloudTrail writes.
    pub account: Option<String>,
    /// Region in the object's key, if the key is one that CloudTrail writes.
    pub region: Option<String>,
    /// If it is an archive: names of members that are known and need not be read again.
    pub settled: HashSet<String>,
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Discovery {
    /// Objects to read, each once, in a fixed order.
    pub sources: Vec<Source>,
    /// Objects and folders that are there but cannot be looked into, with the reason.
    pub unreadable: Vec<(String, String)>,
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
    /// A kind of source that this version cannot read.
    #[error("`{source_name}` cannot be read by this version: {kind} is not supported yet")]
    Unsupported {
        /// As the user wrote it.
        source_name: String,
        /// What it is.
        kind: &'static str,
    },
}

/// Lists the objects behind `arguments`, leaving out everything below the folder `except`.
///
/// # Errors
/// [`DiscoverError`] if one of the arguments names nothing.
pub fn discover(arguments: &[String], except: Option<&Path>) -> Result<Discovery, DiscoverError> {
    let except = except.and_then(|path| path.canonicalize().ok());
    let mut found = Finding { discovery: Discovery::default(), seen: HashSet::new(), except };
    for argument in arguments {
        if argument == STANDARD_INPUT {
            found.standard_input()?;
            continue;
        }
        for root in roots(argument)? {
            found.walk(&root);
        }
    }
    Ok(found.discovery)
}

fn roots(argument: &str) -> Result<Vec<PathBuf>, DiscoverError> {
    let unsupported = |kind| DiscoverError::Unsupported { source_name: argument.to_owned(), kind };
    if argument.contains("://") {
        return Err(unsupported("an object store"));
    }
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

struct Finding {
    discovery: Discovery,
    seen: HashSet<PathBuf>,
    except: Option<PathBuf>,
}

impl Finding {
    /// Sets down what comes on standard input. Its name is made of what it is, so that the same again is known again.
    fn standard_input(&mut self) -> Result<(), DiscoverError> {
        let failed = |source| DiscoverError::StandardInput { source };
        let mut hashing = Hashing { inner: io::stdin().lock(), hash: Sha256::new() };
        let blob = Blob::spool(&mut hashing).map_err(failed)?;
        let hash: String = hashing.hash.finalize().iter().take(HASH_BYTES).map(|byte| format!("{byte:02x}")).collect();
        let size = blob.size().map_err(failed)?;
        let source = Source {
            uri: format!("stdin:{hash}"),
            blob,
            size,
            etag: hash,
            account: None,
            region: None,
            settled: HashSet::new(),
        };
        self.discovery.sources.push(source);
        Ok(())
    }

    fn walk(&mut self, root: &Path) {
        let root = match root.canonicalize() {
            Ok(root) => root,
            Err(error) => return self.unreadable(root, &error.to_string()),
        };
        let except = self.except.clone();
        let entries = WalkDir::new(&root)
            .follow_links(true)
            .sort_by_file_name()
            .into_iter()
            .filter_entry(|entry| !is_same(entry, except.as_deref()));
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
    }

    fn file(&mut self, entry: &walkdir::DirEntry) {
        let path = entry.path();
        let metadata = match entry.metadata() {
            Ok(metadata) => metadata,
            Err(error) => return self.unreadable(path, &error.to_string()),
        };
        if !metadata.is_file() || !self.seen.insert(path.to_path_buf()) {
            return;
        }
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let etag = format!("{:x}-{:x}", modified.map_or(0, |age| age.as_nanos()), metadata.len());
        let uri = uri_of(path);
        let (account, region) = account_and_region(&uri);
        self.discovery.sources.push(Source {
            size: metadata.len(),
            blob: Blob::File(path.to_path_buf()),
            account,
            region,
            uri,
            etag,
            settled: HashSet::new(),
        });
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

/// Account and region in a key that CloudTrail wrote: `…AWSLogs/[o-…/]ACCOUNT/CloudTrail…/REGION/…`.
pub(crate) fn account_and_region(key: &str) -> (Option<String>, Option<String>) {
    let mut parts = key.split('/').skip_while(|part| *part != "AWSLogs").skip(1).peekable();
    if parts.peek().is_some_and(|part| part.starts_with("o-")) {
        parts.next();
    }
    match (parts.next(), parts.next(), parts.next()) {
        // what follows the folder is a region only if something follows that
        (Some(account), Some(folder), Some(region)) if folder.starts_with("CloudTrail") && parts.next().is_some() => {
            (Some(account.to_owned()), Some(region.to_owned()))
        }
        _ => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn keys_of_every_layout_say_account_and_region() {
        let both = |key| account_and_region(key);
        let expected = (Some("111122223333".to_owned()), Some("eu-west-1".to_owned()));
        assert_eq!(both("/x/AWSLogs/111122223333/CloudTrail/eu-west-1/2023/07/10/f.json.gz"), expected);
        assert_eq!(both("p/q/AWSLogs/o-abc123/111122223333/CloudTrail-Insight/eu-west-1/f"), expected);
        assert_eq!(both("/x/AWSLogs/111122223333/Config/eu-west-1/2023/f"), (None, None));
        assert_eq!(both("/somewhere/else.json"), (None, None));
        assert_eq!(both("/x/AWSLogs/111122223333/CloudTrail/f.json.gz"), (None, None));
    }

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
        let names: Vec<_> = found.sources.iter().map(|s| s.uri.rsplit('/').next().unwrap().to_owned()).collect();
        assert_eq!(names, ["a.json", "1.json", "2.json"]);
    }

    #[test]
    fn what_is_not_there_is_named() {
        let error = |argument: &str| discover(&[argument.to_owned()], None).unwrap_err().to_string();
        assert_eq!(error("/no/such"), "there is no file or folder `/no/such`");
        assert_eq!(error("/no/such/*.gz"), "no file matches `/no/such/*.gz`");
        assert!(error("s3://bucket/key").contains("not supported yet"));
    }
}
