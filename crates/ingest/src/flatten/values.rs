//! Reads JSON scalars that the scanner has already found to be valid.

/// Appends the text of a JSON string, given without its quotes. A surrogate that stands alone becomes U+FFFD.
///
/// Says whether the text is exactly what was written.
pub(crate) fn unescape(raw: &str, out: &mut String) -> bool {
    let mut faithful = true;
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let escape = rest.as_bytes().get(at + 1).copied().unwrap_or(b'\\');
        rest = rest.get(at + 2..).unwrap_or_default();
        match escape {
            b'b' => out.push('\u{8}'),
            b'f' => out.push('\u{c}'),
            b'n' => out.push('\n'),
            b'r' => out.push('\r'),
            b't' => out.push('\t'),
            b'u' => {
                let (char, used) = unicode(rest);
                faithful &= char.is_some();
                out.push(char.unwrap_or(char::REPLACEMENT_CHARACTER));
                rest = rest.get(used..).unwrap_or_default();
            }
            other => out.push(char::from(other)),
        }
    }
    out.push_str(rest);
    faithful
}

/// The character behind `\u`, and how many bytes of `rest` it took. `None` for a surrogate that stands alone.
fn unicode(rest: &str) -> (Option<char>, usize) {
    let unit = |at: usize| rest.get(at..at + 4).and_then(|hex| u32::from_str_radix(hex, 16).ok());
    let Some(first) = unit(0) else { return (None, 0) };
    if !(0xd800..0xdc00).contains(&first) {
        return (char::from_u32(first), 4);
    }
    match unit(6).filter(|low| rest.get(4..6) == Some("\\u") && (0xdc00..0xe000).contains(low)) {
        Some(low) => (char::from_u32(0x10000 + ((first - 0xd800) << 10) + (low - 0xdc00)), 10),
        None => (None, 4),
    }
}

/// The boolean in a JSON value, and whether it was written as one.
pub(super) fn boolean(value: &str) -> Option<(bool, Written)> {
    match value {
        "true" => Some((true, Written::Bare)),
        "false" => Some((false, Written::Bare)),
        "\"true\"" => Some((true, Written::Quoted)),
        "\"false\"" => Some((false, Written::Quoted)),
        _ if value.eq_ignore_ascii_case("\"true\"") => Some((true, Written::Otherwise)),
        _ if value.eq_ignore_ascii_case("\"false\"") => Some((false, Written::Otherwise)),
        _ => None,
    }
}

/// How a boolean was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// `true`
    Bare,
    /// `"true"`
    Quoted,
    /// `"True"`
    Otherwise,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn unescape_undoes_what_serde_json_writes(text in ".*") {
            let json = serde_json::to_string(&text).unwrap();
            let mut out = String::new();
            prop_assert!(unescape(&json[1..json.len() - 1], &mut out));
            prop_assert_eq!(out, text);
        }
    }

    #[test]
    fn pairs_and_lone_surrogates() {
        for (raw, text, faithful) in [
            (r"\ud83d\ude00!", "😀!", true),
            (r"a\ud83d", "a\u{fffd}", false),
            (r"\ud83d\u0041", "\u{fffd}A", false),
            (r"\ude00", "\u{fffd}", false),
            (r"\/\u0000", "/\u{0}", true),
        ] {
            let mut out = String::new();
            assert_eq!((unescape(raw, &mut out), out.as_str()), (faithful, text));
        }
    }
}
