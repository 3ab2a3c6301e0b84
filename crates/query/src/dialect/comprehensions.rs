//! `[x.arn for x in resources if x.type = 'AWS::S3::Bucket']`: a list made of another, as DuckDB writes it after Python.

use datafusion::sql::sqlparser::ast::Expr;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::build::{call, lambda};
use super::tokens::is_keyword;

/// Such a list, if one begins here.
pub(super) fn parse(parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
    is_next(parser).then(|| parse_from_here(parser))
}

/// Whether a bracket opens here that has a FOR of its own.
fn is_next(parser: &Parser) -> bool {
    if parser.peek_token_ref().token != Token::LBracket {
        return false;
    }
    let mut depth = 1_usize;
    for at in 1.. {
        match &parser.peek_nth_token_ref(at).token {
            Token::LBracket | Token::LParen | Token::LBrace => depth += 1,
            Token::RBracket | Token::RParen | Token::RBrace => depth -= 1,
            Token::EOF => return false,
            word if depth == 1 && is_keyword(word, Keyword::FOR) => return true,
            _ => {}
        }
        if depth == 0 {
            return false;
        }
    }
    false
}

fn parse_from_here(parser: &mut Parser) -> Result<Expr, ParserError> {
    parser.expect_token(&Token::LBracket)?;
    let body = parser.parse_expr()?;
    parser.expect_keyword(Keyword::FOR)?;
    let element = parser.parse_identifier()?;
    parser.expect_keyword(Keyword::IN)?;
    let mut list = parser.parse_expr()?;
    if parser.parse_keyword(Keyword::IF) {
        list = call("array_filter", vec![list, lambda(element.clone(), parser.parse_expr()?)]);
    }
    parser.expect_token(&Token::RBracket)?;
    Ok(call("array_transform", vec![list, lambda(element, body)]))
}
