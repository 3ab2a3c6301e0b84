//! Goes through the members of a zip or tar archive.

use std::io::{self, Read};

use crate::blob::Blob;
use crate::unpack::Unpacked;

/// A file in an archive.
pub(crate) struct Member {
    /// Its name; bytes that are no UTF-8 are escaped.
    pub(crate) name: String,
    /// Its bytes, or why they cannot be had.
    pub(crate) bytes: Result<Blob, String>,
}

/// Hands each file of an archive to `each`, in the order of the archive, until `each` says to stop.
///
/// # Errors
/// The archive cannot be read to its end; the files before that have been handed over.
pub(crate) fn members(archive: Unpacked, each: &mut dyn FnMut(Member) -> bool) -> Result<(), String> {
    match archive {
        Unpacked::Zip(blob) => zip_members(&blob, each).map_err(|error| format!("the zip archive is damaged: {error}")),
        Unpacked::Tar(stream) => tar_members(stream, each).map_err(|error| match error.get_ref() {
            Some(inner) if inner.is::<crate::unpack::Damaged>() => error.to_string(),
            _ => format!("the tar archive is damaged: {error}"),
        }),
        Unpacked::Text(_) => Ok(()),
    }
}

fn zip_members(blob: &Blob, each: &mut dyn FnMut(Member) -> bool) -> Result<(), zip::result::ZipError> {
    let mut archive = zip::ZipArchive::new(io::BufReader::new(blob.open()?))?;
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

fn tar_members(stream: Box<dyn Read>, each: &mut dyn FnMut(Member) -> bool) -> io::Result<()> {
    let mut archive = tar::Archive::new(stream);
    for entry in archive.entries()? {
        let mut entry = entry?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = name_of(&entry.path_bytes());
        let blob = Blob::spool(&mut entry)?;
        if !each(Member { name, bytes: Ok(blob) }) {
            return Ok(());
        }
    }
    // the compression around the archive may be damaged behind its last member
    io::copy(&mut archive.into_inner(), &mut io::sink()).map(|_| ())
}

fn name_of(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(|_| bytes.escape_ascii().to_string(), str::to_owned)
}
