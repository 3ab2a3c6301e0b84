//! The scheduler: does what is due, once, whoever else does it too and whatever happened before.
//!
//! [`Scheduler::tick`] is all of it: it is told the time, looks at the memory of each job, and does what is due. So a week
//! can be run through in a test, and a scheduler that was killed goes on by its next tick. [`Rounds`] are ticks that do not
//! wait for each other. `plan` says what is due of a job, `execute` does one window, `tell` tells its news, `journal` enters it
//! into the lake's `runs`.

mod computing;
mod done;
mod execute;
mod journal;
mod plan;
mod rounds;
mod tell;
mod tidy;

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use chrono::{DateTime, Utc};
use milepost_lake::{AsOf, Lake, LakeError, TableName};
use milepost_query::output::Layout;
use milepost_store::StoreOptions;
use tokio::sync::Semaphore;

use crate::job::Job;
use crate::lease::{self, Asked, RENEW_EVERY};
use crate::state::Memory;
pub use done::{Done, Outcome};
pub use journal::{RUN_COMMAND, enter};
use plan::Work;
pub use rounds::Rounds;

/// Reports that are computed at the same time. Whoever only waits for a receiver is none of them.
const REPORTS_AT_ONCE: usize = 2;

/// The time, which a test or `--at` may set.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    base: DateTime<Utc>,
    /// What leases go by.
    leases: DateTime<Utc>,
    started: Instant,
}

impl Clock {
    /// A clock that shows `base` now.
    #[must_use]
    pub fn at(base: DateTime<Utc>) -> Self {
        Self { base, leases: base, started: Instant::now() }
    }

    /// The same clock, but leases go by the time that it is for everybody: whose day it is must not decide whose job it is.
    #[must_use]
    pub fn with_leases_at(self, now: DateTime<Utc>) -> Self {
        Self { leases: now, ..self }
    }

    /// The clock of leases.
    fn of_leases(&self) -> Self {
        Self { base: self.leases, ..*self }
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.base + self.started.elapsed()
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Runs jobs on one lake.
pub struct Scheduler {
    lake: Lake,
    store: StoreOptions,
    threads: usize,
    layout: Layout,
    jobs: Vec<Job>,
    /// What this scheduler is called in its leases.
    owner: String,
    /// Room for reports that are computed.
    room: Semaphore,
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
        let (owner, room) = (lease::owner(), Semaphore::new(REPORTS_AT_ONCE));
        Self { lake, store, threads, layout: Layout::default(), jobs, owner, room, looked: Mutex::default() }
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

    /// Does what is due. A job that fails, or takes its time, does not keep the others from running. `stop` ends it before the
    /// next window of each.
    pub async fn tick(&self, clock: &Clock, stop: &AtomicBool) -> Vec<Done> {
        let mut rounds = Rounds::new(self, stop);
        let mut all = rounds.begin(*clock).await;
        while let Some(done) = rounds.next().await {
            all.extend(done);
        }
        // in the order of the jobs, whoever was through first; windows of a job keep theirs
        all.sort_by_key(|done| self.jobs.iter().position(|job| job.name == done.job));
        all
    }

    /// The newest version of the lake; 0 if there is nothing in it yet.
    async fn version(&self) -> Result<u64, LakeError> {
        let events = self.lake.table_version(TableName::Events, AsOf::Newest).await?;
        Ok(events.map_or(0, |events| events.version()))
    }

    async fn tick_job(&self, job: &Job, version: u64, clock: &Clock, stop: &AtomicBool) -> Vec<Done> {
        match self.try_job(job, version, clock, stop).await {
            Ok(done) => done,
            Err(error) => vec![Done::failed(job, &error)],
        }
    }

    async fn try_job(&self, job: &Job, version: u64, clock: &Clock, stop: &AtomicBool) -> Result<Vec<Done>, Failure> {
        let now = clock.now();
        let looked = self.looked(&job.name).filter(|looked| looked.version == version);
        if looked.is_some_and(|looked| looked.is_clear && job.rhythm.next(looked.at).is_none_or(|next| next > now)) {
            // most ticks end here, without a request to the store
            return Ok(Vec::new());
        }
        let memory = Memory::of(&self.lake, &job.name);
        let planned = {
            let _room = self.room.acquire().await?;
            plan::plan(job, &memory, looked.is_some(), now).await
        };
        let plan = planned?;
        if plan.work.is_empty() {
            self.set_looked(&job.name, Looked { version, at: now, is_clear: !plan.is_waiting });
            return Ok(Vec::new());
        }
        let leases = clock.of_leases();
        let lease = match memory.lease(&self.owner, leases.now()).await? {
            Asked::Given(lease) => lease,
            Asked::Held(holder) => return Ok(vec![Done::busy(job, holder)]),
        };
        let work = self.work(job, &memory, looked.is_some(), clock, stop);
        let Some(done) = lease::keep(lease, &leases, RENEW_EVERY, work).await? else {
            return Ok(vec![Done::lost(job)]);
        };
        let is_settled = |done: &Done| matches!(done.outcome, Outcome::Done | Outcome::Revised);
        if done.as_ref().is_ok_and(|done| done.iter().all(is_settled)) && !stop.load(Ordering::SeqCst) {
            // the next tick sees whether something waits
            self.set_looked(&job.name, Looked { version, at: now, is_clear: false });
        }
        done
    }

    /// Does what is due of a job, by who holds its lease.
    async fn work(
        &self,
        job: &Job,
        memory: &Memory,
        is_looked: bool,
        clock: &Clock,
        stop: &AtomicBool,
    ) -> Result<Vec<Done>, Failure> {
        // somebody else may have done it in between
        let planned = plan::plan(job, memory, is_looked, clock.now()).await?.work;
        let mut done = Vec::new();
        let mut is_held = false;
        for (window, work) in planned {
            let room = self.room.acquire().await?;
            if stop.load(Ordering::SeqCst) {
                break;
            }
            // a held window holds the later ones: alerts and histories keep their order
            if is_held && work == Work::New {
                continue;
            }
            let ended = self.execute(job, memory, window, work, clock, room).await;
            is_held = is_held || ended.as_ref().is_some_and(|done| done.outcome == Outcome::Held);
            done.extend(ended);
        }
        tidy::tidy(job, memory, &self.store, clock.now()).await;
        Ok(done)
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
