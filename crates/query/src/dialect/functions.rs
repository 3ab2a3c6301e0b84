//! Function calls: what is the same for every dialect here, and the way to those of one.

use datafusion::sql::sqlparser::ast::{
    CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Value,
};

use super::build::{call, cast, literal, text};
use super::{Dialect, duckdb, trino};

/// Arguments of a call, if they are plain expressions.
pub(super) fn arguments(function: &Function) -> Option<Vec<Expr>> {
    let FunctionArguments::List(list) = &function.args else { return None };
    if !list.clauses.is_empty() || list.duplicate_treatment.is_some() {
        return None;
    }
    list.args
        .iter()
        .map(|argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
            _ => None,
        })
        .collect()
}

pub(super) fn rewrite(expr: &mut Expr, dialect: Dialect) {
    if let Some(part) = from_the_end(expr, dialect) {
        *expr = part;
        return;
    }
    super::aggregates::rewrite(expr);
    super::aggregates::rename(expr, dialect.is_trino());
    super::sql_json::object(expr);
    if let Some(replaced) = by_lambda(expr) {
        *expr = replaced;
        return;
    }
    let Expr::Function(function) = expr else { return };
    let name = function.name.to_string().to_lowercase();
    // `localtimestamp` has no parentheses
    let bare = matches!(function.args, FunctionArguments::None).then(Vec::new);
    let Some(arguments) = bare.or_else(|| arguments(function)) else { return };
    let replacement = if dialect.is_trino() {
        trino::call(&name, arguments, function)
    } else {
        duckdb::call(&name, arguments, function)
    };
    if let Some(replacement) = replacement {
        *expr = replacement;
    }
}

/// `substr(x, -3, 2)`: what may begin at the end, or before the text. By all else days are told from each other, and files.
fn from_the_end(expr: &Expr, dialect: Dialect) -> Option<Expr> {
    let Expr::Substring { expr: whole, substring_from: Some(from), substring_for: length, .. } = expr else {
        return None;
    };
    let is_plain = |value: &Value| matches!(value, Value::Number(number, _) if *number != "0");
    let is_positive = |expr: &Expr| matches!(expr, Expr::Value(value) if is_plain(&value.value));
    if is_positive(from) && length.as_ref().is_none_or(|length| is_positive(length)) {
        return None;
    }
    let name = if dialect.is_trino() { "text_from" } else { "text_around" };
    let arguments = [Some(whole), Some(from), length.as_ref()];
    Some(call(name, arguments.into_iter().flatten().map(|argument| argument.as_ref().clone()).collect()))
}

/// `regexp_replace` with a lambda that says what each match becomes.
fn by_lambda(expr: &Expr) -> Option<Expr> {
    let Expr::Function(function) = expr else { return None };
    if !function.name.to_string().eq_ignore_ascii_case("regexp_replace") {
        return None;
    }
    match arguments(function)?.as_slice() {
        [written, pattern, lambda @ Expr::Lambda(_)] => {
            Some(super::lambdas::replaced(written.clone(), pattern.clone(), lambda.clone()))
        }
        _ => None,
    }
}

/// What milepost's own dialect takes from others, as DataFusion has no function of that name.
pub(super) fn rewrite_own(expr: &mut Expr) {
    super::aggregates::rewrite(expr);
    super::aggregates::rename(expr, false);
    if let Some(replaced) = by_lambda(expr) {
        *expr = replaced;
        return;
    }
    let Expr::Function(function) = expr else { return };
    let name = function.name.to_string().to_lowercase();
    let Some(arguments) = arguments(function) else { return };
    let replacement = match name.as_str() {
        "list" | "strlen" | "time_bucket" | "count_if" | "countif" | "max_by" | "min_by" | "arg_max" | "arg_min" => {
            duckdb::call(&name, arguments, function)
        }
        "transform" | "filter" | "all_match" | "none_match" | "last_day_of_month" | "variance" => {
            trino::call(&name, arguments, function)
        }
        _ => None,
    };
    if let Some(replacement) = replacement {
        *expr = replacement;
    }
}

/// The same call under another name; what stands behind the arguments stays.
pub(super) fn renamed(function: &Function, name: &str, arguments: Vec<Expr>) -> Expr {
    let mut renamed = super::build::function(name, arguments);
    renamed.filter.clone_from(&function.filter);
    renamed.over.clone_from(&function.over);
    renamed.null_treatment = function.null_treatment;
    renamed.within_group.clone_from(&function.within_group);
    Expr::Function(renamed)
}

/// `date_part('unit', x)`.
pub(super) fn date_part(unit: &str, from: Expr) -> Expr {
    call("date_part", vec![text(unit), instant(from)])
}

/// What is text or an instant, as an instant: parts of times are asked of both.
pub(super) fn instant(expr: Expr) -> Expr {
    match literal(&expr) {
        Some(_) => call("from_iso8601_timestamp", vec![expr]),
        None => expr,
    }
}

pub(super) fn to_text(expr: Expr) -> Expr {
    cast(expr, DataType::Varchar(None), CastKind::Cast)
}

/// The day of a time in its own zone, of a text with a time too.
pub(super) fn to_date(expr: Expr) -> Expr {
    call("day_of", vec![expr])
}

/// `CASE WHEN condition THEN one ELSE other END`.
pub(super) fn choice(condition: Expr, one: Expr, other: Option<Expr>) -> Expr {
    use datafusion::sql::sqlparser::ast::CaseWhen;
    use datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken;
    Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: None,
        conditions: vec![CaseWhen { condition, result: one }],
        else_result: other.map(Box::new),
    }
}

/// `count(*) FILTER (WHERE condition)`.
pub(super) fn count_if(condition: Expr, function: &Function) -> Expr {
    use datafusion::sql::sqlparser::ast::{BinaryOperator, FunctionArgumentList};
    let mut count = super::build::function("count", vec![]);
    count.args = FunctionArguments::List(FunctionArgumentList {
        duplicate_treatment: None,
        args: vec![FunctionArg::Unnamed(FunctionArgExpr::Wildcard)],
        clauses: vec![],
    });
    count.over.clone_from(&function.over);
    count.filter = Some(Box::new(match &function.filter {
        Some(filter) => super::build::binary(condition, BinaryOperator::And, filter.as_ref().clone()),
        None => condition,
    }));
    Expr::Function(count)
}

/// Values by another expression's order, with the FILTER of the call that asks for them.
fn in_order_of(name: &str, value: Expr, order: Expr, descending: bool, function: &Function) -> Function {
    use datafusion::sql::sqlparser::ast::{FunctionArgumentClause, FunctionArgumentList, OrderByExpr, OrderByOptions};
    let mut ordered = super::build::function(name, vec![]);
    let order = OrderByExpr {
        expr: order,
        options: OrderByOptions { asc: Some(!descending), nulls_first: Some(false) },
        with_fill: None,
    };
    ordered.args = FunctionArguments::List(FunctionArgumentList {
        duplicate_treatment: None,
        args: vec![FunctionArg::Unnamed(FunctionArgExpr::Expr(value))],
        clauses: vec![FunctionArgumentClause::OrderBy(vec![order])],
    });
    ordered.filter.clone_from(&function.filter);
    ordered.over.clone_from(&function.over);
    ordered
}

/// The first value of another expression's order: `max_by(x, y)`.
pub(super) fn first_by(value: Expr, order: Expr, descending: bool, function: &Function) -> Expr {
    Expr::Function(in_order_of("first_value", value, order, descending, function))
}

/// The first `most` values of another expression's order, as a list: `max_by(x, y, 3)`.
pub(super) fn most_by(value: Expr, order: Expr, most: Expr, descending: bool, function: &Function) -> Expr {
    use super::build::{binary, nested, number};
    use datafusion::sql::sqlparser::ast::BinaryOperator;
    let has_order = Expr::IsNotNull(Box::new(nested(order.clone())));
    let mut all = in_order_of("array_agg", value, order, descending, function);
    all.filter = Some(Box::new(match all.filter.take() {
        Some(filter) => binary(has_order, BinaryOperator::And, *filter),
        None => has_order,
    }));
    call("array_slice", vec![Expr::Function(all), number(1), most])
}

pub(super) fn is_number(expr: &Expr, wanted: &str) -> bool {
    matches!(expr, Expr::Value(value) if matches!(&value.value, Value::Number(number, _) if number == wanted))
}
