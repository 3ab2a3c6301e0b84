//! The header of a page, as far as its sizes go. It is Thrift's compact protocol.

/// A field of a number of 32 bits, next to the field before.
const NEXT_NUMBER: u8 = 0x15;
/// End of the fields.
const STOP: u8 = 0;
/// A field of bytes with a number that no field has, 100, which readers pass over.
const FILLING: [u8; 3] = [0x08, 0xc8, 0x01];
/// Bytes of how long it is, whatever that is.
const FILLING_LENGTH: usize = 3;
/// How deep fields lie in fields; a page's header has three.
const MAX_DEPTH: usize = 8;

/// The header of a page.
#[derive(Debug)]
pub(super) struct PageHeader<'a> {
    /// Where in its column it begins.
    pub(super) at: usize,
    /// Up to the number of packed bytes, and from there on, without the end.
    before: &'a [u8],
    after: &'a [u8],
    pub(super) packed_bytes: usize,
    pub(super) unpacked_bytes: usize,
    /// Bytes of all of it.
    pub(super) length: usize,
}

impl<'a> PageHeader<'a> {
    /// The header that begins at `at`; `None` if there is none.
    pub(super) fn read(column: &'a [u8], at: usize) -> Option<Self> {
        let bytes = column.get(at..)?;
        let mut fields = Fields { bytes, at: 0 };
        // kind, unpacked size and packed size are the first three fields
        fields.next_number()?;
        let unpacked_bytes = usize::try_from(fields.next_number()?).ok()?;
        let before = fields.at + 1;
        let packed_bytes = usize::try_from(fields.next_number()?).ok()?;
        let after = fields.at;
        fields.skip_fields(0)?;
        let length = fields.at;
        Some(Self {
            at,
            before: &bytes[..before],
            after: &bytes[after..length - 1],
            packed_bytes,
            unpacked_bytes,
            length,
        })
    }

    /// Bytes of the page, not packed.
    pub(super) fn unpacked_length(&self) -> usize {
        let size = varint(self.size()).count();
        (self.before.len() + size + self.after.len() + 1).saturating_add(self.unpacked_bytes)
    }

    /// Appends the header of the same page, not packed, which is longer by `filling` bytes; `None` if those are too few or
    /// too many.
    pub(super) fn write(&self, filling: usize, out: &mut Vec<u8>) -> Option<()> {
        out.extend_from_slice(self.before);
        out.extend(varint(self.size()));
        out.extend_from_slice(self.after);
        if filling > 0 {
            let length = filling.checked_sub(FILLING.len() + FILLING_LENGTH)?;
            out.extend(FILLING);
            let [first, second, third] = seven_bits_each(length)?;
            // more follow the first two, even if they are nothing
            out.extend([first | 0x80, second | 0x80, third]);
            out.resize(out.len() + length, 0);
        }
        out.push(STOP);
        Some(())
    }

    /// The number of bytes as it is written, twice what it is.
    fn size(&self) -> u64 {
        (self.unpacked_bytes as u64) << 1
    }
}

/// The lowest 21 bits of a number, from the lowest on; `None` if it has more.
fn seven_bits_each(number: usize) -> Option<[u8; FILLING_LENGTH]> {
    let bits = |shift: usize| u8::try_from(number >> shift & 0x7f).ok();
    (number >> 21 == 0).then_some([bits(0)?, bits(7)?, bits(14)?])
}

/// The bytes of a number: seven bits each, and whether more follow.
pub(super) fn varint(value: u64) -> impl Iterator<Item = u8> {
    let last = u64::BITS.saturating_sub(value.leading_zeros()).saturating_sub(1) / 7;
    (0..=last).map(move |at| {
        let bits = (value >> (7 * at) & 0x7f) as u8;
        if at < last { bits | 0x80 } else { bits }
    })
}

/// Goes through fields.
struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Fields<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// The value of the next field, if it is a number.
    fn next_number(&mut self) -> Option<i64> {
        if self.byte()? != NEXT_NUMBER {
            return None;
        }
        let value = self.varint()?;
        Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    /// Goes behind the end of the fields.
    fn skip_fields(&mut self, depth: usize) -> Option<()> {
        loop {
            let head = self.byte()?;
            if head == STOP {
                return Some(());
            }
            if head >> 4 == 0 {
                // the number of the field, which is not near the one before
                self.varint()?;
            }
            match head & 0x0f {
                // a truth is its own kind
                1 | 2 => {}
                kind => self.skip_value(kind, depth)?,
            }
        }
    }

    fn skip_value(&mut self, kind: u8, depth: usize) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        match kind {
            1..=3 => self.skip(1),
            4..=6 => self.varint().map(|_| ()),
            7 => self.skip(8),
            8 => {
                let length = self.varint()?;
                self.skip(usize::try_from(length).ok()?)
            }
            9 | 10 => self.skip_list(depth + 1),
            12 => self.skip_fields(depth + 1),
            _ => None,
        }
    }

    fn skip_list(&mut self, depth: usize) -> Option<()> {
        let head = self.byte()?;
        let count = match head >> 4 {
            0x0f => self.varint()?,
            count => u64::from(count),
        };
        (0..count).try_for_each(|_| self.skip_value(head & 0x0f, depth))
    }

    fn skip(&mut self, bytes: usize) -> Option<()> {
        self.at = self.at.checked_add(bytes).filter(|at| *at <= self.bytes.len())?;
        Some(())
    }
}
