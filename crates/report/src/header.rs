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

use serde::{Deserialize, Serialize};

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
    /// Where it comes from: `shipped`, or the path of a user's file.
    pub origin: String,
    /// The whole file; the header is a comment to SQL, so places in it are places in the file.
    #[serde(skip)]
    pub sql: String,
}

/// A parameter of a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParameterHeader {
    /// What its value is.
    #[serde(rename = "type")]
    pub kind: ParameterType,
    /// Value if none is given; null without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<toml::Value>,
    /// What it does.
    pub description: String,
}

/// What the value of a parameter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ParameterType {
    /// An instant, also relative: `7d` is seven days ago.
    Timestamp,
    /// A calendar day in UTC, also relative.
    Date,
    /// A span of time such as `90m`.
    Duration,
    /// Any text.
    Text,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Boolean,
}

impl ParameterType {
    /// Its name in headers and messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Timestamp => "timestamp",
            Self::Date => "date",
            Self::Duration => "duration",
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Boolean => "boolean",
        }
    }
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
    name: String,
    title: String,
    description: String,
    #[serde(default)]
    tags: Vec<String>,
    columns: Vec<String>,
    #[serde(default)]
    params: BTreeMap<String, ParameterHeader>,
}

impl Report {
    /// Reads the text of a report file. `origin` is what errors call it.
    ///
    /// # Errors
    /// [`HeaderError`], with the line.
    pub fn parse(text: &str, origin: &str) -> Result<Self, HeaderError> {
        let lines: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("--")).collect();
        if lines.is_empty() {
            return Err(HeaderError::Missing { origin: origin.to_owned() });
        }
        let toml = lines.iter().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n");
        let header: Header = toml::from_str(&toml).map_err(|error| {
            let before = error.span().map_or("", |span| toml.get(..span.start).unwrap_or_default());
            HeaderError::Wrong {
                origin: origin.to_owned(),
                line: before.matches('\n').count() + 1,
                message: error.message().to_owned(),
            }
        })?;
        let legal = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '-';
        if header.name.is_empty() || !header.name.chars().all(legal) {
            let message = format!("the name `{}` may only have a-z, 0-9 and `-`", header.name);
            return Err(HeaderError::Wrong { origin: origin.to_owned(), line: 1, message });
        }
        Ok(Self {
            name: header.name,
            title: header.title,
            description: header.description,
            tags: header.tags,
            columns: header.columns,
            parameters: header.params,
            origin: origin.to_owned(),
            sql: text.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
