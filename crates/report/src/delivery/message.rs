//! What is told.

use std::fmt::Write as _;

use milepost_query::output::printable;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use crate::job::Job;

/// Rows that are told in full; of more, their number is told.
pub(crate) const MAX_ROWS: usize = 50;

/// A row as it is told: the report's columns in their order, each with its value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToldRow(pub Vec<(String, Option<String>)>);

impl Serialize for ToldRow {
    /// As an object, whose members keep the order of the columns.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            object.serialize_entry(name, value)?;
        }
        object.end()
    }
}

/// A message about rows of a report.
#[derive(Debug, Clone, Default, Serialize)]
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
    /// Number of those that are in `rows`.
    pub rows_shown: usize,
    /// Whether there are more than those.
    pub truncated: bool,
    /// They, up to fifty, as objects.
    pub rows: Vec<ToldRow>,
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
            test: true,
            ..Self::default()
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
            let cells =
                row.0.iter().filter_map(|(name, value)| Some(format!("{name}: {}", printable(value.as_ref()?))));
            let _ = writeln!(out, "- {}", cells.collect::<Vec<_>>().join(", "));
        }
        if self.new_rows > self.rows.len() {
            let _ = writeln!(out, "and {} more", self.new_rows - self.rows.len());
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_the_order_of_the_columns() {
        let cell = |name: &str, value: Option<&str>| (name.to_owned(), value.map(str::to_owned));
        let row = ToldRow(vec![cell("event_time", Some("t")), cell("account", None), cell("Zone", Some("\u{1b}[1m"))]);
        let json = serde_json::to_string(&row).unwrap();
        assert_eq!(json, "{\"event_time\":\"t\",\"account\":null,\"Zone\":\"\\u001b[1m\"}");
        let message = Message {
            job: "j".to_owned(),
            report: "r".to_owned(),
            title: "T".to_owned(),
            when: "rows > 0".to_owned(),
            window_start: None,
            window_end: None,
            lake_version: 1,
            new_rows: 3,
            rows_shown: 1,
            truncated: true,
            rows: vec![row],
            outputs: Vec::new(),
            test: false,
        };
        let text = message.text();
        assert!(text.contains("- event_time: t, Zone: ") && !text.contains('\u{1b}'), "{text}");
        assert!(text.ends_with("and 2 more\n"), "{text}");
    }
}
