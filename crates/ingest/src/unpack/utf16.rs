//! UTF-16 to UTF-8, as PowerShell's `>` makes it necessary.
//!
//! Half a surrogate pair has no UTF-8; it is written as its JSON escape, which says the same inside of a string.

use std::io::{self, BufRead, Read};

use super::damaged;

/// Which byte of a unit comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ByteOrder {
    Little,
    Big,
}

impl ByteOrder {
    /// The order of a text that begins with `head`, if it is UTF-16: by its byte order mark, or by the zero beside the
    /// first character of a JSON text.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0xff, 0xfe, ..] | [b'{' | b'[', 0, 1..=u8::MAX, 0, ..] => Some(Self::Little),
            [0xfe, 0xff, ..] | [0, b'{' | b'[', 0, 1..=u8::MAX, ..] => Some(Self::Big),
            _ => None,
        }
    }

    fn unit(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }
}

/// Reads UTF-16 as UTF-8.
pub(super) struct Utf16<R> {
    units: Units<R>,
    ready: Vec<u8>,
    taken: usize,
    waiting: Option<u16>,
    /// What is wrong behind the text that is ready.
    failed: Option<io::Error>,
}

struct Units<R> {
    bytes: R,
    order: ByteOrder,
}

impl<R: BufRead> Units<R> {
    fn next(&mut self) -> io::Result<Option<u16>> {
        let mut unit = [0; 2];
        let mut filled = 0;
        while filled < 2 {
            match self.bytes.read(&mut unit[filled..])? {
                0 if filled == 0 => return Ok(None),
                0 => return Err(damaged("the UTF-16 text ends inside of a character")),
                read => filled += read,
            }
        }
        Ok(Some(self.order.unit(unit)))
    }
}

/// Text made ready at once.
const READY_BYTES: usize = 32 * 1024;

impl<R: BufRead> Utf16<R> {
    pub(super) fn new(bytes: R, order: ByteOrder) -> Self {
        Self { units: Units { bytes, order }, ready: Vec::new(), taken: 0, waiting: None, failed: None }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.taken = 0;
        while self.ready.len() < READY_BYTES {
            let next = match self.waiting.take() {
                Some(unit) => Some(unit),
                None => self.units.next()?,
            };
            let Some(unit) = next else { return Ok(()) };
            self.unit(unit)?;
        }
        Ok(())
    }

    fn unit(&mut self, unit: u16) -> io::Result<()> {
        if let Some(char) = char::from_u32(u32::from(unit)) {
            self.put(char);
            return Ok(());
        }
        let low = if unit < 0xdc00 { self.units.next()? } else { None };
        match low {
            Some(low) if (0xdc00..0xe000).contains(&low) => {
                let pair = 0x10000 + ((u32::from(unit) - 0xd800) << 10) + (u32::from(low) - 0xdc00);
                self.put(char::from_u32(pair).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            other => {
                self.ready.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
                self.waiting = other;
            }
        }
        Ok(())
    }

    fn put(&mut self, char: char) {
        self.ready.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

impl<R: BufRead> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.ready.len() {
            if let Some(error) = self.failed.take() {
                return Err(error);
            }
            if let Err(error) = self.refill() {
                if self.ready.is_empty() {
                    return Err(error);
                }
                self.failed = Some(error);
            }
        }
        let len = buffer.len().min(self.ready.len() - self.taken);
        buffer[..len].copy_from_slice(&self.ready[self.taken..self.taken + len]);
        self.taken += len;
        Ok(len)
    }
}
