//! Bytes of one object, which can be read more than once.
//!
//! A large text is read twice, once to check it and once to use it, and a zip file is read from its end. What comes as a
//! stream (standard input, a member of an archive) is therefore set down first: in memory if it is small, else in a
//! temporary file. What lies elsewhere is fetched when its turn comes ([`Fetcher`]), and let go when it was read.

use std::any::Any;
use std::fmt;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use tempfile::NamedTempFile;

/// Largest stream that is kept in memory.
const MAX_IN_MEMORY: u64 = 8 * 1024 * 1024;

/// Where the bytes are.
#[derive(Debug, Clone)]
pub enum Blob {
    /// In a file of the user's.
    File(PathBuf),
    /// In memory.
    Memory(Arc<[u8]>),
    /// In a temporary file, which goes when the last copy of this goes.
    Spooled(Arc<NamedTempFile>),
}

/// Gives the bytes of sources that have to be fetched. This crate waits for it and knows nothing of how it is done.
#[derive(Clone)]
pub struct Fetcher(Arc<FetchFunction>);

/// Takes a position in the list of sources; gives the bytes, or why they cannot be had.
type FetchFunction = dyn Fn(usize) -> Result<Fetched, String> + Send + Sync;

/// Bytes that were fetched.
pub struct Fetched {
    /// The bytes.
    pub blob: Blob,
    /// Is dropped when the source has been read.
    pub guard: Box<dyn Any + Send>,
}

impl Fetcher {
    /// Fetches with `fetch`, which is called from several threads, once a source, in the order of the sources as far as there
    /// is one between threads.
    pub fn new(fetch: impl Fn(usize) -> Result<Fetched, String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(fetch))
    }

    pub(crate) fn fetch(&self, source: usize) -> Result<Fetched, String> {
        (self.0)(source)
    }
}

impl fmt::Debug for Fetcher {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Fetcher")
    }
}

impl fmt::Debug for Fetched {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Fetched").field("blob", &self.blob).finish_non_exhaustive()
    }
}

/// A reader that can be positioned.
pub(crate) trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}

impl Blob {
    /// Sets down what `stream` gives, to its end.
    ///
    /// # Errors
    /// The stream cannot be read, or the temporary file cannot be written.
    pub fn spool(stream: &mut dyn Read) -> io::Result<Self> {
        let mut start = Vec::new();
        stream.take(MAX_IN_MEMORY + 1).read_to_end(&mut start)?;
        if start.len() as u64 <= MAX_IN_MEMORY {
            return Ok(Self::Memory(start.into()));
        }
        let mut file = NamedTempFile::with_prefix("milepost-")?;
        file.write_all(&start)?;
        drop(start);
        io::copy(stream, &mut file)?;
        Ok(Self::Spooled(Arc::new(file)))
    }

    /// Opens it at its start.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub(crate) fn open(&self) -> io::Result<Box<dyn ReadSeek>> {
        Ok(match self {
            Self::File(path) => Box::new(File::open(path)?),
            Self::Memory(bytes) => Box::new(Cursor::new(Arc::clone(bytes))),
            Self::Spooled(file) => Box::new(file.reopen()?),
        })
    }

    /// Number of bytes.
    ///
    /// # Errors
    /// The file cannot be looked at.
    pub fn size(&self) -> io::Result<u64> {
        match self {
            Self::File(path) => Ok(path.metadata()?.len()),
            Self::Memory(bytes) => Ok(bytes.len() as u64),
            Self::Spooled(file) => Ok(file.as_file().metadata()?.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_and_large_streams_can_be_read_twice() {
        for size in [0, 10, MAX_IN_MEMORY, MAX_IN_MEMORY + 1] {
            let bytes: Vec<u8> = (0..size).map(|n| n.to_le_bytes()[0]).collect();
            let blob = Blob::spool(&mut &bytes[..]).unwrap();
            assert_eq!(matches!(blob, Blob::Memory(_)), size <= MAX_IN_MEMORY);
            for _ in 0..2 {
                let mut read = Vec::new();
                blob.open().unwrap().read_to_end(&mut read).unwrap();
                assert!(read == bytes);
            }
            assert_eq!(blob.size().unwrap(), size);
        }
    }
}
