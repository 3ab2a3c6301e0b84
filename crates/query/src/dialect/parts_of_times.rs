//! `extract(unit FROM time)` with the units of Trino and DuckDB: only days of the week are counted otherwise there.

use datafusion::sql::sqlparser::ast::{DateTimeField, Expr, Value};

use super::functions::date_part;

/// Asks for the part that DataFusion has under another name.
pub(super) fn rewrite(expr: &mut Expr, is_trino: bool) {
    let Expr::Extract { field, expr: time, .. } = expr else { return };
    let Some(unit) = unit(field, is_trino) else { return };
    let time = std::mem::replace(time.as_mut(), Expr::value(Value::Null));
    *expr = date_part(unit, time);
}

fn unit(field: &DateTimeField, is_trino: bool) -> Option<&'static str> {
    let name = match field {
        DateTimeField::Custom(name) => name.value.to_lowercase(),
        other => other.to_string().to_lowercase(),
    };
    Some(match name.as_str() {
        // Monday is 1 and Sunday 7 in Trino, Sunday 0 in DuckDB
        "dow" | "day_of_week" | "dayofweek" if is_trino => "isodow",
        "dayofweek" | "weekday" => "dow",
        "day_of_year" | "dayofyear" => "doy",
        "day_of_month" | "dayofmonth" => "day",
        "week_of_year" | "weekofyear" => "week",
        "yow" | "year_of_week" => "isoyear",
        _ => return None,
    })
}
