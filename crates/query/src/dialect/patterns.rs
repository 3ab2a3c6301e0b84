//! Signs that escape others in patterns of LIKE.
//!
//! DataFusion's only one is the backslash, always. In Trino and DuckDB a backslash is a letter like others, unless ESCAPE
//! names it, and ESCAPE may name any character.

use datafusion::sql::sqlparser::ast::{Expr, Value, ValueWithSpan};

use super::build::{call, literal, text};

const ESCAPE: char = '\\';

/// Writes the pattern as DataFusion reads it. `is_plain` is whether a backslash is a letter without ESCAPE.
pub(super) fn rewrite(expr: &mut Expr, is_plain: bool) {
    let (Expr::Like { pattern, escape_char, .. } | Expr::ILike { pattern, escape_char, .. }) = expr else { return };
    let Some(escape) = escape(escape_char.as_ref(), is_plain) else { return };
    match literal(pattern) {
        Some(written) => {
            let Some(rewritten) = escaped(written, escape) else { return };
            **pattern = text(rewritten);
        }
        // what comes out of columns can only be taken as it is
        None if escape.is_none() => {
            let taken = std::mem::replace(pattern.as_mut(), Expr::value(Value::Null));
            **pattern = call("replace", vec![taken, text("\\"), text("\\\\")]);
        }
        None => return,
    }
    *escape_char = None;
}

/// The character that escapes, if any does; `None` if the pattern is as DataFusion has it already.
fn escape(given: Option<&ValueWithSpan>, is_plain: bool) -> Option<Option<char>> {
    let Some(given) = given else { return is_plain.then_some(None) };
    let Value::SingleQuotedString(named) = &given.value else { return None };
    let mut characters = named.chars();
    match (characters.next(), characters.next()) {
        (Some(ESCAPE), None) => None,
        (one, None) => Some(one),
        // more than one character, which is an error
        _ => None,
    }
}

/// The pattern with backslashes for what escapes in it; `None` if what escapes stands at the end, before nothing.
fn escaped(pattern: &str, escape: Option<char>) -> Option<String> {
    let mut out = String::with_capacity(pattern.len());
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        let (is_escaped, meant) = match escape {
            Some(escape) if escape == character => (true, characters.next()?),
            _ => (false, character),
        };
        if meant == ESCAPE || (is_escaped && matches!(meant, '%' | '_')) {
            out.push(ESCAPE);
        }
        out.push(meant);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_character_escapes_and_a_backslash_only_if_it_is_named() {
        for (pattern, escape, expected) in [
            (r"a\b", None, r"a\\b"),
            (r"100!%%", Some('!'), r"100\%%"),
            (r"a!!b!\_", Some('!'), r"a!b\\_"),
            (r"%", Some('%'), ""),
        ] {
            let found = escaped(pattern, escape);
            assert_eq!(found.as_deref(), (!expected.is_empty()).then_some(expected), "{pattern}");
        }
    }
}
