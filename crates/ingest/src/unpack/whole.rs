//! Small objects, read and inflated at once, into buffers that are used again.
//!
//! Most log files are some ten kilobytes of gzip. Streaming each through buffers of its own costs more than inflating it: new
//! memory has to be mapped and cleared for every file. What is larger than a few megabytes, or is not one sound gzip member
//! from its first byte to its last, is left to the streaming decoder, which also says what is wrong with it.

use std::cell::RefCell;
use std::io::{self, Read};

use libdeflater::{Decompressor, crc32};
use memchr::memmem;

use crate::blob::Blob;

/// Largest object that is read at once.
const MAX_PACKED_BYTES: usize = 4 * 1024 * 1024;
/// Largest text that is inflated at once.
const MAX_TEXT_BYTES: usize = 8 * 1024 * 1024;
/// Largest buffer that a thread keeps.
const MAX_KEPT_BYTES: usize = 2 * MAX_TEXT_BYTES;
/// First bytes of a gzip member. Deflate is the only method there is.
const GZIP: [u8; 3] = [0x1f, 0x8b, 8];
/// Bytes behind a member's data: its checksum and its length.
const TRAILER_BYTES: usize = 8;

thread_local! {
    static TOOLS: RefCell<Tools> = RefCell::new(Tools { inflater: Decompressor::new(), packed: Vec::new(), spare: Vec::new() });
}

/// What a thread inflates with.
struct Tools {
    inflater: Decompressor,
    /// What was packed last.
    packed: Vec<u8>,
    /// A buffer for the next text. It keeps its length, so that what was cleared once need not be cleared again.
    spare: Vec<u8>,
}

/// Bytes in a buffer that goes back to its thread.
pub(crate) struct Whole {
    buffer: Vec<u8>,
    /// Bytes of the buffer that count.
    end: usize,
    at: usize,
}

/// What a small object holds.
pub(super) enum Small {
    /// The text of its one gzip member.
    Inflated(Whole),
    /// Its bytes as they are.
    Plain(Whole),
}

/// Reads an object, if it is small; `None` if it is not.
///
/// # Errors
/// It cannot be opened or read.
pub(super) fn read(blob: &Blob) -> io::Result<Option<Small>> {
    if blob.size()? > MAX_PACKED_BYTES as u64 {
        return Ok(None);
    }
    let mut packed = TOOLS.with_borrow_mut(|tools| std::mem::take(&mut tools.packed));
    packed.clear();
    blob.open()?.take(MAX_PACKED_BYTES as u64 + 1).read_to_end(&mut packed)?;
    if packed.len() > MAX_PACKED_BYTES {
        return Ok(None);
    }
    if let Some(text) = inflate(&packed) {
        TOOLS.with_borrow_mut(|tools| tools.packed = packed);
        return Ok(Some(Small::Inflated(text)));
    }
    // the text of a plain file is in what was read; the next one is read into what is spare
    TOOLS.with_borrow_mut(|tools| tools.packed = std::mem::take(&mut tools.spare));
    let end = packed.len();
    Ok(Some(Small::Plain(Whole { buffer: packed, end, at: 0 })))
}

/// The text of `packed`, if that is one sound gzip member and nothing else.
fn inflate(packed: &[u8]) -> Option<Whole> {
    if !packed.starts_with(&GZIP) {
        return None;
    }
    let (data, trailer) = packed.split_last_chunk::<TRAILER_BYTES>()?;
    // where another member may begin, the streaming decoder looks
    if memmem::find(data.get(GZIP.len()..)?, &GZIP).is_some() {
        return None;
    }
    let [c0, c1, c2, c3, l0, l1, l2, l3] = *trailer;
    let length = usize::try_from(u32::from_le_bytes([l0, l1, l2, l3])).ok()?;
    if length > MAX_TEXT_BYTES {
        return None;
    }
    let mut text = Whole::empty();
    if text.buffer.len() < length {
        text.buffer.resize(length, 0);
    }
    let out = &mut text.buffer[..length];
    let written = TOOLS.with_borrow_mut(|tools| tools.inflater.gzip_decompress(packed, out)).ok()?;
    // the member that was inflated ends where the object ends
    let is_whole = written == length && crc32(out) == u32::from_le_bytes([c0, c1, c2, c3]);
    text.end = length;
    is_whole.then_some(text)
}

impl Whole {
    fn empty() -> Self {
        let buffer = TOOLS.with_borrow_mut(|tools| std::mem::take(&mut tools.spare));
        Self { buffer, end: 0, at: 0 }
    }

    /// What has not been read yet.
    pub(super) fn rest(&self) -> &[u8] {
        &self.buffer[self.at..self.end]
    }

    /// Puts what has not been read yet where `window` was; the buffer of `window` is for the next text.
    pub(super) fn exchange(mut self, window: &mut Vec<u8>) {
        self.buffer.truncate(self.end);
        self.buffer.drain(..self.at);
        std::mem::swap(&mut self.buffer, window);
    }
}

impl Read for Whole {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.rest().read(out)?;
        self.at += read;
        Ok(read)
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        if buffer.capacity() > MAX_KEPT_BYTES {
            return;
        }
        // at the end of a thread there is nobody to give it back to
        let _ = TOOLS.try_with(|tools| {
            if let Ok(mut tools) = tools.try_borrow_mut()
                && tools.spare.len() < buffer.len()
            {
                tools.spare = buffer;
            }
        });
    }
}
