//! Types that DataFusion does not have: JSON and addresses; lists, maps and rows are in `json_types`.

use datafusion::sql::sqlparser::ast::{
    ArrayElemTypeDef, CastKind, DataType, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, TimezoneInfo,
    TypedString, Value,
};

use super::Dialect;
use super::build::{call, literal, text};
use super::functions::to_date;
use super::json_names::JsonNames;
use crate::compat::Table;
use crate::functions::{DUCKDB_TEXT, ROUNDED, ROUNDED_TO_EVEN, Shape, TRINO_TEXT, is_instant};

pub(super) fn rewrite(expr: &mut Expr, dialect: Dialect, tables: &[Table], json: &JsonNames) {
    if let Expr::TypedString(TypedString { data_type: DataType::Timestamp(_, _), value, .. }) = expr
        && let Value::SingleQuotedString(written) = &value.value
    {
        // Trino writes the zone behind a blank
        let written = written.strip_suffix(" UTC").map_or_else(|| written.clone(), |time| format!("{time}Z"));
        if is_instant(&written) {
            *expr = call("from_iso8601_timestamp", vec![text(written)]);
        } else if let Some(zone) = zone_of(&written) {
            // with the zone in its type, its clock is known, and it is compared as an instant
            let kind = format!("Timestamp(Microsecond, Some(\"{zone}\"))");
            *expr = call("arrow_cast", vec![text(written), text(kind)]);
        }
        // what is wrong is left to DataFusion, which says so
        return;
    }
    if super::json_types::rewrite(expr) {
        return;
    }
    if let Some(list) = of_list(expr).filter(|_| !dialect.is_trino()) {
        *expr = list;
        return;
    }
    let Expr::Cast { kind, expr: inner, data_type, .. } = expr else { return };
    let is_value = is_json(inner) || json.is_value(inner);
    if is_value && dialect.is_trino() {
        if let Some(cast) = of_json(inner, data_type) {
            *expr = cast;
            return;
        }
        if is_text(data_type) || matches!(data_type, DataType::Timestamp(_, _) | DataType::Date) {
            // a JSON string is its content, not its text with quotes
            let value = std::mem::replace(inner.as_mut(), Expr::value(Value::Null));
            **inner = call("json_text", vec![value]);
        }
    }
    let name = type_name(data_type);
    let function = match name.as_str() {
        "ipaddress" => "ip_key",
        "ipprefix" if *kind == CastKind::Cast || *kind == CastKind::DoubleColon => "network",
        "ipprefix" => "try_network",
        _ if is_text(data_type) && is_address(inner) => "ip_text",
        // addresses and JSON are text here
        "inet" => "",
        "json" | "jsonb" if is_value => "",
        "json" | "jsonb" => "to_json",
        _ if is_text(data_type) && is_nested(inner, tables) => "to_json",
        _ => {
            if is_text(data_type) && !is_value && !matches!(inner.as_ref(), Expr::Value(_)) {
                let value = std::mem::replace(inner.as_mut(), Expr::value(Value::Null));
                **inner = call(if dialect.is_trino() { TRINO_TEXT } else { DUCKDB_TEXT }, vec![value]);
            }
            of_known_type(inner, kind.clone(), data_type, dialect);
            return;
        }
    };
    let inner = std::mem::replace(inner.as_mut(), Expr::value(Value::Null));
    *expr = if function.is_empty() { inner } else { call(function, vec![inner]) };
}

/// DuckDB's `x::JSON[]`: of JSON and of lists.
fn of_list(expr: &mut Expr) -> Option<Expr> {
    let Expr::Cast { kind, expr: inner, data_type, .. } = expr else { return None };
    let DataType::Array(ArrayElemTypeDef::SquareBracket(element, None)) = data_type else { return None };
    let written = format!("ARRAY({})", written(element));
    Shape::parse(&written).ok()?;
    let function = if *kind == CastKind::TryCast { "try_cast_as" } else { "cast_as" };
    Some(call(function, vec![std::mem::replace(inner.as_mut(), Expr::value(Value::Null)), text(written)]))
}

/// A type with the names of those that are in it, as shapes are written.
fn written(data_type: &DataType) -> String {
    match data_type {
        DataType::Array(ArrayElemTypeDef::SquareBracket(element, None)) => format!("ARRAY({})", written(element)),
        other => other.to_string(),
    }
}

/// JSON as a number or a boolean: of texts and of other numbers too.
fn of_json(inner: &Expr, data_type: &DataType) -> Option<Expr> {
    let written = data_type.to_string();
    let shape = Shape::parse(&written).ok()?;
    shape.is_number_or_boolean().then(|| call("json_cast", vec![inner.clone(), text(written)]))
}

/// The name of a zone behind a time: `2026-03-04 00:00:00 Europe/Berlin`.
fn zone_of(written: &str) -> Option<String> {
    let (time, zone) = written.rsplit_once(' ')?;
    let is_name = zone.chars().all(|letter| letter.is_ascii_alphanumeric() || "/_+-".contains(letter));
    let is_zone = time.contains(['T', ' ']) && is_name && zone.starts_with(|first: char| first.is_ascii_alphabetic());
    is_zone.then(|| zone.to_owned())
}

fn of_known_type(inner: &mut Box<Expr>, kind: CastKind, data_type: &mut DataType, dialect: Dialect) {
    let take = |inner: &mut Box<Expr>| std::mem::replace(inner.as_mut(), Expr::value(Value::Null));
    if is_json(inner) && !dialect.is_trino() && !is_text(data_type) {
        // DuckDB has the quotes of a JSON string only where it makes text of it, and rounds fractions to whole numbers
        **inner = match is_whole(data_type) {
            true => call("json_whole", vec![take(inner)]),
            false => call("json_text", vec![take(inner)]),
        };
    }
    match data_type {
        // with a length, or by other engines' names
        DataType::Varchar(_) | DataType::CharacterVarying(_) | DataType::Nvarchar(_) | DataType::String(_) => {
            *data_type = DataType::Varchar(None);
        }
        DataType::Timestamp(precision, zone) => {
            *precision = None;
            if !matches!(zone, TimezoneInfo::None) {
                // every time here is in UTC
                **inner = call("from_iso8601_timestamp", vec![take(inner)]);
                *zone = TimezoneInfo::None;
            } else if dialect == Dialect::Athena && super::build::column_name(inner).as_deref() == Some("eventtime") {
                // the lake's own instant is behind this text
                **inner = call("from_iso8601_timestamp", vec![take(inner)]);
            } else if dialect.is_trino() && literal(inner).is_none() {
                **inner = on_its_clock(take(inner));
            }
        }
        whole if is_whole(whole) && may_have_fraction(inner) => {
            // a number that is written with a point is a decimal, and no double
            let name = if dialect.is_trino() || is_decimal(inner) { ROUNDED } else { ROUNDED_TO_EVEN };
            **inner = call(name, vec![take(inner)]);
        }
        DataType::Date if kind != CastKind::TryCast && dialect.is_trino() => {
            // of a text with a time too
            **inner = to_date(with_its_clock(take(inner)));
        }
        _ => {}
    }
}

/// Whether an expression gives an address as bytes, as far as its function tells.
fn is_address(expr: &Expr) -> bool {
    gives(expr, &["ip_key", "ip_subnet_min", "ip_subnet_max"])
}

/// Whether an expression gives a network, as far as its function tells.
pub(super) fn is_network(expr: &Expr) -> bool {
    gives(expr, &["network", "try_network", "ip_prefix"])
}

fn gives(expr: &Expr, functions: &[&str]) -> bool {
    match expr {
        Expr::Nested(inner) => gives(inner, functions),
        Expr::Function(function) => functions.contains(&function.name.to_string().to_lowercase().as_str()),
        _ => false,
    }
}

/// Whether a value may be a number with a fraction.
fn may_have_fraction(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => may_have_fraction(inner),
        Expr::Value(value) => match &value.value {
            Value::Number(written, _) | Value::SingleQuotedString(written) => written.contains(['.', 'e', 'E']),
            _ => false,
        },
        _ => true,
    }
}

/// Whether an expression is a number that is written without an exponent.
fn is_decimal(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) | Expr::UnaryOp { expr: inner, .. } => is_decimal(inner),
        Expr::Value(value) => matches!(&value.value, Value::Number(written, _) if !written.contains(['e', 'E'])),
        _ => false,
    }
}

/// A time as the clock of its own zone shows it.
pub(super) fn on_its_clock(time: Expr) -> Expr {
    match with_its_clock(time) {
        Expr::Function(function) if function.name.to_string() == "clock_of" => Expr::Function(function),
        other => call("wall_time", vec![other]),
    }
}

/// What is read from a text keeps what the clock shows there; all else stays.
pub(super) fn with_its_clock(time: Expr) -> Expr {
    match &time {
        Expr::Nested(inner) => with_its_clock(inner.as_ref().clone()),
        Expr::Function(function) if function.name.to_string().eq_ignore_ascii_case("from_iso8601_timestamp") => {
            super::functions::arguments(function).map_or(time, |arguments| call("clock_of", arguments))
        }
        _ => time,
    }
}

fn is_whole(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::TinyInt(_)
            | DataType::SmallInt(_)
            | DataType::Int(_)
            | DataType::Integer(_)
            | DataType::BigInt(_)
            | DataType::Int2(_)
            | DataType::Int4(_)
            | DataType::Int8(_)
    )
}

fn is_text(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Varchar(_)
            | DataType::CharacterVarying(_)
            | DataType::Nvarchar(_)
            | DataType::String(_)
            | DataType::Text
    )
}

/// Whether a column of the tables, or a field of one, is a struct or a list, which nothing but JSON makes text of.
pub(super) fn is_nested(expr: &Expr, tables: &[Table]) -> bool {
    let names: Vec<String> = match expr {
        Expr::Identifier(name) => vec![name.value.to_lowercase()],
        Expr::CompoundIdentifier(parts) => parts.iter().map(|part| part.value.to_lowercase()).collect(),
        Expr::Nested(inner) => return is_nested(inner, tables),
        _ => return false,
    };
    let columns = || tables.iter().flat_map(|table| table.columns());
    // behind the name of a table, if the first is no column itself
    let at = usize::from(names.len() > 1 && !columns().any(|column| column.name == names[0]));
    let (name, path) = (&names[at], &names[at + 1..]);
    columns().any(|column| column.name == *name && column.is_nested_at(path))
}

/// What is nested among the values of `format('%s', …)`, as the JSON that is its text.
pub(super) fn nested_values(expr: &mut Expr, tables: &[Table]) {
    let Expr::Function(function) = expr else { return };
    let FunctionArguments::List(list) = &mut function.args else { return };
    if !function.name.to_string().eq_ignore_ascii_case("format") {
        return;
    }
    for argument in &mut list.args {
        if let FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) = argument
            && is_nested(value, tables)
        {
            *value = call("to_json", vec![std::mem::replace(value, Expr::value(Value::Null))]);
        }
    }
}

fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Custom(name, _) => name.to_string().to_lowercase(),
        DataType::JSON => "json".to_owned(),
        DataType::JSONB => "jsonb".to_owned(),
        _ => String::new(),
    }
}

/// Whether an expression gives JSON, as far as its function tells.
pub(super) fn is_json(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_json(inner),
        Expr::Function(function) => {
            let name = function.name.to_string().to_lowercase();
            matches!(
                name.as_str(),
                "json_extract"
                    | "json_array_get"
                    | "json_arrow"
                    | "json_arrow_index"
                    | "json_query"
                    | "json_parse"
                    | "to_json"
            )
        }
        _ => false,
    }
}
