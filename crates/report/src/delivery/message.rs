//! What is told.

use std::fmt::Write as _;

use milepost_query::output::printable;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::job::Job;

/// Rows that are told in full; of more, their number is told.
pub(crate) const MAX_ROWS: usize = 50;

/// A message about rows of a report.
#[derive(Debug, Clone, Serialize)]
pub struct Message {
    /// The job, or the report that was run by hand.
    pub job: String,
    /// The report.
    pub report: String,
    /// Its title.
    pub title: String,
    /// The rule.
    pub when: String,
    /// First instant of the window, if there is one.
    pub window_start: Option<String>,
    /// First instant after it.
    pub window_end: Option<String>,
    /// Version of the lake that was looked at.
    pub lake_version: u64,
    /// Number of rows that are news.
    pub new_rows: usize,
    /// They, up to fifty, as objects.
    pub rows: Vec<Map<String, Value>>,
    /// Where the report lies.
    pub outputs: Vec<String>,
    /// Whether this only tries whether messages arrive.
    pub test: bool,
}

impl Message {
    /// A message that only tries whether messages of `job` arrive.
    #[must_use]
    pub fn test(job: &Job) -> Self {
        Self {
            job: job.name.clone(),
            report: job.report.name.clone(),
            title: job.report.title.clone(),
            when: job.report.alert.as_ref().map(|rule| rule.when.clone()).unwrap_or_default(),
            window_start: None,
            window_end: None,
            lake_version: 0,
            new_rows: 0,
            rows: Vec::new(),
            outputs: Vec::new(),
            test: true,
        }
    }

    /// One line of what it is about.
    #[must_use]
    pub fn subject(&self) -> String {
        let test = if self.test { "[test] " } else { "" };
        let rows = if self.new_rows == 1 { "row" } else { "rows" };
        format!("{test}milepost: {} ({} new {rows})", self.title, self.new_rows)
    }

    /// The message as lines of text. What strangers wrote into logs has no control characters in it.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = format!("{}\nreport {}, rule `{}`\n", self.subject(), self.report, self.when);
        if let (Some(start), Some(end)) = (&self.window_start, &self.window_end) {
            let _ = writeln!(out, "window {start} to {end}");
        }
        for output in &self.outputs {
            let _ = writeln!(out, "output {output}");
        }
        for row in &self.rows {
            let cells = row.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| match value {
                Value::String(text) => format!("{name}: {}", printable(text)),
                other => format!("{name}: {other}"),
            });
            let _ = writeln!(out, "- {}", cells.collect::<Vec<_>>().join(", "));
        }
        if self.new_rows > self.rows.len() {
            let _ = writeln!(out, "and {} more", self.new_rows - self.rows.len());
        }
        out
    }
}
