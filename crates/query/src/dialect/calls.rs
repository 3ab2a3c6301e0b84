//! Calls of functions as the text of a query has them: for errors of an engine that knows functions and types, but no places.

use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use super::places::position;
use super::tokens;
use crate::error::Position;

/// A call in the text of a query.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct WrittenCall {
    pub(crate) position: Position,
    /// As they are written.
    pub(crate) arguments: Vec<String>,
}

/// The calls of functions with one of these names.
pub(crate) fn of(sql: &str, names: &[&str]) -> Vec<WrittenCall> {
    let Ok(tokens) = tokens::of(sql) else { return Vec::new() };
    let is_it = |word: &str| names.iter().any(|name| word.eq_ignore_ascii_case(name));
    let is_name = |token: &TokenWithSpan| matches!(&token.token, Token::Word(word) if is_it(&word.value));
    let named = tokens.iter().enumerate().filter(|(_, token)| is_name(token));
    named
        .filter_map(|(at, name)| {
            let arguments = arguments(&tokens[at + 1..])?;
            Some(WrittenCall { position: position(name), arguments })
        })
        .collect()
}

/// What stands between the parentheses that follow a name, apart by its commas.
fn arguments(behind: &[TokenWithSpan]) -> Option<Vec<String>> {
    let open = behind.iter().position(|token| !matches!(token.token, Token::Whitespace(_)))?;
    if behind[open].token != Token::LParen {
        return None;
    }
    let mut found = vec![String::new()];
    let mut depth = 0;
    for token in &behind[open + 1..] {
        match &token.token {
            Token::RParen if depth == 0 => {
                let trimmed = found.iter().map(|argument| argument.trim().to_owned()).collect::<Vec<_>>();
                return Some(if trimmed == [""] { Vec::new() } else { trimmed });
            }
            Token::Comma if depth == 0 => {
                found.push(String::new());
                continue;
            }
            Token::LParen | Token::LBracket | Token::LBrace => depth += 1,
            Token::RParen | Token::RBracket | Token::RBrace => depth -= 1,
            _ => {}
        }
        if let Some(last) = found.last_mut() {
            last.push_str(&token.token.to_string());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_told_apart_at_their_commas() {
        let found = of("SELECT f(a, g(b, [1, 2]) , 'x,)'), f , F (c)", &["f"]);
        let arguments: Vec<_> = found.iter().map(|call| call.arguments.join(" | ")).collect();
        assert_eq!(arguments, ["a | g(b, [1, 2]) | 'x,)'", "c"]);
        assert_eq!(found[1].position, Position { line: 1, column: 40 });
        assert_eq!(of("SELECT f()", &["f"])[0].arguments, Vec::<String>::new());
        assert_eq!(of("SELECT f(a", &["f"]), []);
    }
}
