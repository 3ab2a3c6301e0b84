//! `SIMILAR TO`: the pattern is that of the whole text. DataFusion looks for it anywhere.
//!
//! The standard has `%` and `_` for any text and any character, and the dot for itself; DuckDB has regular expressions there.

use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, Value};

use super::build::{binary, call, literal, not, text};

const ESCAPE: char = '\\';

/// Writes the comparison as one with a regular expression. `is_regular` is whether its pattern is one already.
pub(super) fn rewrite(expr: &mut Expr, is_regular: bool) {
    let Expr::SimilarTo { negated, expr: tested, pattern, escape_char } = expr else { return };
    let escape = match escape_char.as_ref().map(|escape| &escape.value) {
        None => ESCAPE,
        Some(Value::SingleQuotedString(named)) if named.chars().count() == 1 => named.chars().next().unwrap_or(ESCAPE),
        // what it means is left to DataFusion, which says that it is wrong
        Some(_) => return,
    };
    let whole = match literal(pattern) {
        Some(written) if is_regular => text(format!("^(?:{written})$")),
        Some(written) => text(format!("^(?:{})$", regular(written, escape))),
        // of what is in a column, only the two signs are known
        None => {
            let pattern = if is_regular { pattern.as_ref().clone() } else { with_signs(pattern.as_ref().clone()) };
            let opened = binary(text("^(?:"), BinaryOperator::StringConcat, pattern);
            binary(opened, BinaryOperator::StringConcat, text(")$"))
        }
    };
    let found = call("regexp_like", vec![tested.as_ref().clone(), whole]);
    *expr = if *negated { not(found) } else { found };
}

fn with_signs(pattern: Expr) -> Expr {
    let any = call("replace", vec![pattern, text("%"), text(".*")]);
    call("replace", vec![any, text("_"), text(".")])
}

/// The standard's pattern as a regular expression.
fn regular(pattern: &str, escape: char) -> String {
    // a line's end is a character like others
    let mut out = String::from("(?s)");
    let mut characters = pattern.chars();
    let mut is_in_class = false;
    while let Some(character) = characters.next() {
        match character {
            character if character == escape => {
                let meant = characters.next().unwrap_or(escape);
                out.push_str(&regex::escape(&meant.to_string()));
            }
            '[' | ']' => {
                is_in_class = character == '[';
                out.push(character);
            }
            character if is_in_class => out.push(character),
            '%' => out.push_str(".*"),
            '_' => out.push('.'),
            '.' | '^' | '$' | '\\' => {
                out.push('\\');
                out.push(character);
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_the_standard_are_regular_expressions() {
        for (pattern, expected) in [
            ("Get%", "(?s)Get.*"),
            ("(Get|Put)_+", "(?s)(Get|Put).+"),
            ("a.b$", r"(?s)a\.b\$"),
            (r"100\%", "(?s)100%"),
            ("[%_]x{2}", "(?s)[%_]x{2}"),
        ] {
            assert_eq!(regular(pattern, ESCAPE), expected);
        }
        assert_eq!(regular("a!%%", '!'), "(?s)a%.*");
    }
}
