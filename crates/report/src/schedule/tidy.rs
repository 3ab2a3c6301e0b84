//! Takes away what is older than a job keeps: outputs, and the memory of windows that nobody will ask for again.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use milepost_store::StoreOptions;

use crate::job::Job;
use crate::outputs;
use crate::state::{Memory, WindowState};
use crate::window::Window;

/// How long windows are remembered by jobs that keep their outputs forever.
const REMEMBERED: TimeDelta = TimeDelta::days(35);

/// Nothing here is worth a failure: what could not be deleted is tried again with the next window.
pub(super) async fn tidy(job: &Job, memory: &Memory, store: &StoreOptions, now: DateTime<Utc>) {
    let Ok(windows) = memory.windows().await else { return };
    // the newest stays: without it the job would begin anew
    let Some(newest) = windows.last().copied() else { return };
    let needed = (job.catch_up + TimeDelta::days(1)).max(job.look_back);
    let remembered = needed.max(job.keep.unwrap_or(REMEMBERED));
    let is_old = |window: &Window, age: TimeDelta| *window != newest && window.end < now - age;
    let Some(keep) = job.keep else {
        for window in windows.into_iter().filter(|window| is_old(window, remembered)) {
            let _ = memory.forget(window).await;
        }
        return;
    };
    let Ok(Some(current)) = memory.state(newest).await else { return };
    for window in windows.into_iter().filter(|window| is_old(window, keep)) {
        let Ok(Some(state)) = memory.state(window).await else { continue };
        let state = without_outputs(state, &current, store).await;
        if state.outputs.is_empty() && is_old(&window, remembered) {
            let _ = memory.forget(window).await;
        } else {
            let _ = memory.put(window, &state).await;
        }
    }
}

/// The state, with those outputs that could not be deleted.
async fn without_outputs(mut state: WindowState, current: &WindowState, store: &StoreOptions) -> WindowState {
    // an output that every window writes anew under one name belongs to the newest
    let current: BTreeSet<_> = current.outputs.iter().collect();
    let mut left = Vec::new();
    for output in std::mem::take(&mut state.outputs) {
        if !current.contains(&output) && outputs::delete(&output.0, &output.1, store).await.is_err() {
            left.push(output);
        }
    }
    state.outputs = left;
    state
}
