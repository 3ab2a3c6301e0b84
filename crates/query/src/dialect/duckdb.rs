//! Functions of DuckDB, which Tailpipe's queries and notebooks are written in.

use datafusion::sql::sqlparser::ast::{BinaryOperator, CastKind, DataType, Expr, Function, Value};

use super::build::{self, binary, cast, literal, number, text};
use crate::functions::leads_to_several;

use super::functions::{choice, count_if, date_part, first_by, instant, most_by, renamed};

/// The call in DataFusion's words; `None` if it is one of DataFusion's already.
pub(super) fn call(name: &str, arguments: Vec<Expr>, function: &Function) -> Option<Expr> {
    let count = arguments.len();
    let first_is_text = arguments.first().is_some_and(|argument| literal(argument).is_some());
    let first_is_number =
        matches!(arguments.first(), Some(Expr::Value(value)) if matches!(value.value, Value::Number(_, _)));
    let all = arguments.clone();
    let mut rest = arguments.into_iter();
    let mut next = || rest.next().unwrap_or_else(|| text(""));
    let rename = |to: &str| Some(renamed(function, to, all.clone()));
    match (name, count) {
        // lists
        ("string_split" | "str_split" | "split", 2) => rename("string_to_array"),
        ("list_contains" | "list_has", 2) => rename("array_has"),
        ("list_has_any", 2) => rename("array_has_any"),
        ("list_distinct", 1) => rename("array_distinct"),
        ("list_value", _) => rename("make_array"),
        ("list_extract", 2) => {
            let (list, index) = (next(), next());
            Some(build::subscript(list, index))
        }
        ("list_transform" | "list_apply" | "array_apply" | "apply", 2) => rename("array_transform"),
        ("list_filter" | "filter", 2) => rename("array_filter"),
        ("array_length", 1) => rename("element_count"),
        ("length", 1) if !first_is_text => rename("size_of"),
        ("strlen", 1) => rename("octet_length"),
        ("list_min" | "list_max", 1) => rename(if name == "list_min" { "array_min" } else { "array_max" }),
        ("list_unique", 1) => Some(build::call("array_length", vec![build::call("array_distinct", vec![next()])])),
        ("list_aggregate", _) => None,
        // JSON
        ("json_contains", 2) => rename("json_contains_value"),
        ("json_extract" | "json_extract_path", 2) => Some(extracted(next(), next(), ["json_arrow", "json_every"])),
        ("json_extract_string" | "json_extract_path_text", 2) => {
            Some(extracted(next(), next(), ["json_extract_string", "json_every_text"]))
        }
        ("json_value", 2) => rename("json_extract_scalar"),
        ("from_json" | "json_transform", 2) => {
            let (json, shape) = (next(), next());
            match literal(&shape).map(|shape| shape.to_uppercase().replace(' ', "")).as_deref() {
                Some("[\"JSON\"]") => Some(build::call("json_array", vec![json])),
                Some("[\"VARCHAR\"]") => Some(build::call("json_texts", vec![json])),
                _ => None,
            }
        }
        ("json" | "to_json", 1) => rename("to_json"),
        // text
        ("regexp_matches", 2 | 3) => rename("regexp_like"),
        ("regexp_full_match", 2) => {
            let (whole, pattern) = (next(), next());
            let opened = binary(text("^(?:"), BinaryOperator::StringConcat, pattern);
            Some(build::call("regexp_like", vec![whole, binary(opened, BinaryOperator::StringConcat, text(")$"))]))
        }
        ("regexp_split_to_array" | "string_split_regex" | "str_split_regex", 2) => rename("regexp_split"),
        ("lcase", 1) => rename("lower"),
        ("ucase", 1) => rename("upper"),
        ("base64" | "to_base64", 1) => Some(build::call("encode", vec![next(), text("base64pad")])),
        ("from_base64", 1) => Some(build::call("decode", vec![next(), text("base64")])),
        ("hex" | "to_hex", 1) if !first_is_number => {
            Some(build::call("hex_upper", vec![build::call("encode", vec![next(), text("hex")])]))
        }
        ("decode", 1) => rename("utf8_text"),
        ("unhex" | "from_hex", 1) => Some(build::call("decode", vec![next(), text("hex")])),
        ("regexp_extract", 2 | 3) => rename("regexp_extract_or_empty"),
        ("prefix", 2) => rename("starts_with"),
        ("suffix", 2) => rename("ends_with"),
        ("ifnull", 2) => rename("coalesce"),
        ("if", 3) => Some(choice(next(), next(), Some(next()))),
        ("host", 1) => Some(next()),
        // time
        ("strftime", 2) => {
            let (one, other) = (next(), next());
            // both orders are allowed
            let (time, format) = if first_is_text && literal(&other).is_none() { (other, one) } else { (one, other) };
            Some(build::call("to_char", vec![instant(time), format]))
        }
        ("strptime" | "try_strptime", 2) => Some(build::call("parse_time", vec![next(), next(), build::number(1900)])),
        ("date_diff" | "datediff", 3) => rename("date_diff_boundaries"),
        ("date_sub" | "datesub", 3) => rename("date_diff"),
        ("time_bucket", 2) => {
            let (width, time) = (next(), next());
            Some(buckets(width, time))
        }
        ("epoch_ms", 1) => {
            let value = next();
            if matches!(&value, Expr::Value(value) if matches!(value.value, Value::Number(_, _))) {
                return Some(build::call("unix_time", vec![binary(value, BinaryOperator::Divide, number("1000.0"))]));
            }
            let millis = binary(date_part("epoch", value), BinaryOperator::Multiply, number(1000));
            Some(cast(millis, DataType::BigInt(None), CastKind::Cast))
        }
        ("epoch_us", 1) => {
            let micros = binary(date_part("epoch", next()), BinaryOperator::Multiply, number(1_000_000));
            Some(cast(micros, DataType::BigInt(None), CastKind::Cast))
        }
        ("last_day", 1) => super::trino::call("last_day_of_month", all, function),
        ("sign", 1) => rename("signum"),
        ("epoch", 1) => Some(date_part("epoch", next())),
        ("today", 0) => rename("current_date"),
        ("get_current_timestamp", 0) => rename("now"),
        ("hour" | "minute" | "second" | "year" | "quarter" | "month" | "week" | "day" | "isodow" | "isoyear", 1) => {
            Some(date_part(name, next()))
        }
        ("dayofweek" | "weekday", 1) => Some(date_part("dow", next())),
        ("dayofmonth", 1) => Some(date_part("day", next())),
        ("dayofyear", 1) => Some(date_part("doy", next())),
        ("dayname", 1) => Some(build::call("to_char", vec![next(), text("%A")])),
        ("monthname", 1) => Some(build::call("to_char", vec![next(), text("%B")])),
        // aggregates
        ("count_if" | "countif", 1) => Some(count_if(next(), function)),
        ("list", 1) => rename("array_agg"),
        ("any_value" | "arbitrary" | "first", 1) => rename("first_value"),
        ("last", 1) => rename("last_value"),
        ("group_concat" | "listagg", 2) => rename("string_agg"),
        ("group_concat" | "listagg" | "string_agg", 1) => {
            Some(renamed(function, "string_agg", vec![next(), text(",")]))
        }
        ("quantile_cont", 2) => rename("percentile_cont"),
        ("approx_quantile", 2) => rename("approx_percentile_cont"),
        ("max" | "min", 2) => {
            let (value, most) = (next(), next());
            Some(most_by(value.clone(), value, most, name == "max", function))
        }
        ("arg_max" | "max_by" | "argmax", 2) => {
            let (value, order) = (next(), next());
            Some(first_by(value, order, true, function))
        }
        ("arg_max" | "max_by" | "argmax" | "arg_min" | "min_by" | "argmin", 3) => {
            let (value, order, most) = (next(), next(), next());
            Some(most_by(value, order, most, name.contains("max"), function))
        }
        ("arg_min" | "min_by" | "argmin", 2) => {
            let (value, order) = (next(), next());
            Some(first_by(value, order, false, function))
        }
        ("approx_count_distinct", 1) => rename("approx_distinct"),
        _ => None,
    }
}

/// What is at a path of JSON, or at each of a list of paths; `names` are the functions for one value and for several.
fn extracted(json: Expr, path: Expr, names: [&str; 2]) -> Expr {
    let [one, several] = names;
    match path {
        Expr::Array(paths) => {
            let found = paths.elem.into_iter().map(|path| extracted(json.clone(), path, names));
            build::call("make_array", found.collect())
        }
        path if literal(&path).is_some_and(leads_to_several) => build::call(several, vec![json, path]),
        path => build::call(one, vec![json, path]),
    }
}

/// Spans counted from the days that DuckDB counts them from: a Monday, so that weeks begin there, and the first of a month.
fn buckets(width: Expr, time: Expr) -> Expr {
    let width = match width {
        Expr::Interval(_) => width,
        other if literal(&other).is_some() => {
            cast(other, DataType::Interval { fields: None, precision: None }, CastKind::Cast)
        }
        other => other,
    };
    let origin = build::call("bucket_origin", vec![width.clone()]);
    build::call("date_bin", vec![width, instant(time), origin])
}
