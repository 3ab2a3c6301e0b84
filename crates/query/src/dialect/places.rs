//! Places in the text of a query, by what stands there: for errors of an engine that only names it.

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use super::{json_types, tokens};
use crate::error::Position;

pub(super) fn position(token: &TokenWithSpan) -> Position {
    Position { line: token.span.start.line, column: token.span.start.column }
}

/// Where the text of a query has a name first.
pub(crate) fn place_of(sql: &str, name: &str) -> Option<Position> {
    let tokens = tokens::of(sql).ok()?;
    let is_it = |word: &str| json_types::of_name(word).unwrap_or(word).eq_ignore_ascii_case(name);
    tokens
        .iter()
        .find(|token| matches!(&token.token, Token::Word(word) if !name.is_empty() && is_it(&word.value)))
        .map(position)
}

/// Where the text of a query has a literal first.
pub(crate) fn place_of_text(sql: &str, literal: &str) -> Option<Position> {
    let tokens = tokens::of(sql).ok()?;
    tokens.iter().find(|token| matches!(&token.token, Token::SingleQuotedString(text) if text == literal)).map(position)
}

/// Whether what stands at a place of the text of a query is in double quotes and is compared with something.
pub(crate) fn is_quoted_value(sql: &str, place: Position) -> bool {
    let Ok(tokens) = tokens::of(sql) else { return false };
    let mut before = &Token::EOF;
    for token in tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_))) {
        if token.span.start.line == place.line && token.span.start.column == place.column {
            let is_quoted = matches!(&token.token, Token::Word(word) if word.quote_style == Some('"'));
            let compares =
                matches!(before, Token::Eq | Token::Neq | Token::Lt | Token::Gt | Token::LParen | Token::Comma);
            return is_quoted && (compares || tokens::is_keyword(before, Keyword::LIKE));
        }
        before = &token.token;
    }
    false
}

/// The name that stands at a place of the text of a query, with what is before its last dot.
pub(crate) fn name_at(sql: &str, place: Position) -> Option<String> {
    let tokens = tokens::of(sql).ok()?;
    let is_there =
        |token: &TokenWithSpan| token.span.start.line == place.line && token.span.start.column == place.column;
    let at = tokens.iter().position(is_there)?;
    let name = tokens[at..].iter().take_while(|token| matches!(token.token, Token::Word(_) | Token::Period));
    let name: String = name.map(|token| token.token.to_string()).collect();
    // of a call, it is not the name that has the type
    let is_call = tokens[at..].iter().find(|token| !matches!(token.token, Token::Word(_) | Token::Period));
    (!name.is_empty() && is_call.is_none_or(|next| next.token != Token::LParen)).then_some(name)
}

/// Where the text of a query divides, if it does so once: of several divisions nothing says which one failed.
pub(crate) fn place_of_division(sql: &str) -> Option<Position> {
    only(sql, |token| match token {
        Token::Div | Token::DuckIntDiv | Token::Mod => true,
        Token::Word(word) => word.value.eq_ignore_ascii_case("mod"),
        _ => false,
    })
}

/// Where what is divided begins, if a query divides once and what it divides is a name.
pub(crate) fn place_of_dividend(sql: &str) -> Option<Position> {
    let tokens = tokens::of(sql).ok()?;
    let significant: Vec<&TokenWithSpan> =
        tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).collect();
    let mut divisions = (0..significant.len()).filter(|at| significant[*at].token == Token::Div);
    let (Some(at), None) = (divisions.next(), divisions.next()) else { return None };
    let is_word = |at: usize| matches!(significant[at].token, Token::Word(_));
    let mut first = at.checked_sub(1).filter(|before| is_word(*before))?;
    while first >= 2 && significant[first - 1].token == Token::Period && is_word(first - 2) {
        first -= 2;
    }
    significant.get(first).map(|token| position(token))
}

/// Where the text of a query has a span of time, if it has one only.
pub(crate) fn place_of_span(sql: &str) -> Option<Position> {
    only(sql, |token| tokens::is_keyword(token, Keyword::INTERVAL))
}

/// Where the text of a query calls one of these functions, if it does so once.
pub(crate) fn place_of_call(sql: &str, functions: &[&str]) -> Option<Position> {
    let mut tokens = tokens::of(sql).ok()?;
    tokens.retain(|token| !matches!(token.token, Token::Whitespace(_)));
    let is_it = |word: &str| functions.iter().any(|name| word.eq_ignore_ascii_case(name));
    let is_call = |next: &&[TokenWithSpan]| {
        matches!(&next[0].token, Token::Word(word) if is_it(&word.value)) && next[1].token == Token::LParen
    };
    let mut found = tokens.windows(2).filter(is_call);
    let first = found.next()?;
    found.next().is_none().then(|| position(&first[0]))
}

/// Where the text of a query has a number in brackets, if it has that once.
pub(crate) fn place_of_subscript(sql: &str, number: &str) -> Option<Position> {
    let mut tokens = tokens::of(sql).ok()?;
    tokens.retain(|token| !matches!(token.token, Token::Whitespace(_)));
    let is_it = |next: &&[TokenWithSpan]| {
        next[0].token == Token::LBracket
            && matches!(&next[1].token, Token::Number(written, _) if written.as_str() == number)
            && next[2].token == Token::RBracket
    };
    let mut found = tokens.windows(3).filter(is_it);
    let first = found.next()?;
    found.next().is_none().then(|| position(&first[1]))
}

/// Where the text of a query has a literal that begins so, if it has one only.
pub(crate) fn place_of_text_from(sql: &str, beginning: &str) -> Option<Position> {
    only(sql, |token| matches!(token, Token::SingleQuotedString(text) if text.starts_with(beginning)))
}

fn only(sql: &str, is_it: impl Fn(&Token) -> bool) -> Option<Position> {
    let tokens = tokens::of(sql).ok()?;
    let mut found = tokens.iter().filter(|token| is_it(&token.token));
    let first = found.next()?;
    found.next().is_none().then(|| position(first))
}

/// Where the text of a query has the type of numbers of so many digits first.
pub(crate) fn place_of_decimal(sql: &str, digits: &str) -> Option<Position> {
    let mut tokens = tokens::of(sql).ok()?;
    tokens.retain(|token| !matches!(token.token, Token::Whitespace(_)));
    let is_decimal = |token: &Token| {
        let names = [Keyword::DECIMAL, Keyword::NUMERIC, Keyword::DEC];
        names.into_iter().any(|name| tokens::is_keyword(token, name))
    };
    let found = tokens.windows(3).find(|next| {
        is_decimal(&next[0].token)
            && next[1].token == Token::LParen
            && matches!(&next[2].token, Token::Number(number, _) if number.as_str() == digits)
    })?;
    found.first().map(position)
}
