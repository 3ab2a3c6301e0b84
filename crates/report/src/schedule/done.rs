//! What was done of a job, for people, programs and the history.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::job::Job;
use crate::lease::Holder;
use crate::seen::Seen;
use crate::window::Window;

/// How a window ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Its report is there.
    Done,
    /// Its report is there again, with data that came late.
    Revised,
    /// Data is waited for.
    Held,
    /// Another scheduler has the job.
    Busy,
    /// It failed.
    Failed,
}

/// What was done of a job.
#[derive(Debug, Clone, Serialize)]
pub struct Done {
    /// The job.
    pub job: String,
    /// Its report.
    pub report: String,
    /// Key of the window.
    pub window: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// Rows of the report.
    pub rows: u64,
    /// Notes: what is missing, what was revised.
    pub notes: Vec<String>,
    /// Where the outputs are.
    pub outputs: Vec<String>,
    /// Rows that were told because they are news.
    pub told: usize,
    /// What failed.
    pub error: Option<String>,
    /// Who has the job, if it is somebody else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder: Option<Holder>,
    /// What data was seen.
    pub seen: Seen,
}

impl Done {
    /// Nothing but that it ended so.
    #[must_use]
    pub fn of(job: &str, report: &str, outcome: Outcome) -> Self {
        Self {
            job: job.to_owned(),
            report: report.to_owned(),
            window: None,
            outcome,
            rows: 0,
            notes: Vec::new(),
            outputs: Vec::new(),
            told: 0,
            error: None,
            holder: None,
            seen: Seen::default(),
        }
    }

    fn of_job(job: &Job, outcome: Outcome) -> Self {
        Self::of(&job.name, &job.report.name, outcome)
    }

    /// A job of which not even the memory could be read.
    pub(super) fn failed(job: &Job, error: &(impl fmt::Display + ?Sized)) -> Self {
        Self { error: Some(error.to_string()), ..Self::of_job(job, Outcome::Failed) }
    }

    /// A job that somebody else has.
    pub(super) fn busy(job: &Job, holder: Holder) -> Self {
        let until = holder.until.format("%Y-%m-%dT%H:%M:%SZ");
        let note = format!("{} has it, until {until} unless it is renewed; then another may do it", holder.owner);
        Self { notes: vec![note], holder: Some(holder), ..Self::of_job(job, Outcome::Busy) }
    }

    /// A job that somebody else took over.
    pub(super) fn lost(job: &Job) -> Self {
        let note = "its lease ran out, so it is left to another scheduler or the next time".to_owned();
        Self { notes: vec![note], ..Self::of_job(job, Outcome::Busy) }
    }

    /// One line for people.
    #[must_use]
    pub fn text(&self) -> String {
        let window = self.window.as_deref().and_then(Window::from_key);
        let time = |instant: DateTime<Utc>| instant.format("%Y-%m-%dT%H:%MZ").to_string();
        let window = window.map_or(String::new(), |window| format!(" {} to {}", time(window.start), time(window.end)));
        let (outcome, has_report) = match self.outcome {
            Outcome::Done => ("done", true),
            Outcome::Revised => ("revised", true),
            Outcome::Held => ("held", false),
            Outcome::Busy => ("busy", false),
            Outcome::Failed => ("failed", true),
        };
        let mut out = format!("{}{window}: {outcome}", self.job);
        if let Some(error) = &self.error {
            out.push_str(&format!(": {error}"));
        } else if has_report {
            out.push_str(&format!(", {} rows", self.rows));
        }
        for note in &self.notes {
            out.push_str(&format!("; {note}"));
        }
        if self.told > 0 {
            out.push_str(&format!("; told {} new rows", self.told));
        }
        out
    }
}
