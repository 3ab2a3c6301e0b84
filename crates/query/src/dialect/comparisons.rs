//! Comparisons and operators between types that other engines convert silently.

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CastKind, DataType, ExactNumberInfo, Expr, FunctionArg, FunctionArgExpr, FunctionArguments,
    TypedString, Value,
};

use super::Dialect;
use super::build::{call, cast, column_name, literal, text};
use super::types::{is_json, is_nested};
use crate::compat::Table;
use crate::functions::{is_instant, leads_to_several};

pub(super) fn rewrite(expr: &mut Expr, dialect: Dialect, tables: &[Table]) {
    if let Expr::InList { expr: tested, list, .. } = expr {
        list.iter_mut().for_each(|item| align(tested, item, tables));
        if list.iter().all(is_plain_text) {
            list.iter().for_each(|item| of_plain_text(tested, item));
        }
        return;
    }
    if let Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) = expr {
        of_plain_text(left, right);
        of_plain_text(right, left);
        return;
    }
    let Expr::BinaryOp { left, op, right } = expr else { return };
    if let Some(replacement) = operator(left, op, right, (dialect, tables)) {
        *expr = replacement;
        return;
    }
    let compares = matches!(
        op,
        BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::Lt
            | BinaryOperator::LtEq
            | BinaryOperator::Gt
            | BinaryOperator::GtEq
    );
    if compares {
        align(left, right, tables);
        align(right, left, tables);
        of_numbers(left, right);
        of_numbers(right, left);
        of_plain_text(left, right);
        of_plain_text(right, left);
    }
}

/// `//` makes whole numbers of whole numbers, and of others what DataFusion's `/` makes of them.
pub(super) fn whole_division(expr: &mut Expr) {
    if let Expr::BinaryOp { op, .. } = expr
        && *op == BinaryOperator::DuckIntegerDivide
    {
        *op = BinaryOperator::Divide;
    }
}

/// Columns that hold instants, here and in the tables of other tools.
const INSTANTS: [&str; 9] = [
    "event_time",
    "eventtime",
    "session_creation_date",
    "tp_timestamp",
    "tp_ingest_timestamp",
    "taken_at",
    "started_at",
    "finished_at",
    "rejected_at",
];

/// A time without its seconds, compared with an instant, gets them: `'2026-03-01 10:00'`. One that nanoseconds cannot hold
/// becomes an instant, as DataFusion would take nanoseconds of it.
pub(super) fn complete_times(expr: &mut Expr, tables: &[Table]) {
    let is_text = |name: &str| tables.contains(&Table::Athena) && name == "eventtime";
    let is_instant = |expr: &Expr| column_name(expr).is_some_and(|name| INSTANTS.contains(&name.as_str()));
    let complete = |column: &Expr, time: &mut Expr| {
        complete(time);
        if !column_name(column).is_some_and(|name| is_text(&name)) {
            hold_far(time);
        }
    };
    match expr {
        Expr::BinaryOp { left, right, .. } if is_instant(left) => complete(left, right),
        Expr::BinaryOp { left, right, .. } if is_instant(right) => complete(right, left),
        Expr::Between { expr, low, high, .. } if is_instant(expr) => {
            complete(expr, low);
            complete(expr, high);
        }
        _ => {}
    }
}

/// `'9999-12-31'` and `DATE '9999-12-31'` as instants.
fn hold_far(expr: &mut Expr) {
    let written = match &*expr {
        Expr::TypedString(TypedString { data_type: DataType::Date, value, .. }) => match &value.value {
            Value::SingleQuotedString(text) => Some(text.as_str()),
            _ => None,
        },
        Expr::Cast { expr, data_type: DataType::Date, .. } => literal(expr),
        other => literal(other),
    };
    if let Some(far) = written.filter(|text| is_far(text)).map(str::to_owned) {
        *expr = call("from_iso8601_timestamp", vec![text(far)]);
    }
}

/// Whether nanoseconds of a time since 1970 are more than 64 bits hold.
fn is_far(written: &str) -> bool {
    let year = written.get(..4).and_then(|year| year.parse::<u16>().ok());
    year.is_some_and(|year| !(1678..=2261).contains(&year)) && is_instant(written)
}

/// `event_time LIKE '2026-03-04%'` and `substr(event_time, 1, 10)` are about the text of an instant.
pub(super) fn texts_of_times(expr: &mut Expr, tables: &[Table]) {
    let written = |expr: &mut Expr| {
        let Some(name) = column_name(expr).filter(|name| INSTANTS.contains(&name.as_str())) else { return };
        // Athena's is text already
        if !tables.contains(&Table::Athena) || name != "eventtime" {
            let instant = std::mem::replace(expr, Expr::value(Value::Null));
            *expr = cast(instant, DataType::Varchar(None), CastKind::Cast);
        }
    };
    match expr {
        Expr::Like { expr, .. } | Expr::ILike { expr, .. } | Expr::Substring { expr, .. } => written(expr),
        Expr::Function(function) if matches!(function.name.to_string().to_lowercase().as_str(), "substr" | "left") => {
            if let FunctionArguments::List(list) = &mut function.args
                && let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(whole))) = list.args.first_mut()
            {
                written(whole);
            }
        }
        _ => {}
    }
}

fn complete(expr: &mut Expr) {
    if let Expr::Value(value) = expr
        && let Value::SingleQuotedString(text) = &mut value.value
        && is_without_seconds(text.as_bytes())
    {
        text.push_str(":00");
    }
}

fn is_without_seconds(text: &[u8]) -> bool {
    const FORM: &[u8] = b"0000-00-00 00:00";
    text.len() == FORM.len()
        && text.iter().zip(FORM).all(|(found, form)| match form {
            b'0' => found.is_ascii_digit(),
            b' ' => matches!(found, b' ' | b'T'),
            other => found == other,
        })
}

/// Operators that DataFusion does not have.
fn operator(
    left: &mut Expr,
    op: &BinaryOperator,
    right: &mut Expr,
    (dialect, tables): (Dialect, &[Table]),
) -> Option<Expr> {
    let take = |expr: &mut Expr| std::mem::replace(expr, Expr::value(Value::Null));
    match op {
        // what `unnest(list) AS item` gives is a row of one column in DuckDB, and the column is called so
        BinaryOperator::Arrow if !dialect.is_trino() && literal(right) == Some("unnest") && is_name(left) => {
            Some(take(left))
        }
        BinaryOperator::Arrow | BinaryOperator::LongArrow if !dialect.is_trino() => {
            let by_index = matches!(right, Expr::Value(value) if matches!(value.value, Value::Number(_, _)))
                || matches!(right, Expr::UnaryOp { .. });
            let is_several = literal(right).is_some_and(leads_to_several);
            let name = match (op, by_index) {
                (BinaryOperator::Arrow, _) if is_several => "json_every",
                (_, _) if is_several => "json_every_text",
                (BinaryOperator::Arrow, false) => "json_arrow",
                (BinaryOperator::Arrow, true) => "json_arrow_index",
                (_, false) => "json_arrow_text",
                (_, true) => "json_arrow_text_index",
            };
            let is_struct = is_nested(left, tables);
            let json = if is_struct { call("to_json", vec![take(left)]) } else { take(left) };
            Some(call(name, vec![json, take(right)]))
        }
        BinaryOperator::Custom(symbol) if matches!(symbol.as_str(), "<<=" | "<<") => {
            Some(call("cidr_contains", vec![take(right), take(left)]))
        }
        BinaryOperator::Custom(symbol) if matches!(symbol.as_str(), ">>=" | ">>") => {
            Some(call("cidr_contains", vec![take(left), take(right)]))
        }
        BinaryOperator::PGBitwiseShiftLeft if is_address(right) => {
            Some(call("cidr_contains", vec![take(right), take(left)]))
        }
        BinaryOperator::PGStartsWith => Some(call("starts_with", vec![take(left), take(right)])),
        BinaryOperator::Divide if !dialect.is_trino() => Some(call("quotient", vec![take(left), take(right)])),
        BinaryOperator::Multiply if is_interval(right) => Some(call("interval_times", vec![take(left), take(right)])),
        BinaryOperator::Multiply if is_interval(left) => Some(call("interval_times", vec![take(right), take(left)])),
        _ => None,
    }
}

fn is_name(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_name(inner),
        other => matches!(other, Expr::Identifier(_)),
    }
}

fn is_interval(expr: &Expr) -> bool {
    match expr {
        Expr::Interval(_) => true,
        Expr::Nested(inner) => is_interval(inner),
        _ => false,
    }
}

fn is_address(expr: &Expr) -> bool {
    literal(expr).is_some_and(|text| text.contains('/'))
}

/// Whether JSON is taken apart here; the result is text.
fn is_json_text(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_json_text(inner),
        Expr::Function(function) => {
            let name = function.name.to_string();
            is_json(expr)
                || matches!(
                    name.as_str(),
                    "json_arrow_text"
                        | "json_arrow_text_index"
                        | "json_member"
                        | "json_extract_string"
                        | "json_extract_scalar"
                )
        }
        _ => false,
    }
}

/// Gives the literal `other` the type of what it is compared with.
fn align(compared: &Expr, other: &mut Expr, tables: &[Table]) {
    let Expr::Value(value) = &mut *other else { return };
    let name = column_name(compared);
    let named = |list: fn(Table) -> &'static [&'static str]| {
        name.as_deref().is_some_and(|name| tables.iter().any(|table| list(*table).contains(&name)))
    };
    match &value.value {
        Value::Boolean(truth) if is_json_text(compared) || named(Table::truths_as_text) => {
            *other = text(truth.to_string());
        }
        Value::SingleQuotedString(written) if named(Table::truths) => {
            let truth = match written.to_ascii_lowercase().as_str() {
                "true" => true,
                "false" => false,
                _ => return,
            };
            value.value = Value::Boolean(truth);
        }
        _ => {}
    }
}

/// Text out of JSON is compared with a number as a number.
fn of_numbers(compared: &mut Expr, other: &Expr) {
    let number = match other {
        Expr::Value(value) => matches!(value.value, Value::Number(_, _)),
        Expr::UnaryOp { expr, .. } => {
            matches!(expr.as_ref(), Expr::Value(value) if matches!(value.value, Value::Number(_, _)))
        }
        _ => false,
    };
    if number && is_json_text(compared) {
        let mut taken = std::mem::replace(compared, Expr::value(Value::Null));
        if is_json(&taken) {
            taken = call("json_text", vec![taken]);
        }
        *compared = cast(taken, DataType::Double(ExactNumberInfo::None), CastKind::TryCast);
    }
}

/// JSON that is compared with text that is no JSON: its text is meant. As JSON, the one would never be the other, and no row
/// would say why.
fn of_plain_text(compared: &mut Expr, other: &Expr) {
    if is_plain_text(other) && is_json(compared) {
        let taken = std::mem::replace(compared, Expr::value(Value::Null));
        *compared = call("json_text", vec![taken]);
    }
}

fn is_plain_text(expr: &Expr) -> bool {
    literal(expr).is_some_and(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_err())
}
