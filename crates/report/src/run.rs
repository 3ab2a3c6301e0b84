//! Runs one report once.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use milepost_lake::{Lake, LakeError};
use milepost_query::{Engine, Parameter, Parameters, QueryError, Rows};

use crate::header::Report;
use crate::seen::Seen;
use crate::values::ValueError;
use crate::window::Window;

/// A report cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Its query is wrong or failed.
    #[error("`{origin}`{}: the report `{report}` failed: {source}", place(source))]
    Query {
        /// The report.
        report: String,
        /// Its file.
        origin: String,
        /// What is wrong.
        #[source]
        source: QueryError,
    },
    /// It gives other columns than its header says.
    #[error("`{origin}`: the report `{report}` does not give the columns that its header says: it gives {found}")]
    Columns {
        /// The report.
        report: String,
        /// Its file.
        origin: String,
        /// What it gives.
        found: String,
    },
    /// A value does not fit its parameter.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// The lake cannot be read.
    #[error(transparent)]
    Lake(#[from] LakeError),
}

fn place(error: &QueryError) -> String {
    error.position().map(|position| format!(":{}:{}", position.line, position.column)).unwrap_or_default()
}

/// An answer and what it was made from.
#[derive(Debug, Clone)]
pub struct Ran {
    /// The answer.
    pub rows: Rows,
    /// What data it saw.
    pub seen: Seen,
}

/// Runs `report` on the state of `lake` that `engine` sees.
///
/// # Errors
/// [`RunError`].
pub async fn run(lake: &Lake, engine: &Engine, report: &Report, values: &Parameters) -> Result<Ran, RunError> {
    let failed = |source| RunError::Query { report: report.name.clone(), origin: report.origin.clone(), source };
    let answer = engine.query(&report.sql, values).await.map_err(failed)?;
    let rows = Rows::collect(answer.on_a_task()).await.map_err(failed)?;
    let found: Vec<&str> = rows.columns.iter().map(|column| column.name.as_str()).collect();
    if found != report.columns {
        let found = found.join(", ");
        return Err(RunError::Columns { report: report.name.clone(), origin: report.origin.clone(), found });
    }
    Ok(Ran { rows, seen: Seen::of(lake, engine.version()).await? })
}

/// Most rows of a run of a window if nobody says how many. The default of a report is what a person wants to see at once; who
/// is told of a window wants to be told of all of it.
pub const WINDOW_LIMIT: i64 = 10_000;

/// The values of a run: those that are given, and the window in `since` and `until`. A `limit` that is not given is at least
/// [`WINDOW_LIMIT`] then.
///
/// # Errors
/// [`ValueError`].
pub fn values(
    report: &Report,
    given: &BTreeMap<String, String>,
    window: Option<Window>,
    now: DateTime<Utc>,
) -> Result<Parameters, ValueError> {
    let mut given = given.clone();
    if let Some(window) = window.filter(|_| report.has_window()) {
        given.insert("since".to_owned(), window.start.to_rfc3339());
        given.insert("until".to_owned(), window.end.to_rfc3339());
    }
    let mut values = report.values(&given, now)?;
    if window.is_some()
        && !given.contains_key("limit")
        && let Some(Parameter::Integer(Some(limit))) = values.get_mut("limit")
    {
        *limit = (*limit).max(WINDOW_LIMIT);
    }
    Ok(values)
}

/// Number of events of the window, whatever a report makes of them: if it grows, data came late.
///
/// # Errors
/// The lake cannot be read.
pub async fn events_of(engine: &Engine, window: Window) -> Result<u64, QueryError> {
    let sql = "SELECT count(*) AS n FROM events WHERE event_time >= $since AND event_time < $until";
    let instant = |instant: DateTime<Utc>| Parameter::Timestamp(Some(instant.timestamp_micros()));
    let values = [("since", instant(window.start)), ("until", instant(window.end))];
    let values = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let rows = Rows::collect(engine.query(sql, &values).await?.on_a_task()).await?;
    let count = rows.texts.first().and_then(|row| row.first()).and_then(Option::as_ref);
    Ok(count.and_then(|text| text.parse().ok()).unwrap_or(0))
}

/// Says so if the answer has as many rows as the parameter `limit` lets it have.
#[must_use]
pub fn cut_text(values: &Parameters, rows: u64) -> Option<String> {
    match values.get("limit") {
        Some(Parameter::Integer(Some(limit))) if u64::try_from(*limit) == Ok(rows) => {
            Some(format!("the answer was cut at {limit} rows; the parameter `limit` gives more"))
        }
        _ => None,
    }
}

/// A value as a reader wants to see it.
#[must_use]
pub fn value_text(value: &Parameter) -> Option<String> {
    let instant = |micros| DateTime::<Utc>::from_timestamp_micros(micros);
    match value {
        Parameter::Text(text) => text.clone(),
        Parameter::Integer(number) => number.map(|number| number.to_string()),
        Parameter::Boolean(truth) => truth.map(|truth| truth.to_string()),
        Parameter::Timestamp(micros) => {
            micros.and_then(instant).map(|instant| instant.format("%Y-%m-%dT%H:%M:%SZ").to_string())
        }
        Parameter::Date(days) => days.map(milepost_schema::time::format_day),
        Parameter::Duration(micros) => micros.map(|micros| format!("{}s", micros / 1_000_000)),
        Parameter::List(texts) => texts.as_ref().map(|texts| texts.join(", ")),
    }
}
