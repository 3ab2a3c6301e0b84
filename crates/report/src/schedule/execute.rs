//! One window of one job: the query, its outputs, its alert, its state.

use std::error::Error;

use chrono::{DateTime, TimeDelta, Utc};
use milepost_lake::AsOf;
use milepost_query::Engine;
use milepost_store::plain;
use tokio::sync::SemaphorePermit;

use super::computing::compute;
use super::plan::Work;
use super::tell::{Telling, tell};
use super::{Clock, Done, Failure, Outcome, Scheduler};
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

/// What a window gave.
struct Produced {
    outcome: Outcome,
    state: WindowState,
    seen: Seen,
    notes: Vec<String>,
    told: usize,
    /// What failed, maybe after the report was there.
    error: Option<String>,
}

impl Scheduler {
    /// Does one window; nothing if there is nothing to do after all. `room` is given back when the report is there: telling it
    /// costs nothing but time.
    pub(super) async fn execute(
        &self,
        job: &Job,
        memory: &Memory,
        window: Window,
        work: Work,
        clock: &Clock,
        room: SemaphorePermit<'_>,
    ) -> Option<Done> {
        let started = clock.now();
        let known = match memory.state(window).await {
            Ok(known) => known,
            Err(error) => return Some(Done::failed(job, &error)),
        };
        let produced = match self.produce((job, memory, window), work, known.as_ref(), clock, room).await {
            Ok(None) => return None,
            Ok(Some(produced)) => produced,
            Err(error) => nothing(full_text(error.as_ref()), clock.now()),
        };
        let mut done = Done {
            window: Some(window.key()),
            outcome: produced.outcome,
            rows: produced.state.rows,
            notes: produced.notes,
            outputs: addresses(&produced.state.outputs),
            told: produced.told,
            error: produced.error,
            seen: produced.seen,
            ..Done::failed(job, "")
        };
        if done.outcome == Outcome::Held {
            // nothing happened that anybody would look for in the history
            return Some(done);
        }
        if let Some(error) = &done.error {
            let state = after_failure(known, &produced.state, error, clock.now());
            if state.not_before.is_none() {
                done.notes.push(format!("given up after {} attempts", state.failures));
            }
            if let Err(error) = memory.put(window, &state).await {
                done.notes.push(format!("its state cannot be kept: {error}"));
            }
        }
        if let Err(error) = self.enter(job, window, &done, started).await {
            done.notes.push(format!("it cannot be entered into `runs`: {error}"));
        }
        Some(done)
    }

    async fn produce(
        &self,
        (job, memory, window): (&Job, &Memory, Window),
        work: Work,
        known: Option<&WindowState>,
        clock: &Clock,
        room: SemaphorePermit<'_>,
    ) -> Result<Option<Produced>, Failure> {
        let engine = Engine::open(&self.lake, AsOf::Newest, self.threads).await?;
        let events = if job.report.has_window() { run::events_of(&engine, window).await? } else { 0 };
        let is_retry = known.is_some_and(|known| known.failures > 0);
        if work == Work::Look && !is_retry && known.is_none_or(|known| events <= known.events) {
            // fewer is no reason: days that were expired were in the lake when it was reported of them. What comes after that is
            // late all the same, so it is counted from here
            if let Some(known) = known.filter(|known| events < known.events) {
                memory.put(window, &WindowState { events, ..known.clone() }).await?;
            }
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
            return Ok(Some(Produced { outcome: Outcome::Held, state, seen, notes, told: 0, error: None }));
        }
        let (lake, report, asked) = (self.lake.clone(), job.report.clone(), values.clone());
        let running = async move { run::run(&lake, &engine, &report, &asked).await };
        let ran = compute(self.threads, job.timeout, running).await??;
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
        let state = WindowState {
            tick: known.map_or(clock.now(), |known| known.tick),
            is_done: true,
            lake_version: ran.seen.lake_version,
            events,
            rows,
            revisions: done_before.map_or(0, |known| known.revisions + 1),
            ..unknown(clock.now())
        };
        let outcome = if done_before.is_some() { Outcome::Revised } else { Outcome::Done };
        let produced = Produced { outcome, state, seen: ran.seen.clone(), notes, told: 0, error: None };
        Ok(Some(self.publish((job, memory, window), &ran, &values, produced, room).await))
    }

    /// Writes the outputs, tells the news and remembers the window. What fails on the way is told beside what was done before
    /// it: a report that is there is there, also if somebody could not be told of it.
    async fn publish(
        &self,
        (job, memory, window): (&Job, &Memory, Window),
        ran: &Ran,
        values: &milepost_query::Parameters,
        mut produced: Produced,
        room: SemaphorePermit<'_>,
    ) -> Produced {
        let mut written = Vec::new();
        let mut failure = self.write(job, window, ran, values, &produced.notes, &mut written).await.err();
        drop(room);
        if failure.is_none() {
            let outputs = addresses(&written);
            let told = tell(&Telling { job, window, ran, outputs: &outputs }, memory).await;
            produced.told = told.rows;
            failure = (!told.errors.is_empty()).then(|| told.errors.join("; ").into());
        }
        produced.state.outputs = written;
        if failure.is_none() {
            failure = memory.put(window, &produced.state).await.err().map(Into::into);
        }
        if let Some(failure) = failure {
            produced.outcome = Outcome::Failed;
            produced.error = Some(full_text(failure.as_ref()));
        }
        produced
    }

    /// Puts the outputs under their names; `written` has those that are there, also if another one failed.
    async fn write(
        &self,
        job: &Job,
        window: Window,
        ran: &Ran,
        values: &milepost_query::Parameters,
        notes: &[String],
        written: &mut Vec<(String, String)>,
    ) -> Result<(), Failure> {
        let Some(destination) = &job.destination else { return Ok(()) };
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
        for format in &job.formats {
            let zone = job.rhythm.zone;
            let name = job.file.fill(NameValues { report: &job.report.name, job: &job.name, format, window, zone });
            let bytes = outputs::encode(&page, format, self.layout).await?;
            outputs::put(destination, &name, bytes, &self.store).await?;
            written.push((destination.clone(), name));
        }
        Ok(())
    }
}

/// A window of which not even the report could be made.
fn nothing(error: String, now: DateTime<Utc>) -> Produced {
    Produced {
        outcome: Outcome::Failed,
        state: unknown(now),
        seen: Seen::default(),
        notes: Vec::new(),
        told: 0,
        error: Some(error),
    }
}

/// The state after an attempt that failed. What it saw is not kept, so that the next attempt does all of it again; its outputs
/// are, so that they are deleted when they are old.
fn after_failure(known: Option<WindowState>, tried: &WindowState, error: &str, now: DateTime<Utc>) -> WindowState {
    let mut state = known.unwrap_or_else(|| unknown(now));
    for output in &tried.outputs {
        if !state.outputs.contains(output) {
            state.outputs.push(output.clone());
        }
    }
    state.failures += 1;
    state.error = Some(error.to_owned());
    state.not_before = (state.failures < MAX_FAILURES).then(|| now + pause(state.failures));
    state.at = now;
    state
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

/// An error with its causes, without those that repeat it and without XML.
pub(super) fn full_text(error: &(dyn Error + 'static)) -> String {
    let mut text = plain(&error.to_string()).into_owned();
    let mut cause = error.source();
    while let Some(next) = cause {
        let next_text = plain(&next.to_string()).into_owned();
        if !text.contains(&next_text) {
            text.push_str(&format!(": {next_text}"));
        }
        cause = next.source();
    }
    text
}
