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

/// What is to be done of a job.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// The windows to look at, the oldest first.
    pub(super) work: Vec<(Window, Work)>,
    /// Whether there are windows that are tried again later.
    pub(super) is_waiting: bool,
}

/// Looks at the memory of a job. `is_looked` says that nothing came into the lake since the last time.
pub(super) async fn plan(job: &Job, memory: &Memory, is_looked: bool, now: DateTime<Utc>) -> Result<Plan, StoreError> {
    let known = memory.windows().await?;
    let horizon = now - job.catch_up;
    let mut plan = Plan::default();
    // a job that never ran begins with its newest window
    let limit = if known.is_empty() { 1 } else { MAX_WINDOWS };
    let first_end = known.first().map_or(horizon, |first| first.end);
    for (_, window) in job.rhythm.due(horizon, now, limit) {
        if !known.contains(&window) && window.end > first_end {
            plan.work.push((window, Work::New));
        }
    }
    let oldest = horizon.min(now - job.look_back);
    for (window, state) in memory.states(oldest).await? {
        plan.is_waiting |= state.not_before.is_some();
        let may_try = state.not_before.is_some_and(|not_before| not_before <= now);
        if !state.is_done && may_try {
            plan.work.push((window, Work::New));
        } else if state.is_done
            && (may_try || !is_looked)
            && job.report.has_window()
            && window.end > now - job.look_back
        {
            plan.work.push((window, Work::Look));
        }
    }
    plan.work.sort_by_key(|(window, _)| *window);
    Ok(plan)
}
