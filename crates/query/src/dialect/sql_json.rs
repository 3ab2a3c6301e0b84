//! `json_value(x, 'lax $.a' RETURNING BIGINT DEFAULT 0 ON EMPTY)` and its kin: what stands behind their arguments has no commas,
//! and no parser of functions takes it.

use datafusion::sql::sqlparser::ast::{
    CastKind, DataType, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Value,
};
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::build::{call as build_call, cast, function, literal, text};

/// Behaviour for a path that finds nothing, or does not fit.
#[derive(Debug, Default)]
struct Clauses {
    returning: Option<DataType>,
    wrapper: Option<&'static str>,
    empty: Option<Expr>,
    error: Option<Expr>,
    /// What ends the query: `empty`, `error` or both.
    raises: Vec<&'static str>,
}

/// A call of one of the functions, if one begins here.
pub(super) fn parse(parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
    const FUNCTIONS: [&str; 3] = ["json_value", "json_query", "json_exists"];
    let (first, second) = (parser.peek_nth_token_ref(0), parser.peek_nth_token_ref(1));
    let Token::Word(word) = &first.token else { return None };
    let name = word.value.to_lowercase();
    let is_call = FUNCTIONS.contains(&name.as_str()) && second.token == Token::LParen;
    is_call.then(|| call(parser, &name))
}

fn call(parser: &mut Parser, name: &str) -> Result<Expr, ParserError> {
    let written = parser.parse_identifier()?;
    parser.expect_token(&Token::LParen)?;
    let json = parser.parse_expr()?;
    if takes(parser, &["format"]) {
        expect(parser, &["json"])?;
    }
    parser.expect_token(&Token::Comma)?;
    let mut arguments = vec![json, parser.parse_expr()?];
    let clauses = clauses(parser, name)?;
    parser.expect_token(&Token::RParen)?;
    let null = || Expr::value(Value::Null);
    let has_more =
        clauses.wrapper.is_some() || clauses.empty.is_some() || clauses.error.is_some() || !clauses.raises.is_empty();
    if name == "json_query" && has_more {
        arguments.push(text(clauses.wrapper.unwrap_or_default()));
    }
    if name == "json_exists" {
        arguments.extend(clauses.error);
    } else if clauses.empty.is_some() || clauses.error.is_some() || !clauses.raises.is_empty() {
        arguments.extend([clauses.empty.unwrap_or_else(null), clauses.error.unwrap_or_else(null)]);
    }
    if !clauses.raises.is_empty() {
        arguments.push(text(clauses.raises.join(" ")));
    }
    let mut called = function(name, arguments);
    called.name = vec![written].into();
    let called = Expr::Function(called);
    // what does not fit the type is an error, and errors are null unless something else is said
    let kind = if clauses.raises.contains(&"error") { CastKind::Cast } else { CastKind::TryCast };
    Ok(match clauses.returning {
        Some(data_type) => cast(called, data_type, kind),
        None => called,
    })
}

fn clauses(parser: &mut Parser, name: &str) -> Result<Clauses, ParserError> {
    let mut found = Clauses::default();
    while parser.peek_token_ref().token != Token::RParen {
        if takes(parser, &["returning"]) {
            found.returning = Some(parser.parse_data_type()?);
            if takes(parser, &["format"]) {
                expect(parser, &["json"])?;
            }
        } else if takes(parser, &["without"]) {
            takes(parser, &["array"]);
            expect(parser, &["wrapper"])?;
        } else if takes(parser, &["with"]) {
            let conditional = takes(parser, &["conditional"]);
            takes(parser, &["unconditional"]);
            takes(parser, &["array"]);
            expect(parser, &["wrapper"])?;
            found.wrapper = Some(if conditional { "conditional" } else { "unconditional" });
        } else if takes(parser, &["keep", "quotes"]) {
            takes(parser, &["on", "scalar", "string"]);
        } else if takes(parser, &["omit", "quotes"]) {
            takes(parser, &["on", "scalar", "string"]);
            found.wrapper = Some("omit quotes");
        } else {
            behaviour(parser, name, &mut found)?;
        }
    }
    Ok(found)
}

/// `NULL ON EMPTY`, `DEFAULT x ON ERROR`, `EMPTY ARRAY ON EMPTY`, `ERROR ON ERROR`.
fn behaviour(parser: &mut Parser, name: &str, found: &mut Clauses) -> Result<(), ParserError> {
    if takes(parser, &["error"]) {
        expect(parser, &["on"])?;
        if takes(parser, &["empty"]) {
            found.raises.push("empty");
            return Ok(());
        }
        expect(parser, &["error"])?;
        // a condition has only this, in the place of what it is then
        match name {
            "json_exists" => found.error = Some(text("error")),
            _ => found.raises.push("error"),
        }
        return Ok(());
    }
    let truth = ["true", "unknown"].into_iter().find(|word| name == "json_exists" && takes(parser, &[word]));
    let value = if let Some(truth) = truth {
        Some(text(truth))
    } else if takes(parser, &["null"]) || (name == "json_exists" && takes(parser, &["false"])) {
        None
    } else if takes(parser, &["empty", "object"]) {
        Some(text("{}"))
    } else if takes(parser, &["empty", "array"]) || takes(parser, &["empty"]) {
        Some(text("[]"))
    } else if takes(parser, &["default"]) {
        Some(cast(parser.parse_expr()?, DataType::Varchar(None), CastKind::Cast))
    } else {
        let next = parser.peek_token();
        return parser
            .expected("RETURNING, WITH ARRAY WRAPPER, NULL, ERROR or DEFAULT … ON EMPTY or ON ERROR, or )", next);
    };
    expect(parser, &["on"])?;
    match takes(parser, &["empty"]) {
        true => found.empty = value,
        false => {
            expect(parser, &["error"])?;
            found.error = value;
        }
    }
    Ok(())
}

/// `json_object('a': 1, 'b' VALUE 2)` is the JSON of a struct.
pub(super) fn object(expr: &mut Expr) {
    let Expr::Function(function) = expr else { return };
    let FunctionArguments::List(list) = &function.args else { return };
    if !function.name.to_string().eq_ignore_ascii_case("json_object") || list.args.is_empty() {
        return;
    }
    let pair = |argument: &FunctionArg| match argument {
        FunctionArg::ExprNamed { name, arg: FunctionArgExpr::Expr(value), .. } => {
            Some([text(literal(name)?), value.clone()])
        }
        _ => None,
    };
    if let Some(pairs) = list.args.iter().map(pair).collect::<Option<Vec<_>>>() {
        let object = build_call("named_struct", pairs.into_iter().flatten().collect());
        *expr = build_call("to_json", vec![object]);
    }
}

fn is_word(token: &Token, wanted: &str) -> bool {
    matches!(token, Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(wanted))
}

/// Steps over the words, if all of them are next.
fn takes(parser: &mut Parser, words: &[&str]) -> bool {
    let are_next = words.iter().enumerate().all(|(at, word)| is_word(&parser.peek_nth_token_ref(at).token, word));
    if are_next {
        words.iter().for_each(|_| parser.advance_token());
    }
    are_next
}

fn expect(parser: &mut Parser, words: &[&str]) -> Result<(), ParserError> {
    if takes(parser, words) {
        return Ok(());
    }
    let next = parser.peek_token();
    parser.expected(&words.join(" ").to_uppercase(), next)
}
