//! How long a query may take: until its time is over, or until the user calls it off with Ctrl-C.
//!
//! The threads that work on a query may all be busy with it, and then none of them is left to look at the clock. So a thread
//! of its own waits for the clock and for the user.

use std::future::Future;
use std::pin::pin;
use std::time::{Duration, Instant};

use futures::future::{Either, pending, select};
use tokio::sync::oneshot;

use crate::diagnostics::{self, ExitStatus, Hinted};
use crate::printer::Printer;

/// Time for a query that was called off to end in order; a write that hangs, or a plan that makes one huge value of constants,
/// would never see that it was.
const GRACE: Duration = Duration::from_secs(2);

/// What ends a query early.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Limits {
    /// Longest time a query may take.
    pub(crate) timeout: Option<Duration>,
}

/// Why a query was called off.
#[derive(Debug, Clone, Copy)]
enum End {
    Interrupted,
    TimedOut(Duration),
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
        let left = self.timeout.map(|timeout| (timeout, timeout.saturating_sub(started.elapsed())));
        // the watch ends with `_done`
        let (_done, done) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        std::thread::spawn(move || watch(left, done, end));
        let ended = async {
            match ended.await {
                Ok(end) => end,
                // there is nobody to watch
                Err(_) => pending().await,
            }
        };
        match select(pin!(work), pin!(ended)).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right((end, _)) => Err(end.into()),
        }
    }
}

/// Waits for the user, and for the end of the time that is `left` of so much; and then whether what was called off ends.
fn watch(left: Option<(Duration, Duration)>, mut done: oneshot::Receiver<()>, end: oneshot::Sender<End>) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    runtime.block_on(async {
        let called_off = async {
            let timeout = async {
                match left {
                    Some((timeout, left)) => {
                        tokio::time::sleep(left).await;
                        timeout
                    }
                    None => pending().await,
                }
            };
            match select(pin!(interruption()), pin!(timeout)).await {
                Either::Left(((), _)) => End::Interrupted,
                Either::Right((timeout, _)) => End::TimedOut(timeout),
            }
        };
        let Either::Left((reason, _)) = select(pin!(called_off), &mut done).await else { return };
        let _ = end.send(reason);
        if let Either::Left(_) = select(pin!(tokio::time::sleep(GRACE)), &mut done).await {
            leave(reason);
        }
    });
}

/// Ends when the user presses Ctrl-C; never, if that cannot be known.
async fn interruption() {
    if tokio::signal::ctrl_c().await.is_err() {
        pending::<()>().await;
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the main thread hangs: in a write that nobody reads, or in one huge value"
)]
fn leave(reason: End) {
    let status = diagnostics::report(&reason.into(), &Printer::new(false));
    std::process::exit(status.code().into())
}

impl From<End> for anyhow::Error {
    fn from(end: End) -> Self {
        let hinted = match end {
            End::Interrupted => Hinted {
                message: "the query was interrupted".to_owned(),
                hint: "nothing was changed".to_owned(),
                status: ExitStatus::Interrupted,
            },
            End::TimedOut(after) => Hinted {
                message: format!("the query took longer than {after:?}, and was given up"),
                hint: "--timeout allows more; a condition on event_time, date, region or account lets it read less"
                    .to_owned(),
                status: ExitStatus::Failed,
            },
        };
        hinted.into()
    }
}
