//! Types that DataFusion does not have: JSON and addresses; those that JSON is cast to are in `json_types`.

use datafusion::sql::sqlparser::ast::{
    CastKind, DataType, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, TimezoneInfo, TypedString, Value,
};

use super::Dialect;
use super::build::{call, literal, text};
use super::functions::to_date;
use crate::compat::Table;
use crate::functions::is_instant;

pub(super) fn rewrite(expr: &mut Expr, dialect: Dialect, tables: &[Table]) {
    if let Expr::TypedString(TypedString { data_type: DataType::Timestamp(_, _), value, .. }) = expr
        && let Value::SingleQuotedString(written) = &value.value
    {
        // Trino writes the zone behind a blank
        let written = written.strip_suffix(" UTC").map_or_else(|| written.clone(), |time| format!("{time}Z"));
        if is_instant(&written) {
            *expr = call("from_iso8601_timestamp", vec![text(written)]);
        } else if names_zone(&written) {
            // without a zone in its type, it would be taken for the time on the clock of what it is compared with
            *expr = call("arrow_cast", vec![text(written), text("Timestamp(Microsecond, Some(\"UTC\"))")]);
        }
        // what is wrong is left to DataFusion, which says so
        return;
    }
    if super::json_types::rewrite(expr, |inner| is_nested(inner, tables)) {
        return;
    }
    let Expr::Cast { kind, expr: inner, data_type, .. } = expr else { return };
    let name = type_name(data_type);
    let function = match name.as_str() {
        "ipaddress" => "ip_key",
        "ipprefix" if *kind == CastKind::Cast || *kind == CastKind::DoubleColon => "network",
        "ipprefix" => "try_network",
        _ if is_text(data_type) && is_address(inner) => "ip_text",
        // addresses and JSON are text here
        "inet" => "",
        "json" | "jsonb" if is_json(inner) => "",
        "json" | "jsonb" => "to_json",
        _ if is_text(data_type) && is_nested(inner, tables) => "to_json",
        _ => {
            of_known_type(inner, kind.clone(), data_type, dialect);
            return;
        }
    };
    let inner = std::mem::replace(inner.as_mut(), Expr::value(Value::Null));
    *expr = if function.is_empty() { inner } else { call(function, vec![inner]) };
}

/// Whether the name of a zone stands behind a time: `2026-03-04 00:00:00 Europe/Berlin`.
fn names_zone(written: &str) -> bool {
    written.rsplit_once(' ').is_some_and(|(time, zone)| {
        time.contains(['T', ' ']) && zone.starts_with(|first: char| first.is_ascii_alphabetic())
    })
}

fn of_known_type(inner: &mut Box<Expr>, kind: CastKind, data_type: &mut DataType, dialect: Dialect) {
    let take = |inner: &mut Box<Expr>| std::mem::replace(inner.as_mut(), Expr::value(Value::Null));
    if dialect.is_trino() && is_json(inner) {
        // a JSON string is its content, not its text with quotes
        **inner = call("json_text", vec![take(inner)]);
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
            } else if dialect.is_trino() && literal(inner).is_none() {
                **inner = call("wall_time", vec![take(inner)]);
            }
        }
        integer if dialect.is_trino() && is_integer(integer) && literal(inner).is_none() => {
            **inner = call("whole", vec![take(inner)]);
        }
        DataType::Date if kind != CastKind::TryCast && dialect.is_trino() => {
            // of a text with a time too
            **inner = to_date(take(inner));
        }
        _ => {}
    }
}

fn is_integer(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::TinyInt(_) | DataType::SmallInt(_) | DataType::Int(_) | DataType::Integer(_) | DataType::BigInt(_)
    )
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
fn is_nested(expr: &Expr, tables: &[Table]) -> bool {
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
                "json_extract" | "json_array_get" | "json_arrow" | "json_arrow_index" | "json_query"
            )
        }
        _ => false,
    }
}

/// Whether an expression gives a list, as far as its function tells.
pub(super) fn is_list(expr: &Expr) -> bool {
    match expr {
        Expr::Array(_) => true,
        Expr::Nested(inner) => is_list(inner),
        Expr::Function(function) => {
            let name = function.name.to_string().to_lowercase();
            matches!(
                name.as_str(),
                "make_array"
                    | "string_to_array"
                    | "array_agg"
                    | "split_at_most"
                    | "array_distinct"
                    | "map_keys"
                    | "map_values"
                    | "json_array"
                    | "json_texts"
            )
        }
        _ => false,
    }
}
