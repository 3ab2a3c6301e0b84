//! Goes through the members of a zip or tar archive.

use std::io::{self, Read};

use crate::blob::Blob;
use crate::unpack::{Damaged, Unpacked};

/// A file in an archive.
pub(crate) struct Member {
    /// Its name; bytes that are no UTF-8 are escaped.
    pub(crate) name: String,
    /// Its bytes, or why they cannot be had.
    pub(crate) bytes: Result<Blob, String>,
}

/// Reads an archive that is a stream to its end and says whether it is sound.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check(archive: Unpacked) -> Result<(), String> {
    match archive {
        Unpacked::Tar(stream) => walk_tar(stream, &mut |_, entry| {
            io::copy(entry, &mut io::sink())?;
            Ok(true)
        })
        .map_err(|error| describe(&error)),
        // its directory and each member's checksum are looked at on the way
        Unpacked::Zip(_) | Unpacked::Text(_) => Ok(()),
    }
}

/// Hands each file of an archive to `each`, in the order of the archive, until `each` says to stop.
///
/// # Errors
/// The archive cannot be read to its end; the files before that have been handed over.
pub(crate) fn members(archive: Unpacked, each: &mut dyn FnMut(Member) -> bool) -> Result<(), String> {
    match archive {
        Unpacked::Zip(blob) => zip_members(&blob, each).map_err(|error| format!("the zip archive is damaged: {error}")),
        Unpacked::Tar(stream) => walk_tar(stream, &mut |name, entry| {
            let bytes = Ok(Blob::spool(entry)?);
            Ok(each(Member { name, bytes }))
        })
        .map_err(|error| describe(&error)),
        Unpacked::Text(_) => Ok(()),
    }
}

fn zip_members(blob: &Blob, each: &mut dyn FnMut(Member) -> bool) -> Result<(), zip::result::ZipError> {
    let mut archive = zip::ZipArchive::new(io::BufReader::new(blob.open()?))?;
    if archive.has_duplicate_names() {
        // only one file of a name can be had
        return Err(io::Error::other("two files in it have the same name").into());
    }
    for at in 0..archive.len() {
        let name = archive.name_for_index(at).and_then(Result::ok).map_or_else(|| format!("#{at}"), Into::into);
        let bytes = match archive.by_index(at) {
            Ok(file) if !file.is_file() => continue,
            Ok(mut file) => Blob::spool(&mut file).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if !each(Member { name, bytes }) {
            return Ok(());
        }
    }
    Ok(())
}

/// Takes a file of a tar archive by its name and its bytes; says whether to go on.
type TakeEntry<'a> = &'a mut dyn FnMut(String, &mut dyn Read) -> io::Result<bool>;

fn walk_tar(stream: Box<dyn Read>, take: TakeEntry<'_>) -> io::Result<()> {
    let mut archive = tar::Archive::new(Tail { inner: stream, last: [0; BLOCK_BYTES], seen: 0 });
    // archives on end are one: zeros part them
    archive.set_ignore_zeros(true);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let kind = entry.header().entry_type();
        if !(kind.is_file() || kind.is_contiguous() || kind.is_gnu_sparse()) {
            continue;
        }
        let (name, size) = (name_of(&entry.path_bytes()), entry.size());
        let mut counted = Counted { inner: &mut entry, bytes: 0 };
        let goes_on = take(name, &mut counted)?;
        if counted.bytes < size {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it ends inside of a file"));
        }
        if !goes_on {
            return Ok(());
        }
    }
    // the compression around the archive may be damaged behind its last member
    let mut tail = archive.into_inner();
    io::copy(&mut tail, &mut io::sink())?;
    if tail.seen > 0 && tail.last.iter().any(|byte| *byte != 0) {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the zeros at its end are missing"));
    }
    Ok(())
}

fn describe(error: &io::Error) -> String {
    match error.get_ref() {
        Some(inner) if inner.is::<Damaged>() => error.to_string(),
        _ => format!("the tar archive is damaged: {error}"),
    }
}

/// Bytes of a tar archive's blocks; at least one of zeros ends it.
const BLOCK_BYTES: usize = 512;

/// Remembers the last block that went through.
struct Tail {
    inner: Box<dyn Read>,
    last: [u8; BLOCK_BYTES],
    seen: u64,
}

impl Read for Tail {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let new = &buffer[..read][read.saturating_sub(BLOCK_BYTES)..];
        self.last.copy_within(new.len().., 0);
        self.last[BLOCK_BYTES - new.len()..].copy_from_slice(new);
        self.seen += read as u64;
        Ok(read)
    }
}

/// Counts what goes through.
struct Counted<'a> {
    inner: &'a mut dyn Read,
    bytes: u64,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes += read as u64;
        Ok(read)
    }
}

fn name_of(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(|_| bytes.escape_ascii().to_string(), str::to_owned)
}
