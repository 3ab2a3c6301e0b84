//! Says what is wrong with a report before anybody relies on it: without a lake, without running it.

mod folder;
mod placeholders;

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use milepost_query::output::ColumnKind;
use milepost_query::{Engine, QueryError};
use serde::Serialize;

pub use folder::check_folder;
use placeholders::used;

use crate::header::{Header, HeaderFault, HeaderText, JOB_NAME, Place, Report, Step, Unread, read};

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file.
    pub file: String,
    /// Line in it, from 1, if it is known.
    pub line: Option<usize>,
    /// Column in it, from 1, if it is known.
    pub column: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What to try.
    pub hint: Option<String>,
}

impl Problem {
    pub(crate) fn at(file: &str, place: Option<Place>, message: String, hint: Option<String>) -> Self {
        let (line, column) = place.unzip();
        Self { file: file.to_owned(), line, column, message, hint }
    }
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

/// What was found out about a file.
#[derive(Debug)]
pub(crate) struct Checked {
    /// Name of its report, and where it stands.
    pub(crate) name: Option<(String, Place)>,
    /// Name of the job of its schedule, and where it stands.
    pub(crate) job: Option<(String, Place)>,
    /// Everything that is wrong, in the order of the file.
    pub(crate) problems: Vec<Problem>,
}

/// Everything that is wrong with the report of a file; `engine` need not hold any rows.
pub(crate) async fn check(text: &str, origin: &str, engine: &Engine, now: DateTime<Utc>) -> Checked {
    let text = text.trim_start_matches('\u{feff}');
    let (Some(header), Some(source)) = (read(text, origin), HeaderText::of(text)) else {
        let problem = Problem::at(origin, Some((1, 1)), "there is no header".to_owned(), None);
        return Checked { name: None, job: None, problems: vec![problem] };
    };
    let Header { report, faults, is_askable, unread } = header;
    let of_fault = |fault: HeaderFault| Problem::at(origin, Some((fault.line, fault.column)), fault.message, None);
    let problems = faults.into_iter().map(of_fault).collect();
    let mut checking = Checking { report: &report, source, unread: &unread, problems };
    if is_askable {
        checking.query(engine, now).await;
    }
    let name = checking.name();
    let job = checking.job();
    let mut problems = checking.problems;
    problems.sort_by_key(|problem| (problem.line, problem.column));
    Checked { name, job, problems }
}

/// A report whose parameters and columns could be read.
struct Checking<'a> {
    report: &'a Report,
    source: HeaderText,
    unread: &'a Unread,
    problems: Vec<Problem>,
}

impl Checking<'_> {
    fn problem(&mut self, path: &[Step<'_>], message: String, hint: Option<String>) {
        let place = self.source.find(path);
        self.problems.push(Problem::at(&self.report.origin, Some(place), message, hint));
    }

    fn name(&self) -> Option<(String, Place)> {
        let name = Some(&self.report.name).filter(|name| !name.is_empty())?;
        Some((name.clone(), self.source.find(&[Step::Key("name")])))
    }

    /// Nothing also if it cannot be said how the job is called.
    fn job(&self) -> Option<(String, Place)> {
        let schedule = self.report.schedule.as_ref().filter(|_| !self.unread.has("schedule", "name"))?;
        let name = Some(schedule.name.as_ref().unwrap_or(&self.report.name)).filter(|name| !name.is_empty())?;
        Some((name.clone(), self.source.find(&JOB_NAME)))
    }

    async fn query(&mut self, engine: &Engine, now: DateTime<Utc>) {
        let before = self.problems.len();
        self.placeholders();
        self.defaults(now);
        let can_be_planned = self.problems.len() == before;
        self.schedule();
        let values = self.report.values(&BTreeMap::new(), now).ok().filter(|_| can_be_planned);
        let Some(values) = values else { return };
        match engine.check(&self.report.sql, &values).await {
            Ok(schema) => {
                let columns = schema.fields().iter();
                let columns = columns.map(|field| {
                    let data_type = field.data_type();
                    (field.name().clone(), kind(data_type.is_numeric(), &data_type.to_string()))
                });
                self.answer(&columns.collect::<Vec<_>>());
            }
            Err(error) => self.problems.push(of_query(self.report, self.source.end(), &error)),
        }
    }

    /// Placeholders without a parameter, and parameters without a placeholder.
    fn placeholders(&mut self) {
        let report = self.report;
        let used = used(&report.sql);
        let mut told = Vec::new();
        for (name, line, column) in &used {
            if !report.parameters.contains_key(name) && !told.contains(&name) {
                let message = format!("`${name}` is no parameter of the report");
                let hint = format!("add `-- [params.{name}]` with `type` and `description` to the header");
                self.problems.push(Problem::at(&report.origin, Some((*line, *column)), message, Some(hint)));
                told.push(name);
            }
        }
        for name in report.parameters.keys().filter(|name| !used.iter().any(|(used, ..)| used == *name)) {
            let message = format!("the query does not use the parameter `{name}`");
            self.problem(&[Step::Key("params"), Step::Key(name)], message, None);
        }
    }

    fn defaults(&mut self, now: DateTime<Utc>) {
        for (name, header) in &self.report.parameters {
            let path = [Step::Key("params"), Step::Key(name), Step::Key("default")];
            if let Some(message) = header.default_fault() {
                self.problem(&path, message, None);
            } else if let Err(error) = self.report.value(name, None, now) {
                self.problem(&path, error.to_string(), Some(error.hint().to_owned()));
            }
        }
    }

    fn schedule(&mut self) {
        let Some(schedule) = &self.report.schedule else { return };
        for (path, message) in schedule.faults_of(self.report, self.unread) {
            self.problem(&[&[Step::Key("schedule")], path.as_slice()].concat(), message, None);
        }
    }

    /// Looks at what the query gives: the columns and their kinds.
    fn answer(&mut self, columns: &[(String, ColumnKind)]) {
        let found: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        if found != self.report.columns {
            let message = "the query does not give the columns that the header says".to_owned();
            self.problem(&[Step::Key("columns")], message, Some(format!("it gives: {}", found.join(", "))));
        }
        let kind = |name: &str| columns.iter().find(|(column, _)| column == name).map(|(_, kind)| *kind);
        if let Some(chart) = &self.report.chart {
            for (key, message) in chart.faults_of_kinds(&kind) {
                self.problem(&[Step::Key("chart"), Step::Key(key)], message, None);
            }
        }
        if let Some(alert) = &self.report.alert {
            for message in alert.faults_of_kinds(&kind) {
                self.problem(&[Step::Key("alert"), Step::Key("when")], message, None);
            }
        }
    }
}

/// What a column holds, by whether its type is one of numbers, and by that type's name.
fn kind(is_numeric: bool, type_name: &str) -> ColumnKind {
    match type_name {
        _ if is_numeric => ColumnKind::Number,
        time if time.starts_with("Timestamp") || time.starts_with("Date") => ColumnKind::Time,
        _ => ColumnKind::Text,
    }
}

/// What is wrong with a query that begins at `start`.
fn of_query(report: &Report, start: Place, error: &QueryError) -> Problem {
    let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let place = error.position().map(|position| (number(position.line), number(position.column)));
    let message = match error {
        // the place is told apart
        QueryError::Wrong { message, .. } => message.clone(),
        other => other.to_string(),
    };
    Problem::at(&report.origin, Some(place.unwrap_or(start)), message, error.hint())
}

#[cfg(test)]
mod tests;
