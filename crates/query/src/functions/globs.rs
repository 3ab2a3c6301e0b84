//! DuckDB's GLOB where its pattern is no constant, or has sets of characters: `[GP]et*`.

use std::sync::Arc;

use arrow::array::BooleanBuilder;
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};

use super::arguments::{result, rows, texts};
use super::scalar::{Definition, Kind, define};
use super::texts::Patterns;

#[rustfmt::skip]
pub(super) const FUNCTIONS: &[Definition] = &[
    define("glob_matches", &[Kind::Text, Kind::Text], |_| DataType::Boolean, glob_matches, "glob_matches(text, '[GP]et*')", "DuckDB's `GLOB`: `*` is any text, `?` a character, brackets a set of them, one of which it is not behind a `!`"),
];

fn glob_matches(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let (written, patterns) = (texts(args, 0)?, texts(args, 1)?);
    let mut known = Patterns::default();
    let mut found = BooleanBuilder::with_capacity(rows(args));
    for row in 0..rows(args) {
        match (written.get(row), patterns.get(row)) {
            (Some(text), Some(pattern)) => match regex(pattern) {
                Some(regex) => found.append_value(known.get(&regex)?.is_match(text)),
                // a set that is not closed is no pattern for anything
                None => found.append_value(false),
            },
            _ => found.append_null(),
        }
    }
    result(args, Arc::new(found.finish()))
}

/// The pattern as a regular expression; `None` if a set of characters is not closed or goes backwards.
fn regex(pattern: &str) -> Option<String> {
    let mut out = String::from("(?s)^");
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '*' => out.push_str(".*"),
            '?' => out.push('.'),
            '[' => {
                let (set, rest) = set(letters.as_str())?;
                out.push_str(&set);
                letters = rest.chars();
            }
            '\\' => push_plain(&mut out, letters.next()?),
            other => push_plain(&mut out, other),
        }
    }
    out.push('$');
    Some(out)
}

fn push_plain(out: &mut String, letter: char) {
    out.push_str(&regex::escape(letter.encode_utf8(&mut [0; 4])));
}

/// What stands between brackets, without the first, as a set of a regular expression; and what is behind it.
fn set(text: &str) -> Option<(String, &str)> {
    let (is_negated, inside) = match text.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    // a bracket that closes at once is one of the characters
    let first = inside.chars().next()?.len_utf8();
    let end = first + inside.get(first..)?.find(']')?;
    let letters: Vec<char> = inside[..end].chars().collect();
    let mut out = String::from(if is_negated { "[^" } else { "[" });
    let mut at = 0;
    while let Some(letter) = letters.get(at) {
        match (letters.get(at + 1), letters.get(at + 2)) {
            (Some('-'), Some(last)) if letter > last => return None,
            (Some('-'), Some(last)) => {
                push_plain(&mut out, *letter);
                out.push('-');
                push_plain(&mut out, *last);
                at += 3;
            }
            _ => {
                push_plain(&mut out, *letter);
                at += 1;
            }
        }
    }
    out.push(']');
    Some((out, &inside[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_those_of_duckdb() {
        let matches = |text: &str, pattern: &str| {
            regex(pattern).is_some_and(|regex| regex::Regex::new(&regex).unwrap().is_match(text))
        };
        for (text, pattern, expected) in [
            ("abc", "a*", true),
            ("abc", "a?c", true),
            ("abc", "A*", false),
            ("abc", "[a-c]bc", true),
            ("abc", "[!x]bc", true),
            ("abc", "[^x]bc", false),
            ("a]c", "a[]]c", true),
            ("a*c", r"a\*c", true),
            ("abc", r"a\*c", false),
            ("a-c", "a[x-]c", true),
            ("abc", "[c-a]bc", false),
            ("abc", "a[b", false),
            ("a!c", "a[a!]c", true),
            ("a\nb", "a*b", true),
            ("", "*", true),
        ] {
            assert_eq!(matches(text, pattern), expected, "{text} {pattern}");
        }
    }
}
