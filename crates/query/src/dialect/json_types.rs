//! Casts to types that the parser does not know, `ARRAY(JSON)`, `MAP(VARCHAR, BIGINT)`, `ARRAY(ROW(a VARCHAR))`: a name on the
//! way through the parser, and the function that makes such a value.

use std::ops::ControlFlow;

use datafusion::common::{Diagnostic, Location, Span, plan_datafusion_err};
use datafusion::error::{DataFusionError, Result};
use datafusion::sql::sqlparser::ast::{
    CastKind, DataType, Expr, Ident, Statement, Value, visit_expressions, visit_expressions_mut,
};
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use super::build::{call, text};
use crate::functions::{Shape, WrongType};

/// What such a name begins with; the type is behind it.
const PREFIX: &str = "milepost_type ";

/// The name that stands for the type that these tokens are.
pub(super) fn name(tokens: &[TokenWithSpan]) -> Option<String> {
    let written: String = tokens.iter().map(|token| plain(&token.token)).collect();
    // in angle brackets, the parser knows more types
    let is_known = !tokens.iter().any(|token| token.token == Token::Lt) || Shape::parse(&written).is_ok();
    is_known.then(|| format!("{PREFIX}{written}"))
}

/// A token as it was written; a comment as the blanks that take its place.
fn plain(token: &Token) -> String {
    let written = token.to_string();
    match token {
        Token::Whitespace(_) => written.chars().map(|letter| if letter == '\n' { letter } else { ' ' }).collect(),
        _ => written,
    }
}

/// The type that a name of ours stands for, as it was written.
pub(super) fn of_name(name: &str) -> Option<&str> {
    name.strip_prefix(PREFIX)
}

fn name_of(data_type: &DataType) -> Option<&Ident> {
    let DataType::Custom(name, _) = data_type else { return None };
    name.0.last()?.as_ident().filter(|name| of_name(&name.value).is_some())
}

fn written(data_type: &DataType) -> Option<&str> {
    of_name(&name_of(data_type)?.value)
}

/// Refuses a cast to a type that is none, at the place of what is wrong with it.
///
/// # Errors
/// There is such a cast.
pub(super) fn check(statement: &Statement) -> Result<()> {
    let found = visit_expressions(statement, |expr| match expr {
        Expr::Cast { data_type, .. } => match name_of(data_type).map(|name| (name, Shape::parse(text_of(name)))) {
            Some((name, Err(wrong))) => ControlFlow::Break(refusal(name, &wrong)),
            _ => ControlFlow::Continue(()),
        },
        _ => ControlFlow::Continue(()),
    });
    match found {
        ControlFlow::Break(error) => Err(error),
        ControlFlow::Continue(()) => Ok(()),
    }
}

fn text_of(name: &Ident) -> &str {
    of_name(&name.value).unwrap_or_default()
}

fn refusal(name: &Ident, wrong: &WrongType) -> DataFusionError {
    let before = text_of(name).get(..wrong.at).unwrap_or_default();
    let letters = |text: &str| text.chars().count() as u64;
    let start = name.span.start;
    let place = match before.rsplit_once('\n') {
        Some((lines, line)) => {
            Location { line: start.line + 1 + lines.matches('\n').count() as u64, column: 1 + letters(line) }
        }
        None => Location { line: start.line, column: start.column + letters(before) },
    };
    let diagnostic = Diagnostic::new_error(wrong.reason.clone(), Some(Span::new(place, place)));
    plan_datafusion_err!("{}", wrong.reason).with_diagnostic(diagnostic)
}

/// Makes a call of a cast to such a type.
pub(super) fn rewrite(expr: &mut Expr) -> bool {
    let Expr::Cast { kind, expr: inner, data_type, .. } = expr else { return false };
    let Some(written) = written(data_type).map(str::to_owned) else { return false };
    let function = if matches!(kind, CastKind::TryCast | CastKind::SafeCast) { "try_cast_as" } else { "cast_as" };
    let inner = std::mem::replace(inner.as_mut(), Expr::value(Value::Null));
    *expr = call(function, vec![inner, text(written)]);
    true
}

/// An expression as it was written, with the types that such names stand for.
pub(super) fn display(expr: &Expr) -> String {
    let text = expr.to_string();
    if !text.contains(PREFIX) {
        return text;
    }
    let mut expr = expr.clone();
    let _ = visit_expressions_mut(&mut expr, |part| {
        if let Expr::Cast { data_type, .. } = part
            && let Some(written) = written(data_type)
        {
            let words: Vec<&str> = written.split_whitespace().collect();
            *data_type = DataType::Custom(Ident::new(words.join(" ")).into(), vec![]);
        }
        ControlFlow::<()>::Continue(())
    });
    expr.to_string()
}

/// Names of the fields that the elements of a list have which is cast from JSON.
pub(super) fn fields_of_elements(expr: &Expr) -> Option<Vec<String>> {
    match expr {
        Expr::Nested(inner) => fields_of_elements(inner),
        Expr::Cast { data_type, .. } => Shape::parse(written(data_type)?).ok()?.fields_of_elements(),
        _ => None,
    }
}
