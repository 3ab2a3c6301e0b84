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

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::alert::AlertRule;
use crate::chart::Chart;
use crate::job::JobHeader;
use crate::parameter::ParameterHeader;

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
    #[error("`{origin}` line {line}: {message}")]
    Wrong {
        /// The file.
        origin: String,
        /// Line in the file, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    name: Spanned<String>,
    title: String,
    description: String,
    #[serde(default)]
    tags: Vec<String>,
    columns: Vec<String>,
    #[serde(default)]
    params: BTreeMap<String, ParameterHeader>,
    chart: Option<Spanned<Chart>>,
    alert: Option<Spanned<AlertRule>>,
    schedule: Option<Spanned<JobHeader>>,
}

impl Report {
    /// Reads the text of a report file. `origin` is what errors call it.
    ///
    /// # Errors
    /// [`HeaderError`], with the line.
    pub fn parse(text: &str, origin: &str) -> Result<Self, HeaderError> {
        let text = text.trim_start_matches('\u{feff}');
        let lines: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("--")).collect();
        if lines.is_empty() {
            return Err(HeaderError::Missing { origin: origin.to_owned() });
        }
        let toml = lines.iter().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n");
        let wrong = |span: Option<Range<usize>>, message: String| {
            let before = span.and_then(|span| toml.get(..span.start)).unwrap_or_default();
            HeaderError::Wrong { origin: origin.to_owned(), line: before.matches('\n').count() + 1, message }
        };
        let header: Header = toml::from_str(&toml).map_err(|error| wrong(error.span(), error.message().to_owned()))?;
        header.check().map_err(|(span, message)| wrong(Some(span), message))?;
        Ok(Self {
            name: header.name.into_inner(),
            title: header.title,
            description: header.description,
            tags: header.tags,
            columns: header.columns,
            parameters: header.params,
            chart: header.chart.map(Spanned::into_inner),
            alert: header.alert.map(Spanned::into_inner),
            schedule: header.schedule.map(Spanned::into_inner),
            origin: origin.to_owned(),
            sql: text.to_owned(),
        })
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

impl Header {
    /// What the types alone do not say.
    fn check(&self) -> Result<(), (Range<usize>, String)> {
        if !is_name(self.name.get_ref()) {
            let message = format!("the name `{}` may only have a-z, 0-9 and `-`", self.name.get_ref());
            return Err((self.name.span(), message));
        }
        let unknown = |column: &str| (!self.columns.iter().any(|known| known == column)).then(|| column.to_owned());
        if let Some(chart) = &self.chart
            && let Some(column) = chart.get_ref().columns().find_map(|column| unknown(column))
        {
            return Err((chart.span(), format!("the chart needs the column `{column}`, which is not in `columns`")));
        }
        if let Some(alert) = &self.alert {
            alert.get_ref().check(&self.columns).map_err(|message| (alert.span(), message))?;
        }
        if let Some(schedule) = &self.schedule {
            schedule.get_ref().check().map_err(|message| (schedule.span(), message))?;
        }
        Ok(())
    }
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
    }

    #[test]
    fn chart_alert_and_schedule_are_checked_where_they_stand() {
        let error = |rest: &str| Report::parse(&format!("{HEAD}{rest}"), "a.sql").unwrap_err().to_string();
        let chart = error("-- [chart]\n-- kind = \"bars\"\n-- x = \"m\"\n");
        assert_eq!(chart, "`a.sql` line 5: the chart needs the column `m`, which is not in `columns`");
        let alert = error("-- [alert]\n-- when = \"m > 3\"\n");
        assert!(alert.starts_with("`a.sql` line 5: ") && alert.contains("`m`"), "{alert}");
        let schedule = error("-- [schedule]\n-- cron = \"61 * * * *\"\n");
        assert!(schedule.starts_with("`a.sql` line 5: ") && schedule.contains("61 * * * *"), "{schedule}");
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
