//! Reads values of envelopes, which the framer has already found to be valid JSON.

use milepost_schema::time;

use crate::classify;
use crate::scan::{self, Member};

/// The text of a JSON string without escapes.
pub(super) fn plain_string(value: &[u8]) -> Option<&str> {
    let text = value.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    let text = std::str::from_utf8(text).ok()?;
    (!text.contains('\\')).then_some(text)
}

/// An instant as envelopes write it: text, or seconds or milliseconds since 1970.
pub(super) fn instant(value: &str) -> Option<i64> {
    match plain_string(value.as_bytes()) {
        Some(text) => time::parse(text),
        None => time::parse_epoch(value),
    }
}

/// A member of an object that is known to be valid.
pub(super) fn member_of<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    let mut members = Vec::new();
    scan::members(object.as_bytes(), 0, 0, &mut members).ok()?;
    let value = classify::value_of(object.as_bytes(), &members, name)?;
    std::str::from_utf8(value).ok()
}

/// The objects in an array that is known to be valid, with their members.
pub(super) fn elements_of(array: &str) -> Vec<(&str, Vec<Member>)> {
    let bytes = array.as_bytes();
    let mut elements = Vec::new();
    let mut at = scan::skip_space(bytes, 1);
    while bytes.first() == Some(&b'[') && !matches!(bytes.get(at), None | Some(b']')) {
        let mut members = Vec::new();
        let Ok(value) = scan::value(bytes, at, 0) else { break };
        let element = &array[at..value.end];
        // what is no object has no members, and is found to be unknown by that
        let _ = scan::members(element.as_bytes(), 0, 0, &mut members);
        elements.push((element, members));
        at = scan::skip_space(bytes, value.end);
        if bytes.get(at) == Some(&b',') {
            at = scan::skip_space(bytes, at + 1);
        }
    }
    elements
}
