//! The header of a report: TOML in the SQL comment that the file begins with.
//!
//! ```sql
//! -- name = "console-logins"
//! -- title = "Console sign-ins"
//! -- description = "Who signed in to the console, and whether with a second factor"
//! -- columns = ["event_time", "principal"]
//! -- [params.since]
//! -- type = "timestamp"
//! -- description = "Only events at or after this instant"
//!
//! SELECT event_time, principal FROM events WHERE $since IS NULL OR event_time >= $since
//! ```

mod read;
mod text;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::alert::AlertRule;
use crate::chart::Chart;
use crate::job::JobHeader;
use crate::parameter::ParameterHeader;
pub(crate) use read::{Header, Unread, read};
pub(crate) use text::{HeaderText, Place, Step};

/// Where a header says how its job is called.
pub(crate) const JOB_NAME: [Step<'static>; 2] = [Step::Key("schedule"), Step::Key("name")];

/// A saved question.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Name on the command line: lower-case letters, digits and dashes.
    pub name: String,
    /// One line for people.
    pub title: String,
    /// What it answers.
    pub description: String,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// Columns of its answer.
    pub columns: Vec<String>,
    /// What can be set.
    pub parameters: BTreeMap<String, ParameterHeader>,
    /// How its answer is drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chart: Option<Chart>,
    /// What of its answer somebody has to be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert: Option<AlertRule>,
    /// When it runs by itself, and where its answer goes then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<JobHeader>,
    /// Where it comes from: `shipped`, or the path of a user's file.
    pub origin: String,
    /// The whole file; the header is a comment to SQL, so places in it are places in the file.
    #[serde(skip)]
    pub sql: String,
}

/// The header of a file is not one.
#[derive(Debug, thiserror::Error)]
pub enum HeaderError {
    /// The file does not begin with a comment.
    #[error("`{origin}` has no header")]
    Missing {
        /// The file.
        origin: String,
    },
    /// The comment is not TOML, or not the TOML of a header.
    #[error("`{origin}` {}", told(faults))]
    Wrong {
        /// The file.
        origin: String,
        /// What is wrong, in the order of the file; there is at least one.
        faults: Vec<HeaderFault>,
    },
}

/// Something that is wrong with a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderFault {
    /// Line in the file, from 1.
    pub line: usize,
    /// Column in it, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// Whether it is wrong about what the query takes or gives.
    pub(crate) is_of_query: bool,
}

impl HeaderFault {
    fn place(&self) -> Place {
        (self.line, self.column)
    }
}

/// The first, and how many there are beside it.
fn told(faults: &[HeaderFault]) -> String {
    let first = faults.first().map(|fault| format!("line {}: {}", fault.line, fault.message)).unwrap_or_default();
    first + &more(faults)
}

/// Says so if there are others than the first.
pub(crate) fn more(faults: &[HeaderFault]) -> String {
    match faults.len() {
        0 | 1 => String::new(),
        all => format!(" (and {} more, which `milepost report check` names)", all - 1),
    }
}

impl Report {
    /// Reads the text of a report file. `origin` is what errors call it.
    ///
    /// # Errors
    /// [`HeaderError`], with everything that is wrong and its lines.
    pub fn parse(text: &str, origin: &str) -> Result<Self, HeaderError> {
        let text = text.trim_start_matches('\u{feff}');
        let Some(Header { report, faults, .. }) = read(text, origin) else {
            return Err(HeaderError::Missing { origin: origin.to_owned() });
        };
        if faults.is_empty() { Ok(report) } else { Err(HeaderError::Wrong { origin: report.origin, faults }) }
    }

    /// Line of its file, from 1, that says how its job is called, or else where its schedule is.
    #[must_use]
    pub fn job_line(&self) -> usize {
        HeaderText::of(&self.sql).map_or(1, |header| header.find(&JOB_NAME).0)
    }

    /// Whether a window of time can be bound to it: it takes `since` and `until`.
    #[must_use]
    pub fn has_window(&self) -> bool {
        ["since", "until"].iter().all(|name| self.parameters.contains_key(*name))
    }
}

/// Whether something may be called so: it becomes part of paths.
#[must_use]
pub(crate) fn is_name(name: &str) -> bool {
    let legal = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '-';
    !name.is_empty() && name.chars().all(legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "-- name = \"a\"\n-- title = \"A\"\n-- description = \"B\"\n-- columns = [\"n\"]\n";

    #[test]
    fn a_header_says_what_the_query_is() {
        let text = "-- name = \"a-1\"\n-- title = \"A\"\n-- description = \"B\"\n-- columns = [\"n\"]\n\
                    -- [params.limit]\n-- type = \"integer\"\n-- default = 5\n-- description = \"C\"\n\nSELECT 1 AS n\n";
        let report = Report::parse(text, "a.sql").unwrap();
        assert_eq!((report.name.as_str(), report.columns.len()), ("a-1", 1));
        assert_eq!(report.parameters["limit"].default, Some(toml::Value::Integer(5)));
        assert_eq!(report.sql, text);
    }

    #[test]
    fn errors_name_the_file_and_the_line() {
        let error = |text: &str| Report::parse(text, "a.sql").unwrap_err().to_string();
        assert_eq!(error("SELECT 1"), "`a.sql` has no header");
        assert!(error("-- name = \"a\"\n-- title = \n").starts_with("`a.sql` line 2:"));
        let unknown = "-- name = \"a\"\n-- title = \"A\"\n-- colour = \"red\"\n";
        assert!(error(unknown).starts_with("`a.sql` line 3: unknown field `colour`"), "{}", error(unknown));
        let name = "-- name = \"../a\"\n-- title = \"A\"\n-- description = \"\"\n-- columns = []\n";
        assert!(error(name).contains("`../a`"));
        let two = "-- name = \"a\"\n-- title = \"A\"\n-- description = \"\"\n-- columns = []\n-- a = 1\n-- b = 1\n";
        let end = "(and 1 more, which `milepost report check` names)";
        assert!(
            error(two).starts_with("`a.sql` line 5: unknown field `a`") && error(two).ends_with(end),
            "{}",
            error(two)
        );
    }

    #[test]
    fn chart_alert_and_schedule_are_checked_where_they_stand() {
        let error = |rest: &str| Report::parse(&format!("{HEAD}{rest}"), "a.sql").unwrap_err().to_string();
        let chart = error("-- [chart]\n-- kind = \"bars\"\n-- x = \"m\"\n");
        assert_eq!(chart, "`a.sql` line 7: the chart needs the column `m`, which is not in `columns`");
        let alert = error("-- [alert]\n-- when = \"m > 3\"\n");
        assert!(alert.starts_with("`a.sql` line 6: ") && alert.contains("`m`"), "{alert}");
        let schedule = error("-- [schedule]\n-- destination = \"out\"\n-- cron = \"61 * * * *\"\n");
        assert!(schedule.starts_with("`a.sql` line 7: ") && schedule.contains("61 * * * *"), "{schedule}");
        let kind = error("-- [chart]\n-- kind = \"pie\"\n-- x = \"n\"\n");
        assert!(kind.starts_with("`a.sql` line 6: unknown variant `pie`"), "{kind}");
    }

    #[test]
    fn the_rest_of_a_header() {
        let rest = "-- [chart]\n-- kind = \"time\"\n-- x = \"n\"\n-- [alert]\n-- when = \"rows > 0\"\n-- keys = [\"n\"]\n\
                    -- [schedule]\n-- cron = \"0 6 * * *\"\n-- time-zone = \"Europe/Berlin\"\n-- window = \"day\"\n\
                    -- destination = \"out\"\n";
        let report = Report::parse(&format!("{HEAD}{rest}SELECT 1 AS n"), "a.sql").unwrap();
        assert_eq!(report.alert.unwrap().keys, ["n"]);
        assert_eq!(report.schedule.unwrap().time_zone, "Europe/Berlin");
        assert!(report.chart.is_some());
    }
}
