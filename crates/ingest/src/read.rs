//! Reads a text from its first byte to its last, in two steps: a survey says what it is and whether it is sound, and only then
//! is what it holds handed over.
//!
//! So nothing of a damaged text is handed over, unless the user asks for it to be salvaged. A text that fits into one window
//! is framed once; a larger one is read twice. Memory: the window, which grows only for a record that does not fit, up to
//! [`MAX_RECORD_BYTES`].

use std::io;

use milepost_timings::{Stage, enter};

use crate::envelope::Opener;
use crate::frame::{Broken, Framer, Frames, Progress};
use crate::tally::{Tally, Verdict};
use crate::unpack::Text;

/// Text held at once: texts up to this size are read once.
pub(crate) const WINDOW_BYTES: usize = 32 * 1024 * 1024;
/// Largest record that is accepted. AWS caps records at 256 KB, or 1 MB in event data stores.
pub(crate) const MAX_RECORD_BYTES: usize = 128 * 1024 * 1024;

const _: () = assert!(WINDOW_BYTES < MAX_RECORD_BYTES);
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Opens a text at its start.
pub(crate) type Open<'a> = &'a dyn Fn() -> io::Result<Text>;

/// Why a text cannot be used.
#[derive(Debug, Clone)]
pub(crate) struct Damage {
    /// Offset in the unpacked text, where there is one.
    pub(crate) offset: Option<u64>,
    pub(crate) reason: String,
}

/// What a text turned out to be.
#[derive(Debug)]
pub(crate) struct Survey {
    pub(crate) verdict: Verdict,
    pub(crate) tally: Tally,
    /// Bytes of text, unpacked, as far as it had to be read.
    pub(crate) text_bytes: u64,
    /// Where a text that is to be salvaged breaks off.
    pub(crate) damage: Option<Damage>,
    /// The whole of it lies in the reader's window.
    in_window: bool,
}

/// One piece of a text with the elements found in it.
pub(crate) struct Piece<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) frames: &'a Frames,
    /// Offset of `bytes` in the unpacked text.
    pub(crate) offset: u64,
}

/// Reads texts one after the other into the same buffers.
pub(crate) struct Reader {
    window: Vec<u8>,
    frames: Frames,
    /// Offset of the window in the text that was surveyed last.
    offset: u64,
    window_bytes: usize,
}

impl Reader {
    /// A reader without buffers, to stand in while the real one is borrowed.
    pub(crate) fn idle() -> Self {
        Self::with_window(0)
    }

    pub(crate) fn with_window(window_bytes: usize) -> Self {
        Self { window: Vec::new(), frames: Frames::default(), offset: 0, window_bytes }
    }

    /// Reads the text to its end and says what it is. With `salvage`, a text that breaks off counts as far as it goes.
    ///
    /// # Errors
    /// [`Damage`] if it cannot be read, unpacked or framed to its end.
    pub(crate) fn survey(&mut self, open: Open<'_>, opener: &mut Opener, salvage: bool) -> Result<Survey, Damage> {
        let mut tally = Tally::default();
        let text = open().map_err(|error| damage_of(&error, None))?;
        let mut pass = Pass::new(self, text);
        let _at = enter(Stage::Frame);
        let outcome = pass.run(salvage, &mut |piece| tally.take(piece, opener));
        let (layout, pieces) = (pass.framer.layout().clone(), pass.pieces);
        let text_bytes = pass.offset + pass.reader.window.len() as u64;
        let damage = match outcome {
            Ok(()) => None,
            Err(damage) if salvage => Some(damage),
            Err(damage) => return Err(damage),
        };
        let verdict = tally.verdict(&layout)?;
        match damage {
            // nothing can be salvaged where no record was found
            Some(damage) if !verdict.holds_records || tally.records.is_empty() => Err(damage),
            damage => Ok(Survey { verdict, tally, text_bytes, damage, in_window: pieces == 1 }),
        }
    }

    /// Hands the pieces of a text that was surveyed just now to `sink`, in order.
    ///
    /// # Errors
    /// [`Damage`] if the text is not any more what it was.
    pub(crate) fn give(
        &mut self,
        survey: &Survey,
        open: Open<'_>,
        sink: &mut dyn FnMut(&Piece<'_>),
    ) -> Result<(), Damage> {
        if survey.in_window {
            sink(&Piece { bytes: &self.window, frames: &self.frames, offset: self.offset });
            return Ok(());
        }
        let text = open().map_err(|error| damage_of(&error, None))?;
        match Pass::new(self, text).run(survey.damage.is_some(), sink) {
            Err(damage) if survey.damage.is_none() => Err(damage),
            _ => Ok(()),
        }
    }
}

/// One reading of a text.
struct Pass<'a> {
    reader: &'a mut Reader,
    /// What is not in the window yet.
    text: Option<Text>,
    framer: Framer,
    /// Size that the window may have; grows for a record that does not fit.
    window_bytes: usize,
    /// Offset of the window in the unpacked text.
    offset: u64,
    at_end: bool,
    /// Why the text cannot be read on behind the window.
    failed: Option<Damage>,
    /// Pieces handed out.
    pieces: u64,
}

impl<'a> Pass<'a> {
    fn new(reader: &'a mut Reader, text: Text) -> Self {
        let window_bytes = reader.window_bytes;
        // a text that lies in memory is not copied: its buffer becomes the window
        let text = text.exchange(&mut reader.window, window_bytes);
        if text.is_some() {
            reader.window.clear();
            reader.window.shrink_to(2 * window_bytes);
        }
        let at_end = text.is_none();
        Self { reader, text, framer: Framer::new(), window_bytes, offset: 0, at_end, failed: None, pieces: 0 }
    }

    /// Reads to the end and hands every piece to `sink`; what lies before a damage is handed over, too, and with `salvage` what
    /// is complete of the envelope it lies in.
    fn run(&mut self, salvage: bool, sink: &mut dyn FnMut(&Piece<'_>)) -> Result<(), Damage> {
        let outcome = self.read_on(sink);
        if salvage && outcome.is_err() {
            self.reader.frames.clear();
            self.framer.salvage(&self.reader.window, &mut self.reader.frames);
            sink(&Piece { bytes: &self.reader.window, frames: &self.reader.frames, offset: self.offset });
            self.pieces += 1;
        }
        outcome
    }

    fn read_on(&mut self, sink: &mut dyn FnMut(&Piece<'_>)) -> Result<(), Damage> {
        loop {
            self.fill();
            self.reader.frames.clear();
            let last = self.at_end && self.failed.is_none();
            let at = enter(Stage::Frame);
            let progress = self.framer.feed(&self.reader.window, last, &mut self.reader.frames);
            drop(at);
            sink(&Piece { bytes: &self.reader.window, frames: &self.reader.frames, offset: self.offset });
            self.pieces += 1;
            match progress.map_err(|broken| damage_at(broken, self.offset)) {
                Ok(Progress::Done) => return Ok(()),
                Ok(Progress::Consumed(at)) if self.at_end && at < self.reader.window.len() && at > 0 => {
                    self.move_on(at);
                }
                Ok(Progress::Consumed(at)) => {
                    if let Some(failed) = self.failed.take() {
                        return Err(failed);
                    }
                    if !self.advance(at)? {
                        return Ok(());
                    }
                }
                Err(damage) => return Err(self.failed.take().unwrap_or(damage)),
            }
        }
    }

    fn fill(&mut self) {
        let _at = enter(Stage::Unpack);
        let wanted = self.window_bytes.saturating_sub(self.reader.window.len());
        if let Some(text) = self.text.as_mut().filter(|_| !self.at_end && wanted > 0) {
            let read = text.append_to(&mut self.reader.window, wanted);
            let end = self.offset + self.reader.window.len() as u64;
            match read {
                Ok(read) => self.at_end = read < wanted,
                Err(error) => {
                    self.at_end = true;
                    self.failed = Some(damage_of(&error, Some(end)));
                }
            }
        }
        if self.offset == 0 && self.reader.window.starts_with(BYTE_ORDER_MARK) {
            self.reader.window.drain(..BYTE_ORDER_MARK.len());
            self.offset = BYTE_ORDER_MARK.len() as u64;
        }
        self.reader.offset = self.offset;
    }

    /// Moves the window on, or lets it grow. `false` if a text of which nothing is known has a value too large: it is of
    /// another kind, and that is all there is to know.
    fn advance(&mut self, at: usize) -> Result<bool, Damage> {
        if at > 0 {
            self.move_on(at);
        } else if self.window_bytes < MAX_RECORD_BYTES {
            self.window_bytes *= 2;
        } else if self.framer.give_up() {
            return Ok(false);
        } else {
            let reason = format!("a record is larger than {} MiB", MAX_RECORD_BYTES >> 20);
            return Err(Damage { offset: Some(self.offset), reason });
        }
        Ok(true)
    }

    fn move_on(&mut self, at: usize) {
        self.reader.window.drain(..at);
        self.offset += at as u64;
    }
}

fn damage_at(broken: Broken, offset: u64) -> Damage {
    Damage { offset: Some(offset + broken.at as u64), reason: broken.what }
}

pub(crate) fn damage_of(error: &io::Error, offset: Option<u64>) -> Damage {
    Damage { offset, reason: error.to_string() }
}

#[cfg(test)]
mod tests;
