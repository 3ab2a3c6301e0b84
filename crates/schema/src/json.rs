//! The two things about JSON text that both directions need: writing a string, and telling whether two texts say the same.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// Appends `text` as a JSON string, quoted and escaped.
pub fn write_json_string(out: &mut String, text: &str) {
    out.push('"');
    let mut clean_from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..=0x1f => "",
            _ => continue,
        };
        out.push_str(&text[clean_from..at]);
        if escape.is_empty() {
            out.push_str(&format!("\\u{byte:04x}"));
        } else {
            out.push_str(escape);
        }
        clean_from = at + 1;
    }
    out.push_str(&text[clean_from..]);
    out.push('"');
}

/// Whether two JSON texts are the same value: order of members and white space do not matter, the last of repeated
/// members counts, numbers are compared by their digits so that nothing is lost to floating point.
///
/// Texts that are not JSON are equal only if they are the same text.
#[must_use]
pub fn json_equal(a: &str, b: &str) -> bool {
    a == b || canonical_json(a) == canonical_json(b)
}

/// The one text of a JSON value: equal values, as [`json_equal`] has it, have equal texts.
#[must_use]
pub fn canonical_json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    write_canonical(text.trim_ascii(), &mut out);
    out
}

type Members<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

fn write_canonical(text: &str, out: &mut String) {
    let written = match text.as_bytes().first() {
        Some(b'{') => serde_json::from_str::<Members<'_>>(text).map(|members| {
            let members = members.iter().map(|(key, value)| (Some(key.as_ref()), *value));
            write_container(members, ['{', '}'], out);
        }),
        Some(b'[') => serde_json::from_str::<Vec<&RawValue>>(text).map(|values| {
            write_container(values.into_iter().map(|value| (None, value)), ['[', ']'], out);
        }),
        Some(b'"') => serde_json::from_str::<String>(text).map(|string| write_json_string(out, &string)),
        _ => {
            out.push_str(text);
            Ok(())
        }
    };
    if written.is_err() {
        out.push_str(text);
    }
}

fn write_container<'a>(
    values: impl Iterator<Item = (Option<&'a str>, &'a RawValue)>,
    [open, close]: [char; 2],
    out: &mut String,
) {
    out.push(open);
    for (at, (key, value)) in values.enumerate() {
        if at > 0 {
            out.push(',');
        }
        if let Some(key) = key {
            write_json_string(out, key);
            out.push(':');
        }
        write_canonical(value.get(), out);
    }
    out.push(close);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped_as_json_wants_it() {
        for text in ["", "plain", "a\"b\\c", "\u{0}\u{1f}\n\r\t", "naïve 日本", "\u{7f}"] {
            let mut out = String::new();
            write_json_string(&mut out, text);
            assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
        }
    }

    #[test]
    fn order_and_space_do_not_matter_but_digits_do() {
        assert!(json_equal(r#"{"a":1,"b":[true,null]}"#, r#" { "b" : [ true , null ], "a" : 1 } "#));
        assert!(json_equal(r#"{"a":"\u0041"}"#, r#"{"a":"A"}"#));
        assert!(json_equal(r#"{"a":1,"a":2}"#, r#"{"a":2}"#));
        assert!(!json_equal("9007199254740993", "9007199254740992"));
        assert!(!json_equal(r#"{"a":null}"#, "{}"));
        assert!(!json_equal("[1,2]", "[2,1]"));
        assert!(!json_equal("\"1\"", "1"));
    }
}
