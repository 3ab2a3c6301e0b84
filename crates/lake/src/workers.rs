//! Many small jobs of a commit, side by side: a few keep the cores busy, more wait for the store.
//!
//! What computes has threads of its own, as many as it may use: the runtime's threads for blocking work are many and come
//! and go, and each of them would keep memory back for itself.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use milepost_timings::Timings;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::error::LakeError;
use crate::tables::TableName;

/// Jobs under way beside those that compute: they wait for a store, which takes its time and many of them at once.
const WAITING: usize = 16;

type Work = Box<dyn FnOnce() + Send>;

/// Who works for the commits of one writer.
#[derive(Debug, Clone)]
pub(crate) struct Workers {
    threads: usize,
    queue: Sender<Work>,
}

impl Workers {
    /// At most `threads` of them compute at once. Their time is counted in `timings`.
    pub(crate) fn new(threads: usize, timings: Option<&Timings>) -> Self {
        let threads = threads.max(1);
        let (queue, work) = channel();
        let work = Arc::new(Mutex::new(work));
        for _ in 0..threads {
            let (work, timings) = (Arc::clone(&work), timings.cloned());
            std::thread::spawn(move || {
                let _counted = timings.as_ref().map(Timings::on_this_thread);
                run(&work);
            });
        }
        Self { threads, queue }
    }

    pub(crate) fn threads(&self) -> usize {
        self.threads
    }

    /// Does all jobs, and gives what they come to in their order. With the first that fails the others end.
    pub(crate) async fn all<T, J>(&self, jobs: Vec<J>) -> Result<Vec<T>, LakeError>
    where
        T: Send + 'static,
        J: Future<Output = Result<T, LakeError>> + Send + 'static,
    {
        let mut done: Vec<Option<T>> = jobs.iter().map(|_| None).collect();
        let mut jobs = jobs.into_iter().enumerate();
        let mut running = JoinSet::new();
        loop {
            while running.len() < self.threads + WAITING
                && let Some((at, job)) = jobs.next()
            {
                running.spawn(async move { (at, job.await) });
            }
            match running.join_next().await {
                None => return Ok(done.into_iter().flatten().collect()),
                Some(Ok((at, outcome))) => done[at] = Some(outcome?),
                Some(Err(_)) => return Err(LakeError::Thread { path: TableName::Events.name().to_owned() }),
            }
        }
    }

    /// Does work that nobody waits for.
    pub(crate) fn aside(&self, work: impl FnOnce() + Send + 'static) {
        // without anybody left to do it, it is dropped, and with it what it was to drop
        let _ = self.queue.send(Box::new(work));
    }

    /// Does work that keeps a core busy, for the partition in `folder`.
    pub(crate) async fn compute<T: Send + 'static>(
        &self,
        folder: &str,
        work: impl FnOnce() -> Result<T, LakeError> + Send + 'static,
    ) -> Result<T, LakeError> {
        let stopped = || LakeError::Thread { path: folder.to_owned() };
        let (send, receive) = oneshot::channel();
        let work = move || {
            // nobody waits any more if another job has failed
            let _ = send.send(work());
        };
        self.queue.send(Box::new(work)).map_err(|_| stopped())?;
        receive.await.map_err(|_| stopped())?
    }
}

/// Works until there is nobody left to work for.
fn run(work: &Mutex<Receiver<Work>>) {
    loop {
        let next = work.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(next) = next else { return };
        // whoever waits for it is told by the end of their channel
        let _ = catch_unwind(AssertUnwindSafe(next));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn jobs_keep_their_order_and_few_compute_at_once() {
        let workers = Workers::new(2, None);
        let busy = Arc::new(AtomicUsize::new(0));
        let jobs: Vec<_> = (0..100_u64)
            .map(|job| {
                let (workers, busy) = (workers.clone(), Arc::clone(&busy));
                async move {
                    let work = move || {
                        let others = busy.fetch_add(1, Ordering::SeqCst);
                        std::thread::sleep(std::time::Duration::from_micros(job % 7 * 100));
                        busy.fetch_sub(1, Ordering::SeqCst);
                        assert!(others < 2);
                        Ok(job)
                    };
                    workers.compute("folder", work).await
                }
            })
            .collect();
        assert_eq!(workers.all(jobs).await.unwrap(), (0..100).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn one_that_fails_or_stops_fails_all() {
        let workers = Workers::new(2, None);
        let jobs: Vec<_> = (0..9)
            .map(|job| {
                let workers = workers.clone();
                async move { workers.compute("f", move || if job == 5 { panic!("it stops") } else { Ok(job) }).await }
            })
            .collect();
        assert!(matches!(workers.all(jobs).await, Err(LakeError::Thread { path }) if path == "f"));
    }
}
