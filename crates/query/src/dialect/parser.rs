//! How the text of a query is parsed, whatever engine it was written for.
//!
//! PostgreSQL's precedence and operators, because only there `a ->> 'k' = 'v'` means what everybody means, and what Trino and
//! DuckDB write beyond it: trailing commas, neighbouring text literals, `'x' IN list_column`, `IPADDRESS '…'`, `//`, `GLOB`, lambdas, lists made of lists.

use std::any::TypeId;

use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr};
use datafusion::sql::sqlparser::dialect::{Dialect, PostgreSqlDialect, Precedence};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::{build, comprehensions, globs, lambdas, sql_json};

const POSTGRES: PostgreSqlDialect = PostgreSqlDialect {};

/// The dialect of every query.
#[derive(Debug)]
pub(super) struct MilepostDialect;

/// Hands questions of yes or no on to PostgreSQL's dialect.
macro_rules! as_postgres {
    ($($name:ident),* $(,)?) => { $(fn $name(&self) -> bool { POSTGRES.$name() })* };
}

impl Dialect for MilepostDialect {
    /// The parser asks for PostgreSQL by type in places that have no method.
    fn dialect(&self) -> TypeId {
        TypeId::of::<PostgreSqlDialect>()
    }

    fn identifier_quote_style(&self, identifier: &str) -> Option<char> {
        POSTGRES.identifier_quote_style(identifier)
    }

    fn is_delimited_identifier_start(&self, character: char) -> bool {
        // Athena's DDL and copied queries quote with backticks too
        character == '"' || character == '`'
    }

    fn is_identifier_start(&self, character: char) -> bool {
        POSTGRES.is_identifier_start(character)
    }

    fn is_identifier_part(&self, character: char) -> bool {
        POSTGRES.is_identifier_part(character)
    }

    fn is_reserved_for_identifier(&self, keyword: Keyword) -> bool {
        POSTGRES.is_reserved_for_identifier(keyword)
    }

    /// Without signs, so that `n>-1` and `a||-b` need no blanks, as nowhere but in PostgreSQL.
    fn is_custom_operator_part(&self, character: char) -> bool {
        !matches!(character, '+' | '-' | '`') && POSTGRES.is_custom_operator_part(character)
    }

    fn get_next_precedence(&self, parser: &Parser) -> Option<Result<u8, ParserError>> {
        if globs::is_next(parser).is_some() {
            return Some(Ok(POSTGRES.prec_value(Precedence::Like)));
        }
        POSTGRES.get_next_precedence(parser)
    }

    fn prec_value(&self, precedence: Precedence) -> u8 {
        POSTGRES.prec_value(precedence)
    }

    as_postgres!(
        allow_extract_custom,
        allow_extract_single_quotes,
        supports_array_typedef_with_brackets,
        supports_bitwise_shift_operators,
        supports_comma_separated_trim,
        supports_explain_with_utility_options,
        supports_factorial_operator,
        supports_filter_during_aggregation,
        supports_group_by_expr,
        supports_interval_options,
        supports_named_fn_args_with_colon_operator,
        supports_named_fn_args_with_expr_name,
        supports_nested_comments,
        supports_notnull_operator,
        supports_numeric_literal_underscores,
        supports_select_wildcard_with_alias,
        supports_string_escape_constant,
        supports_unicode_string_literal,
    );

    fn supports_trailing_commas(&self) -> bool {
        true
    }

    fn supports_order_by_all(&self) -> bool {
        true
    }

    fn supports_from_trailing_commas(&self) -> bool {
        true
    }

    fn supports_string_literal_concatenation(&self) -> bool {
        true
    }

    fn supports_select_wildcard_exclude(&self) -> bool {
        true
    }

    fn supports_select_wildcard_except(&self) -> bool {
        true
    }

    fn supports_select_wildcard_replace(&self) -> bool {
        true
    }

    /// `FROM events SELECT event_name`, as in DuckDB.
    fn supports_from_first_select(&self) -> bool {
        true
    }

    fn parse_prefix(&self, parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
        if let Some(lambda) = lambdas::parse(parser) {
            return Some(lambda);
        }
        if let Some(call) = sql_json::parse(parser) {
            return Some(call);
        }
        if let Some(list) = comprehensions::parse(parser) {
            return Some(list);
        }
        let (first, second) = (parser.peek_nth_token_ref(0), parser.peek_nth_token_ref(1));
        let Token::Word(word) = &first.token else { return None };
        let Token::SingleQuotedString(_) = &second.token else { return None };
        let function = match word.value.to_ascii_lowercase().as_str() {
            "ipaddress" => "ip_key",
            "ipprefix" => "network",
            "json" => "json_parse",
            "inet" => "",
            _ => return None,
        };
        parser.advance_token();
        let value = parser.parse_value().map(Expr::Value);
        Some(value.map(|value| if function.is_empty() { value } else { build::call(function, vec![value]) }))
    }

    fn parse_infix(&self, parser: &mut Parser, left: &Expr, _: u8) -> Option<Result<Expr, ParserError>> {
        if let Some(distinct) = is_distinct_from(parser) {
            // the parser itself takes all that follows, AND and OR too, for the right side
            let right = parser.parse_subexpr(POSTGRES.prec_value(Precedence::Is));
            let left = Box::new(left.clone());
            return Some(right.map(|right| match distinct {
                true => Expr::IsDistinctFrom(left, Box::new(right)),
                false => Expr::IsNotDistinctFrom(left, Box::new(right)),
            }));
        }
        if let Some(matched) = globs::parse(parser, left) {
            return Some(matched);
        }
        if parser.consume_token(&Token::DuckIntDiv) {
            let right = parser.parse_subexpr(POSTGRES.prec_value(Precedence::MulDivModOp));
            let left = Box::new(left.clone());
            let op = BinaryOperator::DuckIntegerDivide;
            return Some(right.map(|right| Expr::BinaryOp { left, op, right: Box::new(right) }));
        }
        if let Some(negated) = in_a_parameter(parser) {
            let expr = Box::new(left.clone());
            return Some(parser.parse_value().map(|value| {
                let list = vec![Expr::Nested(Box::new(Expr::Value(value)))];
                Expr::InList { expr, list, negated }
            }));
        }
        let negated = in_a_column(parser)?;
        let column = parser.parse_subexpr(POSTGRES.prec_value(Precedence::Like));
        Some(column.map(|column| {
            let found = build::call("array_has", vec![column, left.clone()]);
            if negated { build::not(found) } else { found }
        }))
    }
}

/// Steps over `IS [NOT] DISTINCT FROM`; whether it was without `NOT`.
fn is_distinct_from(parser: &mut Parser) -> Option<bool> {
    if !parser.peek_keyword(Keyword::IS) {
        return None;
    }
    if parser.parse_keywords(&[Keyword::IS, Keyword::DISTINCT, Keyword::FROM]) {
        return Some(true);
    }
    parser.parse_keywords(&[Keyword::IS, Keyword::NOT, Keyword::DISTINCT, Keyword::FROM]).then_some(false)
}

/// Steps over `[NOT] IN` before a column or a list in brackets; whether it was with `NOT`.
fn in_a_column(parser: &mut Parser) -> Option<bool> {
    in_before(parser, |token| match token {
        Token::Word(word) => word.keyword != Keyword::UNNEST,
        token => *token == Token::LBracket,
    })
}

/// Steps over `[NOT] IN` before a placeholder; whether it was with `NOT`.
fn in_a_parameter(parser: &mut Parser) -> Option<bool> {
    in_before(parser, |token| matches!(token, Token::Placeholder(_)))
}

/// Steps over `[NOT] IN` before a token that is meant; whether it was with `NOT`.
fn in_before(parser: &mut Parser, is_meant: impl Fn(&Token) -> bool) -> Option<bool> {
    let is = |at: usize, keyword: Keyword| matches!(&parser.peek_nth_token_ref(at).token, Token::Word(word) if word.keyword == keyword);
    let negated = is(0, Keyword::NOT);
    let at = usize::from(negated);
    if !is(at, Keyword::IN) || !is_meant(&parser.peek_nth_token_ref(at + 1).token) {
        return None;
    }
    (0..=at).for_each(|_| parser.advance_token());
    Some(negated)
}
