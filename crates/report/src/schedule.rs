//! The scheduler: does what is due, once, whoever else does it too and whatever happened before.
//!
//! [`Scheduler::tick`] is all of it: it is told the time, looks at the memory of each job, and does what is due. So a week
//! can be run through in a test, and a scheduler that was killed goes on by its next tick. `plan` says what is due of a
//! job, `execute` does one window, `journal` enters it into the lake's `runs`.

mod execute;
mod journal;
mod plan;
mod tidy;

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use chrono::{DateTime, Utc};
use futures::{StreamExt as _, stream};
use milepost_lake::{AsOf, Lake, TableName};
use milepost_query::output::Layout;
use milepost_store::{StoreError, StoreOptions};
use serde::Serialize;

use crate::job::Job;
use crate::seen::Seen;
use crate::state::{LEASE, Lease, Memory};
use crate::window::Window;
pub use journal::{RUN_COMMAND, enter};
use plan::Work;

/// Jobs that run at the same time.
const JOBS_AT_ONCE: usize = 2;

/// The time, which a test or `--at` may set.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    base: DateTime<Utc>,
    started: Instant,
}

impl Clock {
    /// A clock that shows `base` now.
    #[must_use]
    pub fn at(base: DateTime<Utc>) -> Self {
        Self { base, started: Instant::now() }
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.base + self.started.elapsed()
    }
}

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
    /// What data was seen.
    pub seen: Seen,
}

/// Runs jobs on one lake.
pub struct Scheduler {
    lake: Lake,
    store: StoreOptions,
    threads: usize,
    layout: Layout,
    jobs: Vec<Job>,
    /// What leases of this scheduler are called.
    owner: String,
    /// When each job was looked at.
    looked: Mutex<HashMap<String, Looked>>,
}

/// What a scheduler knows of a job without looking at its memory.
#[derive(Debug, Clone, Copy)]
struct Looked {
    /// Version of the lake up to which its windows were looked at for late data.
    version: u64,
    at: DateTime<Utc>,
    /// Whether there is nothing to do until it is due again or the lake changes.
    is_clear: bool,
}

impl Scheduler {
    /// A scheduler of `jobs` on `lake`, with `threads` threads for each report.
    #[must_use]
    pub fn new(lake: Lake, store: StoreOptions, threads: usize, jobs: Vec<Job>) -> Self {
        let owner = milepost_lake::new_run_id();
        Self { lake, store, threads, layout: Layout::default(), jobs, owner, looked: Mutex::default() }
    }

    /// The same scheduler, whose outputs are laid out so.
    #[must_use]
    pub fn with_layout(self, layout: Layout) -> Self {
        Self { layout, ..self }
    }

    /// Its jobs.
    #[must_use]
    pub fn jobs(&self) -> &[Job] {
        &self.jobs
    }

    /// Does what is due. A job that fails does not keep the others from running. `stop` ends it before the next window.
    pub async fn tick(&self, clock: &Clock, stop: &AtomicBool) -> Vec<Done> {
        let version = match self.lake.table_version(TableName::Events, AsOf::Newest).await {
            Ok(events) => events.map_or(0, |events| events.version()),
            Err(error) => return self.jobs.iter().map(|job| unplanned(job, &error)).collect(),
        };
        // collected first: a stream that borrows itself cannot be sent between threads
        let work: Vec<_> = self.jobs.iter().map(|job| self.tick_job(job, version, clock, stop)).collect();
        let done: Vec<Vec<Done>> = stream::iter(work).buffered(JOBS_AT_ONCE).collect().await;
        done.into_iter().flatten().collect()
    }

    async fn tick_job(&self, job: &Job, version: u64, clock: &Clock, stop: &AtomicBool) -> Vec<Done> {
        match self.try_job(job, version, clock, stop).await {
            Ok(done) => done,
            Err(error) => vec![unplanned(job, &error)],
        }
    }

    async fn try_job(
        &self,
        job: &Job,
        version: u64,
        clock: &Clock,
        stop: &AtomicBool,
    ) -> Result<Vec<Done>, Box<dyn std::error::Error + Send + Sync>> {
        let now = clock.now();
        let looked = self.looked(&job.name).filter(|looked| looked.version == version);
        if looked.is_some_and(|looked| looked.is_clear && job.rhythm.next(looked.at).is_none_or(|next| next > now)) {
            // most ticks end here, without a request to the store
            return Ok(Vec::new());
        }
        let memory = Memory::of(&self.lake, &job.name);
        let plan = plan::plan(job, &memory, looked.is_some(), now).await?;
        if plan.work.is_empty() {
            self.set_looked(&job.name, Looked { version, at: now, is_clear: !plan.is_waiting });
            return Ok(Vec::new());
        }
        let Some(lease) = memory.lease(&self.owner, now).await? else { return Ok(Vec::new()) };
        let work = self.work(job, &memory, looked.is_some(), clock, stop);
        let done = self.renewing(&lease, clock, work).await;
        let is_settled = |done: &Done| matches!(done.outcome, Outcome::Done | Outcome::Revised);
        if done.as_ref().is_ok_and(|done| done.iter().all(is_settled)) && !stop.load(Ordering::SeqCst) {
            // the next tick sees whether something waits
            self.set_looked(&job.name, Looked { version, at: now, is_clear: false });
        }
        lease.release(clock.now()).await?;
        Ok(done?)
    }

    /// Does what is due of a job, by who holds its lease.
    async fn work(
        &self,
        job: &Job,
        memory: &Memory,
        is_looked: bool,
        clock: &Clock,
        stop: &AtomicBool,
    ) -> Result<Vec<Done>, StoreError> {
        // somebody else may have done it in between
        let planned = plan::plan(job, memory, is_looked, clock.now()).await?.work;
        let mut done = Vec::new();
        let mut is_held = false;
        for (window, work) in planned {
            if stop.load(Ordering::SeqCst) {
                break;
            }
            // a held window holds the later ones: alerts and histories keep their order
            if is_held && work == Work::New {
                continue;
            }
            let ended = self.execute(job, memory, window, work, clock).await;
            is_held = is_held || ended.as_ref().is_some_and(|done| done.outcome == Outcome::Held);
            done.extend(ended);
        }
        tidy::tidy(job, memory, &self.store, clock.now()).await;
        Ok(done)
    }

    /// Does `work` and holds the lease meanwhile.
    async fn renewing<T>(&self, lease: &Lease, clock: &Clock, work: impl Future<Output = T>) -> T {
        let pause = (LEASE / 3).to_std().unwrap_or_default();
        let renew = async {
            loop {
                tokio::time::sleep(pause).await;
                // the next time may succeed; if it lasts, somebody else takes over, which costs a second output of one name
                let _ = lease.renew(clock.now()).await;
            }
        };
        tokio::select! {
            done = work => done,
            () = renew => std::future::pending().await,
        }
    }

    fn looked(&self, job: &str) -> Option<Looked> {
        self.looked.lock().ok().and_then(|looked| looked.get(job).copied())
    }

    fn set_looked(&self, job: &str, now: Looked) {
        if let Ok(mut looked) = self.looked.lock() {
            looked.insert(job.to_owned(), now);
        }
    }
}

/// A job of which not even the memory could be read.
fn unplanned(job: &Job, error: &(impl std::fmt::Display + ?Sized)) -> Done {
    Done {
        job: job.name.clone(),
        report: job.report.name.clone(),
        window: None,
        outcome: Outcome::Failed,
        rows: 0,
        notes: Vec::new(),
        outputs: Vec::new(),
        told: 0,
        error: Some(error.to_string()),
        seen: Seen::default(),
    }
}

impl Done {
    /// One line for people.
    #[must_use]
    pub fn text(&self) -> String {
        let window = self.window.as_deref().and_then(Window::from_key);
        let time = |instant: DateTime<Utc>| instant.format("%Y-%m-%dT%H:%MZ").to_string();
        let window = window.map_or(String::new(), |window| format!(" {} to {}", time(window.start), time(window.end)));
        let outcome = match self.outcome {
            Outcome::Done => "done",
            Outcome::Revised => "revised",
            Outcome::Held => "held",
            Outcome::Failed => "failed",
        };
        let mut out = format!("{}{window}: {outcome}", self.job);
        if let Some(error) = &self.error {
            out.push_str(&format!(": {error}"));
        } else if self.outcome != Outcome::Held {
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
