//! Functions of Trino, which Athena and CloudTrail Lake speak.

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CastKind, DataType, Expr, Function, Ident, ObjectName, OrderByExpr, OrderByOptions, TimezoneInfo,
};

use super::build::{self, binary, cast, literal, number, subscript, text};
use super::formats::{of_joda, of_mysql};
use super::functions::{choice, count_if, date_part, first_by, instant, is_number, renamed, to_date, to_text};
use super::lambdas;
use super::types::{on_its_clock, with_its_clock};

/// The call in DataFusion's words; `None` if it is one of DataFusion's already.
pub(super) fn call(name: &str, arguments: Vec<Expr>, function: &Function) -> Option<Expr> {
    let count = arguments.len();
    let mut rest = arguments.into_iter();
    let mut next = || rest.next().unwrap_or_else(|| build::text(""));
    let rename = |to: &str, arguments: Vec<Expr>| Some(renamed(function, to, arguments));
    if let Some(found) = of_time(name, count, &mut next).or_else(|| of_list(name, count, &mut next, function)) {
        return Some(found);
    }
    match (name, count) {
        // aggregates
        ("count_if", 1) => Some(count_if(next(), function)),
        ("approx_percentile", 2) => {
            let (value, share) = (next(), next());
            let mut percentile = build::function("approx_percentile_cont", vec![share]);
            percentile.within_group = vec![OrderByExpr {
                expr: value,
                options: OrderByOptions { asc: None, nulls_first: None },
                with_fill: None,
            }];
            percentile.filter.clone_from(&function.filter);
            Some(Expr::Function(percentile))
        }
        ("approx_distinct", 2) => rename("approx_distinct", vec![next()]),
        ("arbitrary" | "any_value", 1) => rename("first_value", vec![next()]),
        ("every", 1) => rename("bool_and", vec![next()]),
        ("max_by" | "min_by", 2) => {
            let (value, order) = (next(), next());
            Some(first_by(value, order, name == "max_by"))
        }
        ("variance", 1) => rename("var_samp", vec![next()]),
        ("set_agg", 1) => Some(build::call("array_distinct", vec![rename("array_agg", vec![next()])?])),
        // text
        ("concat", 2..) => {
            let first = next();
            Some((1..count).fold(first, |left, _| binary(left, BinaryOperator::StringConcat, next())))
        }
        ("replace", 2) => rename("replace", vec![next(), next(), text("")]),
        ("regexp_replace", 2) => rename("regexp_replace", vec![next(), next(), text(""), text("g")]),
        ("regexp_replace", 3) => rename("regexp_replace", vec![next(), next(), next(), text("g")]),
        ("format", 1..) => {
            let format = next();
            super::texts::format(&format, (1..count).map(|_| next()).collect())
        }
        ("levenshtein_distance", 2) => rename("levenshtein", vec![next(), next()]),
        ("codepoint", 1) => rename("ascii", vec![next()]),
        ("to_utf8" | "from_utf8", 1) => Some(next()),
        ("to_hex", 1) => {
            let bytes = next();
            Some(build::call(
                "hex_upper",
                vec![if is_text_hash(&bytes) { bytes } else { build::call("encode", vec![bytes, text("hex")]) }],
            ))
        }
        ("json_array_contains", 2) => rename("json_array_contains", vec![next(), to_text(next())]),
        // conditions
        ("if", 2) => Some(choice(next(), next(), None)),
        ("if", 3) => Some(choice(next(), next(), Some(next()))),
        ("try", 1) => Some(forgiving(next())),
        ("typeof", 1) => rename("typeof", vec![next()]),
        _ => None,
    }
}

/// Lists and maps.
fn of_list(name: &str, count: usize, next: &mut impl FnMut() -> Expr, function: &Function) -> Option<Expr> {
    let rename = |to: &str, arguments: Vec<Expr>| Some(renamed(function, to, arguments));
    match (name, count) {
        ("element_at", 2) => {
            let (root, index) = (next(), next());
            Some(subscript(root, index))
        }
        ("contains", 2) => {
            let (whole, part) = (next(), next());
            // a network is a text, a list never is
            let function = if literal(&whole).is_some() { "cidr_contains" } else { "array_has" };
            Some(build::call(function, vec![whole, part]))
        }
        ("slice", 3) => {
            let (list, start, length) = (next(), next(), next());
            let end = binary(binary(start.clone(), BinaryOperator::Plus, length), BinaryOperator::Minus, number(1));
            Some(build::call("array_slice", vec![list, start, end]))
        }
        ("array_join", 2) => rename("array_to_string", vec![next(), next()]),
        ("array_join", 3) => rename("array_to_string", vec![next(), next(), next()]),
        ("arrays_overlap", 2) => rename("array_has_any", vec![next(), next()]),
        ("sequence", 2) => rename("generate_series", vec![next(), next()]),
        ("split", 2) => rename("string_to_array", vec![next(), next()]),
        ("transform", 2) => rename("array_transform", vec![next(), next()]),
        ("filter", 2) => rename("array_filter", vec![next(), next()]),
        ("any_match", 2) => rename("array_any_match", vec![next(), next()]),
        ("all_match" | "none_match", 2) => {
            let (list, lambda) = (next(), next());
            lambdas::matches(list, lambda, name == "all_match")
        }
        ("cardinality", 1) => Some(build::call("cardinality", vec![next()])),
        _ => None,
    }
}

fn is_text_hash(expr: &Expr) -> bool {
    matches!(expr, Expr::Function(function) if function.name.to_string().eq_ignore_ascii_case("md5"))
}

/// What gives null where it would fail.
fn forgiving(expr: Expr) -> Expr {
    let mut expr = expr;
    let _ = datafusion::sql::sqlparser::ast::visit_expressions_mut(&mut expr, |part| {
        match part {
            Expr::Cast { kind, .. } => *kind = CastKind::TryCast,
            Expr::Function(function) => {
                let name = function.name.to_string();
                if matches!(name.as_str(), "day_of" | "cast_as") {
                    function.name = ObjectName::from(vec![Ident::new(format!("try_{name}"))]);
                }
            }
            _ => {}
        }
        std::ops::ControlFlow::<()>::Continue(())
    });
    expr
}

fn of_time(name: &str, count: usize, next: &mut impl FnMut() -> Expr) -> Option<Expr> {
    let unit = match (name, count) {
        ("hour" | "minute" | "second" | "millisecond" | "year" | "quarter" | "month" | "week" | "day", 1) => name,
        ("day_of_week" | "dow", 1) => "isodow",
        ("day_of_month", 1) => "day",
        ("day_of_year" | "doy", 1) => "doy",
        ("week_of_year", 1) => "week",
        ("year_of_week" | "yow", 1) => "isoyear",
        _ => return of_format(name, count, next),
    };
    let part = date_part(unit, next());
    // Trino's milliseconds are those of the second's fraction
    Some(if unit == "millisecond" { binary(part, BinaryOperator::Modulo, number(1000)) } else { part })
}

fn of_format(name: &str, count: usize, next: &mut impl FnMut() -> Expr) -> Option<Expr> {
    let translated = |time: Expr, format: &Expr, translate: fn(&str) -> Option<String>, function: &str| {
        let format = literal(format).and_then(translate)?;
        Some(build::call(function, vec![time, text(format)]))
    };
    match (name, count) {
        ("date_format", 2) => {
            let (time, format) = (next(), next());
            // what cannot be translated now is when the query runs, or said to be impossible
            let later = build::call("mysql_format", vec![time.clone(), format.clone()]);
            translated(instant(time), &format, of_mysql, "to_char").or(Some(later))
        }
        ("format_datetime", 2) => {
            let (time, format) = (next(), next());
            translated(instant(time), &format, of_joda, "to_char")
        }
        ("date_parse", 2) => {
            let (time, format) = (next(), next());
            if literal(&format).and_then(of_mysql).as_deref() == Some(ISO_FORMAT) {
                return Some(build::call("from_iso8601_timestamp", vec![time]));
            }
            translated(time, &format, of_mysql, "parse_time")
        }
        ("parse_datetime", 2) => {
            let (time, format) = (next(), next());
            let iso = literal(&format).and_then(of_joda);
            if iso.as_deref().is_some_and(|format| format == ISO_FORMAT || format == "%Y-%m-%dT%H:%M:%S%z") {
                return Some(build::call("from_iso8601_timestamp", vec![time]));
            }
            translated(time, &format, of_joda, "parse_time")
        }
        ("from_iso8601_date", 1) => Some(to_date(build::call("from_iso8601_timestamp", vec![next()]))),
        ("to_iso8601", 1) => Some(build::call("iso8601_text", vec![instant(next())])),
        ("date", 1) => Some(to_date(with_its_clock(next()))),
        ("from_unixtime", 1) => Some(build::call("unix_time", vec![next()])),
        ("to_unixtime", 1) => Some(build::call("unix_seconds", vec![next()])),
        ("parse_duration", 1) => {
            let span = span(literal(&next())?)?;
            Some(cast(text(span), DataType::Interval { fields: None, precision: None }, CastKind::Cast))
        }
        ("localtimestamp", 0) => Some(build::call("now", vec![])),
        ("last_day_of_month", 1) => {
            let month = build::call("date_trunc", vec![text("month"), instant(next())]);
            let next_month = build::call("date_add", vec![text("month"), number(1), month]);
            Some(to_date(build::call("date_add", vec![text("day"), number(-1), next_month])))
        }
        ("at_timezone", 2) => {
            let (time, zone) = (next(), next());
            Some(Expr::AtTimeZone { timestamp: Box::new(build::nested(time)), time_zone: Box::new(zone) })
        }
        ("with_timezone", 2) => {
            let (time, zone) = (next(), next());
            // what its clock shows, as the time on the clocks of another zone
            let clock = DataType::Timestamp(None, TimezoneInfo::None);
            let time = build::cast(on_its_clock(time), clock, CastKind::Cast);
            Some(Expr::AtTimeZone { timestamp: Box::new(build::nested(time)), time_zone: Box::new(zone) })
        }
        ("truncate", 1) => Some(build::call("trunc", vec![next()])),
        ("round", 2) => {
            let (value, digits) = (next(), next());
            is_number(&digits, "0").then(|| build::call("round", vec![value]))
        }
        _ => None,
    }
}

const ISO_FORMAT: &str = "%Y-%m-%dT%H:%M:%SZ";

/// Trino's `1.5d` as an interval is written.
fn span(written: &str) -> Option<String> {
    let unit = written.trim_start_matches(|sign: char| sign.is_ascii_digit() || sign == '.');
    let number = written.strip_suffix(unit)?.trim();
    let unit = match unit.trim() {
        "us" => "microseconds",
        "ms" => "milliseconds",
        "s" => "seconds",
        "m" => "minutes",
        "h" => "hours",
        "d" => "days",
        _ => return None,
    };
    number.parse::<f64>().is_ok().then(|| format!("{number} {unit}"))
}
