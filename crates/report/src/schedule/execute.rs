//! One window of one job: the query, its outputs, its alert, its state.

use std::collections::BTreeSet;
use std::error::Error;

use chrono::{DateTime, TimeDelta, Utc};
use milepost_lake::AsOf;
use milepost_query::Engine;
use serde_json::{Map, Value};

use super::plan::Work;
use super::{Clock, Done, Outcome, Scheduler};
use crate::alert::news;
use crate::delivery::{MAX_ROWS, Message};
use crate::job::Job;
use crate::output_name::NameValues;
use crate::outputs;
use crate::page::Page;
use crate::run::{self, Ran};
use crate::seen::{Seen, missing_text};
use crate::state::{Memory, WindowState};
use crate::window::Window;

/// Time after the first failure; each further one doubles it.
const FIRST_PAUSE: TimeDelta = TimeDelta::minutes(1);
/// Longest time between two attempts.
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(1);
/// Attempts after which a window is given up.
const MAX_FAILURES: u32 = 12;

type Failure = Box<dyn Error + Send + Sync>;

/// What a window gave.
struct Produced {
    outcome: Outcome,
    state: WindowState,
    seen: Seen,
    notes: Vec<String>,
    told: usize,
}

impl Scheduler {
    /// Does one window; nothing if there is nothing to do after all.
    pub(super) async fn execute(
        &self,
        job: &Job,
        memory: &Memory,
        window: Window,
        work: Work,
        clock: &Clock,
    ) -> Option<Done> {
        let started = clock.now();
        let known = match memory.state(window).await {
            Ok(known) => known,
            Err(error) => return Some(super::unplanned(job, &error)),
        };
        let mut done = Done { window: Some(window.key()), ..super::unplanned(job, "") };
        match self.produce(job, memory, window, work, known.as_ref(), clock).await {
            Ok(None) => return None,
            Ok(Some(produced)) => {
                done.outcome = produced.outcome;
                done.rows = produced.state.rows;
                done.outputs = addresses(&produced.state.outputs);
                (done.notes, done.told, done.error) = (produced.notes, produced.told, None);
                done.seen = produced.seen;
                if done.outcome == Outcome::Held {
                    // nothing happened that anybody would look for in the history
                    return Some(done);
                }
            }
            Err(error) => {
                let mut state = known.unwrap_or_else(|| unknown(clock.now()));
                state.failures += 1;
                state.error = Some(full_text(error.as_ref()));
                state.not_before = (state.failures < MAX_FAILURES).then(|| clock.now() + pause(state.failures));
                state.at = clock.now();
                done.error.clone_from(&state.error);
                if state.not_before.is_none() {
                    done.notes.push(format!("given up after {} attempts", state.failures));
                }
                if let Err(error) = memory.put(window, &state).await {
                    done.notes.push(format!("its state cannot be kept: {error}"));
                }
            }
        }
        if let Err(error) = self.enter(job, window, &done, started).await {
            done.notes.push(format!("it cannot be entered into `runs`: {error}"));
        }
        Some(done)
    }

    async fn produce(
        &self,
        job: &Job,
        memory: &Memory,
        window: Window,
        work: Work,
        known: Option<&WindowState>,
        clock: &Clock,
    ) -> Result<Option<Produced>, Failure> {
        let engine = Engine::open(&self.lake, AsOf::Newest, self.threads).await?;
        let events = if job.report.has_window() { run::events_of(&engine, window).await? } else { 0 };
        let is_retry = known.is_some_and(|known| known.failures > 0);
        if work == Work::Look && !is_retry && known.is_none_or(|known| events <= known.events) {
            // fewer is no reason: days that were expired were in the lake when it was reported of them
            return Ok(None);
        }
        let values = run::values(&job.report, &job.params, Some(window), clock.now())?;
        let seen = Seen::of(&self.lake, engine.version()).await?;
        let missing = seen.missing(window);
        if work == Work::New && !missing.is_empty() && clock.now() < window.end + job.wait_for {
            let notes = vec![format!("waits for {}", missing_text(&missing))];
            let state = WindowState { not_before: Some(clock.now()), ..unknown(clock.now()) };
            if known.is_none() {
                // so that it is not forgotten when the next one is due
                memory.put(window, &state).await?;
            }
            return Ok(Some(Produced { outcome: Outcome::Held, state, seen, notes, told: 0 }));
        }
        let ran = run::run(&self.lake, &engine, &job.report, &values).await?;
        let rows = ran.rows.texts.len() as u64;
        let done_before = known.filter(|known| known.is_done);
        let mut notes = Vec::new();
        if let Some(known) = done_before {
            notes.push(revised_text(known, rows, events));
        }
        if !missing.is_empty() && job.wait_for > TimeDelta::zero() {
            notes.push(format!("incomplete, nothing after the window's end from {}", missing_text(&missing)));
        }
        notes.extend(run::cut_text(&values, rows));
        let written = self.write(job, window, &ran, &values, &notes).await?;
        let told = self.tell(job, memory, Some(window), &ran, &addresses(&written)).await?;
        let state = WindowState {
            tick: known.map_or(clock.now(), |known| known.tick),
            is_done: true,
            failures: 0,
            not_before: None,
            error: None,
            lake_version: ran.seen.lake_version,
            events,
            rows,
            revisions: done_before.map_or(0, |known| known.revisions + 1),
            outputs: written,
            at: clock.now(),
        };
        memory.put(window, &state).await?;
        let outcome = if done_before.is_some() { Outcome::Revised } else { Outcome::Done };
        Ok(Some(Produced { outcome, state, seen: ran.seen, notes, told }))
    }

    async fn write(
        &self,
        job: &Job,
        window: Window,
        ran: &Ran,
        values: &milepost_query::Parameters,
        notes: &[String],
    ) -> Result<Vec<(String, String)>, Failure> {
        let Some(destination) = &job.destination else { return Ok(Vec::new()) };
        let parameters: Vec<(String, String)> =
            values.iter().filter_map(|(name, value)| Some((name.clone(), run::value_text(value)?))).collect();
        let page = Page {
            report: &job.report,
            parameters: &parameters,
            window: job.report.has_window().then_some(window),
            seen: &ran.seen,
            notes,
            rows: &ran.rows,
        };
        let mut written = Vec::new();
        for format in &job.formats {
            let zone = job.rhythm.zone;
            let name = job.file.fill(NameValues { report: &job.report.name, job: &job.name, format, window, zone });
            let bytes = outputs::encode(&page, format).await?;
            outputs::put(destination, &name, bytes, &self.store).await?;
            written.push((destination.clone(), name));
        }
        Ok(written)
    }

    /// Tells the rows that are news, to each receiver those that it was not told.
    async fn tell(
        &self,
        job: &Job,
        memory: &Memory,
        window: Option<Window>,
        ran: &Ran,
        outputs: &[String],
    ) -> Result<usize, Failure> {
        let Some(rule) = job.report.alert.as_ref().filter(|_| !job.deliver.is_empty()) else { return Ok(0) };
        let found = rule.apply(&ran.rows)?;
        let mut most = 0;
        let mut failure = None;
        for delivery in &job.deliver {
            let receiver = delivery.name();
            let mut told = memory.told(&receiver).await?;
            let fresh = news(found.clone(), &told.iter().cloned().collect::<BTreeSet<_>>());
            if fresh.is_empty() {
                continue;
            }
            let rows: Vec<usize> = fresh.iter().map(|row| row.row).collect();
            match delivery.send(&message(job, window, ran, &rows, outputs)).await {
                Ok(()) => {
                    told.extend(fresh.into_iter().map(|row| row.digest));
                    memory.tell(&receiver, &told).await?;
                    most = most.max(rows.len());
                }
                Err(reason) => failure = Some(reason),
            }
        }
        // the others were told; the next attempt tells only this one
        failure.map_or(Ok(most), |reason| Err(reason.into()))
    }
}

/// The message about these rows of an answer.
fn message(job: &Job, window: Option<Window>, ran: &Ran, rows: &[usize], outputs: &[String]) -> Message {
    let time = |instant: DateTime<Utc>| instant.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let object = |row: &usize| -> Map<String, Value> {
        let cells = ran.rows.columns.iter().zip(&ran.rows.texts[*row]);
        cells.map(|(column, cell)| (column.name.clone(), cell.clone().map_or(Value::Null, Value::String))).collect()
    };
    Message {
        job: job.name.clone(),
        report: job.report.name.clone(),
        title: job.report.title.clone(),
        when: job.report.alert.as_ref().map(|rule| rule.when.clone()).unwrap_or_default(),
        window_start: window.map(|window| time(window.start)),
        window_end: window.map(|window| time(window.end)),
        lake_version: ran.seen.lake_version,
        new_rows: rows.len(),
        rows: rows.iter().take(MAX_ROWS).map(object).collect(),
        outputs: outputs.to_vec(),
        test: false,
    }
}

fn revised_text(known: &WindowState, rows: u64, events: u64) -> String {
    let more = i128::from(rows) - i128::from(known.rows);
    let late = events.saturating_sub(known.events);
    format!("revised, {more:+} rows ({late} events came late, since version {})", known.lake_version)
}

fn addresses(outputs: &[(String, String)]) -> Vec<String> {
    outputs.iter().map(|(destination, name)| format!("{}/{name}", destination.trim_end_matches('/'))).collect()
}

fn pause(failures: u32) -> TimeDelta {
    let doubled = FIRST_PAUSE.checked_mul(1_i32.checked_shl(failures.saturating_sub(1)).unwrap_or(i32::MAX));
    doubled.map_or(LONGEST_PAUSE, |pause| pause.clamp(FIRST_PAUSE, LONGEST_PAUSE))
}

fn unknown(now: DateTime<Utc>) -> WindowState {
    WindowState {
        tick: now,
        is_done: false,
        failures: 0,
        not_before: None,
        error: None,
        lake_version: 0,
        events: 0,
        rows: 0,
        revisions: 0,
        outputs: Vec::new(),
        at: now,
    }
}

/// An error with its causes, without those that repeat it.
fn full_text(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let next_text = next.to_string();
        if !text.contains(&next_text) {
            text.push_str(&format!(": {next_text}"));
        }
        cause = next.source();
    }
    text
}
