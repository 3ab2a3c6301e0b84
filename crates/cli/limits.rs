//! How long a query may take: until its time is over, or until the user calls it off with Ctrl-C.

use std::future::Future;
use std::pin::pin;
use std::time::{Duration, Instant};

use futures::future::{Either, select};

use crate::diagnostics::{ExitStatus, Hinted};

/// Time for a query that was called off to end in order; a write that hangs would never see that it was.
const GRACE: Duration = Duration::from_secs(2);

/// What ends a query early.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Limits {
    /// Longest time a query may take.
    pub(crate) timeout: Option<Duration>,
}

impl Limits {
    /// Does `work` until it is done, its time is over, or the user interrupts it. The work must not block.
    pub(crate) async fn run<T>(&self, work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
        self.run_since(Instant::now(), work).await
    }

    /// As [`run`](Self::run), for the later part of work that began at `started`.
    pub(crate) async fn run_since<T>(
        &self,
        started: Instant,
        work: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        let guard = Guard(tokio::spawn(async {
            if tokio::signal::ctrl_c().await.is_ok() {
                tokio::time::sleep(GRACE).await;
                leave();
            }
        }));
        let ended_early = async {
            let timeout = async {
                match self.timeout {
                    Some(timeout) => tokio::time::sleep(timeout.saturating_sub(started.elapsed())).await,
                    None => futures::future::pending().await,
                }
            };
            match select(pin!(tokio::signal::ctrl_c()), pin!(timeout)).await {
                Either::Left(_) => interrupted(),
                Either::Right(_) => timed_out(self.timeout.unwrap_or_default()),
            }
        };
        let outcome = match select(pin!(work), pin!(ended_early)).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right((error, _)) => Err(error),
        };
        drop(guard);
        outcome
    }
}

/// Exit code of a command that the user called off.
const INTERRUPTED_CODE: i32 = 130;

#[expect(clippy::disallowed_methods, reason = "the main thread hangs in a write that nobody reads")]
fn leave() {
    std::process::exit(INTERRUPTED_CODE)
}

/// A task that ends with this.
struct Guard(tokio::task::JoinHandle<()>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn interrupted() -> anyhow::Error {
    Hinted {
        message: "the query was interrupted".to_owned(),
        hint: "nothing was changed".to_owned(),
        status: ExitStatus::Interrupted,
    }
    .into()
}

fn timed_out(after: Duration) -> anyhow::Error {
    Hinted {
        message: format!("the query took longer than {after:?}, and was given up"),
        hint: "--timeout allows more; a condition on event_time, date, region or account lets it read less".to_owned(),
        status: ExitStatus::Failed,
    }
    .into()
}
