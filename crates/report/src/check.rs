//! Says what is wrong with a report before anybody relies on it: without a lake, without running it.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use milepost_query::output::ColumnKind;
use milepost_query::{Engine, QueryError};
use serde::Serialize;

use crate::header::Report;

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file.
    pub file: String,
    /// Line in it, from 1, if it is known.
    pub line: Option<u64>,
    /// Column in it, from 1, if it is known.
    pub column: Option<u64>,
    /// What is wrong.
    pub message: String,
    /// What to try.
    pub hint: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        for place in [self.line, self.column].into_iter().flatten() {
            write!(f, ":{place}")?;
        }
        write!(f, ": {}", self.message)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, " ({hint})"))
    }
}

/// Everything that is wrong with `report`; `engine` need not hold any rows.
pub async fn check(report: &Report, engine: &Engine, now: DateTime<Utc>) -> Vec<Problem> {
    let mut problems = placeholders(report);
    let values = match report.values(&BTreeMap::new(), now) {
        Ok(values) => values,
        Err(error) => {
            problems.push(at(report, None, error.to_string(), Some(error.hint().to_owned())));
            return problems;
        }
    };
    if let Some(Err(message)) = report.schedule.as_ref().map(|schedule| schedule.job(report)) {
        problems.push(at(report, find(report, "[schedule]"), message, None));
    }
    if !problems.is_empty() {
        return problems;
    }
    match engine.check(&report.sql, &values).await {
        Ok(schema) => {
            let found: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
            if found != report.columns {
                let message = "the query does not give the columns that the header says".to_owned();
                problems.push(at(
                    report,
                    find(report, "columns"),
                    message,
                    Some(format!("it gives: {}", found.join(", "))),
                ));
            }
            let kind = |name: &str| {
                let data_type = schema.field_with_name(name).ok()?.data_type();
                Some(kind(data_type.is_numeric(), &data_type.to_string()))
            };
            if let Some(Err(message)) = report.alert.as_ref().map(|rule| rule.check_kinds(&kind)) {
                problems.push(at(report, find(report, "when"), message, None));
            }
        }
        Err(error) => problems.push(of_query(report, &error)),
    }
    problems
}

/// What a column holds, by whether its type is one of numbers, and by that type's name.
fn kind(is_numeric: bool, type_name: &str) -> ColumnKind {
    match type_name {
        _ if is_numeric => ColumnKind::Number,
        time if time.starts_with("Timestamp") || time.starts_with("Date") => ColumnKind::Time,
        _ => ColumnKind::Text,
    }
}

fn of_query(report: &Report, error: &QueryError) -> Problem {
    let place = error.position().map(|position| (position.line, position.column));
    let message = match error {
        // the place is told apart
        QueryError::Wrong { message, .. } => message.clone(),
        other => other.to_string(),
    };
    at(report, place, message, error.hint())
}

fn at(report: &Report, place: Option<(u64, u64)>, message: String, hint: Option<String>) -> Problem {
    let (line, column) = place.unzip();
    Problem { file: report.origin.clone(), line, column, message, hint }
}

/// Where a header's key stands.
fn find(report: &Report, key: &str) -> Option<(u64, u64)> {
    let line = report.sql.lines().position(|line| line.trim_start_matches(['-', ' ']).starts_with(key))?;
    Some((line as u64 + 1, 1))
}

/// Placeholders without a parameter, and parameters without a placeholder.
fn placeholders(report: &Report) -> Vec<Problem> {
    let used = used(&report.sql);
    let mut problems = Vec::new();
    let mut told = Vec::new();
    for (name, line, column) in &used {
        if !report.parameters.contains_key(name) && !told.contains(&name) {
            let message = format!("`${name}` is no parameter of the report");
            let hint = format!("add `-- [params.{name}]` with `type` and `description` to the header");
            problems.push(at(report, Some((*line, *column)), message, Some(hint)));
            told.push(name);
        }
    }
    for name in report.parameters.keys().filter(|name| !used.iter().any(|(used, ..)| used == *name)) {
        let place = find(report, &format!("[params.{name}]"));
        problems.push(at(report, place, format!("the query does not use the parameter `{name}`"), None));
    }
    problems
}

/// Names behind `$`, with their places, outside of comments and quotes.
fn used(sql: &str) -> Vec<(String, u64, u64)> {
    let mut found = Vec::new();
    let mut quote: Option<char> = None;
    let mut in_comment = false;
    for (number, line) in sql.lines().enumerate() {
        let chars: Vec<char> = line.chars().collect();
        let mut at = 0;
        while at < chars.len() {
            let pair = (chars[at], chars.get(at + 1).copied());
            match (quote, pair) {
                (None, ('*', Some('/'))) if in_comment => in_comment = false,
                _ if in_comment => {}
                (Some(open), (char, _)) if char == open => quote = None,
                (Some(_), _) => {}
                (None, ('-', Some('-'))) => break,
                (None, ('/', Some('*'))) => in_comment = true,
                (None, ('\'' | '"', _)) => quote = Some(chars[at]),
                (None, ('$', _)) => {
                    let word = |char: &&char| char.is_alphanumeric() || **char == '_';
                    let name: String = chars[at + 1..].iter().take_while(word).collect();
                    if !name.is_empty() {
                        found.push((name, number as u64 + 1, at as u64 + 1));
                    }
                }
                _ => {}
            }
            at += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_found_outside_of_comments_and_quotes() {
        let sql = "-- $no\nSELECT '$no', \"$no\" /* $no\n$no */, $yes -- $no\nWHERE x = $also_yes";
        assert_eq!(used(sql), [("yes".to_owned(), 3, 9), ("also_yes".to_owned(), 4, 11)]);
    }

    #[tokio::test]
    async fn every_kind_of_fault_has_its_place() {
        let head = |columns: &str, rest: &str| {
            format!("-- name = \"a\"\n-- title = \"A\"\n-- description = \"B\"\n-- columns = [{columns}]\n{rest}")
        };
        let engine = Engine::empty().await.unwrap();
        let cases = [
            (
                head("\"n\"", "SELECT count(*) AS n FROM evnts"),
                "a.sql:5:27: there is no table `evnts` (did you mean `events`?)",
            ),
            (head("\"n\"", "SELECT count(*) AS n FROM events WHERE region = $r"), "a.sql:5:49: `$r` is no parameter"),
            (
                head("\"n\"", "SELECT 1 AS m"),
                "a.sql:4:1: the query does not give the columns that the header says (it gives: m)",
            ),
            (
                head("\"n\"", "-- [params.p]\n-- type = \"text\"\n-- description = \"C\"\nSELECT 1 AS n"),
                "a.sql:5:1: the query does not use the parameter `p`",
            ),
            (
                head(
                    "\"n\"",
                    "-- [params.p]\n-- type = \"integer\"\n-- default = \"x\"\n-- description = \"C\"\nSELECT $p AS n",
                ),
                "a.sql: `x` is no integer",
            ),
            (head("\"n\"", "DELETE FROM events"), "a.sql: this query is not read-only"),
            (
                head("\"n\"", "-- [alert]\n-- when = \"n > 5\"\nSELECT event_name AS n FROM events"),
                "a.sql:6:1: the column `n` has texts, and `5` is a number",
            ),
            (
                head("\"n\"", "-- [alert]\n-- when = \"n > 'x'\"\nSELECT count(*) AS n FROM events"),
                "a.sql:6:1: the column `n` has numbers, and `x` is none",
            ),
            (
                head("\"n\"", "-- [alert]\n-- when = \"n > 5\"\nSELECT max(event_time) AS n FROM events"),
                "a.sql:6:1: the column `n` has times, and `5` is none",
            ),
        ];
        for (text, expected) in cases {
            let report = Report::parse(&text, "a.sql").unwrap();
            let problems = check(&report, &engine, Utc::now()).await;
            assert_eq!(problems.len(), 1, "{text}");
            assert!(problems[0].to_string().starts_with(expected), "{} is not {expected}", problems[0]);
        }
        let right = head("\"n\"", "SELECT count(*) AS n FROM events");
        assert_eq!(check(&Report::parse(&right, "a.sql").unwrap(), &engine, Utc::now()).await, []);
    }
}
