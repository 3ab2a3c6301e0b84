//! `IN $name` and `IN ($name)` with as many values as were given, and `?` as the next number.
//!
//! A list becomes one placeholder for each of its values, so that what is asked is a plain `IN` whose values leave files out.
//! The values are bound as all others are, and no part of any text.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, Statement, Value, VisitMut as _, VisitorMut};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::parameters::{Parameter, Parameters};

/// Puts a placeholder for each value where `IN` has one for a list, and each value into `parameters`.
pub(super) fn expand(statement: &mut Statement, parameters: &mut Parameters) {
    let mut lists = Lists { given: parameters.clone(), ..Lists::default() };
    let _ = statement.visit(&mut lists);
    let Lists { values, expanded, elsewhere, .. } = lists;
    parameters.retain(|name, _| elsewhere.contains(name) || !expanded.contains(name));
    parameters.extend(values);
}

/// What stands between the name of a list and the number of its value; no name that a user writes has it.
const MARK: char = '/';

/// The name that a user gave to the list that a value belongs to.
pub(crate) fn list_of(name: &str) -> &str {
    name.split_once(MARK).map_or(name, |(list, _)| list)
}

#[derive(Default)]
struct Lists {
    given: Parameters,
    /// Values of lists by the names of their placeholders.
    values: Parameters,
    /// Names of these lists.
    expanded: BTreeSet<String>,
    /// Names that stand elsewhere too.
    elsewhere: BTreeSet<String>,
}

impl VisitorMut for Lists {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        match expr {
            Expr::InList { list, negated, .. } => {
                let (mut items, mut is_expanded) = (Vec::with_capacity(list.len()), false);
                for item in std::mem::take(list) {
                    match self.values_of(&item) {
                        Some(values) => {
                            is_expanded = true;
                            items.extend(values);
                        }
                        None => items.push(item),
                    }
                }
                if items.is_empty() && is_expanded {
                    *expr = Expr::value(Value::Boolean(*negated));
                } else {
                    *list = items;
                }
            }
            Expr::Value(value) => {
                if let Value::Placeholder(name) = &value.value
                    && let Some(name) = name.strip_prefix('$').filter(|name| !name.contains(MARK))
                {
                    self.elsewhere.insert(name.to_owned());
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

impl Lists {
    /// The placeholders of a list's values, if `item` is one for a list.
    fn values_of(&mut self, item: &Expr) -> Option<Vec<Expr>> {
        let (name, is_bare) = match item {
            Expr::Nested(inner) => (name_of(inner)?, true),
            other => (name_of(other)?, false),
        };
        let texts = match self.given.get(name)? {
            Parameter::List(Some(texts)) => texts.iter().map(|text| Parameter::Text(Some(text.clone()))).collect(),
            Parameter::List(None) => vec![Parameter::Text(None)],
            Parameter::Text(Some(text)) if is_bare => items_of(text)?,
            _ => return None,
        };
        let placeholder = |at: usize| Expr::value(Value::Placeholder(format!("${name}{MARK}{at}")));
        let placeholders = (1..=texts.len()).map(placeholder).collect();
        self.expanded.insert(name.to_owned());
        self.values.extend(texts.into_iter().zip(1..).map(|(text, at)| (format!("{name}{MARK}{at}"), text)));
        Some(placeholders)
    }
}

fn name_of(expr: &Expr) -> Option<&str> {
    let Expr::Value(value) = expr else { return None };
    let Value::Placeholder(name) = &value.value else { return None };
    name.strip_prefix('$')
}

/// The values of a text that is a JSON array.
fn items_of(text: &str) -> Option<Vec<Parameter>> {
    let items: Vec<serde_json::Value> = serde_json::from_str(text).ok()?;
    let text = |item| match item {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text),
        other => Some(other.to_string()),
    };
    Some(items.into_iter().map(|item| Parameter::Text(text(item))).collect())
}

/// Numbers the `?` that stand where a value does; between two values it is PostgreSQL's operator on JSON.
pub(super) fn numbered(mut tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let (mut count, mut follows_value) = (0_usize, false);
    for at in 0..tokens.len() {
        let token = &tokens[at].token;
        if matches!(token, Token::Whitespace(_)) {
            continue;
        }
        let is_operator = || follows_value || matches!(next(&tokens[at + 1..]), Some(Token::SingleQuotedString(_)));
        if is_mark(token) {
            tokens[at].token = if is_operator() {
                Token::Question
            } else {
                count += 1;
                Token::Placeholder(format!("${count}"))
            };
        }
        follows_value = ends_value(&tokens[at].token);
    }
    tokens
}

fn is_mark(token: &Token) -> bool {
    matches!(token, Token::Question) || matches!(token, Token::Placeholder(name) if name == "?")
}

fn next(tokens: &[TokenWithSpan]) -> Option<&Token> {
    tokens.iter().map(|token| &token.token).find(|token| !matches!(token, Token::Whitespace(_)))
}

/// Whether a value may end with this. Columns that are called as a keyword are told by the text behind the operator.
fn ends_value(token: &Token) -> bool {
    match token {
        Token::Word(word) => word.keyword == Keyword::NoKeyword || word.quote_style.is_some(),
        Token::Number(..) | Token::SingleQuotedString(_) | Token::Placeholder(_) => true,
        Token::RParen | Token::RBracket => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(sql: &str, given: &[(&str, Parameter)]) -> (String, Vec<String>) {
        let mut parameters: Parameters =
            given.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let statement = crate::dialect::statement(sql, None, &[], &mut parameters).unwrap();
        (statement.to_string(), parameters.into_keys().collect())
    }

    fn text(text: &str) -> Parameter {
        Parameter::Text(Some(text.to_owned()))
    }

    fn list(texts: &[&str]) -> Parameter {
        Parameter::List(Some(texts.iter().map(|text| (*text).to_owned()).collect()))
    }

    #[test]
    fn each_value_of_a_list_has_its_own_placeholder() {
        let two = list(&["a", "b"]);
        for sql in ["SELECT 1 WHERE x IN $r", "SELECT 1 WHERE x IN ($r)", "SELECT 1 WHERE x IN ( $r )"] {
            let (sql, names) = asked(sql, &[("r", two.clone())]);
            assert!(sql.ends_with("WHERE x IN ($r/1, $r/2)"), "{sql}");
            assert_eq!(names, ["r/1", "r/2"]);
        }
        let (sql, names) = asked("SELECT 1 WHERE x IN ($r, 'c') OR array_has($r, y)", &[("r", two)]);
        assert!(sql.contains("x IN ($r/1, $r/2, 'c')") && sql.contains("array_has($r, y)"), "{sql}");
        assert_eq!(names, ["r", "r/1", "r/2"]);
    }

    #[test]
    fn an_array_is_a_list_where_nothing_else_can_be_meant() {
        let (sql, names) = asked("SELECT 1 WHERE x NOT IN $1", &[("1", text("[\"a\", 2]"))]);
        assert!(sql.ends_with("x NOT IN ($1/1, $1/2)"), "{sql}");
        assert_eq!(names, ["1/1", "1/2"]);
        let (sql, _) = asked("SELECT 1 WHERE x IN ($1)", &[("1", text("[\"a\"]"))]);
        assert!(sql.ends_with("x IN ($1)"), "{sql}");
        let (sql, names) = asked("SELECT 1 WHERE x IN $1", &[("1", text("a"))]);
        assert!(sql.ends_with("x IN (($1))"), "{sql}");
        assert_eq!(names, ["1"]);
    }

    #[test]
    fn nothing_is_in_an_empty_list() {
        let (sql, names) = asked("SELECT 1 WHERE x IN $r AND y NOT IN ($r)", &[("r", list(&[]))]);
        assert!(sql.ends_with("WHERE false AND true"), "{sql}");
        assert!(names.is_empty());
    }

    #[test]
    fn question_marks_are_numbered_and_operators_left_alone() {
        let (sql, _) =
            asked("SELECT j ? 'k', f(?) FROM t WHERE a = ? AND b IN (?, ?) AND c BETWEEN ? AND ? LIMIT ?", &[]);
        assert!(!sql.contains("$8"), "{sql}");
        for part in ["f($1)", "a = $2", "($3, $4)", "$5 AND $6", "$7"] {
            assert!(sql.contains(part), "{sql}");
        }
    }
}
