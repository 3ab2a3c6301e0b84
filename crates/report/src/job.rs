//! When a report runs by itself, what it is asked then, and where its answer goes: the `[schedule]` of a header, or a
//! `[[schedule]]` of `milepost.toml`.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::delivery::Delivery;
use crate::header::{Report, Step, Unread, is_name};
use crate::moment;
use crate::output_name::{NameValues, OutputName};
use crate::outputs::HTML;
use crate::window::{Rhythm, Window, WindowKind, parse_zone};

/// How far back missed windows are caught up.
const CATCH_UP: &str = "7d";
/// Longest of all spans: ten years, so that no instant is out of the calendar.
const LONGEST_SPAN: TimeDelta = TimeDelta::days(3660);
/// How long windows are looked at again for late data.
const LOOK_BACK: &str = "3d";
/// Longest that a report may be computed.
const TIMEOUT: &str = "1h";

/// A schedule as it is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct JobHeader {
    /// Name of the job; that of the report without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Name of the report; a header's schedule is of its own report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<String>,
    /// Minute, hour, day of the month, month, weekday.
    pub cron: String,
    /// Name of the time zone that `cron` and `window` are meant in.
    #[serde(default = "utc")]
    pub time_zone: String,
    /// What is reported: `since-last`, `hour`, `day`, `week`, `month` (the last whole one), or a span such as `24h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<String>,
    /// Values of the report's parameters.
    #[serde(default)]
    pub params: BTreeMap<String, toml::Value>,
    /// Formats to write.
    #[serde(default = "html")]
    pub formats: Vec<String>,
    /// Folder or prefix for the outputs; without one, only alerts are sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<String>,
    /// Name of an output below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Age at which outputs are deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep: Option<String>,
    /// How long to wait for data up to the window's end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_for: Option<String>,
    /// How long a window is looked at again for late data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_back: Option<String>,
    /// How far back missed windows are caught up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catch_up: Option<String>,
    /// Longest that the report may be computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
    /// Whom to tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deliver: Vec<Delivery>,
}

fn utc() -> String {
    "UTC".to_owned()
}

fn html() -> Vec<String> {
    vec![HTML.to_owned()]
}

/// A schedule that can run.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its name.
    pub name: String,
    /// The report it runs.
    pub report: Report,
    /// When, and of what.
    pub rhythm: Rhythm,
    /// Values of the report's parameters, as text; that of a list in brackets.
    pub params: BTreeMap<String, String>,
    /// Formats to write.
    pub formats: Vec<String>,
    /// Folder or prefix for the outputs.
    pub destination: Option<String>,
    /// Name of an output below it.
    pub file: OutputName,
    /// Age at which outputs are deleted.
    pub keep: Option<TimeDelta>,
    /// How long to wait for data up to the window's end.
    pub wait_for: TimeDelta,
    /// How long a window is looked at again for late data.
    pub look_back: TimeDelta,
    /// How far back missed windows are caught up.
    pub catch_up: TimeDelta,
    /// Longest that the report may be computed.
    pub timeout: Duration,
    /// Whom to tell.
    pub deliver: Vec<Delivery>,
}

impl JobHeader {
    /// Whether it can be used, as far as it can be said without its report.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn check(&self) -> Result<(), String> {
        self.faults(&Unread::default()).into_iter().next().map_or(Ok(()), |(_, message)| Err(message))
    }

    /// Everything that is wrong with it, each with its place in the header, as far as it can be said without its report.
    pub(crate) fn faults(&self, unread: &Unread) -> Vec<(Vec<Step<'static>>, String)> {
        let named = |name: &Option<String>| match name {
            Some(name) if !is_name(name) => Err(format!("the name `{name}` may only have a-z, 0-9 and `-`")),
            _ => Ok(()),
        };
        let has_purpose = self.has_destination(unread) || !self.deliver.is_empty() || unread.has("schedule", "deliver");
        let purpose = match has_purpose {
            false => Err("it says neither a `destination` for its outputs nor whom to tell in `deliver`".to_owned()),
            true => Ok(()),
        };
        let spanned = |key, text: &Option<String>| span(key, text.as_deref().unwrap_or("0s")).map(drop);
        let checks = [
            ("name", named(&self.name)),
            ("report", named(&self.report)),
            ("cron", Rhythm::new(&self.cron, "UTC", WindowKind::Day).map(drop)),
            ("time-zone", parse_zone(&self.time_zone).map(drop)),
            ("window", self.window.as_deref().map_or(Ok(()), |window| WindowKind::parse(window).map(drop))),
            ("file", self.file().map(drop)),
            ("formats", self.check_formats()),
            ("destination", purpose),
            ("keep", spanned("keep", &self.keep)),
            ("wait-for", spanned("wait-for", &self.wait_for)),
            ("look-back", spanned("look-back", &self.look_back)),
            ("catch-up", spanned("catch-up", &self.catch_up)),
            ("timeout", self.timeout().map(drop)),
        ];
        let of_keys = checks.into_iter().map(|(key, checked)| (vec![Step::Key(key)], checked));
        let path = |number| vec![Step::Key("deliver"), Step::Item(number)];
        let of_receivers = self.deliver.iter().enumerate().map(|(number, delivery)| (path(number), delivery.check()));
        of_keys.chain(of_receivers).filter_map(|(path, checked)| Some((path, checked.err()?))).collect()
    }

    /// Whether it says where its outputs go, be it that this could not be read.
    fn has_destination(&self, unread: &Unread) -> bool {
        self.destination.is_some() || unread.has("schedule", "destination")
    }

    /// What is wrong with it for `report`, each with its place in the header.
    pub(crate) fn faults_of<'a>(&'a self, report: &Report, unread: &Unread) -> Vec<(Vec<Step<'a>>, String)> {
        let mut faults = Vec::new();
        for (name, value) in &self.params {
            let path = || vec![Step::Key("params"), Step::Key(name)];
            if let Err(error) = report.value(name, Some(&report.value_text(name, value)), DateTime::UNIX_EPOCH) {
                faults.push((path(), error.to_string()));
            } else if report.has_window() && ["since", "until"].contains(&name.as_str()) {
                let message = format!("`{name}` is set by the schedule's window and cannot be a parameter of it");
                faults.push((path(), message));
            }
        }
        let has_alert = report.alert.is_some() || unread.has_in("alert");
        if !self.has_destination(unread) && !has_alert {
            let message = format!(
                "the report `{}` has no alert rule, so nobody in `deliver` would be told anything",
                report.name
            );
            faults.push((vec![Step::Key("deliver")], message));
        }
        faults
    }

    /// Each format is one, and the outputs have names of their own: of two with one name, only the last would be there.
    fn check_formats(&self) -> Result<(), String> {
        if self.formats.is_empty() {
            return Err("`formats` is empty: leave it out for html".to_owned());
        }
        let known = |format: &&String| *format == HTML || format.parse::<milepost_query::output::Format>().is_ok();
        if let Some(format) = self.formats.iter().find(|format| !known(format)) {
            return Err(format!("`{format}` is not a format"));
        }
        // what is wrong with the name itself is told apart
        let Ok(file) = self.file() else { return Ok(()) };
        let window = Window { start: DateTime::UNIX_EPOCH, end: DateTime::UNIX_EPOCH };
        let mut names = BTreeMap::new();
        for format in &self.formats {
            let name = file.fill(NameValues { report: "", job: "", format, window, zone: Tz::UTC });
            if let Some(other) = names.insert(name, format) {
                return Err(format!(
                    "the outputs in `{other}` and `{format}` have one name: put `{{format}}` into `file`"
                ));
            }
        }
        Ok(())
    }

    fn rhythm(&self) -> Result<Rhythm, String> {
        let kind = self.window.as_deref().map_or(Ok(WindowKind::SinceLast), WindowKind::parse)?;
        Rhythm::new(&self.cron, &self.time_zone, kind)
    }

    fn file(&self) -> Result<OutputName, String> {
        match &self.file {
            Some(file) => OutputName::parse(file),
            None => Ok(OutputName::default()),
        }
    }

    /// The job that runs `report`.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn job(&self, report: &Report) -> Result<Job, String> {
        self.check()?;
        let params: BTreeMap<String, String> =
            self.params.iter().map(|(name, value)| (name.clone(), report.value_text(name, value))).collect();
        if let Some((_, message)) = self.faults_of(report, &Unread::default()).into_iter().next() {
            return Err(message);
        }
        report.values(&params, DateTime::UNIX_EPOCH).map_err(|error| error.to_string())?;
        let span_or = |key, text: &Option<String>, default: &str| span(key, text.as_deref().unwrap_or(default));
        Ok(Job {
            name: self.name.clone().unwrap_or_else(|| report.name.clone()),
            report: report.clone(),
            rhythm: self.rhythm()?,
            params,
            formats: self.formats.clone(),
            destination: self.destination.clone(),
            file: self.file()?,
            keep: self.keep.as_deref().map(|text| span("keep", text)).transpose()?,
            wait_for: span_or("wait-for", &self.wait_for, "0s")?,
            look_back: span_or("look-back", &self.look_back, LOOK_BACK)?,
            catch_up: span_or("catch-up", &self.catch_up, CATCH_UP)?,
            timeout: self.timeout()?,
            deliver: self.deliver.clone(),
        })
    }

    fn timeout(&self) -> Result<Duration, String> {
        let text = self.timeout.as_deref().unwrap_or(TIMEOUT);
        let span = span("timeout", text)?.to_std().ok().filter(|span| !span.is_zero());
        span.ok_or_else(|| format!("`timeout = \"{text}\"` leaves no time to compute the report"))
    }
}

fn span(key: &str, text: &str) -> Result<TimeDelta, String> {
    let span = moment::parse_span(text).filter(|span| *span <= LONGEST_SPAN);
    span.ok_or_else(|| format!("`{key} = \"{text}\"` is no span of time: write `90m`, `36h`, `7d`"))
}

#[cfg(test)]
mod tests {
    use milepost_query::Parameter;

    use super::*;

    fn check(rest: &str) -> Result<(), String> {
        toml::from_str::<JobHeader>(&format!("cron = \"0 6 * * *\"\n{rest}")).unwrap().check()
    }

    #[test]
    fn what_would_do_nothing_or_half_is_refused() {
        assert_eq!(check("destination = 'out'"), Ok(()));
        assert_eq!(check("deliver = [{ command = ['true'] }]"), Ok(()));
        assert_eq!(check("destination = 'out'\nformats = ['html', 'csv']\nfile = '{date}.{format}'"), Ok(()));
        assert_eq!(check("destination = 'out'\nformats = ['csv']\nfile = 'newest.csv'"), Ok(()));
        for (wrong, part) in [
            ("", "neither a `destination`"),
            ("destination = 'out'\nformats = []", "`formats` is empty"),
            ("destination = 'out'\nformats = ['csv', 'csv']", "have one name"),
            ("destination = 'out'\nformats = ['csv', 'html']\nfile = '{date}.html'", "have one name"),
            ("destination = 'out'\nformats = ['pdf']", "`pdf` is not a format"),
            ("deliver = [{ webhook = 'example.com/hook' }]", "begins with http"),
            ("destination = 'out'\ntimeout = 'soon'", "no span of time"),
            ("destination = 'out'\ntimeout = '0s'", "leaves no time"),
        ] {
            let error = check(wrong).unwrap_err();
            assert!(error.contains(part), "{wrong}: {error}");
        }
    }

    #[test]
    fn an_item_of_a_list_may_have_a_comma_in_it() {
        let text = "-- name = \"a\"\n-- title = \"A\"\n-- description = \"B\"\n-- columns = [\"n\"]\n\
            -- [params.l]\n-- type = \"list\"\n-- description = \"C\"\nSELECT array_length($l) AS n";
        let report = Report::parse(text, "a.sql").unwrap();
        let values = |params: &str| {
            let header = format!("cron = \"0 6 * * *\"\ndestination = 'out'\nparams = {{ l = {params} }}");
            let job = toml::from_str::<JobHeader>(&header).unwrap().job(&report).unwrap();
            report.values(&job.params, DateTime::UNIX_EPOCH).unwrap().remove("l").unwrap()
        };
        let list = |items: &[&str]| Parameter::List(Some(items.iter().map(|item| (*item).to_owned()).collect()));
        assert_eq!(values("['a,b', 'c']"), list(&["a,b", "c"]));
        assert_eq!(values("['\"a', 'b\\', '[c]']"), list(&["\"a", "b\\", "[c]"]));
        assert_eq!(values("[12, true]"), list(&["12", "true"]));
        assert_eq!(values("[]"), list(&[]));
        // one text is what it is on the command line
        assert_eq!(values("'a, b'"), list(&["a", "b"]));
        assert_eq!(values("'[a], b'"), list(&["[a]", "b"]));
    }

    #[test]
    fn who_is_to_be_told_needs_a_rule() {
        let text = "-- name = \"a\"\n-- title = \"A\"\n-- description = \"B\"\n-- columns = [\"n\"]\nSELECT 1 AS n";
        let report = Report::parse(text, "a.sql").unwrap();
        let header: JobHeader = toml::from_str("cron = \"0 6 * * *\"\ndeliver = [{ command = ['true'] }]").unwrap();
        assert!(header.job(&report).unwrap_err().contains("has no alert rule"));
    }
}
