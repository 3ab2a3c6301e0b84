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
    let (a, b) = (a.trim_ascii(), b.trim_ascii());
    if a == b {
        return true;
    }
    match (a.as_bytes().first(), b.as_bytes().first()) {
        (Some(b'{'), Some(b'{')) => objects_equal(a, b),
        (Some(b'['), Some(b'[')) => arrays_equal(a, b),
        (Some(b'"'), Some(b'"')) => strings_equal(a, b),
        _ => false,
    }
}

type Members<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

fn objects_equal(a: &str, b: &str) -> bool {
    let (Ok(a), Ok(b)) = (serde_json::from_str::<Members<'_>>(a), serde_json::from_str::<Members<'_>>(b)) else {
        return false;
    };
    a.len() == b.len()
        && a.iter().zip(&b).all(|((key_a, a), (key_b, b))| key_a == key_b && json_equal(a.get(), b.get()))
}

fn arrays_equal(a: &str, b: &str) -> bool {
    let (Ok(a), Ok(b)) = (serde_json::from_str::<Vec<&RawValue>>(a), serde_json::from_str::<Vec<&RawValue>>(b)) else {
        return false;
    };
    a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| json_equal(a.get(), b.get()))
}

fn strings_equal(a: &str, b: &str) -> bool {
    match (serde_json::from_str::<String>(a), serde_json::from_str::<String>(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
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
