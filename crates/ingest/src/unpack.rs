//! Takes the wrappings off an object until its text, or an archive's members, come to light.
//!
//! What an object is packed in is told by its first bytes, never by its name: HTTP clients unpack `.json.gz` on the fly and
//! keep the name. Wrappings may lie in each other: a `.gz.gz` after a second upload, a `tar.gz`, base64 of gzip.

mod base64;
mod gzip;
mod utf16;
mod whole;

use std::cell::Cell;
use std::io::{self, BufReader, Cursor, Read};
use std::rc::Rc;

use crate::blob::Blob;
use gzip::Gunzip;
use utf16::{ByteOrder, Utf16};
use whole::{Small, Whole};

/// How much is read from a file at once.
const READ_BYTES: usize = 256 * 1024;
/// Bytes that are looked at to tell what an object is. The magic of a tar file ends at 262.
const HEAD_BYTES: usize = 512;
/// Wrappings around one text. More are nobody's mistake but an attack.
const MAX_WRAPPINGS: usize = 8;

/// What was under the wrappings.
pub(crate) enum Unpacked {
    /// A text.
    Text(Text),
    /// A tar archive, from its start.
    Tar(Box<dyn Read>),
    /// A zip archive.
    Zip(Blob),
}

/// A text, unpacked at once or while it is read.
pub(crate) enum Text {
    /// All of it lies in memory.
    Whole(Whole),
    /// It comes while it is read.
    Stream(Box<dyn Read>),
}

impl Text {
    /// Puts the text where `window` was, if all of it lies in memory and is at most `limit` bytes; else gives it back.
    pub(crate) fn exchange(self, window: &mut Vec<u8>, limit: usize) -> Option<Self> {
        match self {
            Self::Whole(whole) if whole.rest().len() <= limit => {
                whole.exchange(window);
                None
            }
            text => Some(text),
        }
    }

    /// Reads on, up to `limit` bytes.
    pub(crate) fn append_to(&mut self, window: &mut Vec<u8>, limit: usize) -> io::Result<usize> {
        match self {
            Self::Whole(whole) => whole.take(limit as u64).read_to_end(window),
            // it may know how to read into memory that nobody has cleared
            Self::Stream(stream) => stream.take(limit as u64).read_to_end(window),
        }
    }
}

impl Read for Text {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Whole(whole) => whole.read(buffer),
            Self::Stream(stream) => stream.read(buffer),
        }
    }
}

/// An object that is not what its first bytes promised.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Damaged(String);

/// The error of a decoder, told apart from those of the disk below it.
fn damaged(message: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, Damaged(message.into()))
}

/// What a decoder of `format` met, in words that name the format.
fn decoding(format: &str, error: io::Error) -> io::Error {
    if error.get_ref().is_some_and(|inner| inner.is::<Damaged>()) {
        return error;
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof => damaged(format!("the {format} data ends too early")),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::Other => {
            damaged(format!("the {format} data is damaged: {error}"))
        }
        _ => error,
    }
}

/// Members of a gzip around a text, the greatest number of several; grows while the text is read.
pub(crate) type GzipMembers = Rc<Cell<u32>>;

/// Opens `blob` and takes off what it is packed in. `members` is kept up to date.
///
/// # Errors
/// It cannot be opened or read, or is packed in something that is not known. Damage further on shows when the text is read.
pub(crate) fn open(blob: &Blob, members: &GzipMembers) -> io::Result<Unpacked> {
    let (mut stream, taken_off): (Box<dyn Read>, usize) = match whole::read(blob)? {
        Some(Small::Inflated(text)) => {
            members.set(members.get().max(1));
            if Packing::of(head_of(&text)).is_none() {
                return Ok(Unpacked::Text(Text::Whole(text)));
            }
            (Box::new(text), 1)
        }
        Some(Small::Plain(text)) if Packing::of(head_of(&text)).is_none() => {
            return Ok(Unpacked::Text(Text::Whole(text)));
        }
        Some(Small::Plain(bytes)) => (Box::new(bytes), 0),
        None => (Box::new(BufReader::with_capacity(READ_BYTES, blob.open()?)), 0),
    };
    for wrapping in taken_off..MAX_WRAPPINGS {
        let head = read_head(&mut stream)?;
        let packing = Packing::of(&head);
        let whole = Cursor::new(head).chain(stream);
        stream = match packing {
            None => return Ok(Unpacked::Text(Text::Stream(Box::new(whole)))),
            Some(Packing::Gzip) => {
                Box::new(Gunzip::new(BufReader::with_capacity(READ_BYTES, whole), Rc::clone(members)))
            }
            Some(Packing::Zstd) => Box::new(Naming { format: "zstd", inner: zstd::Decoder::new(whole)? }),
            Some(Packing::Base64) => base64::decoder(whole),
            Some(Packing::Utf16(order)) => {
                let text = Utf16::new(BufReader::new(whole), order);
                return Ok(Unpacked::Text(Text::Stream(Box::new(text))));
            }
            Some(Packing::Tar) => return Ok(Unpacked::Tar(Box::new(whole))),
            Some(Packing::Zip) if wrapping == 0 => return Ok(Unpacked::Zip(blob.clone())),
            Some(Packing::Zip) => {
                let mut whole = whole;
                return Ok(Unpacked::Zip(Blob::spool(&mut whole)?));
            }
            Some(Packing::Foreign(name)) => {
                return Err(damaged(format!("it is compressed with {name}, which milepost does not read")));
            }
        };
    }
    Err(damaged(format!("it is packed more than {MAX_WRAPPINGS} times")))
}

/// Unpacks bytes that lie in memory, up to `limit` bytes.
///
/// # Errors
/// They are damaged, an archive, or more than `limit` bytes.
pub(crate) fn unpack_bytes(bytes: &[u8], limit: usize) -> io::Result<Vec<u8>> {
    let Unpacked::Text(text) = open(&Blob::Memory(bytes.into()), &GzipMembers::default())? else {
        return Err(damaged("an archive"));
    };
    let mut out = Vec::new();
    text.take(limit as u64 + 1).read_to_end(&mut out)?;
    if out.len() > limit { Err(damaged(format!("more than {} MiB", limit >> 20))) } else { Ok(out) }
}

/// Decodes base64 that lies in memory.
pub(crate) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    base64::decode(text)
}

/// The first bytes of a text that lies in memory.
fn head_of(text: &Whole) -> &[u8] {
    let text = text.rest();
    &text[..text.len().min(HEAD_BYTES)]
}

fn read_head(stream: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    stream.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// What bytes are packed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    Gzip,
    Zstd,
    Base64,
    Utf16(ByteOrder),
    Tar,
    Zip,
    /// A compression that is recognised and not read.
    Foreign(&'static str),
}

impl Packing {
    fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            // a frame, or a frame to be skipped
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Some(Self::Zip),
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, ..] => Some(Self::Foreign("bzip2")),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Foreign("xz")),
            [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => Some(Self::Foreign("7-Zip")),
            _ if head.get(257..262) == Some(b"ustar") => Some(Self::Tar),
            _ if base64::is_gzip(head) => Some(Self::Base64),
            _ => ByteOrder::of(head).map(Self::Utf16),
        }
    }
}

/// Names the format in the errors of a decoder.
struct Naming<R> {
    format: &'static str,
    inner: R,
}

impl<R: Read> Read for Naming<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer).map_err(|error| decoding(self.format, error))
    }
}

#[cfg(test)]
mod tests;
