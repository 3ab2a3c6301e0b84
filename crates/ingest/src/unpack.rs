//! Opens a source and takes its compression off.
//!
//! What a file is packed in is told by its first bytes, never by its name: HTTP clients unpack `.json.gz` on the fly and
//! keep the name.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// How much is read from a file at once.
const READ_BYTES: usize = 256 * 1024;

/// Opens `path` for reading its text. Gzip may have any number of members.
///
/// # Errors
/// The file cannot be opened or read. Damaged gzip shows when the text is read.
pub(crate) fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    let mut file = File::open(path)?;
    let mut magic = Vec::with_capacity(GZIP_MAGIC.len());
    file.by_ref().take(GZIP_MAGIC.len() as u64).read_to_end(&mut magic)?;
    let is_gzip = magic == GZIP_MAGIC;
    let whole = BufReader::with_capacity(READ_BYTES, Cursor::new(magic).chain(file));
    if is_gzip { Ok(Box::new(MultiGzDecoder::new(whole))) } else { Ok(Box::new(whole)) }
}
