//! Computes a report on threads of its own, for as long as it may.
//!
//! A query that computes without a pause keeps the threads busy that it runs on, until it is done. On those that renew leases,
//! look at clocks and wait for signals, it would stop the whole scheduler, so it does not run there. One that is given up may
//! go on for a while; its threads are nobody else's and end with it.

use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use super::Failure;

/// The threads of one report.
struct Threads(Option<Runtime>);

impl Drop for Threads {
    fn drop(&mut self) {
        // whoever drops it must not wait for what does not pause
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// What `work` comes to, on `threads` threads, if it takes no longer than `limit`.
///
/// # Errors
/// It takes longer, it panics, or there are no threads to be had.
pub(super) async fn compute<T: Send + 'static>(
    threads: usize,
    limit: Duration,
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, Failure> {
    let runtime =
        Builder::new_multi_thread().worker_threads(threads.max(1)).thread_name("report").enable_all().build()?;
    let threads = Threads(Some(runtime));
    let Some(runtime) = &threads.0 else { return Err("there are no threads to compute it".into()) };
    match tokio::time::timeout(limit, runtime.spawn(work)).await {
        Ok(done) => Ok(done.map_err(|_| "the thread that computed it ended before it was done")?),
        Err(_) => {
            let seconds = limit.as_secs();
            Err(format!("it took more than {seconds} s to compute; `timeout` gives it more").into())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[tokio::test]
    async fn what_never_pauses_is_given_up_in_time() {
        let started = Instant::now();
        let busy = async move { while started.elapsed() < Duration::from_secs(20) {} };
        let given_up = compute(1, Duration::from_millis(50), busy).await;
        assert!(given_up.unwrap_err().to_string().contains("it took more than 0 s"));
        assert!(started.elapsed() < Duration::from_secs(10));
    }

    #[tokio::test]
    async fn what_is_done_in_time_is_there_and_a_panic_is_an_error() {
        assert_eq!(compute(2, Duration::from_secs(60), async { 7 }).await.unwrap(), 7);
        let fails = async { assert_eq!(1, 2) };
        assert!(compute(2, Duration::from_secs(60), fails).await.is_err());
    }
}
