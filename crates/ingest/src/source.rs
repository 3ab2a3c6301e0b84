//! One object to read, kept small: there may be millions of them.
//!
//! The name is kept once: as a folder that neighbours share and the rest. Account and region are read from it when they are
//! needed, and so is the path of a file. A source of an ordinary archive takes about 170 bytes.

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::blob::Blob;

/// One object to read.
#[derive(Debug, Clone)]
pub struct Source {
    folder: Arc<str>,
    name: Box<str>,
    /// Size in bytes, packed.
    pub size: u64,
    /// Changes when the object's content may have changed.
    pub etag: Etag,
    whereabouts: Whereabouts,
    /// If it is an archive: names of members that are known and need not be read again.
    pub settled: Option<Box<HashSet<String>>>,
}

/// Where the bytes of a source are.
#[derive(Debug, Clone)]
enum Whereabouts {
    /// In the file that it is named after.
    File,
    /// In a file whose path is not Unicode, and so is not its name.
    OddFile(Box<PathBuf>),
    Held(Box<Blob>),
    /// In an object store.
    Remote {
        store: u32,
        modified_micros: i64,
    },
}

const _: () = assert!(size_of::<Source>() <= 88, "a million sources have to fit into memory");

impl Source {
    /// A file; `uri` is its path as text.
    #[must_use]
    pub fn file(uri: &str, path: &Path, size: u64, etag: Etag, folders: &mut Folders) -> Self {
        let whereabouts = match path.to_str() {
            Some(text) if text == uri => Whereabouts::File,
            _ => Whereabouts::OddFile(Box::new(path.to_path_buf())),
        };
        Self::new(uri, size, etag, whereabouts, folders)
    }

    /// Bytes that are at hand.
    #[must_use]
    pub fn held(uri: &str, blob: Blob, size: u64, etag: Etag, folders: &mut Folders) -> Self {
        Self::new(uri, size, etag, Whereabouts::Held(Box::new(blob)), folders)
    }

    /// An object in the store of number `store`, which is fetched when its turn comes. `modified_micros` is when it was
    /// written, in microseconds since 1970.
    #[must_use]
    pub fn remote(uri: &str, store: u32, modified_micros: i64, size: u64, etag: Etag, folders: &mut Folders) -> Self {
        Self::new(uri, size, etag, Whereabouts::Remote { store, modified_micros }, folders)
    }

    fn new(uri: &str, size: u64, etag: Etag, whereabouts: Whereabouts, folders: &mut Folders) -> Self {
        let (folder, name) = uri.split_at(uri.rfind('/').map_or(0, |at| at + 1));
        Self { folder: folders.share(folder), name: name.into(), size, etag, whereabouts, settled: None }
    }

    /// Its name in the ledger and in `source_file`: an absolute path, `s3://bucket/key`, or for standard input a name made of
    /// its hash.
    #[must_use]
    pub fn uri(&self) -> String {
        [&*self.folder, &*self.name].concat()
    }

    /// Number of the object store it lies in, if it lies in one.
    #[must_use]
    pub fn store(&self) -> Option<u32> {
        match self.whereabouts {
            Whereabouts::Remote { store, .. } => Some(store),
            _ => None,
        }
    }

    /// When it was last changed, in microseconds since 1970, if that is known: as the disk or the store says. Standard input
    /// has no such time.
    #[must_use]
    pub fn modified_micros(&self) -> Option<i64> {
        match (&self.whereabouts, &self.etag) {
            (Whereabouts::Remote { modified_micros, .. }, _) => Some(*modified_micros),
            // a disk that does not say gives 0
            (_, Etag::Changed(nanos @ 1.., _)) => i64::try_from(nanos / 1000).ok(),
            _ => None,
        }
    }

    /// What sources are sorted by: the folder, then the name in it.
    #[must_use]
    pub fn sort_key(&self) -> (&str, &str) {
        (&self.folder, &self.name)
    }

    /// Its bytes, unless they have to be fetched.
    pub(crate) fn blob(&self) -> Option<Blob> {
        match &self.whereabouts {
            Whereabouts::File => Some(Blob::File(PathBuf::from(self.uri()))),
            Whereabouts::OddFile(path) => Some(Blob::File((**path).clone())),
            Whereabouts::Held(blob) => Some((**blob).clone()),
            Whereabouts::Remote { .. } => None,
        }
    }
}

/// Folders that sources share.
#[derive(Debug, Clone, Default)]
pub struct Folders(HashSet<Arc<str>>);

impl Folders {
    fn share(&mut self, folder: &str) -> Arc<str> {
        if let Some(shared) = self.0.get(folder) {
            return Arc::clone(shared);
        }
        let shared: Arc<str> = folder.into();
        self.0.insert(Arc::clone(&shared));
        shared
    }
}

/// What tells one content of an object from another. Its text is what the ledger keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Etag {
    /// Time of the last change, in nanoseconds since 1970, and size.
    Changed(u64, u64),
    /// What object stores give most objects: `"` and 32 digits and `"`.
    Digits([u8; 16]),
    /// Anything else.
    Text(Box<str>),
}

impl Etag {
    /// The etag that a store gave.
    #[must_use]
    pub fn of_store(text: &str) -> Self {
        let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        let is_lower_hex =
            |text: &&str| text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        match quoted.filter(is_lower_hex).and_then(|text| u128::from_str_radix(text, 16).ok()) {
            Some(number) => Self::Digits(number.to_be_bytes()),
            None => Self::Text(text.into()),
        }
    }

    /// As the store gave it, if a read can be made to depend on it: a weak etag does not say that the bytes are the same.
    #[must_use]
    pub fn condition(&self) -> Option<String> {
        match self {
            Self::Changed(..) => None,
            Self::Digits(_) => Some(format!("\"{self}\"")),
            Self::Text(text) => (!text.starts_with("W/")).then(|| text.to_string()),
        }
    }
}

impl fmt::Display for Etag {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed(nanos, size) => write!(out, "{nanos:x}-{size:x}"),
            Self::Digits(bytes) => write!(out, "{:032x}", u128::from_be_bytes(*bytes)),
            Self::Text(text) => out.write_str(text.trim_matches('"')),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn etags_come_back_as_the_store_gave_them() {
        for (given, kept, condition) in [
            ("\"00e41d8cd98f00b204e9800998ecf842\"", "00e41d8cd98f00b204e9800998ecf842", true),
            ("\"d41d8cd98f00b204e9800998ecf8427e-7\"", "d41d8cd98f00b204e9800998ecf8427e-7", true),
            ("0x8DCAFE", "0x8DCAFE", true),
            ("W/\"1\"", "W/\"1", false),
            ("\"D41D8CD98F00B204E9800998ECF8427E\"", "D41D8CD98F00B204E9800998ECF8427E", true),
        ] {
            let etag = Etag::of_store(given);
            assert_eq!(etag.to_string(), kept);
            assert_eq!(etag.condition(), condition.then(|| given.to_owned()));
        }
        assert_eq!(Etag::Changed(255, 16).to_string(), "ff-10");
    }

    #[test]
    fn neighbours_share_their_folder() {
        let mut folders = Folders::default();
        let source = |uri: &str, folders: &mut Folders| Source::remote(uri, 0, 7, 1, Etag::Changed(0, 0), folders);
        let (a, b) = (source("s3://b/x/1", &mut folders), source("s3://b/x/2", &mut folders));
        assert!(Arc::ptr_eq(&a.folder, &b.folder));
        assert_eq!((a.uri(), b.uri()), ("s3://b/x/1".to_owned(), "s3://b/x/2".to_owned()));
        assert_eq!(source("stdin:1", &mut folders).uri(), "stdin:1");
    }

    #[test]
    fn the_time_of_the_last_change_is_that_of_the_disk_or_the_store() {
        let mut folders = Folders::default();
        let file = |etag, folders: &mut Folders| Source::file("/a", Path::new("/a"), 1, etag, folders);
        assert_eq!(file(Etag::Changed(5_000_999, 1), &mut folders).modified_micros(), Some(5000));
        assert_eq!(file(Etag::Changed(0, 1), &mut folders).modified_micros(), None);
        assert_eq!(Source::remote("s3://b/1", 0, 7, 1, Etag::Digits([0; 16]), &mut folders).modified_micros(), Some(7));
        let held = Source::held("stdin:1", Blob::Memory(Vec::new().into()), 0, Etag::Text("1".into()), &mut folders);
        assert_eq!(held.modified_micros(), None);
    }
}
