//! Reads one source from its first byte to its last: unpack, frame, and hand over what the frames hold.
//!
//! Nothing of a damaged source is handed over. A source that fits into one window is framed whole before its first record
//! is used; a larger one is read twice, once to check it and once to use it. Memory: the window, which grows only for a
//! record that does not fit, up to [`MAX_RECORD_BYTES`].

use std::io::{self, Read};
use std::path::Path;

use crate::frame::{Broken, Carrier, Framer, Frames, Progress};
use crate::unpack;

/// Text held at once: sources up to this size are read once.
pub(crate) const WINDOW_BYTES: usize = 32 * 1024 * 1024;
/// Largest record that is accepted. AWS caps records at 256 KB, or 1 MB in event data stores.
pub(crate) const MAX_RECORD_BYTES: usize = 128 * 1024 * 1024;

const _: () = assert!(WINDOW_BYTES < MAX_RECORD_BYTES);
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What a source turned out to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Document {
    pub(crate) carrier: Carrier,
    /// Bytes of text, unpacked, as far as it had to be read.
    pub(crate) text_bytes: u64,
}

/// Why a source cannot be used.
#[derive(Debug, Clone)]
pub(crate) struct Damage {
    /// Offset in the unpacked text, where there is one.
    pub(crate) offset: Option<u64>,
    pub(crate) reason: String,
}

/// One piece of a source's text with the records found in it.
pub(crate) struct Piece<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) frames: &'a Frames,
    /// Offset of `bytes` in the unpacked text.
    pub(crate) offset: u64,
}

/// Reads sources one after the other into the same buffers.
pub(crate) struct Reader {
    window: Vec<u8>,
    frames: Frames,
    window_bytes: usize,
}

impl Reader {
    pub(crate) fn new() -> Self {
        Self::with_window(WINDOW_BYTES)
    }

    /// A reader without buffers, to stand in while the real one is borrowed.
    pub(crate) fn idle() -> Self {
        Self::with_window(0)
    }

    fn with_window(window_bytes: usize) -> Self {
        Self { window: Vec::new(), frames: Frames::default(), window_bytes }
    }

    /// Reads the source at `path` and hands every piece of it to `sink`, in order, if the whole of it is sound.
    ///
    /// # Errors
    /// [`Damage`] if it cannot be read, unpacked or framed to its end; `sink` has not been called then, unless the file
    /// changed between two readings of it.
    pub(crate) fn read(&mut self, path: &Path, sink: &mut dyn FnMut(&Piece<'_>)) -> Result<Document, Damage> {
        let mut text = unpack::open(path).map_err(|error| damage_of(&error, None))?;
        let mut pass = Pass::new(self, text.as_mut());
        let progress = pass.step()?;
        if let Progress::Done(carrier) = progress {
            pass.give(sink);
            return Ok(pass.document(carrier));
        }
        if let Some(carrier) = pass.advance(progress)? {
            return Ok(pass.document(carrier));
        }
        pass.run(&mut |_| {})?;
        let mut text = unpack::open(path).map_err(|error| damage_of(&error, None))?;
        Pass::new(self, text.as_mut()).run(sink)
    }
}

/// One reading of a source.
struct Pass<'a> {
    reader: &'a mut Reader,
    text: &'a mut dyn Read,
    framer: Framer,
    /// Size that the window may have; grows for a record that does not fit.
    window_bytes: usize,
    /// Offset of the window in the unpacked text.
    offset: u64,
    at_end: bool,
}

impl<'a> Pass<'a> {
    fn new(reader: &'a mut Reader, text: &'a mut dyn Read) -> Self {
        reader.window.clear();
        let window_bytes = reader.window_bytes;
        Self { reader, text, framer: Framer::new(), window_bytes, offset: 0, at_end: false }
    }

    /// Reads to the end and hands every piece to `sink`.
    fn run(mut self, sink: &mut dyn FnMut(&Piece<'_>)) -> Result<Document, Damage> {
        loop {
            let progress = self.step()?;
            self.give(sink);
            match progress {
                Progress::Done(carrier) => return Ok(self.document(carrier)),
                Progress::Consumed(_) => {
                    if let Some(carrier) = self.advance(progress)? {
                        return Ok(self.document(carrier));
                    }
                }
            }
        }
    }

    /// Fills the window and frames what is in it.
    fn step(&mut self) -> Result<Progress, Damage> {
        self.fill()?;
        self.reader.frames.clear();
        self.framer
            .feed(&self.reader.window, self.at_end, &mut self.reader.frames)
            .map_err(|broken| damage_at(broken, self.offset))
    }

    fn fill(&mut self) -> Result<(), Damage> {
        let wanted = self.window_bytes.saturating_sub(self.reader.window.len());
        if !self.at_end && wanted > 0 {
            let read = self.text.take(wanted as u64).read_to_end(&mut self.reader.window);
            let end = self.offset + self.reader.window.len() as u64;
            let read = read.map_err(|error| damage_of(&error, Some(end)))?;
            self.at_end = read < wanted;
        }
        if self.offset == 0 && self.reader.window.starts_with(BYTE_ORDER_MARK) {
            self.reader.window.drain(..BYTE_ORDER_MARK.len());
            self.offset = BYTE_ORDER_MARK.len() as u64;
        }
        Ok(())
    }

    fn give(&self, sink: &mut dyn FnMut(&Piece<'_>)) {
        sink(&Piece { bytes: &self.reader.window, frames: &self.reader.frames, offset: self.offset });
    }

    /// Moves the window on, or lets it grow. A document of another kind with a value too large is done: that is known.
    fn advance(&mut self, progress: Progress) -> Result<Option<Carrier>, Damage> {
        match progress {
            Progress::Consumed(0) if self.window_bytes < MAX_RECORD_BYTES => self.window_bytes *= 2,
            Progress::Consumed(0) if self.framer.carrier() == Carrier::OtherJson => {
                return Ok(Some(Carrier::OtherJson));
            }
            Progress::Consumed(0) => {
                let reason = format!("a record is larger than {} MiB", MAX_RECORD_BYTES >> 20);
                return Err(Damage { offset: Some(self.offset), reason });
            }
            Progress::Consumed(at) => {
                self.reader.window.drain(..at);
                self.offset += at as u64;
            }
            Progress::Done(carrier) => return Ok(Some(carrier)),
        }
        Ok(None)
    }

    fn document(&self, carrier: Carrier) -> Document {
        Document { carrier, text_bytes: self.offset + self.reader.window.len() as u64 }
    }
}

fn damage_at(broken: Broken, offset: u64) -> Damage {
    Damage { offset: Some(offset + broken.at as u64), reason: broken.what }
}

fn damage_of(error: &io::Error, offset: Option<u64>) -> Damage {
    let reason = match error.kind() {
        io::ErrorKind::UnexpectedEof => "the gzip data ends too early".to_owned(),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => format!("the gzip data is damaged: {error}"),
        _ => error.to_string(),
    };
    Damage { offset, reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// Reads `bytes` through a window of `window` bytes; gives the records and the outcome.
    fn read(bytes: &[u8], window: usize) -> (Vec<String>, Result<Carrier, String>) {
        let mut records = Vec::new();
        let file = file(bytes);
        let outcome = Reader::with_window(window).read(file.path(), &mut |piece| {
            for record in &piece.frames.records {
                records.push(String::from_utf8(piece.bytes[record.start..record.end].to_vec()).unwrap());
            }
        });
        (records, outcome.map(|document| document.carrier).map_err(|damage| damage.reason))
    }

    fn log(records: usize) -> String {
        let records: Vec<_> = (0..records).map(|n| format!("{{\"eventID\":\"{n}\"}}")).collect();
        format!("{{\"Records\":[{}]}}", records.join(","))
    }

    #[test]
    fn plain_and_gzip_of_any_size_read_alike() {
        let text = log(50);
        for bytes in [text.clone().into_bytes(), gzip(text.as_bytes()), [BYTE_ORDER_MARK, text.as_bytes()].concat()] {
            for window in [8, 64, 1 << 20] {
                let (records, outcome) = read(&bytes, window);
                assert_eq!((records.len(), outcome), (50, Ok(Carrier::TrailLog)), "window {window}");
            }
        }
    }

    #[test]
    fn several_gzip_members_are_one_text() {
        let text = log(4);
        let (head, tail) = text.as_bytes().split_at(20);
        assert_eq!(read(&[gzip(head), gzip(tail)].concat(), 1 << 20).0.len(), 4);
    }

    #[test]
    fn nothing_of_a_damaged_source_is_handed_over() {
        let text = log(50);
        let packed = gzip(text.as_bytes());
        for window in [64, 1 << 20] {
            let (records, outcome) = read(&packed[..packed.len() / 2], window);
            assert_eq!((records.len(), outcome.unwrap_err().as_str()), (0, "the gzip data ends too early"));
            let (records, outcome) = read(&text.as_bytes()[..text.len() - 5], window);
            assert_eq!((records.len(), outcome.unwrap_err().as_str()), (0, "the text ends inside the document"));
        }
    }

    #[test]
    fn a_damaged_gzip_body_is_damage() {
        let mut packed = gzip(log(500).as_bytes());
        let middle = packed.len() / 2;
        for byte in &mut packed[middle..middle + 16] {
            *byte ^= 0x55;
        }
        let (records, outcome) = read(&packed, 1 << 20);
        assert_eq!(records.len(), 0);
        assert!(outcome.is_err());
    }
}
