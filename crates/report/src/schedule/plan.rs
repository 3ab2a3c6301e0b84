//! What is due of a job: windows that were never done, those that failed and may be tried again, those whose data may have
//! changed.

use chrono::{DateTime, Utc};
use milepost_store::StoreError;

use crate::job::Job;
use crate::state::Memory;
use crate::window::Window;

/// Windows that are done of one job in one tick.
const MAX_WINDOWS: usize = 500;

/// Why a window is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// It was not done yet, or failed.
    New,
    /// It was done; late data may have come.
    Look,
}

/// The windows to look at, the oldest first. `is_looked` says that nothing came into the lake since the last time.
pub(super) async fn plan(
    job: &Job,
    memory: &Memory,
    is_looked: bool,
    now: DateTime<Utc>,
) -> Result<Vec<(Window, Work)>, StoreError> {
    let known = memory.windows().await?;
    let horizon = now - job.catch_up;
    let mut planned = Vec::new();
    // a job that never ran begins with its newest window
    let limit = if known.is_empty() { 1 } else { MAX_WINDOWS };
    let first_end = known.first().map_or(horizon, |first| first.end);
    for (_, window) in job.rhythm.due(horizon, now, limit) {
        if !known.contains(&window) && window.end > first_end {
            planned.push((window, Work::New));
        }
    }
    let oldest = horizon.min(now - job.look_back);
    for (window, state) in memory.states(oldest).await? {
        let may_try = state.not_before.is_some_and(|not_before| not_before <= now);
        if !state.is_done && may_try {
            planned.push((window, Work::New));
        } else if state.is_done
            && (may_try || !is_looked)
            && job.report.has_window()
            && window.end > now - job.look_back
        {
            planned.push((window, Work::Look));
        }
    }
    planned.sort_by_key(|(window, _)| *window);
    Ok(planned)
}
