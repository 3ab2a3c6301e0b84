//! Where the members of an object lie, and those of the objects inside of it that somebody will ask for.

use std::ops::Range;

use super::followers::Followers;
use super::{Scan, ScanError, Text, Value, skip_space, string, unexpected, value};

/// Most members of an object whose members are noted. Records have about thirty.
pub(crate) const MAX_MEMBERS: usize = 64 * 1024;

/// From where to where something lies. In four bytes each: there are some fifty members in a record, and they are noted and
/// read again for every one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// # Errors
    /// It ends behind the first four gigabytes.
    #[inline]
    pub(crate) fn new(start: usize, end: usize) -> Scan<Self> {
        match (u32::try_from(start), u32::try_from(end)) {
            (Ok(start), Ok(end)) => Ok(Self { start, end }),
            _ => Err(ScanError::Length { at: start }),
        }
    }

    #[inline]
    pub(crate) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Where it lies in the bytes from `start` on, which is not behind it.
    pub(crate) fn back_by(self, start: usize) -> Self {
        let back = u32::try_from(start).unwrap_or(u32::MAX);
        Self { start: self.start.saturating_sub(back), end: self.end.saturating_sub(back) }
    }
}

/// Where one member of an object lies. Offsets count from the start of the scanned bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member {
    /// The name, without its quotes.
    pub(crate) key: Span,
    pub(crate) value: Span,
    /// The name holds escapes.
    pub(crate) key_escaped: bool,
    /// The value holds white space between its tokens.
    pub(crate) value_spaced: bool,
    /// The value is a string, or holds strings, with escapes.
    pub(crate) value_escaped: bool,
    /// Its number in the [`Known`] object that it was read as a member of, if it has one and its name holds no escapes.
    pub(crate) number: Option<u8>,
    /// Where [`record`] noted the members of the value; from and to the same place if it did not.
    pub(crate) inner: Span,
}

/// The objects whose members are noted along with those of the object around them.
pub(crate) trait Known: Copy {
    /// Which of all known objects it is.
    fn index(self) -> usize;

    /// The number of the member `name`, if it is known.
    fn number(self, name: &[u8]) -> Option<u8>;

    /// How the member of this number is written: its name in quotes, and a colon.
    fn head(self, number: u8) -> Option<&'static [u8]>;

    /// The object in the member of this number, if it is such an object.
    fn inner(self, number: u8) -> Option<Self>;
}

/// None of them.
impl Known for () {
    fn index(self) -> usize {
        0
    }

    fn number(self, _: &[u8]) -> Option<u8> {
        None
    }

    fn head(self, _: u8) -> Option<&'static [u8]> {
        None
    }

    fn inner(self, _: u8) -> Option<Self> {
        None
    }
}

/// Where members are noted. Reused from object to object.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(crate) members: Vec<Member>,
    /// Members of known objects inside of those, where [`Member::inner`] says.
    pub(crate) nested: Vec<Member>,
    followers: Followers,
}

impl Notes {
    /// Forgets the members, and keeps what helps to find the next ones.
    pub(crate) fn clear(&mut self) {
        self.truncate((0, 0));
    }

    /// How many there are, of objects and inside of them.
    pub(crate) fn len(&self) -> (usize, usize) {
        (self.members.len(), self.nested.len())
    }

    /// Goes back to so many.
    pub(crate) fn truncate(&mut self, (members, nested): (usize, usize)) {
        self.members.truncate(members);
        self.nested.truncate(nested);
    }

    /// Moves the members from `first` on to those of nested objects, where they lie side by side; says where.
    fn set_aside(&mut self, first: usize) -> Scan<Span> {
        let start = self.nested.len();
        self.nested.extend_from_slice(&self.members[first..]);
        self.members.truncate(first);
        Span::new(start, self.nested.len())
    }
}

/// Scans the object whose brace is at `pos` and appends its members to `members`; gives the object's end.
///
/// On an error, what was appended is left behind for the caller to cut off.
pub(crate) fn members(bytes: &[u8], pos: usize, open: usize, members: &mut Vec<Member>) -> Scan<usize> {
    let mut notes = Notes { members: std::mem::take(members), ..Notes::default() };
    let end = object(bytes, pos, open, (), &mut notes);
    *members = notes.members;
    Ok(end?.end)
}

/// Does the same, and notes the members of the `known` objects inside of it, so that nobody has to scan these again.
pub(crate) fn record<K: Known>(bytes: &[u8], pos: usize, open: usize, known: K, notes: &mut Notes) -> Scan<usize> {
    Ok(object(bytes, pos, open, known, notes)?.end)
}

/// Goes through an object. Its calls are as deep as the known objects lie in each other.
fn object<K: Known>(bytes: &[u8], pos: usize, open: usize, known: K, notes: &mut Notes) -> Scan<Value> {
    if bytes.get(pos) != Some(&b'{') {
        return Err(unexpected(bytes, pos, "`{`"));
    }
    let (mut spaced, mut escaped) = (false, false);
    let mut space = |pos: usize| {
        let after = skip_space(bytes, pos);
        spaced |= after > pos;
        after
    };
    let mut at = space(pos + 1);
    let first = notes.members.len();
    if bytes.get(at) == Some(&b'}') {
        return Ok(Value { end: at + 1, spaced, escaped });
    }
    let mut before = None;
    loop {
        if notes.members.len() - first == MAX_MEMBERS {
            return Err(ScanError::Members { at });
        }
        let name = name(bytes, at, (known, before), &mut notes.followers, &mut space)?;
        let value_start = space(name.colon + 1);
        let (value, inner) = if bytes.get(value_start) == Some(&b'"') {
            // most values are strings
            let Text { end, escaped } = string(bytes, value_start)?;
            (Value { end, spaced: false, escaped }, Span::default())
        } else {
            member_value(bytes, value_start, open + 1, (known, name.number), notes)?
        };
        escaped |= value.escaped;
        notes.members.push(Member {
            key: Span::new(at + 1, name.end)?,
            value: Span::new(value_start, value.end)?,
            key_escaped: name.escaped,
            value_spaced: value.spaced,
            value_escaped: value.escaped,
            number: name.number,
            inner,
        });
        before = name.number;
        at = space(value.end);
        match bytes.get(at) {
            Some(b',') => at = space(at + 1),
            Some(b'}') => break,
            _ => return Err(unexpected(bytes, at, "`,` or `}`")),
        }
    }
    // whatever is spaced inside of a member is spaced inside of the object
    spaced |= notes.members[first..].iter().any(|member| member.value_spaced);
    Ok(Value { end: at + 1, spaced, escaped })
}

/// The name of a member.
struct Name {
    /// Its end, before the quote.
    end: usize,
    colon: usize,
    escaped: bool,
    number: Option<u8>,
}

/// Reads the name whose quote is at `at`, behind the member `before`, and looks it up. Most objects have their members in
/// the order of the last one of their kind: then one comparison is all.
fn name<K: Known>(
    bytes: &[u8],
    at: usize,
    (known, before): (K, Option<u8>),
    followers: &mut Followers,
    space: &mut impl FnMut(usize) -> usize,
) -> Scan<Name> {
    if let Some(number) = followers.behind(known.index(), before)
        && let Some(head) = known.head(number)
        && begins_with(&bytes[at..], head)
    {
        let colon = at + head.len() - 1;
        return Ok(Name { end: colon - 1, colon, escaped: false, number: Some(number) });
    }
    let text = string(bytes, at)?;
    let colon = space(text.end);
    if bytes.get(colon) != Some(&b':') {
        return Err(unexpected(bytes, colon, "`:`"));
    }
    let number = if text.escaped { None } else { known.number(&bytes[at + 1..text.end - 1]) };
    if let Some(number) = number {
        followers.note(known.index(), before, number);
    }
    Ok(Name { end: text.end - 1, colon, escaped: text.escaped, number })
}

/// Whether `bytes` begin with `head`: eight bytes at once, as a call for these few would take longer than comparing them.
#[inline]
fn begins_with(bytes: &[u8], head: &[u8]) -> bool {
    const WORD: usize = size_of::<u64>();
    let Some(bytes) = bytes.get(..head.len()) else { return false };
    let (words, rest) = head.as_chunks::<WORD>();
    let (own_words, own_rest) = bytes.as_chunks::<WORD>();
    let is_same = |(a, b): (&[u8; WORD], &[u8; WORD])| u64::from_le_bytes(*a) == u64::from_le_bytes(*b);
    words.iter().zip(own_words).all(is_same)
        && match (head.last_chunk::<WORD>(), bytes.last_chunk::<WORD>()) {
            // the last word overlaps the one before it
            (Some(last), Some(own_last)) => is_same((last, own_last)),
            _ => rest == own_rest,
        }
}

/// Scans the value at `pos` of the member of this number of a known object. If it is known, too, its members are noted, and
/// it says where.
pub(crate) fn member_value<K: Known>(
    bytes: &[u8],
    pos: usize,
    open: usize,
    (known, number): (K, Option<u8>),
    notes: &mut Notes,
) -> Scan<(Value, Span)> {
    let inner = number.filter(|_| bytes.get(pos) == Some(&b'{')).and_then(|number| known.inner(number));
    let Some(known) = inner else { return Ok((value(bytes, pos, open)?, Span::default())) };
    let first = notes.members.len();
    let value = object(bytes, pos, open, known, notes)?;
    Ok((value, notes.set_aside(first)?))
}
