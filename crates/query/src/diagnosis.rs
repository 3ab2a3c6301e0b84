//! Turns what DataFusion says of a wrong query into a message with a place in the user's text and a hint.

use std::error::Error;
use std::sync::Arc;

use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;
use datafusion::object_store::Error as StoreError;
use datafusion::parquet::errors::ParquetError;
use milepost_lake::LakeError;

use crate::compat;
use crate::error::{Position, QueryError};
use crate::functions::TYPE_NAMES;
use crate::wording::{plain, reworded};

/// Names further off than this many edits per name are not suggested.
const MAX_DISTANCE: usize = 4;
/// Functions that are rewritten where they have the arguments that they should have: what is left of them has others.
const OF_TRINO: [&str; 20] = [
    "split",
    "max_by",
    "min_by",
    "format",
    "contains",
    "element_at",
    "slice",
    "filter",
    "transform",
    "any_match",
    "all_match",
    "none_match",
    "find_first",
    "sequence",
    "zip",
    "approx_percentile",
    "date_parse",
    "date_format",
    "count_if",
    "at_timezone",
];
/// Functions that look at other rows than their own.
const OF_WINDOWS: [&str; 9] =
    ["row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead", "nth_value"];
/// Letters from which on a part of a name stands for it.
const MIN_PART: usize = 4;
/// Names listed where none is near.
const MAX_LISTED: usize = 8;

/// The error of a query that could not be planned. `tables` are the names it could have used beside files, if it may read any.
pub(crate) fn of_planning(error: &DataFusionError, tables: &[String], may_read_files: bool) -> QueryError {
    let root = error.find_root();
    let position = position_of(error);
    match root {
        DataFusionError::External(external) if external.is::<Arc<LakeError>>() => of_lake(external.as_ref()),
        DataFusionError::SQL(parser, _) => {
            let (message, position) = split_position(&parser.to_string());
            QueryError::Wrong { message: format!("cannot parse the query: {message}"), position, hint: None }
        }
        DataFusionError::SchemaError(schema, _) => of_schema(schema, position),
        _ => {
            let message = plain(&root.strip_backtrace());
            if let Some(file) = missing_table_file(&message).filter(|_| may_read_files) {
                let hint = Some("a path is seen from the folder that milepost runs in".to_owned());
                return QueryError::Wrong { message: format!("there is no file `{file}`"), position, hint };
            }
            if let Some(table) = unknown_table(&message) {
                let hint = match nearest(&table, tables) {
                    _ if is_file(&message) => "--allow-files lets SQL read files".to_owned(),
                    Some(name) => format!("did you mean `{name}`?"),
                    None => format!(
                        "there are: {}; --dialect athena takes any other name for CloudTrail's table in Athena",
                        tables.join(", ")
                    ),
                };
                let message = format!("there is no table `{table}`");
                return QueryError::Wrong { message, position, hint: Some(hint) };
            }
            let (message, hint) = explained(&message);
            QueryError::Wrong { message, position, hint }
        }
    }
}

/// The log of a table could not be read.
fn of_lake(external: &(dyn Error + Send + Sync + 'static)) -> QueryError {
    match external.downcast_ref::<Arc<LakeError>>() {
        Some(error) => QueryError::Lake(Arc::clone(error)),
        None => QueryError::Failed { message: external.to_string() },
    }
}

/// The error of a query that failed while it ran.
pub(crate) fn of_running(error: &DataFusionError) -> QueryError {
    if let Some(path) = missing_file(error) {
        return QueryError::FileGone { path };
    }
    if let DataFusionError::ResourcesExhausted(message) = error.find_root() {
        return QueryError::OutOfMemory { message: first_sentence(message) };
    }
    let message = plain(&error.find_root().strip_backtrace());
    if let Some(message) = exhausted_in(&message) {
        return QueryError::OutOfMemory { message: first_sentence(message) };
    }
    match reworded(&message) {
        Some((message, hint)) => QueryError::Wrong { message, position: None, hint: Some(hint) },
        None => QueryError::Failed { message },
    }
}

/// What a memory error says that DataFusion has put into the words of another: filters of scans do.
fn exhausted_in(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("ResourcesExhausted(\"")?;
    rest.split_once("\")").map(|(message, _)| message)
}

/// The data file that is not there, if that is what went wrong.
fn missing_file(error: &DataFusionError) -> Option<String> {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(StoreError::NotFound { path, .. }) = error.downcast_ref::<StoreError>() {
            return Some(path.clone());
        }
        cause = match error.downcast_ref::<ParquetError>() {
            // says itself what it wraps, but not as its source
            Some(ParquetError::External(inner)) => Some(&**inner as &(dyn Error + 'static)),
            _ => error.source(),
        };
    }
    missing_footer(&error.find_root().strip_backtrace())
}

/// DataFusion puts the error of a file whose footer it opens into words.
fn missing_footer(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("Failed to fetch metadata for file ")?;
    let (path, error) = rest.split_once(": Object Store error: Object at location ")?;
    error.contains(" not found").then(|| path.to_owned())
}

/// `Sort[0] asked for 3.1 MB` from what the memory pool says.
fn first_sentence(message: &str) -> String {
    let asked = message.split_once("Failed to allocate additional ").and_then(|(_, rest)| {
        let (size, rest) = rest.split_once(" for ")?;
        let (step, _) = rest.split_once(" with ")?;
        Some(format!("the step `{step}` asked for {size} more"))
    });
    asked.unwrap_or_else(|| plain(message.lines().next().unwrap_or(message)))
}

fn of_schema(error: &SchemaError, position: Option<Position>) -> QueryError {
    match error {
        SchemaError::FieldNotFound { field, valid_fields } => {
            let mut names: Vec<String> = valid_fields.iter().map(|column| column.name.clone()).collect();
            names.sort();
            names.dedup();
            if let Some(relation) = field.relation.as_ref().filter(|_| names.contains(&field.name)) {
                let message = format!("there is no table or alias `{relation}` with a column `{}`", field.name);
                return QueryError::Wrong { message, position, hint: None };
            }
            let hint = match nearest(&field.name, &names) {
                _ if field.name.starts_with("$file_") => Some(
                    "of the log files the lake keeps the names, \"$path\", neither their times nor their sizes"
                        .to_owned(),
                ),
                Some(name) => Some(format!("did you mean `{name}`?")),
                None if names.is_empty() => None,
                None if names.len() <= MAX_LISTED => Some(format!("there are: {}", names.join(", "))),
                None => {
                    let table = valid_fields.iter().find_map(|column| column.relation.as_ref());
                    Some(format!("`DESCRIBE {}` lists the columns", table.map_or("events", |table| table.table())))
                }
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
    let distances = names.iter().map(|name| (strsim::damerau_levenshtein(&wrong, name), name));
    let near = distances.filter(|(distance, name)| *distance <= MAX_DISTANCE.min(name.len() / 3)).min();
    if let Some((1, name)) = near {
        return Some(name);
    }
    // a part of a name, or one of its words: `source_ip`, `username`, `arn`
    let is_part = |name: &str| {
        (wrong.len() >= MIN_PART && squeezed(name).contains(&squeezed(&wrong)))
            || name.split('_').any(|word| word == wrong)
    };
    let longer = names.iter().filter(|name| is_part(name)).min_by_key(|name| name.len());
    longer.or(near.map(|(_, name)| name)).map(String::as_str)
}

fn position_of(error: &DataFusionError) -> Option<Position> {
    let start = error.diagnostic()?.span?.start;
    // what a rewrite put there has no place of its own
    (start.line > 0).then_some(Position { line: start.line, column: start.column })
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

/// Whether the name of a table is that of a file.
fn is_file(message: &str) -> bool {
    let endings =
        [".csv' not found", ".tsv' not found", ".json' not found", ".parquet' not found", ".arrow' not found"];
    endings.iter().any(|ending| message.ends_with(ending))
}

/// The file that a query names as its table.
fn missing_table_file(message: &str) -> Option<String> {
    let name = message.strip_prefix("table '")?.strip_suffix("' not found")?;
    is_file(message).then(|| as_written(name).to_owned())
}

/// The name without the catalog and the schema that were put before it.
fn as_written(name: &str) -> &str {
    name.strip_prefix("milepost.public.").unwrap_or(name)
}

fn unknown_table(message: &str) -> Option<String> {
    if let Some(file) = missing_table_file(message) {
        return Some(file);
    }
    let name = message.strip_prefix("table '")?.strip_suffix("' not found")?;
    Some(name.rsplit('.').next().unwrap_or(name).to_owned())
}

/// Messages that a user would not understand, in words that he would.
fn explained(message: &str) -> (String, Option<String>) {
    if let Some(name) = message.strip_prefix("Invalid function '").and_then(|rest| rest.split('\'').next()) {
        let suggested = message.split_once("Did you mean '").and_then(|(_, rest)| rest.split('\'').next());
        let near = suggested.filter(|near| strsim::damerau_levenshtein(name, near) <= MAX_DISTANCE.min(near.len() / 3));
        if OF_WINDOWS.contains(&name) {
            let hint = format!("{name}(x) OVER (PARTITION BY … ORDER BY event_time)");
            return (format!("the function `{name}` is one of windows, and needs OVER"), Some(hint));
        }
        if OF_TRINO.contains(&name) {
            let message = format!("there is no function `{name}` that takes these arguments");
            return (message, Some("docs/sql.md says what each dialect has".to_owned()));
        }
        if name == "json_extract_path" || name == "json_extract_path_text" {
            let hint = "json_extract_scalar(json, '$.a.b') gives text, json_extract(json, '$.a.b') JSON".to_owned();
            return (format!("there is no function `{name}`"), Some(hint));
        }
        if takes_lambdas(name) {
            let hint = "unnest the list and aggregate its elements: SELECT event_id, sum(x) FROM t CROSS JOIN UNNEST(list) \
                AS u(x) GROUP BY event_id";
            return (format!("there is no function `{name}`"), Some(hint.to_owned()));
        }
        let hint =
            near.map_or("`SHOW FUNCTIONS` lists the functions".to_owned(), |near| format!("did you mean `{near}`?"));
        return (format!("there is no function `{name}`"), Some(hint));
    }
    if let Some(name) = message.strip_prefix("table function '").and_then(|rest| rest.strip_suffix("' not found")) {
        let hint = name.starts_with("read_").then(|| "--allow-files lets SQL read files".to_owned());
        return (format!("there is no table function `{name}`"), hint);
    }
    if message.starts_with("The context currently only supports a single SQL statement") {
        return ("there is more than one query".to_owned(), Some("run them one by one".to_owned()));
    }
    if let Some(field) = message.strip_prefix("Field ").and_then(|rest| rest.strip_suffix(" not found in struct")) {
        let fields = compat::field_names();
        let hint = nearest(field, &fields).map(|near| format!("did you mean `{near}`?"));
        let hint =
            hint.or_else(|| Some("`DESCRIBE` and the table's name lists the columns and their fields".to_owned()));
        return (format!("there is no field `{field}`"), hint);
    }
    if message.contains("comparison operation Boolean = Utf8") {
        let hint = "compare with true or false, without quotes".to_owned();
        return ("a boolean column is compared with text".to_owned(), Some(hint));
    }
    if let Some(name) = message.strip_prefix("No value found for placeholder with name $") {
        return (format!("there is no value for the placeholder `${name}`"), Some(format!("add --param {name}=VALUE")));
    }
    if let Some(name) = message.strip_prefix("Unsupported SQL type ").filter(|name| !name.contains(' ')) {
        return explained(&format!("there is no type `{name}`"));
    }
    if let Some(name) = message.strip_prefix("there is no type `").and_then(|rest| rest.split('`').next()) {
        let names = TYPE_NAMES.map(str::to_owned);
        let hint = match nearest(name, &names) {
            Some(near) => format!("did you mean `{}`?", near.to_uppercase()),
            None => format!("there are: {}", names.join(", ").to_uppercase()),
        };
        return (message.to_owned(), Some(hint));
    }
    match reworded(message) {
        Some((message, hint)) => (message, Some(hint)),
        None => (message.to_owned(), None),
    }
}

/// Whether a function works on lists with lambdas that only Trino and DuckDB know.
fn takes_lambdas(name: &str) -> bool {
    const NAMES: [&str; 7] =
        ["reduce_agg", "zip_with", "map_filter", "map_zip_with", "transform_keys", "transform_values", "list_reduce"];
    NAMES.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let message = "Parquet error: Parquet error: Failed to fetch metadata for file region=a/b.parquet: Object Store \
            error: Object at location lake/events/region=a/b.parquet not found: No such file or directory (os error 2)";
        assert_eq!(missing_footer(message).as_deref(), Some("region=a/b.parquet"));
        assert_eq!(missing_footer("Parquet error: Invalid Parquet file"), None);
        let path = "region=a/b.parquet".to_owned();
        let error = StoreError::NotFound { path: path.clone(), source: "gone".into() };
        let wrapped = DataFusionError::ParquetError(Box::new(ParquetError::External(Box::new(error))));
        assert_eq!(missing_file(&wrapped), Some(path));
    }
}
