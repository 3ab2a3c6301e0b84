//! A validating JSON scanner over bytes.
//!
//! It finds where values end and where the members of an object lie, checks every byte on the way against RFC 8259, and
//! builds nothing. Nesting is tracked in bits, not on the call stack, so no input can overflow it. It does not decode
//! strings or numbers and does not check UTF-8; callers do that for the few spans they need.

mod followers;
mod members;

pub(crate) use members::{Known, MAX_MEMBERS, Member, Notes, Span, member_value, members, record};

/// Deepest nesting of arrays and objects that is accepted.
pub(crate) const MAX_DEPTH: usize = 256;

/// Why a scan stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScanError {
    /// The bytes ended inside a value; more of them may complete it.
    End,
    /// The byte at `at` cannot stand there.
    Syntax { at: usize, expected: &'static str },
    /// More than [`MAX_DEPTH`] arrays and objects are open at `at`.
    Depth { at: usize },
    /// More than [`MAX_MEMBERS`] members are in one object at `at`.
    Members { at: usize },
    /// What begins at `at` lies too far behind the first byte to be noted.
    Length { at: usize },
}

type Scan<T> = Result<T, ScanError>;

/// The end of a string and whether it holds escapes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text {
    pub(crate) end: usize,
    pub(crate) escaped: bool,
}

/// Position of the first byte at or behind `pos` that is not white space.
pub(crate) fn skip_space(bytes: &[u8], mut pos: usize) -> usize {
    while matches!(bytes.get(pos), Some(b' ' | b'\n' | b'\r' | b'\t')) {
        pos += 1;
    }
    pos
}

/// Scans the string whose opening quote is at `pos`.
pub(crate) fn string(bytes: &[u8], pos: usize) -> Scan<Text> {
    if bytes.get(pos) != Some(&b'"') {
        return Err(unexpected(bytes, pos, "a string"));
    }
    let end = plain_run(bytes, pos + 1);
    if bytes.get(end) == Some(&b'"') {
        return Ok(Text { end: end + 1, escaped: false });
    }
    rest_of_string(bytes, end)
}

/// Goes on where a string is not yet at its end. Apart, as most strings are.
#[inline(never)]
fn rest_of_string(bytes: &[u8], mut at: usize) -> Scan<Text> {
    let mut escaped = false;
    loop {
        match bytes.get(at) {
            None => return Err(ScanError::End),
            Some(b'"') => return Ok(Text { end: at + 1, escaped }),
            Some(b'\\') => {
                escaped = true;
                at = plain_run(bytes, escape(bytes, at)?);
            }
            Some(_) => return Err(ScanError::Syntax { at, expected: "no control character in a string" }),
        }
    }
}

/// Position of the first quote, backslash or control character at or behind `at`; sixteen bytes a step.
#[inline]
fn plain_run(bytes: &[u8], at: usize) -> usize {
    let Some(mut rest) = bytes.get(at..) else { return at };
    while let Some((chunk, behind)) = rest.split_first_chunk::<16>() {
        // written so that the compiler looks at all of them at once
        if chunk.iter().fold(false, |any, byte| any | ends_run(*byte)) {
            return bytes.len() - rest.len() + first_end(chunk);
        }
        rest = behind;
    }
    let left = rest.iter().position(|byte| ends_run(*byte)).unwrap_or(rest.len());
    bytes.len() - rest.len() + left
}

/// The place of the first byte that ends a run; one does.
#[inline]
fn first_end(chunk: &[u8; 16]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let all = |byte: u8| ONES * u64::from(byte);
    let below = |word: u64, bound: u8| word.wrapping_sub(all(bound)) & !word & HIGH;
    let (words, _) = chunk.as_chunks::<8>();
    let marks = |word: &[u8; 8]| {
        let word = u64::from_le_bytes(*word);
        // borrows only travel upwards, so the lowest mark is always a true one
        below(word ^ all(TURNED), QUOTE_TURNED + 1) | below(word ^ all(b'\\'), 1)
    };
    let of_words = words.iter().map(marks).zip([0, 8]).find(|(marks, _)| *marks != 0);
    of_words.map_or(0, |(marks, start)| start + (marks.trailing_zeros() / 8) as usize)
}

/// With this bit turned over, the quote comes behind the control characters, which change places.
const TURNED: u8 = 0b10;
const QUOTE_TURNED: u8 = b'"' ^ TURNED;

/// Whether a byte of a string is a quote, a backslash or a control character.
#[inline]
fn ends_run(byte: u8) -> bool {
    (byte ^ TURNED <= QUOTE_TURNED) | (byte == b'\\')
}

fn escape(bytes: &[u8], at: usize) -> Scan<usize> {
    match bytes.get(at + 1) {
        None => Err(ScanError::End),
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => {
            for digit in at + 2..at + 6 {
                match bytes.get(digit) {
                    None => return Err(ScanError::End),
                    Some(byte) if byte.is_ascii_hexdigit() => {}
                    Some(_) => return Err(ScanError::Syntax { at: digit, expected: "four hex digits" }),
                }
            }
            Ok(at + 6)
        }
        Some(_) => Err(ScanError::Syntax { at: at + 1, expected: "an escape" }),
    }
}

/// Scans a number. One that reaches the end of the bytes may go on, so it counts as unfinished.
fn number(bytes: &[u8], pos: usize) -> Scan<usize> {
    let mut at = pos + usize::from(bytes.get(pos) == Some(&b'-'));
    at = match bytes.get(at) {
        Some(b'0') => at + 1,
        _ => digits(bytes, at)?,
    };
    if bytes.get(at) == Some(&b'.') {
        at = digits(bytes, at + 1)?;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        at = digits(bytes, at + 1 + sign)?;
    }
    if at < bytes.len() { Ok(at) } else { Err(ScanError::End) }
}

fn digits(bytes: &[u8], pos: usize) -> Scan<usize> {
    let mut at = pos;
    while bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    if at > pos { Ok(at) } else { Err(unexpected(bytes, pos, "a digit")) }
}

fn literal(bytes: &[u8], pos: usize, word: &'static str) -> Scan<usize> {
    for (at, expected) in (pos..).zip(word.bytes()) {
        match bytes.get(at) {
            None => return Err(ScanError::End),
            Some(byte) if *byte == expected => {}
            Some(_) => return Err(ScanError::Syntax { at, expected: word }),
        }
    }
    Ok(pos + word.len())
}

fn unexpected(bytes: &[u8], at: usize, expected: &'static str) -> ScanError {
    if at < bytes.len() { ScanError::Syntax { at, expected } } else { ScanError::End }
}

/// Which containers are open, one bit each: set for an object, clear for an array.
#[derive(Default)]
struct Nesting {
    bits: [u64; MAX_DEPTH / 64],
    depth: usize,
}

impl Nesting {
    fn push(&mut self, object: bool, at: usize) -> Scan<()> {
        if self.depth == MAX_DEPTH {
            return Err(ScanError::Depth { at });
        }
        let (word, bit) = (self.depth / 64, 1 << (self.depth % 64));
        self.bits[word] = if object { self.bits[word] | bit } else { self.bits[word] & !bit };
        self.depth += 1;
        Ok(())
    }

    fn in_object(&self) -> bool {
        let top = self.depth - 1;
        self.bits[top / 64] & (1 << (top % 64)) != 0
    }
}

/// The end of a value, whether white space lies between its tokens, and whether a string in it holds escapes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Value {
    pub(crate) end: usize,
    pub(crate) spaced: bool,
    pub(crate) escaped: bool,
}

/// Scans the value that begins at `pos`, with no white space before it. `open` containers already surround it.
pub(crate) fn value(bytes: &[u8], mut pos: usize, open: usize) -> Scan<Value> {
    let mut nesting = Nesting { depth: open, ..Nesting::default() };
    let (mut spaced, mut escaped) = (false, false);
    let mut space = |bytes: &[u8], pos: usize| {
        let after = skip_space(bytes, pos);
        spaced |= after > pos;
        after
    };
    'value: loop {
        match bytes.get(pos) {
            None => return Err(ScanError::End),
            Some(b'"') => {
                let text = string(bytes, pos)?;
                escaped |= text.escaped;
                pos = text.end;
            }
            Some(b'{') => {
                nesting.push(true, pos)?;
                pos = space(bytes, pos + 1);
                if bytes.get(pos) != Some(&b'}') {
                    pos = key(bytes, pos, &mut space)?;
                    continue 'value;
                }
                nesting.depth -= 1;
                pos += 1;
            }
            Some(b'[') => {
                nesting.push(false, pos)?;
                pos = space(bytes, pos + 1);
                if bytes.get(pos) != Some(&b']') {
                    continue 'value;
                }
                nesting.depth -= 1;
                pos += 1;
            }
            Some(b't') => pos = literal(bytes, pos, "true")?,
            Some(b'f') => pos = literal(bytes, pos, "false")?,
            Some(b'n') => pos = literal(bytes, pos, "null")?,
            Some(b'-' | b'0'..=b'9') => pos = number(bytes, pos)?,
            Some(_) => return Err(ScanError::Syntax { at: pos, expected: "a value" }),
        }
        while nesting.depth > open {
            pos = space(bytes, pos);
            match (bytes.get(pos), nesting.in_object()) {
                (Some(b','), true) => {
                    let next = space(bytes, pos + 1);
                    pos = key(bytes, next, &mut space)?;
                    continue 'value;
                }
                (Some(b','), false) => {
                    pos = space(bytes, pos + 1);
                    continue 'value;
                }
                (Some(b'}'), true) | (Some(b']'), false) => {
                    nesting.depth -= 1;
                    pos += 1;
                }
                (None, _) => return Err(ScanError::End),
                (_, true) => return Err(ScanError::Syntax { at: pos, expected: "`,` or `}`" }),
                (_, false) => return Err(ScanError::Syntax { at: pos, expected: "`,` or `]`" }),
            }
        }
        return Ok(Value { end: pos, spaced, escaped });
    }
}

/// Scans a name and its colon; gives the start of the value.
fn key(bytes: &[u8], pos: usize, space: &mut impl FnMut(&[u8], usize) -> usize) -> Scan<usize> {
    let name = string(bytes, pos)?;
    let colon = space(bytes, name.end);
    if bytes.get(colon) != Some(&b':') {
        return Err(unexpected(bytes, colon, "`:`"));
    }
    Ok(space(bytes, colon + 1))
}

/// The end of the container at `pos` by its brackets alone, for stepping over one that is not valid JSON.
///
/// `None` if the bytes end first.
pub(crate) fn balanced_end(bytes: &[u8], pos: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = pos;
    loop {
        match bytes.get(at)? {
            b'"' => {
                at += 1;
                while *bytes.get(at)? != b'"' {
                    at += 1 + usize::from(bytes[at] == b'\\');
                }
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth <= 1 => return Some(at + usize::from(depth == 1)),
            b'}' | b']' => depth -= 1,
            b',' if depth == 0 => return Some(at),
            _ => {}
        }
        at += 1;
    }
}

/// Copies JSON text without the white space between its tokens.
pub(crate) fn minify(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut in_string, mut after_backslash) = (false, false);
    for char in text.chars() {
        if in_string {
            out.push(char);
            in_string = after_backslash || char != '"';
            after_backslash = !after_backslash && char == '\\';
        } else if !matches!(char, ' ' | '\n' | '\r' | '\t') {
            out.push(char);
            in_string = char == '"';
        }
    }
    out
}

#[cfg(test)]
mod tests;
