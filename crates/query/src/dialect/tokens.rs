//! What has to be understood before there is a statement: names of event data stores, placeholders of published queries, and
//! types that the parser does not know. It works on tokens; strings and comments are left alone, and places stay true.

use std::collections::VecDeque;

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::ParserError;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, Word};

use super::parser::MilepostDialect;
use super::{json_types, lambdas, list_parameters, shorthand};
use crate::compat::table_named;

/// What stands for an id while its text is cut into tokens: with the 32 digits it is as long as the id.
const STAND_IN: &str = "eds_";
/// What makes a stand-in as long as an ARN.
const FILLER: char = '_';
/// Lengths of the parts of an id.
const UUID_PARTS: [usize; 5] = [8, 4, 4, 4, 12];
const UUID_LENGTH: usize = 36;
/// Tokens of a placeholder such as `<event data store id>`, at most.
const MAX_PLACEHOLDER: usize = 16;

/// The tokens of a query.
pub(super) fn of(sql: &str) -> Result<Vec<TokenWithSpan>, ParserError> {
    let prepared = stand_ins(sql);
    let mut tokens = Tokenizer::new(&MilepostDialect, &prepared).tokenize_with_location()?;
    for token in &mut tokens {
        give_back_id(&mut token.token);
    }
    let tokens = list_parameters::numbered(whole_divisions(tokens));
    let mut tokens = types(tables(shorthand::spelled_out(lambdas::with_arrows(tokens))));
    lambdas::mark(&mut tokens);
    Ok(tokens)
}

/// Makes one token of the two slashes of DuckDB's `7 // 2`.
fn whole_divisions(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut out: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    for token in tokens {
        match out.last_mut() {
            Some(last) if token.token == Token::Div && last.token == Token::Div => {
                last.token = Token::DuckIntDiv;
                last.span.end = token.span.end;
            }
            _ => out.push(token),
        }
    }
    out
}

/// Puts words in place of ids that are not in a string, a quoted name or a comment.
fn stand_ins(sql: &str) -> String {
    let bytes = sql.as_bytes();
    let mut out = String::with_capacity(sql.len());
    let (mut at, mut copied) = (0, 0);
    while at < bytes.len() {
        let is_start = at == 0 || !(bytes[at - 1].is_ascii_alphanumeric() || matches!(bytes[at - 1], b'_' | b'-'));
        at = match bytes[at] {
            quote @ (b'\'' | b'"' | b'`') => end_of(bytes, at + 1, &[quote]),
            // blanks of web pages, which no tokenizer takes for blanks
            _ if wide_blank(&bytes[at..]) > 0 => {
                out.push_str(&sql[copied..at]);
                out.push(' ');
                copied = at + wide_blank(&bytes[at..]);
                copied
            }
            b'-' if bytes[at..].starts_with(b"--") => end_of(bytes, at, b"\n"),
            b'/' if bytes[at..].starts_with(b"/*") => end_of(bytes, at + 2, b"*/"),
            b'a' if is_start && store_arn(&bytes[at..]).is_some() => {
                let before_id = store_arn(&bytes[at..]).unwrap_or_default();
                out.push_str(&sql[copied..at]);
                copied = at + before_id + UUID_LENGTH;
                stand_in(&sql[at + before_id..copied], &mut out);
                out.extend(std::iter::repeat_n(FILLER, before_id));
                copied
            }
            digit if is_start && digit.is_ascii_hexdigit() && is_uuid(&bytes[at..]) => {
                out.push_str(&sql[copied..at]);
                copied = at + UUID_LENGTH;
                stand_in(&sql[at..copied], &mut out);
                copied
            }
            _ => at + 1,
        };
    }
    out.push_str(&sql[copied..]);
    out
}

/// Length of a blank that does not break, is narrow or has no width, if the text begins with one.
fn wide_blank(bytes: &[u8]) -> usize {
    match bytes {
        [0xc2, 0xa0, ..] => 2,
        [0xe2, 0x80, 0x87 | 0xaf | 0x8b, ..] | [0xe3, 0x80, 0x80, ..] | [0xef, 0xbb, 0xbf, ..] => 3,
        _ => 0,
    }
}

fn stand_in(id: &str, out: &mut String) {
    out.push_str(STAND_IN);
    out.extend(id.chars().filter(|character| *character != '-'));
}

/// Length of what is before the id in the ARN of an event data store, if the text begins with one.
fn store_arn(bytes: &[u8]) -> Option<usize> {
    let end = bytes.iter().position(|byte| *byte == b'/')?;
    let mut parts = std::str::from_utf8(&bytes[..end]).ok()?.split(':');
    let (arn, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
    let (_, _, kind) = (parts.next()?, parts.next()?, parts.next()?);
    let fits = arn == "arn" && partition.starts_with("aws") && service == "cloudtrail" && kind == "eventdatastore";
    (fits && parts.next().is_none() && is_uuid(&bytes[end + 1..])).then_some(end + 1)
}

/// Behind the next `end`, or the end of the text.
fn end_of(bytes: &[u8], from: usize, end: &[u8]) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    rest.windows(end.len()).position(|window| window == end).map_or(bytes.len(), |at| from + at + end.len())
}

/// Whether the text begins with the id of an event data store, and the id ends there.
fn is_uuid(bytes: &[u8]) -> bool {
    let Some(id) = bytes.get(..UUID_LENGTH) else { return false };
    let ends = bytes.get(UUID_LENGTH).is_none_or(|next| !(next.is_ascii_alphanumeric() || matches!(next, b'_' | b'-')));
    let mut parts = id.split(|byte| *byte == b'-');
    let fits = UUID_PARTS
        .iter()
        .all(|length| parts.next().is_some_and(|part| part.len() == *length && part.iter().all(u8::is_ascii_hexdigit)));
    ends && fits && parts.next().is_none()
}

fn give_back_id(token: &mut Token) {
    let Token::Word(word) = token else { return };
    let digits = word.value.strip_prefix(STAND_IN).map(|digits| digits.trim_end_matches(FILLER));
    let Some(digits) = digits.filter(|digits| digits.len() == 32) else { return };
    if word.quote_style.is_some() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return;
    }
    let (mut id, mut at) = (String::with_capacity(UUID_LENGTH), 0);
    for length in UUID_PARTS {
        if at > 0 {
            id.push('-');
        }
        id.push_str(&digits[at..at + length]);
        at += length;
    }
    *token = quoted(id);
}

fn quoted(value: String) -> Token {
    Token::Word(Word { value, quote_style: Some('"'), keyword: Keyword::NoKeyword })
}

pub(super) fn is_keyword(token: &Token, keyword: Keyword) -> bool {
    matches!(token, Token::Word(word) if word.keyword == keyword && word.quote_style.is_none())
}

/// Makes names of the placeholders that stand where a table is named: `$EDS_ID`, `<table>`, `{store_id}`, `${db}.${table}`.
fn tables(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut out: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    // whether a table is named next, and whether a part of its name was the last token
    let (mut expected, mut named) = (false, false);
    // of each open parenthesis: whether it is that of a call in which FROM names no table
    let mut calls: Vec<bool> = Vec::new();
    let mut before = Token::EOF;
    let mut rest = VecDeque::from(tokens);
    while let Some(mut token) = rest.pop_front() {
        if expected {
            placeholder(&mut token, &mut rest);
            hyphenated(&mut token, &mut rest);
        }
        (expected, named) = match &token.token {
            Token::Whitespace(_) => (expected, false),
            Token::Period => (named, false),
            Token::Word(_) if expected => (false, true),
            token => (names_table(token, &before, calls.last() == Some(&true)), false),
        };
        match &token.token {
            Token::LParen => calls.push(takes_from(&before)),
            Token::RParen => drop(calls.pop()),
            _ => {}
        }
        if !matches!(token.token, Token::Whitespace(_)) {
            before = token.token.clone();
        }
        out.push(token);
    }
    out
}

/// Whether a table follows this word. What is `DISTINCT FROM` something is compared with it.
fn names_table(token: &Token, before: &Token, is_in_call: bool) -> bool {
    let is_from = is_keyword(token, Keyword::FROM) && !is_in_call && !is_keyword(before, Keyword::DISTINCT);
    is_from || is_keyword(token, Keyword::JOIN)
}

/// Whether what stands before a parenthesis is a function with a FROM of its own: `extract(day FROM x)`.
fn takes_from(token: &Token) -> bool {
    const NAMES: [&str; 5] = ["extract", "trim", "substring", "substr", "overlay"];
    matches!(token, Token::Word(word) if NAMES.iter().any(|name| word.value.eq_ignore_ascii_case(name)))
}

/// Makes one name of a placeholder, if `token` begins one. What does not say that it is an event data store is a table.
fn placeholder(token: &mut TokenWithSpan, rest: &mut VecDeque<TokenWithSpan>) {
    let (mut name, close) = match &token.token {
        Token::Placeholder(text) if text.len() > 1 => (text.trim_start_matches('$').to_owned(), None),
        Token::Placeholder(_) | Token::LBrace => (String::new(), Some(Token::RBrace)),
        Token::Lt => (String::new(), Some(Token::Gt)),
        _ => return,
    };
    if let Some(close) = close {
        let Some(end) = rest.iter().take(MAX_PLACEHOLDER).position(|next| next.token == close) else { return };
        for next in rest.drain(..=end) {
            token.span.end = next.span.end;
            if next.token != close && next.token != Token::LBrace {
                name.push_str(&next.token.to_string());
            }
        }
    }
    if name.trim().is_empty() {
        return;
    }
    if table_named(&name).is_none() {
        name.insert_str(0, "cloudtrail ");
    }
    token.token = quoted(name);
}

/// Makes one name of `EXAMPLEf852-4e8f-8bd1-bcf6cEXAMPLE`, as AWS writes ids in examples: where a table is named, nothing is
/// subtracted.
fn hyphenated(token: &mut TokenWithSpan, rest: &mut VecDeque<TokenWithSpan>) {
    let Token::Word(Word { value, quote_style: None, .. }) = &token.token else { return };
    let is_part = |next: &TokenWithSpan| matches!(next.token, Token::Minus | Token::Word(_) | Token::Number(_, _));
    let parts = rest.iter().take(MAX_PLACEHOLDER).take_while(|next| is_part(next)).count();
    if parts < 2 || rest.front().is_none_or(|next| next.token != Token::Minus) {
        return;
    }
    let mut name = value.clone();
    rest.iter().take(parts).for_each(|next| name.push_str(&next.token.to_string()));
    // behind the FROM of `extract(day FROM b-a)` something is
    if table_named(&name).is_none() && !name.contains("EXAMPLE") {
        return;
    }
    for next in rest.drain(..parts) {
        token.span.end = next.span.end;
    }
    if table_named(&name).is_none() {
        name.insert_str(0, "event data store ");
    }
    token.token = quoted(name);
}

/// Puts names of our own in place of `ARRAY(…)`, `MAP(…)` and `ROW(…)` that something is cast to, which only exist in Trino.
fn types(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut out: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    // of each open parenthesis: whether it is that of a cast
    let mut casts: Vec<bool> = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let before = out.iter().rev().map(|token| &token.token).find(|token| !matches!(token, Token::Whitespace(_)));
        let is_type = before.is_some_and(|token| match token {
            Token::DoubleColon => true,
            token => casts.last() == Some(&true) && is_keyword(token, Keyword::AS),
        });
        let end = if is_type { end_of_type(&tokens[at..]) } else { None };
        let name = end.and_then(|end| json_types::name(&tokens[at..at + end]));
        if let (Some(end), Some(name)) = (end, name) {
            let mut span = token.span;
            span.end = tokens[at + end - 1].span.end;
            out.push(TokenWithSpan { token: quoted(name), span });
            at += end;
            continue;
        }
        match token.token {
            Token::LParen => casts.push(before.is_some_and(is_cast)),
            Token::RParen => {
                casts.pop();
            }
            _ => {}
        }
        out.push(token.clone());
        at += 1;
    }
    out
}

fn is_cast(token: &Token) -> bool {
    [Keyword::CAST, Keyword::TRY_CAST, Keyword::SAFE_CAST].iter().any(|word| is_keyword(token, *word))
}

/// How many tokens a type with parentheses has, if one begins here.
fn end_of_type(tokens: &[TokenWithSpan]) -> Option<usize> {
    let Token::Word(word) = &tokens.first()?.token else { return None };
    let has_parts = ["array", "map", "row"].iter().any(|name| word.value.eq_ignore_ascii_case(name));
    if !has_parts || word.quote_style.is_some() {
        return None;
    }
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(1) {
        depth += match token.token {
            Token::LParen | Token::Lt => 1,
            Token::RParen | Token::Gt => -1,
            Token::ShiftRight => -2,
            Token::Whitespace(_) if depth == 0 => continue,
            _ => 0,
        };
        if depth <= 0 {
            // what opened nothing is another type, or none
            return (at > 1 && !matches!(token.token, Token::Word(_))).then_some(at + 1);
        }
    }
    // it is not closed, which the parser sees at the end
    (depth > 0).then_some(tokens.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(sql: &str) -> String {
        of(sql).unwrap().iter().map(|token| token.token.to_string()).collect()
    }

    #[test]
    fn ids_become_names_but_not_in_strings_and_comments() {
        let id = "1e23d5c8-90ab-4def-8123-456789abcdef";
        assert_eq!(written(&format!("SELECT 1 FROM {id} e")), format!("SELECT 1 FROM \"{id}\" e"));
        for kept in [format!("SELECT '{id}'"), format!("SELECT 1 /* {id} */"), format!("SELECT \"{id}\"")] {
            assert_eq!(written(&kept), kept);
        }
        let tokens = of(&format!("SELECT 1 FROM {id} e")).unwrap();
        assert_eq!(tokens.last().unwrap().span.start.column, 52);
        let arn = format!("arn:aws-us-gov:cloudtrail:us-gov-west-1:012345678901:eventdatastore/{id}");
        assert_eq!(written(&format!("SELECT 1 FROM {arn} e")), format!("SELECT 1 FROM \"{id}\" e"));
        let tokens = of(&format!("SELECT 1 FROM {arn} e")).unwrap();
        assert_eq!(tokens.last().unwrap().span.start.column, 16 + arn.len() as u64);
        assert_eq!(written("SELECT arn FROM arn"), "SELECT arn FROM arn");
    }

    #[test]
    fn blanks_of_web_pages_are_blanks_but_not_in_strings() {
        let written = written("SELECT\u{a0}1\u{3000}AS x, '\u{a0}'\u{feff}");
        assert_eq!(written, "SELECT 1 AS x, '\u{a0}' ");
    }

    #[test]
    fn placeholders_become_names_where_tables_stand() {
        assert_eq!(written("SELECT a FROM $EDS_ID WHERE a < $b"), "SELECT a FROM \"EDS_ID\" WHERE a < $b");
        assert_eq!(written("SELECT a FROM <event data store>"), "SELECT a FROM \"event data store\"");
        assert_eq!(written("SELECT a FROM {store_id} x"), "SELECT a FROM \"store_id\" x");
        assert_eq!(written("SELECT a FROM ${db}.<table> x"), "SELECT a FROM \"cloudtrail db\".\"cloudtrail table\" x");
        assert_eq!(written("SELECT a < b FROM t"), "SELECT a < b FROM t");
        assert_eq!(
            written("SELECT a FROM EXAMPLEf8-4e8f-6c x"),
            "SELECT a FROM \"event data store EXAMPLEf8-4e8f-6c\" x"
        );
        assert_eq!(written("SELECT a FROM eds-ID"), "SELECT a FROM \"eds-ID\"");
        for kept in [
            "SELECT a FROM t WHERE b -c > d",
            "SELECT extract(day FROM b-a) FROM t",
            "SELECT a IS DISTINCT FROM b-1",
            "SELECT a IS NOT DISTINCT FROM $b, trim(BOTH FROM $c), extract(day FROM $d) FROM t",
        ] {
            assert_eq!(written(kept), kept);
        }
    }

    #[test]
    fn types_of_trino_become_names() {
        assert_eq!(written("CAST(x AS ARRAY(JSON))"), "CAST(x AS \"milepost_type ARRAY(JSON)\")");
        assert_eq!(written("CAST(x AS array<varchar>)"), "CAST(x AS \"milepost_type array<varchar>\")");
        let map = "TRY_CAST(x AS MAP(VARCHAR, ARRAY(JSON)))";
        assert_eq!(written(map), "TRY_CAST(x AS \"milepost_type MAP(VARCHAR, ARRAY(JSON))\")");
        let row = "CAST(x AS ROW(\"a b\" VARCHAR)) FROM t";
        assert_eq!(written(row), "CAST(x AS \"milepost_type ROW(\"a b\" VARCHAR)\") FROM t");
        assert_eq!(written("CAST(x AS ARRAY (a /* ) */ b))"), "CAST(x AS \"milepost_type ARRAY (a         b)\")");
        assert_eq!(written("x::row(bigint)[1]"), "x::\"milepost_type row(bigint)\"[1]");
        for kept in [
            "SELECT array[1]",
            "SELECT 1 FROM t AS row(a, b)",
            "SELECT 1 FROM t AS map(k, v)",
            "CAST(x AS ARRAY<BYTEA>)",
            "CAST(x AS ARRAY)",
            "SELECT cast(x) AS array(json)",
        ] {
            assert_eq!(written(kept), kept);
        }
    }
}
