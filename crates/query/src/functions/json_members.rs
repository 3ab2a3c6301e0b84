//! The next member of a JSON object, from where the last one ended.
//!
//! Reads by the rules of [`json_path::member`](super::json_path::member), which a property test of `json_index` holds it to. A
//! plain string is stepped over here, eight bytes at a time; whatever else a value is, serde_json says where it ends.

use std::ops::Range;

use serde::Deserialize as _;
use serde_json::value::RawValue;

use super::json_path::string;

/// Where a member lies in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Its name between the quotes; with them if it has escapes.
    pub(super) name: Range<usize>,
    pub(super) has_escapes: bool,
    /// Its value as it is written.
    pub(super) value: Range<usize>,
}

/// What stands at a place of an object's text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Member(Place),
    /// The object ends here.
    End,
    /// This is no object, or no valid one from here on.
    Broken,
}

/// What stands in `text` at `at`: where its object begins if `is_first`, else behind one of its members.
pub(super) fn next(text: &str, at: usize, is_first: bool) -> Next {
    let bytes = text.as_bytes();
    let mut at = behind_blanks(bytes, at);
    if is_first {
        if bytes.get(at) != Some(&b'{') {
            return Next::Broken;
        }
        at = behind_blanks(bytes, at + 1);
    }
    match bytes.get(at) {
        Some(b'}') => return Next::End,
        Some(b',') if !is_first => at = behind_blanks(bytes, at + 1),
        _ if is_first => {}
        _ => return Next::Broken,
    }
    match member(text, at) {
        Some(place) => Next::Member(place),
        None => Next::Broken,
    }
}

fn member(text: &str, at: usize) -> Option<Place> {
    let bytes = text.as_bytes();
    if bytes.get(at) != Some(&b'"') {
        return None;
    }
    let (name, has_escapes, end) = match closing_quote(bytes, at + 1) {
        Some(end) => (at + 1..end, false, end + 1),
        None => {
            let end = at + raw(&text[at..])?.len();
            // not every escape stands for a character
            string(&text[at..end])?;
            (at..end, true, end)
        }
    };
    let colon = behind_blanks(bytes, end);
    if bytes.get(colon) != Some(&b':') {
        return None;
    }
    let start = behind_blanks(bytes, colon + 1);
    let plain = (bytes.get(start) == Some(&b'"')).then(|| closing_quote(bytes, start + 1)).flatten();
    let end = match plain {
        Some(quote) => quote + 1,
        None => start + raw(&text[start..])?.len(),
    };
    Some(Place { name, has_escapes, value: start..end })
}

fn behind_blanks(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\n' | b'\t' | b'\r')) {
        at += 1;
    }
    at
}

/// The value that the text begins with.
fn raw(text: &str) -> Option<&str> {
    <&RawValue>::deserialize(&mut serde_json::Deserializer::from_str(text)).ok().map(RawValue::get)
}

/// A byte in each of eight.
const ONES: u64 = u64::MAX / 255;
/// The highest bit of each of eight bytes.
const HIGH: u64 = ONES << 7;

/// Where a string ends that has nothing but characters up to there; `at` is behind its first quote.
fn closing_quote(bytes: &[u8], mut at: usize) -> Option<usize> {
    while let Some(chunk) = bytes.get(at..at + 8) {
        let word = u64::from_le_bytes(chunk.try_into().ok()?);
        let special = (below(word, 0x20) | below(word ^ (ONES * u64::from(b'"')), 1))
            | below(word ^ (ONES * u64::from(b'\\')), 1);
        if special != 0 {
            at += special.trailing_zeros() as usize / 8;
            return (bytes[at] == b'"').then_some(at);
        }
        at += 8;
    }
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return Some(at),
            b'\\' | 0..0x20 => return None,
            _ => at += 1,
        }
    }
    None
}

/// The high bits of bytes below `limit`, of which the lowest is certain: a byte that is below may make the next one look so.
fn below(word: u64, limit: u64) -> u64 {
    word.wrapping_sub(ONES * limit) & !word & HIGH
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> (Vec<(&str, &str)>, Next) {
        let (mut found, mut at) = (Vec::new(), 0);
        loop {
            match next(text, at, found.is_empty()) {
                Next::Member(place) => {
                    at = place.value.end;
                    found.push((&text[place.name], &text[place.value]));
                }
                end => return (found, end),
            }
        }
    }

    #[test]
    fn members_come_in_their_order() {
        let text = " { \"a\" :1 ,\"b\\n\": \"x\\\"y\", \"long name, long\":[{\"a\":\"}\"}],\"\":null } ";
        let members =
            vec![("a", "1"), ("\"b\\n\"", "\"x\\\"y\""), ("long name, long", "[{\"a\":\"}\"}]"), ("", "null")];
        assert_eq!(all(text), (members, Next::End));
        assert_eq!(all("{}"), (vec![], Next::End));
    }

    #[test]
    fn what_is_broken_ends_the_object() {
        for broken in
            ["", "[1]", "\"a\"", "{", "{,\"a\":1}", "{\"a\"}", "{\"a\":tru}", "{\"\\ud800\":1}", "{\"a\nb\":1}"]
        {
            assert_eq!(all(broken), (vec![], Next::Broken), "{broken}");
        }
        for broken in ["{\"a\":1", "{\"a\":1,}", "{\"a\":1 \"b\":2}", "{\"a\":1,\"b\":[}"] {
            assert_eq!(all(broken), (vec![("a", "1")], Next::Broken), "{broken}");
        }
    }

    #[test]
    fn strings_end_at_their_quote_wherever_it_is() {
        for length in 0..40 {
            for filling in ["x", "é", "€", "\u{7f}", "!"] {
                let content = filling.repeat(length);
                let text = format!("{content}\"\u{1}\\");
                assert_eq!(closing_quote(text.as_bytes(), 0), Some(content.len()));
                assert_eq!(closing_quote(format!("{content}\u{1f}xxxxxxx\"").as_bytes(), 0), None);
                assert_eq!(closing_quote(format!("{content}\\xxxxxxx\"").as_bytes(), 0), None);
                assert_eq!(closing_quote(content.as_bytes(), 0), None);
            }
        }
    }
}
