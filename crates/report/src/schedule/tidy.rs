//! Takes away what is older than a job keeps: outputs, and the memory of windows that nobody will ask for again.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use milepost_store::StoreOptions;

use crate::job::Job;
use crate::outputs;
use crate::state::Memory;

/// How long windows are remembered at least.
const REMEMBERED: TimeDelta = TimeDelta::days(35);

/// Nothing here is worth a failure: what could not be deleted is tried again with the next window.
pub(super) async fn tidy(job: &Job, memory: &Memory, store: &StoreOptions, now: DateTime<Utc>) {
    let Ok(windows) = memory.windows().await else { return };
    let keep = job.keep.unwrap_or(REMEMBERED);
    let remembered = keep.max(REMEMBERED).max(job.catch_up + TimeDelta::days(1)).max(job.look_back);
    let Some(newest) = windows.last().copied() else { return };
    // an output that every window writes anew under one name belongs to the newest
    let Ok(Some(current)) = memory.state(newest).await else { return };
    let current: BTreeSet<_> = current.outputs.into_iter().collect();
    for window in windows.into_iter().filter(|window| *window != newest && window.end < now - keep) {
        let Ok(Some(mut state)) = memory.state(window).await else { continue };
        if job.keep.is_some() && !state.outputs.is_empty() {
            let mut left = Vec::new();
            for (destination, name) in std::mem::take(&mut state.outputs) {
                let is_current = current.contains(&(destination.clone(), name.clone()));
                if !is_current && outputs::delete(&destination, &name, store).await.is_err() {
                    left.push((destination, name));
                }
            }
            state.outputs = left;
            let _ = memory.put(window, &state).await;
        }
        if window.end < now - remembered && (state.outputs.is_empty() || job.keep.is_none()) {
            let _ = memory.forget(window).await;
        }
    }
}
