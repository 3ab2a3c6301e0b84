//! Turns what DataFusion says of a wrong query into a message with a place in the user's text and a hint.

use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;

use crate::error::{Position, QueryError};

/// Names further off than this many edits per name are not suggested.
const MAX_DISTANCE: usize = 4;
/// Names listed where none is near.
const MAX_LISTED: usize = 8;

/// The error of a query that could not be planned. `tables` are the names it could have used.
pub(crate) fn of_planning(error: &DataFusionError, tables: &[String]) -> QueryError {
    let root = error.find_root();
    let position = position_of(error);
    match root {
        DataFusionError::SQL(parser, _) => {
            let (message, position) = split_position(&parser.to_string());
            QueryError::Wrong { message: format!("cannot parse the query: {message}"), position, hint: None }
        }
        DataFusionError::SchemaError(schema, _) => of_schema(schema, position),
        _ => {
            let message = plain(&root.strip_backtrace());
            if let Some(table) = unknown_table(&message) {
                let hint = match nearest(&table, tables) {
                    Some(name) => format!("did you mean `{name}`?"),
                    None => format!("there are: {}", tables.join(", ")),
                };
                let message = format!("there is no table `{table}`");
                return QueryError::Wrong { message, position, hint: Some(hint) };
            }
            let (message, hint) = split_hint(&message);
            QueryError::Wrong { message, position, hint }
        }
    }
}

/// The error of a query that failed while it ran.
pub(crate) fn of_running(error: &DataFusionError) -> QueryError {
    QueryError::Failed { message: plain(&error.find_root().strip_backtrace()) }
}

fn of_schema(error: &SchemaError, position: Option<Position>) -> QueryError {
    match error {
        SchemaError::FieldNotFound { field, valid_fields } => {
            let mut names: Vec<String> = valid_fields.iter().map(|column| column.name.clone()).collect();
            names.sort();
            names.dedup();
            let hint = match nearest(&field.name, &names) {
                Some(name) => Some(format!("did you mean `{name}`?")),
                None if names.is_empty() => None,
                None if names.len() <= MAX_LISTED => Some(format!("there are: {}", names.join(", "))),
                None => Some("`DESCRIBE events` lists the columns".to_owned()),
            };
            let message = format!("there is no column `{}`", field.name);
            QueryError::Wrong { message, position, hint }
        }
        SchemaError::AmbiguousReference { field } => QueryError::Wrong {
            message: format!("more than one table has a column `{}`", field.name),
            position,
            hint: Some("write the table's name before it".to_owned()),
        },
        other => QueryError::Wrong { message: plain(&other.to_string()), position, hint: None },
    }
}

/// The name nearest to `wrong`, if one is near.
#[must_use]
pub fn nearest<'a>(wrong: &str, names: &'a [String]) -> Option<&'a str> {
    let wrong = wrong.to_lowercase();
    let squeezed = |name: &str| name.replace('_', "").to_lowercase();
    if let Some(name) = names.iter().find(|name| squeezed(name) == squeezed(&wrong)) {
        return Some(name);
    }
    names
        .iter()
        .map(|name| (strsim::damerau_levenshtein(&wrong, name), name))
        .filter(|(distance, name)| *distance <= MAX_DISTANCE.min(name.len() / 3))
        .min()
        .map(|(_, name)| name.as_str())
}

fn position_of(error: &DataFusionError) -> Option<Position> {
    let start = error.diagnostic()?.span?.start;
    Some(Position { line: start.line, column: start.column })
}

/// sqlparser ends its messages with ` at Line: 1, Column: 8`.
fn split_position(message: &str) -> (String, Option<Position>) {
    let message = message.strip_prefix("sql parser error: ").unwrap_or(message);
    let parsed = message.rsplit_once(" at Line: ").and_then(|(text, place)| {
        let (line, column) = place.split_once(", Column: ")?;
        Some((text.to_owned(), Position { line: line.parse().ok()?, column: column.parse().ok()? }))
    });
    match parsed {
        Some((text, position)) => (text, Some(position)),
        None => (message.to_owned(), None),
    }
}

fn unknown_table(message: &str) -> Option<String> {
    let name = message.strip_prefix("table '")?.strip_suffix("' not found")?;
    Some(name.rsplit('.').next().unwrap_or(name).to_owned())
}

fn split_hint(message: &str) -> (String, Option<String>) {
    match message.split_once("\nDid you mean ") {
        Some((text, hint)) => {
            (text.trim_end_matches('.').to_owned(), Some(format!("did you mean {}", hint.replace('\'', "`"))))
        }
        None => (message.to_owned(), None),
    }
}

/// Without DataFusion's own labels, which say nothing to a user.
fn plain(message: &str) -> String {
    const LABELS: [&str; 6] = [
        "Error during planning: ",
        "Execution error: ",
        "Arrow error: ",
        "Schema error: ",
        "This feature is not implemented: ",
        "Optimizer rule ",
    ];
    let mut message = message;
    while let Some(rest) = LABELS.iter().find_map(|label| message.strip_prefix(label)) {
        message = rest;
    }
    message.trim_end_matches('.').to_owned()
}
