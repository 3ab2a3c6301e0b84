//! Where the members of an object lie, and those of the objects inside of it that somebody will ask for.

use super::{Scan, ScanError, Value, skip_space, string, unexpected, value};

/// Most members of an object whose members are noted. Records have about thirty.
pub(crate) const MAX_MEMBERS: usize = 64 * 1024;

/// Where one member of an object lies. Offsets count from the start of the scanned bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member {
    /// First byte of the name, behind its quote.
    pub(crate) key_start: usize,
    /// End of the name, before its quote.
    pub(crate) key_end: usize,
    /// First byte of the value.
    pub(crate) value_start: usize,
    /// End of the value.
    pub(crate) value_end: usize,
    /// The name holds escapes.
    pub(crate) key_escaped: bool,
    /// The value holds white space between its tokens.
    pub(crate) value_spaced: bool,
    /// The value is a string, or holds strings, with escapes.
    pub(crate) value_escaped: bool,
    /// Where [`record`] noted the members of the value; from and to the same place if it did not.
    pub(crate) inner: (u32, u32),
}

/// The objects whose members are noted along with those of the object around them.
pub(crate) trait Known: Copy {
    /// The object in the member `name` of this one, if it is such an object.
    fn inner(self, name: &[u8]) -> Option<Self>;
}

/// None of them.
impl Known for () {
    fn inner(self, _: &[u8]) -> Option<Self> {
        None
    }
}

/// Scans the object whose brace is at `pos` and appends its members to `members`; gives the object's end.
///
/// On an error, what was appended is left behind for the caller to cut off.
pub(crate) fn members(bytes: &[u8], pos: usize, open: usize, members: &mut Vec<Member>) -> Scan<usize> {
    Ok(object(bytes, pos, open, (), (members, &mut Vec::new()))?.end)
}

/// Does the same, and appends the members of the `known` objects inside of it to `nested`, so that nobody has to scan these
/// again.
pub(crate) fn record<K: Known>(
    bytes: &[u8],
    pos: usize,
    open: usize,
    known: K,
    notes: (&mut Vec<Member>, &mut Vec<Member>),
) -> Scan<usize> {
    Ok(object(bytes, pos, open, known, notes)?.end)
}

/// Goes through an object. Its calls are as deep as the known objects lie in each other.
fn object<K: Known>(
    bytes: &[u8],
    pos: usize,
    open: usize,
    known: K,
    (members, nested): (&mut Vec<Member>, &mut Vec<Member>),
) -> Scan<Value> {
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
    let first = members.len();
    if bytes.get(at) == Some(&b'}') {
        return Ok(Value { end: at + 1, spaced, escaped });
    }
    loop {
        if members.len() - first == MAX_MEMBERS {
            return Err(ScanError::Members { at });
        }
        let name = string(bytes, at)?;
        let colon = space(name.end);
        if bytes.get(colon) != Some(&b':') {
            return Err(unexpected(bytes, colon, "`:`"));
        }
        let value_start = space(colon + 1);
        let (key_start, key_end) = (at + 1, name.end - 1);
        let key = &bytes[key_start..key_end];
        let (value, inner) = member_value(bytes, value_start, open + 1, (known, key), (members, nested))?;
        escaped |= value.escaped;
        members.push(Member {
            key_start,
            key_end,
            value_start,
            value_end: value.end,
            key_escaped: name.escaped,
            value_spaced: value.spaced,
            value_escaped: value.escaped,
            inner,
        });
        at = space(value.end);
        match bytes.get(at) {
            Some(b',') => at = space(at + 1),
            Some(b'}') => break,
            _ => return Err(unexpected(bytes, at, "`,` or `}`")),
        }
    }
    // whatever is spaced inside of a member is spaced inside of the object
    spaced |= members[first..].iter().any(|member| member.value_spaced);
    Ok(Value { end: at + 1, spaced, escaped })
}

/// Scans the value at `pos` of the member `key` of a known object. If it is known, too, its members are noted, and it says where.
pub(crate) fn member_value<K: Known>(
    bytes: &[u8],
    pos: usize,
    open: usize,
    (known, key): (K, &[u8]),
    (members, nested): (&mut Vec<Member>, &mut Vec<Member>),
) -> Scan<(Value, (u32, u32))> {
    let inner = (bytes.get(pos) == Some(&b'{')).then(|| known.inner(key)).flatten();
    let Some(known) = inner else { return Ok((value(bytes, pos, open)?, (0, 0))) };
    let first = members.len();
    let value = object(bytes, pos, open, known, (members, nested))?;
    Ok((value, set_aside(members, first, nested)))
}

/// Moves the members from `first` on to those of nested objects, where they lie side by side; says where.
fn set_aside(members: &mut Vec<Member>, first: usize, nested: &mut Vec<Member>) -> (u32, u32) {
    let start = nested.len();
    nested.extend_from_slice(&members[first..]);
    members.truncate(first);
    match (u32::try_from(start), u32::try_from(nested.len())) {
        (Ok(start), Ok(end)) => (start, end),
        _ => (0, 0),
    }
}
