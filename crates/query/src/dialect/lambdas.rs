//! Lambdas: `any_match(resources, r -> r.type = 'AWS::S3::Bucket')`.
//!
//! `->` also reads JSON, and only the function around it says which of the two is meant. So `mark` looks for the arrows of
//! lambdas among the tokens and gives them a token of their own, which `parse` knows; `bind` makes subscripts of the dots
//! behind a lambda's parameters, which DataFusion would take for names of tables.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    AccessExpr, Expr, Ident, LambdaFunction, LambdaFunctionParameter, LambdaSyntax, OneOrManyWithParens, Subscript,
    VisitMut, VisitorMut, visit_expressions_mut,
};
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use super::build::{call, not, subscript, text};

/// Functions of Trino, DuckDB and DataFusion that take lambdas. Some exist only to be refused by their own name.
const FUNCTIONS: [&str; 20] = [
    MAY_TAKE_ONE,
    "transform",
    "filter",
    "any_match",
    "all_match",
    "none_match",
    "reduce",
    "find_first",
    "zip_with",
    "map_filter",
    "transform_keys",
    "transform_values",
    "array_transform",
    "array_filter",
    "array_any_match",
    "array_first",
    "list_transform",
    "list_apply",
    "list_filter",
    "list_any_match",
];
/// The one of them that takes something else in its place, too.
const MAY_TAKE_ONE: &str = "regexp_replace";
/// How the arrow of a lambda is written; its token is another than that of JSON's arrow.
const ARROW: &str = "->";
/// Parameters of a lambda, at most.
const MAX_PARAMETERS: usize = 4;

fn arrow() -> Token {
    Token::CustomBinaryOperator(ARROW.to_owned())
}

/// Writes DuckDB's `lambda x, i: x + i` with an arrow: `(x, i) -> x + i`.
pub(super) fn with_arrows(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut out: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    let mut rest = tokens.into_iter().peekable();
    while let Some(token) = rest.next() {
        let is_lambda = matches!(&token.token, Token::Word(word) if word.value.eq_ignore_ascii_case("lambda"));
        let mut parameters: Vec<TokenWithSpan> = Vec::new();
        while is_lambda
            && parameters.len() < 4 * MAX_PARAMETERS
            && let Some(next) = rest.next_if(|next| is_parameter(&next.token))
        {
            parameters.push(next);
        }
        let span = token.span;
        let has_names = parameters.iter().any(|part| matches!(part.token, Token::Word(_)));
        if has_names && let Some(colon) = rest.next_if(|next| next.token == Token::Colon) {
            let around = |token: Token| TokenWithSpan { token, span };
            out.push(around(Token::LParen));
            out.extend(parameters.into_iter().filter(|part| !matches!(part.token, Token::Whitespace(_))));
            out.push(around(Token::RParen));
            out.push(TokenWithSpan { token: arrow(), span: colon.span });
        } else {
            out.push(token);
            out.append(&mut parameters);
        }
    }
    out
}

fn is_parameter(token: &Token) -> bool {
    matches!(token, Token::Word(_) | Token::Comma | Token::Whitespace(_))
}

/// Tells the arrows of lambdas from those of JSON.
pub(super) fn mark(tokens: &mut [TokenWithSpan]) {
    // of each open parenthesis: where it is, and whether it belongs to a function that takes lambdas
    let mut open: Vec<(usize, bool)> = Vec::new();
    // places of the last tokens that are not blanks, and of the parenthesis that was closed last
    let (mut before, mut closed): ([Option<usize>; 2], Option<usize>) = ([None, None], None);
    for at in 0..tokens.len() {
        match &tokens[at].token {
            Token::Whitespace(_) => continue,
            Token::LParen => open.push((at, before[0].is_some_and(|last| takes_lambdas(&tokens[last].token)))),
            Token::RParen => closed = open.pop().map(|(start, _)| start),
            Token::Arrow if open.last().is_some_and(|(_, takes)| *takes) => {
                let parameters = match before[0].map(|last| &tokens[last].token) {
                    Some(Token::Word(_)) => before[1],
                    Some(Token::RParen) => closed.and_then(|start| significant_before(tokens, start)),
                    _ => None,
                };
                let is_lambda = parameters.is_some_and(|at| tokens[at].token == Token::Comma);
                if is_lambda && open.last().is_some_and(|(start, _)| is_meant(tokens, *start, at)) {
                    tokens[at].token = arrow();
                }
            }
            _ => {}
        }
        before = [Some(at), before[0]];
    }
}

/// `regexp_replace(x, 'p', json -> 'key')` is JSON: a lambda there would use its parameter.
fn is_meant(tokens: &[TokenWithSpan], opened: usize, arrow: usize) -> bool {
    let is_named =
        |token: &Token, name: &str| matches!(token, Token::Word(word) if word.value.eq_ignore_ascii_case(name));
    let function = significant_before(tokens, opened).map(|at| &tokens[at].token);
    if !function.is_some_and(|token| is_named(token, MAY_TAKE_ONE)) {
        return true;
    }
    let Some(Token::Word(parameter)) = significant_before(tokens, arrow).map(|at| &tokens[at].token) else {
        return true;
    };
    let mut depth = 0;
    let body = tokens[arrow + 1..].iter().take_while(|token| {
        match token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth -= 1,
            _ => {}
        }
        depth >= 0
    });
    body.into_iter().any(|token| is_named(&token.token, &parameter.value))
}

fn takes_lambdas(token: &Token) -> bool {
    matches!(token, Token::Word(word) if FUNCTIONS.iter().any(|name| word.value.eq_ignore_ascii_case(name)))
}

fn significant_before(tokens: &[TokenWithSpan], at: usize) -> Option<usize> {
    (0..at).rev().find(|before| !matches!(tokens[*before].token, Token::Whitespace(_)))
}

/// A lambda, if one begins here.
pub(super) fn parse(parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
    let is_at = |parser: &Parser, at: usize, wanted: &Token| parser.peek_nth_token_ref(at).token == *wanted;
    let is_word = |parser: &Parser, at: usize| matches!(parser.peek_nth_token_ref(at).token, Token::Word(_));
    if is_word(parser, 0) && is_at(parser, 1, &arrow()) {
        return Some(parse_from_here(parser, false));
    }
    if !is_at(parser, 0, &Token::LParen) {
        return None;
    }
    let parameters = (1..=MAX_PARAMETERS).find(|count| is_at(parser, 2 * count, &Token::RParen))?;
    let fits = (1..=parameters).all(|nth| is_word(parser, 2 * nth - 1));
    (fits && is_at(parser, 2 * parameters + 1, &arrow())).then(|| parse_from_here(parser, true))
}

fn parse_from_here(parser: &mut Parser, in_parentheses: bool) -> Result<Expr, ParserError> {
    let parameter = |parser: &mut Parser| {
        let name = parser.parse_identifier()?;
        Ok(LambdaFunctionParameter { name, data_type: None })
    };
    let params = if in_parentheses {
        parser.expect_token(&Token::LParen)?;
        let params = parser.parse_comma_separated(parameter)?;
        parser.expect_token(&Token::RParen)?;
        OneOrManyWithParens::Many(params)
    } else {
        OneOrManyWithParens::One(parameter(parser)?)
    };
    parser.expect_token(&arrow())?;
    let body = Box::new(parser.parse_expr()?);
    Ok(Expr::Lambda(LambdaFunction { params, body, syntax: LambdaSyntax::Arrow }))
}

/// `r.type` is `r['type']` where `r` is the parameter of a lambda.
pub(super) fn bind<V: VisitMut>(statement: &mut V) {
    struct Bind;
    impl VisitorMut for Bind {
        type Break = ();
        fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
            if let Expr::Lambda(lambda) = expr {
                let names: Vec<String> = lambda.params.iter().map(|param| param.name.value.to_lowercase()).collect();
                let _ = visit_expressions_mut(lambda.body.as_mut(), |part| {
                    subscripts(part, &names);
                    if let Expr::Array(list) = part {
                        // DataFusion does not know parameters in brackets
                        *part = call("make_array", std::mem::take(&mut list.elem));
                    }
                    ControlFlow::<()>::Continue(())
                });
            }
            ControlFlow::Continue(())
        }
    }
    let _ = statement.visit(&mut Bind);
}

fn subscripts(expr: &mut Expr, names: &[String]) {
    let Expr::CompoundIdentifier(parts) = expr else { return };
    let [parameter, fields @ ..] = parts.as_slice() else { return };
    if !names.contains(&parameter.value.to_lowercase()) {
        return;
    }
    let field = |name: &Ident| {
        let written = if name.quote_style.is_some() { name.value.clone() } else { name.value.to_lowercase() };
        AccessExpr::Subscript(Subscript::Index { index: text(written) })
    };
    let access_chain = fields.iter().map(field).collect();
    *expr = Expr::CompoundFieldAccess { root: Box::new(Expr::Identifier(parameter.clone())), access_chain };
}

/// `all_match` and `none_match` by way of `any_match`, which is all that DataFusion has.
pub(super) fn matches(list: Expr, lambda: Expr, all: bool) -> Option<Expr> {
    let Expr::Lambda(mut lambda) = lambda else { return None };
    if all {
        lambda.body = Box::new(not(*lambda.body));
    }
    Some(not(call("array_any_match", vec![list, Expr::Lambda(lambda)])))
}

/// `regexp_replace(text, pattern, groups -> …)`: what lies between the matches, and what the lambda makes of each between it.
pub(super) fn replaced(written: Expr, pattern: Expr, lambda: Expr) -> Expr {
    let groups = call("regexp_groups", vec![written.clone(), pattern.clone()]);
    let pieces = call("regexp_split", vec![written, pattern]);
    call("texts_woven", vec![pieces, call("array_transform", vec![groups, lambda])])
}

/// What stands for the two parameters of a lambda.
pub(super) fn pair() -> Ident {
    Ident::new("pair_of_two")
}

/// A lambda of two parameters as one of a pair, by the names of its fields: DataFusion's lists have lambdas, its maps have not.
pub(super) fn of_pair(lambda: Expr, fields: [&str; 2]) -> Option<Expr> {
    let Expr::Lambda(mut lambda) = lambda else { return None };
    let OneOrManyWithParens::Many(parameters) = &lambda.params else { return None };
    let [one, other] = parameters.as_slice() else { return None };
    let names = [one, other].map(|parameter| parameter.name.value.to_lowercase());
    let found = visit_expressions_mut(lambda.body.as_mut(), |part| {
        // a lambda within that calls its own parameter so means another value
        if let Expr::Lambda(inner) = part
            && inner.params.iter().any(|parameter| names.contains(&parameter.name.value.to_lowercase()))
        {
            return ControlFlow::Break(());
        }
        let at = match part {
            Expr::Identifier(name) => names.iter().position(|known| *known == name.value.to_lowercase()),
            _ => None,
        };
        if let Some(field) = at.and_then(|at| fields.get(at)) {
            *part = subscript(Expr::Identifier(pair()), text(*field));
        }
        ControlFlow::Continue(())
    });
    lambda.params = OneOrManyWithParens::One(LambdaFunctionParameter { name: pair(), data_type: None });
    found.is_continue().then_some(Expr::Lambda(lambda))
}

#[cfg(test)]
mod tests {
    use super::super::tokens;
    use super::*;

    #[test]
    fn arrows_of_lambdas_are_told_from_those_of_json() {
        let lambdas = |sql: &str| tokens::of(sql).unwrap().iter().filter(|token| token.token == arrow()).count();
        for (sql, expected) in [
            ("any_match(a, x -> x.b = 'c')", 1),
            ("FILTER (a, (x, i) -> x -> 'k' = 'v')", 1),
            ("transform(j -> 'list', x -> any_match(x, y -> y))", 2),
            ("reduce(a, 0, (s, x) -> s + x, s -> s)", 2),
            ("SELECT a, b -> 'k' FROM t", 0),
            ("coalesce(a, b -> 'k')", 0),
            ("transform(a, coalesce(b, c -> 'k'))", 0),
            ("transform(a, f(b) -> 'k')", 0),
            ("any_match(a, 'x -> y')", 0),
            ("any_match(-> ", 0),
            ("regexp_replace(a, 'b', x -> upper(x[1]))", 1),
            ("regexp_replace(a, 'b', j -> 'k')", 0),
            ("f(regexp_replace(a, 'b', j -> 'k'), j)", 0),
        ] {
            assert_eq!(lambdas(sql), expected, "{sql}");
        }
    }
}
