//! Errors at their place in the text of a query: where a name stands that the engine only names, whose operand it is that does
//! not fit, which file a table was meant to be.

use datafusion::error::DataFusionError;

use crate::accesses::NO_SUCH_FIELD;
use crate::dialect::{self, places};
use crate::error::{Position, QueryError};
use crate::wording::{
    LIST_AS_TEXT, OUT_OF_RANGE, UNGROUPED, ZERO_DIVISION, plain, said_of_ungrouped, wrong_day, wrong_digits,
};

/// An error without a place, at the place where the query has the name that is in its message.
pub(crate) fn at_name(error: QueryError, sql: &str) -> QueryError {
    let QueryError::Wrong { message, position: None, hint } = error else { return error };
    let name = message.split('`').nth(1).unwrap_or_default();
    let position = if message.ends_with("found: EOF") { Some(end_of(sql)) } else { place_of(sql, name) };
    QueryError::Wrong { message, position, hint }
}

/// Functions that take text and no list.
const OF_TEXT: [&str; 20] = [
    "length",
    "char_length",
    "character_length",
    "upper",
    "lower",
    "trim",
    "ltrim",
    "rtrim",
    "substr",
    "substring",
    "replace",
    "strpos",
    "starts_with",
    "ends_with",
    "lpad",
    "rpad",
    "split_part",
    "split",
    "regexp_like",
    "regexp_replace",
];

/// An error of computing or of a type without a place, at the only place of the text that can be meant.
pub(crate) fn at_cause(error: QueryError, sql: &str) -> QueryError {
    let QueryError::Wrong { message, position: None, hint } = error else { return error };
    let position = match message.as_str() {
        ZERO_DIVISION => places::place_of_division(sql),
        OUT_OF_RANGE => places::place_of_span(sql),
        LIST_AS_TEXT => places::place_of_call(sql, &OF_TEXT),
        other if other.starts_with(NO_SUCH_FIELD) => {
            places::place_of_subscript(sql, other.rsplit(' ').next().unwrap_or_default())
        }
        other if other.starts_with("`json_") => place_of(sql, other.split('`').nth(1).unwrap_or_default()),
        other => match (wrong_digits(other), wrong_day(other)) {
            (Some(digits), _) => places::place_of_decimal(sql, digits),
            (_, Some(day)) => places::place_of_text_from(sql, day),
            _ => None,
        },
    };
    QueryError::Wrong { message, position, hint }
}

/// The place of a name, or of another name of the same function.
fn place_of(sql: &str, name: &str) -> Option<Position> {
    const LISTS: [&str; 5] = ["array_contains", "list_contains", "list_has", "array_has", "contains"];
    let others: &[&str] = match name {
        "array_has" => &LISTS,
        "substr" => &["substring"],
        _ => &[],
    };
    std::iter::once(name).chain(others.iter().copied()).find_map(|name| places::place_of(sql, name))
}

/// A file that a query names as its table and that is not what its name says.
pub(crate) fn of_file(error: &DataFusionError, files: &[String]) -> Option<QueryError> {
    let root = error.find_root();
    let is_of_file = matches!(
        root,
        DataFusionError::ParquetError(_)
            | DataFusionError::ArrowError(_, _)
            | DataFusionError::ObjectStore(_)
            | DataFusionError::IoError(_)
    );
    let [file] = files else { return None };
    if matches!(root, DataFusionError::NotImplemented(message) if message.contains("Compression")) {
        let message = format!("`{file}` is compressed: what comes out of it can be read");
        return Some(QueryError::Wrong { message, position: None, hint: None });
    }
    let message = format!("cannot read `{file}`: {}", plain(&root.strip_backtrace()));
    is_of_file.then_some(QueryError::Wrong { message, position: None, hint: None })
}

/// A column that is not there because a text stands in the quotes of a name: `event_name = "GetUser"`.
pub(crate) fn quoted_text(error: QueryError, sql: &str) -> QueryError {
    let QueryError::Wrong { message, position: Some(position), hint } = error else { return error };
    let name = message.strip_prefix("there is no column `").and_then(|rest| rest.strip_suffix('`'));
    if !dialect::is_quoted_value(sql, position) {
        return QueryError::Wrong { message, position: Some(position), hint };
    }
    // a name such as Athena's "$path" is no text
    let Some(name) = name.filter(|name| !name.starts_with('$')) else {
        return QueryError::Wrong { message, position: Some(position), hint };
    };
    // with the capitals that it has there
    let written = dialect::name_at(sql, position).map(|name| name.trim_matches('"').to_owned());
    let written = written.filter(|written| written.eq_ignore_ascii_case(name)).unwrap_or_else(|| name.to_owned());
    let hint = Some(format!("text takes single quotes: '{written}'; double quotes are for names"));
    QueryError::Wrong { message: format!("there is no column `{written}`"), position: Some(position), hint }
}

/// A column that is neither grouped nor aggregated, at the place that `place` finds for it and as it is written there.
pub(crate) fn ungrouped(error: QueryError, sql: &str, place: impl FnOnce(&str) -> Option<Position>) -> QueryError {
    let QueryError::Wrong { message, position, hint } = error else { return error };
    let column = message.strip_suffix(UNGROUPED).and_then(|rest| rest.split('`').nth(1));
    let Some((column, position)) = column.and_then(|column| Some((column, place(column)?))) else {
        return QueryError::Wrong { message, position, hint };
    };
    // behind a `*` it has no name
    let name = dialect::name_at(sql, position).unwrap_or_else(|| column.to_owned());
    let (message, hint) = said_of_ungrouped(&name);
    QueryError::Wrong { message, position: Some(position), hint: Some(hint) }
}

/// A division of what is no number, which is a call where its result is a double.
pub(crate) fn division(error: QueryError, sql: &str) -> QueryError {
    let QueryError::Wrong { message, position: None, hint } = error else { return error };
    let divides = message.starts_with("cannot compute ") && message.contains(" / ");
    let position = if divides { places::place_of_dividend(sql) } else { None };
    QueryError::Wrong { message, position, hint }
}

/// An operator that does not take its values, with the name of the first of them.
pub(crate) fn operand(error: QueryError, sql: &str) -> QueryError {
    let QueryError::Wrong { message, position: Some(position), hint } = error else { return error };
    let found = message.strip_prefix("cannot compute ").and_then(|types| {
        let (first, rest) = types.split_once(' ')?;
        let name = dialect::name_at(sql, position)?;
        Some(format!("cannot compute `{name}` ({first}) {rest}"))
    });
    let Some(named) = found else { return QueryError::Wrong { message, position: Some(position), hint } };
    let is_of_span = named.contains("VARCHAR)") && named.ends_with("INTERVAL");
    let of_span = is_of_span.then(|| "from_iso8601_timestamp(x) makes an instant of text".to_owned());
    let hint = of_span
        .or(hint)
        .unwrap_or_else(|| "CAST(x AS BIGINT) makes a number of text; || puts texts together".to_owned());
    QueryError::Wrong { message: named, position: Some(position), hint: Some(hint) }
}

/// Behind the last character of a text that is not blank.
fn end_of(sql: &str) -> Position {
    let lines = sql.trim_end().lines();
    let (number, line) = lines.enumerate().last().unwrap_or_default();
    Position { line: number as u64 + 1, column: line.chars().count() as u64 + 1 }
}
