//! Types that DataFusion does not have: lists and maps of JSON, JSON itself, addresses.

use datafusion::sql::sqlparser::ast::{CastKind, DataType, Expr, TimezoneInfo, TypedString, Value};

use super::Dialect;
use super::build::{call, cast, column_name, text};
use crate::compat::Table;
use crate::functions::is_instant;

/// What the tokens `ARRAY(JSON)` become.
pub(super) const JSON_LIST_TYPE: &str = "milepost_json_list";
/// What the tokens `ARRAY(VARCHAR)` become.
pub(super) const TEXT_LIST_TYPE: &str = "milepost_text_list";
/// What the tokens `MAP(VARCHAR, …)` become.
pub(super) const MAP_TYPE: &str = "milepost_map";

pub(super) fn rewrite(expr: &mut Expr, dialect: Dialect, tables: &[Table]) {
    if let Expr::TypedString(TypedString { data_type: DataType::Timestamp(_, _), value, .. }) = expr
        && let Value::SingleQuotedString(written) = &value.value
    {
        // Trino writes the zone behind a blank
        let written = written.strip_suffix(" UTC").map_or_else(|| written.clone(), |time| format!("{time}Z"));
        // with the name of a zone, or wrong, it is left to DataFusion, which knows the zones and says what is wrong
        if is_instant(&written) {
            *expr = call("from_iso8601_timestamp", vec![text(written)]);
        }
        return;
    }
    let Expr::Cast { kind, expr: inner, data_type, .. } = expr else { return };
    let name = type_name(data_type);
    let function = match name.as_str() {
        "ipaddress" | "ipprefix" => "ip_key",
        JSON_LIST_TYPE if is_list(inner) => "",
        TEXT_LIST_TYPE if is_list(inner) => "",
        JSON_LIST_TYPE => "json_array",
        TEXT_LIST_TYPE => "json_texts",
        MAP_TYPE => "json_map",
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
            // every time here is in UTC
            if !matches!(zone, TimezoneInfo::None) {
                **inner = call("from_iso8601_timestamp", vec![take(inner)]);
                *zone = TimezoneInfo::None;
            }
        }
        DataType::Date if kind != CastKind::TryCast && dialect.is_trino() => {
            // of a text with a time too
            **inner = cast(take(inner), DataType::Timestamp(None, TimezoneInfo::None), CastKind::Cast);
        }
        _ => {}
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

/// Whether a column of the tables is a struct or a list, which nothing but JSON makes text of.
fn is_nested(expr: &Expr, tables: &[Table]) -> bool {
    let Some(name) = column_name(expr) else { return false };
    tables.iter().flat_map(|table| table.columns()).any(|column| column.name == name && column.is_nested())
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

fn is_list(expr: &Expr) -> bool {
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
