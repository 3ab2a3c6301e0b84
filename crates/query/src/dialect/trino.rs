//! Functions of Trino, which Athena and CloudTrail Lake speak.

use datafusion::sql::sqlparser::ast::{BinaryOperator, CastKind, DataType, Expr, Function, TimezoneInfo};

use super::build::{self, binary, cast, literal, number, text};
use super::formats::{of_joda, of_mysql};
use super::functions::{choice, count_if, date_part, first_by, instant, is_number, most_by, renamed, to_date, to_text};
use super::types::{on_its_clock, with_its_clock};

/// The call in DataFusion's words; `None` if it is one of DataFusion's already.
pub(super) fn call(name: &str, arguments: Vec<Expr>, function: &Function) -> Option<Expr> {
    let count = arguments.len();
    let mut rest = arguments.into_iter();
    let mut next = || rest.next().unwrap_or_else(|| build::text(""));
    let rename = |to: &str, arguments: Vec<Expr>| Some(renamed(function, to, arguments));
    if let Some(found) =
        of_time(name, count, &mut next).or_else(|| super::trino_lists::call(name, count, &mut next, function))
    {
        return Some(found);
    }
    match (name, count) {
        // aggregates
        ("count_if", 1) => Some(count_if(next(), function)),
        ("approx_percentile", 2) => {
            let (value, shares) = (next(), next());
            Some(percentiles(&value, &shares, function))
        }
        ("approx_distinct", 2) => rename("approx_distinct", vec![next()]),
        ("arbitrary" | "any_value", 1) => rename("first_value", vec![next()]),
        ("every", 1) => rename("bool_and", vec![next()]),
        ("max_by" | "min_by", 2) => {
            let (value, order) = (next(), next());
            Some(first_by(value, order, name == "max_by", function))
        }
        ("max" | "min", 2) => {
            let (value, most) = (next(), next());
            Some(most_by(value.clone(), value, most, name == "max", function))
        }
        ("max_by" | "min_by", 3) => {
            let (value, order, most) = (next(), next(), next());
            Some(most_by(value, order, most, name == "max_by", function))
        }
        ("geometric_mean", 1) => {
            let mean = rename("avg", vec![build::call("ln", vec![next()])])?;
            Some(build::call("exp", vec![mean]))
        }
        ("variance", 1) => rename("var_samp", vec![next()]),
        ("set_agg", 1) => Some(build::call("array_distinct", vec![rename("array_agg", vec![next()])?])),
        // text
        ("concat", 2..) => {
            let first = next();
            Some((1..count).fold(first, |left, _| binary(left, BinaryOperator::StringConcat, next())))
        }
        ("concat_ws", 2) => rename("texts_joined", vec![next(), next()]),
        ("reverse", 1) => rename("reversed", vec![next()]),
        ("split_part", 3) => rename("nth_part", vec![next(), next(), next()]),
        ("strpos", 3) => rename("nth_position", vec![next(), next(), next()]),
        ("replace", 2) => rename("replace", vec![next(), next(), text("")]),
        ("regexp_replace", 2) => rename("regexp_replace", vec![next(), next(), text(""), text("g")]),
        ("regexp_replace", 3) => rename("regexp_replace", vec![next(), next(), next(), text("g")]),
        ("format", 1..) => {
            let format = next();
            super::texts::format(&format, (1..count).map(|_| next()).collect())
        }
        ("levenshtein_distance", 2) => rename("levenshtein", vec![next(), next()]),
        ("codepoint", 1) => rename("ascii", vec![next()]),
        ("to_utf8", 1) => Some(next()),
        ("from_utf8", 1) => Some(as_text(next())),
        ("to_base64", 1) => rename("encode", vec![next(), text("base64pad")]),
        ("from_base64", 1) => rename("decode", vec![next(), text("base64pad")]),
        ("to_base64url", 1) => {
            let plain = build::call("encode", vec![next(), text("base64pad")]);
            rename("translate", vec![plain, text("+/"), text("-_")])
        }
        ("from_base64url", 1) => {
            let plain = build::call("translate", vec![next(), text("-_"), text("+/")]);
            rename("decode", vec![plain, text("base64")])
        }
        ("from_hex", 1) => rename("decode", vec![next(), text("hex")]),
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
        ("try", 1) => Some(super::tries::forgiving(next())),
        ("greatest", 1..) => rename("greatest_or_null", (0..count).map(|_| next()).collect()),
        ("least", 1..) => rename("least_or_null", (0..count).map(|_| next()).collect()),
        // numbers
        ("mod", 2) => Some(binary(next(), BinaryOperator::Modulo, next())),
        ("bitwise_and", 2) => Some(binary(next(), BinaryOperator::BitwiseAnd, next())),
        ("bitwise_or", 2) => Some(binary(next(), BinaryOperator::BitwiseOr, next())),
        ("bitwise_xor", 2) => Some(binary(next(), BinaryOperator::BitwiseXor, next())),
        ("bitwise_not", 1) => Some(binary(number(-1), BinaryOperator::Minus, next())),
        ("ceiling", 1) => rename("ceil", vec![next()]),
        ("sign", 1) => rename("signum", vec![next()]),
        ("is_nan", 1) => rename("isnan", vec![next()]),
        ("truncate", 2) => rename("trunc", vec![next(), next()]),
        ("rand", 0) => rename("random", vec![]),
        ("typeof", 1) => rename("typeof", vec![next()]),
        _ => None,
    }
}

/// `approx_percentile(x, p)`, and a list of them for `ARRAY[p, q]`.
fn percentiles(value: &Expr, shares: &Expr, function: &Function) -> Expr {
    let one = |share: &Expr| {
        let mut percentile = build::function("approx_percentile", vec![value.clone(), share.clone()]);
        percentile.filter.clone_from(&function.filter);
        Expr::Function(percentile)
    };
    match shares {
        Expr::Array(list) => build::call("make_array", list.elem.iter().map(one).collect()),
        Expr::Nested(inner) => percentiles(value, inner, function),
        share => one(share),
    }
}

/// The text of bytes; what is text already stays it.
fn as_text(bytes: Expr) -> Expr {
    let is_decoded = matches!(&bytes, Expr::Function(function) if matches!(function.name.to_string().as_str(), "decode" | "try_decode"));
    if is_decoded { build::call("utf8_text", vec![bytes]) } else { bytes }
}

fn is_text_hash(expr: &Expr) -> bool {
    matches!(expr, Expr::Function(function) if function.name.to_string().eq_ignore_ascii_case("md5"))
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
        ("current_timezone", 0) => Some(text("UTC")),
        ("date_trunc", 2) => Some(build::call("start_of", vec![next(), next()])),
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
