//! Names of outputs with places for what differs from run to run.

use chrono_tz::Tz;

use crate::window::Window;

/// Name of an output if a schedule does not say one.
const DEFAULT: &str = "{report}/{report}-{start}.{format}";
/// What can stand between braces.
const FIELDS: [&str; 9] = ["report", "job", "format", "start", "end", "date", "year", "month", "day"];

/// A name with places such as `{date}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputName(String);

impl Default for OutputName {
    fn default() -> Self {
        Self(DEFAULT.to_owned())
    }
}

/// What is put into the places.
#[derive(Debug, Clone, Copy)]
pub struct NameValues<'a> {
    /// Name of the report.
    pub report: &'a str,
    /// Name of the job.
    pub job: &'a str,
    /// Name of the format; its file extension is used.
    pub format: &'a str,
    /// What is reported of.
    pub window: Window,
    /// Where its clocks stand.
    pub zone: Tz,
}

impl OutputName {
    /// Reads a name.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = |reason: &str| Err(format!("`{text}` cannot name an output: {reason}"));
        for (number, part) in text.split('{').enumerate() {
            let Some((field, _)) = part.split_once('}').filter(|_| number > 0) else {
                if number > 0 || part.contains('}') {
                    return wrong("braces go together");
                }
                continue;
            };
            if !FIELDS.contains(&field) {
                return wrong(&format!("there is no `{{{field}}}`, only {{{}}}", FIELDS.join("}, {")));
            }
        }
        if text.is_empty()
            || text.starts_with('/')
            || text.split(['/', '\\']).any(|part| matches!(part, "" | "." | ".."))
        {
            return wrong("it must stay below the destination");
        }
        Ok(Self(text.to_owned()))
    }

    /// Whether `text` has a place that only a window can fill, whatever else it is.
    #[must_use]
    pub fn has_places(text: &str) -> bool {
        FIELDS.iter().any(|field| text.contains(&format!("{{{field}}}")))
    }

    /// The name of one output.
    #[must_use]
    pub fn fill(&self, values: NameValues<'_>) -> String {
        let start = values.window.start.with_timezone(&values.zone);
        let end = values.window.end.with_timezone(&values.zone);
        let mut out = self.0.clone();
        for field in FIELDS {
            let value = match field {
                "report" => values.report.to_owned(),
                "job" => values.job.to_owned(),
                "format" => extension(values.format).to_owned(),
                "start" => start.format("%Y-%m-%dT%H%M").to_string(),
                "end" => end.format("%Y-%m-%dT%H%M").to_string(),
                "date" => start.format("%Y-%m-%d").to_string(),
                "year" => start.format("%Y").to_string(),
                "month" => start.format("%m").to_string(),
                _ => start.format("%d").to_string(),
            };
            out = out.replace(&format!("{{{field}}}"), &value);
        }
        out
    }
}

/// The usual end of a file's name in that format.
fn extension(format: &str) -> &str {
    match format {
        "markdown" => "md",
        "table" => "txt",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_in_the_time_zone() {
        let window = Window::from_key("20260302T230000Z-20260303T230000Z").unwrap();
        let values =
            NameValues { report: "root-usage", job: "daily", format: "markdown", window, zone: Tz::Europe__Berlin };
        let name = OutputName::parse("{year}/{month}/{day}/{job}-{report}-{date}.{format}").unwrap();
        assert_eq!(name.fill(values), "2026/03/03/daily-root-usage-2026-03-03.md");
        assert_eq!(OutputName::default().fill(values), "root-usage/root-usage-2026-03-03T0000.md");
    }

    #[test]
    fn places_are_told_from_other_braces() {
        assert!(OutputName::has_places("out/{date}.html") && OutputName::has_places("{report}"));
        assert!(!OutputName::has_places("out/{colour}.html") && !OutputName::has_places("date"));
    }

    #[test]
    fn names_stay_below_the_destination() {
        for wrong in ["", "/etc/x", "../x", "a//b", "a/../b", "{colour}", "{date", "date}", "a\\..\\b"] {
            assert!(OutputName::parse(wrong).is_err(), "{wrong}");
        }
    }
}
