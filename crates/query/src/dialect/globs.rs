//! `event_name GLOB 'Get*'`: patterns as shells have them, with `*`, `?` and sets of characters in brackets.

use datafusion::sql::sqlparser::ast::{Expr, Value, ValueWithSpan};
use datafusion::sql::sqlparser::dialect::{Dialect as _, PostgreSqlDialect, Precedence};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::build::{call, literal, nested, not, text};

/// Whether the operator is next, and if so whether it stands behind a `NOT`.
pub(super) fn is_next(parser: &Parser) -> Option<bool> {
    let word = |at: usize| match &parser.peek_nth_token_ref(at).token {
        Token::Word(word) if word.quote_style.is_none() => Some(word),
        _ => None,
    };
    let negated = word(0)?.keyword == Keyword::NOT;
    let at = usize::from(negated);
    if !word(at)?.value.eq_ignore_ascii_case("glob") {
        return None;
    }
    // and not the alias of a column
    let is_pattern = match &parser.peek_nth_token_ref(at + 1).token {
        Token::SingleQuotedString(_) | Token::Placeholder(_) => true,
        Token::Word(word) => word.keyword == Keyword::NoKeyword,
        _ => false,
    };
    is_pattern.then_some(negated)
}

/// The condition, if the operator is next.
pub(super) fn parse(parser: &mut Parser, left: &Expr) -> Option<Result<Expr, ParserError>> {
    let negated = is_next(parser)?;
    (0..=usize::from(negated)).for_each(|_| parser.advance_token());
    let pattern = parser.parse_subexpr(PostgreSqlDialect {}.prec_value(Precedence::Like));
    Some(pattern.map(|pattern| condition(left, pattern, negated)))
}

fn condition(left: &Expr, pattern: Expr, negated: bool) -> Expr {
    if let Some(like) = literal(&pattern).and_then(as_like) {
        // by a LIKE, files are left out
        let escape = Value::SingleQuotedString("\\".to_owned());
        return Expr::Like {
            negated,
            any: false,
            expr: Box::new(nested(left.clone())),
            pattern: Box::new(text(like)),
            escape_char: Some(ValueWithSpan::from(escape)),
        };
    }
    let found = call("glob_matches", vec![left.clone(), pattern]);
    if negated { not(found) } else { found }
}

/// The pattern as LIKE has it; it has no sets of characters.
fn as_like(pattern: &str) -> Option<String> {
    if pattern.contains(['[', '\\']) {
        return None;
    }
    let mut like = String::with_capacity(pattern.len());
    for letter in pattern.chars() {
        match letter {
            '*' => like.push('%'),
            '?' => like.push('_'),
            '%' | '_' => like.extend(['\\', letter]),
            other => like.push(other),
        }
    }
    Some(like)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_patterns_are_those_of_like() {
        assert_eq!(as_like("Get*_?%").as_deref(), Some(r"Get%\__\%"));
        assert_eq!(as_like("[GP]et*"), None);
        assert_eq!(as_like(r"a\*"), None);
    }
}
