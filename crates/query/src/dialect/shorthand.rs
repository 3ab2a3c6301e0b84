//! What other engines let one leave out, on the level of tokens: the parentheses round the rows of `VALUES 'a', 'b'`, and
//! `SELECT *` before `FROM events` or `TABLE events`. Places of what was written stay.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Select, SelectFlavor, SelectItem, SetExpr, Statement, VisitMut as _, VisitorMut, WildcardAdditionalOptions,
    visit_expressions_mut,
};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use super::tokens::is_keyword;

/// The tokens with what was left out.
pub(super) fn spelled_out(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    rows(select(table(tokens)))
}

/// `FROM events WHERE …` without a SELECT is `SELECT * FROM events WHERE …`.
fn select(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut out: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    for (at, token) in tokens.iter().enumerate() {
        let begins = is_keyword(&token.token, Keyword::FROM)
            && matches!(significant_last(&out), None | Some(Token::LParen | Token::SemiColon));
        if begins && !has_select(&tokens[at..]) {
            let words = [Token::make_keyword("SELECT"), Token::Mul];
            out.extend(words.map(|word| TokenWithSpan { token: word, span: token.span }));
        }
        out.push(token.clone());
    }
    out
}

/// Whether a SELECT stands before the parenthesis around these tokens closes.
fn has_select(tokens: &[TokenWithSpan]) -> bool {
    let mut depth = 0;
    for token in tokens {
        match &token.token {
            Token::LParen => depth += 1,
            Token::RParen if depth == 0 => return false,
            Token::RParen => depth -= 1,
            Token::SemiColon => return false,
            word if depth == 0 && is_keyword(word, Keyword::SELECT) => return true,
            _ => {}
        }
    }
    false
}

/// `TABLE events` at the beginning is `SELECT * FROM events`.
fn table(mut tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut significant = (0..tokens.len()).filter(|at| !matches!(tokens[*at].token, Token::Whitespace(_)));
    let (Some(first), Some(second)) = (significant.next(), significant.next()) else { return tokens };
    if is_keyword(&tokens[first].token, Keyword::TABLE) && matches!(tokens[second].token, Token::Word(_)) {
        let span = tokens[first].span;
        let words = [Token::make_keyword("SELECT"), Token::Mul, Token::make_keyword("FROM")];
        tokens.splice(first..=first, words.map(|token| TokenWithSpan { token, span }));
    }
    tokens
}

/// `(VALUES 'a', ('b'))` is `(VALUES ('a'), ('b'))`.
fn rows(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut out: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    // depth of parentheses, and the depths at which rows are listed, with whether the one at hand got parentheses
    let (mut depth, mut listed): (usize, Vec<(usize, bool)>) = (0, Vec::new());
    for (at, token) in tokens.iter().enumerate() {
        let is_blank = matches!(token.token, Token::Whitespace(_));
        // behind the blanks, as VALUES and a parenthesis would be one call
        if !is_blank && is_behind_values(&tokens[..at]) {
            let opened = is_bare(&tokens[at..]);
            listed.push((depth, opened));
            open(&mut out, opened);
        }
        let in_list = listed.last().copied().filter(|(of, _)| *of == depth);
        if let Some((_, true)) = in_list.filter(|_| matches!(token.token, Token::Comma | Token::RParen)) {
            let span = token_span(&out);
            out.push(TokenWithSpan { token: Token::RParen, span });
        }
        match token.token {
            Token::LParen => depth += 1,
            Token::RParen => {
                if in_list.is_some() {
                    listed.pop();
                }
                depth = depth.saturating_sub(1);
            }
            _ => {}
        }
        out.push(token.clone());
        if token.token == Token::Comma && in_list.is_some() {
            let opened = is_bare(&tokens[at + 1..]);
            open(&mut out, opened);
            if let Some(last) = listed.last_mut() {
                last.1 = opened;
            }
        }
    }
    out
}

fn open(out: &mut Vec<TokenWithSpan>, opens: bool) {
    if opens {
        let span = token_span(out);
        out.push(TokenWithSpan { token: Token::LParen, span });
    }
}

/// Whether `(VALUES` is all that stands right before.
fn is_behind_values(before: &[TokenWithSpan]) -> bool {
    let mut words = before.iter().rev().filter(|token| !matches!(token.token, Token::Whitespace(_)));
    let is_values = words.next().is_some_and(|word| is_keyword(&word.token, Keyword::VALUES));
    is_values && words.next().is_some_and(|token| token.token == Token::LParen)
}

/// Whether a row begins here that has no parentheses around it.
fn is_bare(tokens: &[TokenWithSpan]) -> bool {
    let mut rest = tokens.iter().map(|token| &token.token).filter(|token| !matches!(token, Token::Whitespace(_)));
    match rest.next() {
        None | Some(Token::RParen | Token::Comma) => return false,
        Some(Token::LParen) => {}
        Some(_) => return true,
    }
    let mut rest = rest.peekable();
    // a query, whose parentheses are its own
    let begins_query = [Keyword::SELECT, Keyword::VALUES, Keyword::WITH];
    if rest.peek().is_some_and(|token| begins_query.iter().any(|word| is_keyword(token, *word))) {
        return true;
    }
    let mut depth = 1;
    for token in rest.by_ref() {
        match token {
            Token::LParen => depth += 1,
            Token::RParen => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    // `(1 + 2) * 3`, but not `(1) LIMIT 1`
    depth == 0
        && !matches!(
            rest.next(),
            None | Some(Token::Comma | Token::RParen | Token::SemiColon | Token::EOF | Token::Word(_))
        )
}

fn token_span(out: &[TokenWithSpan]) -> datafusion::sql::sqlparser::tokenizer::Span {
    out.last().map_or_else(datafusion::sql::sqlparser::tokenizer::Span::empty, |token| token.span)
}

fn significant_last(out: &[TokenWithSpan]) -> Option<&Token> {
    out.iter().rev().map(|token| &token.token).find(|token| !matches!(token, Token::Whitespace(_)))
}

/// `x IN (VALUES …)` is a plain list, by which files are left out.
pub(super) fn lists(statement: &mut Statement) {
    let _ = visit_expressions_mut(statement, |expr| {
        if let Expr::InSubquery { expr: tested, subquery, negated } = expr
            && let SetExpr::Values(values) = subquery.body.as_ref()
            && subquery.with.is_none()
            && subquery.order_by.is_none()
            && subquery.limit_clause.is_none()
            && let Some(list) = values.rows.iter().map(|row| only(row)).collect::<Option<Vec<Expr>>>()
        {
            *expr = Expr::InList { expr: tested.clone(), list, negated: *negated };
        }
        ControlFlow::<()>::Continue(())
    });
}

/// `WITH t AS (…) FROM t` has no columns yet.
pub(super) fn columns(statement: &mut Statement) {
    struct All;
    impl VisitorMut for All {
        type Break = ();
        fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
            if select.flavor == SelectFlavor::FromFirstNoSelect {
                select.projection.push(SelectItem::Wildcard(WildcardAdditionalOptions::default()));
                select.flavor = SelectFlavor::FromFirst;
            }
            ControlFlow::Continue(())
        }
    }
    let _ = statement.visit(&mut All);
}

fn only(row: &[Expr]) -> Option<Expr> {
    match row {
        [only] => Some(only.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tokens;

    fn written(sql: &str) -> String {
        tokens::of(sql).unwrap().iter().map(|token| token.token.to_string()).collect()
    }

    #[test]
    fn rows_get_their_parentheses() {
        assert_eq!(written("a IN (VALUES 'x', f(1, 2), 3) AND b"), "a IN (VALUES ('x'),( f(1, 2)),( 3)) AND b");
        assert_eq!(
            written("SELECT 1 FROM (VALUES 1, (VALUES 2)) AS t"),
            "SELECT 1 FROM (VALUES (1),( (VALUES (2)))) AS t"
        );
        assert_eq!(written("(VALUES (1), 2, (3) + 4, f(5))"), "(VALUES (1),( 2),( (3) + 4),( f(5)))");
        for kept in [
            "(VALUES (1), (2) LIMIT 1)",
            "(VALUES (1), (2))",
            "VALUES (1, 'a')",
            "(VALUES)",
            "SELECT values, a FROM t",
            "(VALUES (",
        ] {
            assert_eq!(written(kept), kept);
        }
    }

    #[test]
    fn from_alone_is_a_query() {
        assert_eq!(written("FROM t WHERE a"), "SELECT*FROM t WHERE a");
        assert_eq!(written("a IN (FROM t) AND (SELECT 1)"), "a IN (SELECT*FROM t) AND (SELECT 1)");
        assert_eq!(written("FROM (FROM t SELECT a)"), "SELECT*FROM (FROM t SELECT a)");
        for kept in ["FROM t SELECT a", "SELECT a FROM t", "extract(day FROM t)"] {
            assert_eq!(written(kept), kept);
        }
    }

    #[test]
    fn table_at_the_beginning_is_a_query() {
        assert_eq!(written("TABLE events LIMIT 1"), "SELECT*FROM events LIMIT 1");
        for kept in ["SELECT 1 FROM table x", "TABLE", "DROP TABLE t"] {
            assert_eq!(written(kept), kept);
        }
    }
}
