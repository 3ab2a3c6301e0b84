//! Looking at all jobs again and again, each on its own: one that takes its time keeps no other from its next window.

use std::collections::HashSet;
use std::sync::atomic::AtomicBool;

use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;

use super::{Clock, Done, Scheduler};

/// The jobs of a scheduler at work.
pub struct Rounds<'a> {
    scheduler: &'a Scheduler,
    stop: &'a AtomicBool,
    working: FuturesUnordered<BoxFuture<'a, (usize, Vec<Done>)>>,
    /// Numbers of the jobs that are at work.
    busy: HashSet<usize>,
}

impl<'a> Rounds<'a> {
    /// No job is at work yet. `stop` ends each before its next window.
    #[must_use]
    pub fn new(scheduler: &'a Scheduler, stop: &'a AtomicBool) -> Self {
        Self { scheduler, stop, working: FuturesUnordered::new(), busy: HashSet::new() }
    }

    /// Puts every job to work that is not, on what is due now; [`next`](Self::next) does it. Gives those that cannot be looked at
    /// because the lake cannot.
    pub async fn begin(&mut self, clock: Clock) -> Vec<Done> {
        let (scheduler, stop) = (self.scheduler, self.stop);
        let idle = |number: &usize| !self.busy.contains(number);
        let idle: Vec<usize> = (0..scheduler.jobs.len()).filter(idle).collect();
        let version = match scheduler.version().await {
            Ok(version) => version,
            Err(error) => {
                return idle.into_iter().map(|number| Done::failed(&scheduler.jobs[number], &error)).collect();
            }
        };
        for number in idle {
            self.busy.insert(number);
            let job = &scheduler.jobs[number];
            self.working.push(Box::pin(async move { (number, scheduler.tick_job(job, version, &clock, stop).await) }));
        }
        Vec::new()
    }

    /// Names of the jobs that are at work.
    #[must_use]
    pub fn at_work(&self) -> Vec<&'a str> {
        let jobs = self.scheduler.jobs.iter().enumerate();
        jobs.filter(|(number, _)| self.busy.contains(number)).map(|(_, job)| job.name.as_str()).collect()
    }

    /// What was done of the next job that is through; nothing if none is at work. It may be dropped and called again.
    pub async fn next(&mut self) -> Option<Vec<Done>> {
        let (number, done) = self.working.next().await?;
        self.busy.remove(&number);
        Some(done)
    }
}
