//! What only Snowflake calls so, in whatever dialect a query is: published queries of its users name tables that may be
//! Athena's too, and no other engine means something else by these names.

use datafusion::sql::sqlparser::ast::{BinaryOperator, CastKind, DataType, Expr, Ident, Value};

use super::Dialect;
use super::build::{binary, call, cast, literal, text};
use super::functions::{arguments, instant};

/// Units of time, and what else they are called.
const UNITS: [(&str, &[&str]); 10] = [
    ("year", &["y", "yy", "yyy", "yyyy", "yr", "yrs"]),
    ("quarter", &["q", "qtr", "qtrs"]),
    ("month", &["mm", "mon", "mons"]),
    ("week", &["w", "wk", "weekofyear", "woy", "wy"]),
    ("day", &["d", "dd", "dayofmonth"]),
    ("hour", &["h", "hh", "hr", "hrs"]),
    ("minute", &["m", "mi", "min", "mins"]),
    ("second", &["s", "sec", "secs"]),
    ("millisecond", &["ms", "msec"]),
    ("microsecond", &["us", "usec"]),
];

pub(super) fn rewrite(expr: &mut Expr, dialect: Dialect) {
    if let Some(value) = variant(expr) {
        *expr = value;
        return;
    }
    let Expr::Function(function) = expr else { return };
    let Some(arguments) = arguments(function) else { return };
    let name = function.name.to_string().to_lowercase();
    let replacement = match (name.as_str(), arguments.as_slice()) {
        ("array_size", [list]) => call("element_count", vec![list.clone()]),
        ("array_contains", [one, other]) => call("either_holds", vec![one.clone(), other.clone()]),
        ("dateadd" | "timeadd" | "timestampadd", [unit, count, time]) => {
            call("date_add", vec![unit_of(unit), count.clone(), instant(time.clone())])
        }
        ("datediff" | "timediff" | "timestampdiff", [unit, start, end]) => {
            // DuckDB counts weeks by seven days, and all others by their Mondays
            let weeks_begin = !matches!(dialect, Dialect::Tailpipe | Dialect::Duckdb);
            starts_between(unit_of(unit), [start, end], weeks_begin)
        }
        ("to_variant", [value]) => value.clone(),
        ("p_occurs_since", [span]) if literal(span).is_some() => since(dialect, span),
        _ => return,
    };
    *expr = replacement;
}

/// How many starts of a unit lie between two times.
fn starts_between(unit: Expr, ends: [&Expr; 2], weeks_begin: bool) -> Expr {
    let is_week = weeks_begin && literal(&unit) == Some("week");
    let [start, end] = ends.map(|end| match is_week {
        true => call("date_trunc", vec![unit.clone(), instant(end.clone())]),
        false => end.clone(),
    });
    call("date_diff_boundaries", vec![unit, start, end])
}

/// Panther's macro: the event is of the span of time before now.
fn since(dialect: Dialect, span: &Expr) -> Expr {
    let column = |name: &str| Expr::Identifier(Ident::new(name));
    let time = match dialect {
        Dialect::Milepost => column("event_time"),
        Dialect::Athena => call("from_iso8601_timestamp", vec![column("eventtime")]),
        Dialect::Lake | Dialect::Duckdb => column("eventtime"),
        Dialect::Tailpipe => column("tp_timestamp"),
    };
    let span = cast(span.clone(), DataType::Interval { fields: None, precision: None }, CastKind::Cast);
    binary(time, BinaryOperator::GtEq, binary(call("now", vec![]), BinaryOperator::Minus, span))
}

/// What is cast to a `VARIANT`, which every value is already.
fn variant(expr: &mut Expr) -> Option<Expr> {
    let Expr::Cast { expr: inner, data_type: DataType::Custom(name, _), .. } = expr else { return None };
    let is_variant = name.to_string().eq_ignore_ascii_case("variant");
    is_variant.then(|| std::mem::replace(inner.as_mut(), Expr::value(Value::Null)))
}

/// A unit of time as a text, that was written as a word or as a text; what is none is said later.
fn unit_of(written: &Expr) -> Expr {
    let name = match written {
        Expr::Identifier(name) if name.quote_style.is_none() => name.value.to_lowercase(),
        other => match literal(other) {
            Some(name) => name.to_lowercase(),
            None => return written.clone(),
        },
    };
    let is_it = |unit: &str, others: &[&str]| name.trim_end_matches('s') == unit || others.contains(&name.as_str());
    let known = UNITS.into_iter().find(|(unit, others)| is_it(unit, others));
    text(known.map_or(name.clone(), |(unit, _)| unit.to_owned()))
}
