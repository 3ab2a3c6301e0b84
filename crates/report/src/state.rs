//! What a job has done, kept in the lake beside its tables: `_schedule/JOB/…`. It outlives the scheduler, and several
//! schedulers share it.
//!
//! The state of a window is written by who holds the job's lease only.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use milepost_lake::Lake;
use milepost_store::{Place, StoreError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::lease::{Asked, Lease};
use crate::window::Window;

/// Folder in the lake.
const FOLDER: &str = "_schedule";
/// Rows of which it is remembered that they were told, at most: as many as several full windows have, for late data brings
/// older windows back.
const MAX_TOLD: usize = 50_000;

/// What became of a window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowState {
    /// When it was due.
    pub tick: DateTime<Utc>,
    /// Whether its report is there.
    pub is_done: bool,
    /// Attempts that failed since it was done the last time.
    pub failures: u32,
    /// Not tried again before; never if there is no such time and it is not done.
    pub not_before: Option<DateTime<Utc>>,
    /// What failed.
    pub error: Option<String>,
    /// Version of the lake that its report saw.
    pub lake_version: u64,
    /// Events of the window at that version.
    pub events: u64,
    /// Rows of its report.
    pub rows: u64,
    /// How often it was revised for late data.
    pub revisions: u32,
    /// Its outputs: destination and name.
    pub outputs: Vec<(String, String)>,
    /// When this was written.
    pub at: DateTime<Utc>,
}

/// The memory of one job.
#[derive(Debug, Clone)]
pub struct Memory {
    place: Place,
}

impl Memory {
    /// That of the job of this name, which is checked to be one.
    #[must_use]
    pub fn of(lake: &Lake, job: &str) -> Self {
        Self { place: lake.place().child(FOLDER).child(job) }
    }

    /// Every window that has a state.
    ///
    /// # Errors
    /// The lake cannot be listed.
    pub async fn windows(&self) -> Result<BTreeSet<Window>, StoreError> {
        let names = self.place.child("windows").names().await?;
        Ok(names.iter().filter_map(|name| Window::from_key(name.strip_suffix(".json")?)).collect())
    }

    /// The states of windows that end after `after`.
    ///
    /// # Errors
    /// A state cannot be read.
    pub async fn states(&self, after: DateTime<Utc>) -> Result<BTreeMap<Window, WindowState>, StoreError> {
        let mut states = BTreeMap::new();
        for window in self.windows().await?.into_iter().filter(|window| window.end > after) {
            if let Some(state) = self.state(window).await? {
                states.insert(window, state);
            }
        }
        Ok(states)
    }

    /// The state of a window.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn state(&self, window: Window) -> Result<Option<WindowState>, StoreError> {
        self.read(&file(window)).await
    }

    /// Remembers the state of a window.
    ///
    /// # Errors
    /// It cannot be written.
    pub async fn put(&self, window: Window, state: &WindowState) -> Result<(), StoreError> {
        self.write(&file(window), state).await
    }

    /// Forgets a window.
    ///
    /// # Errors
    /// It cannot be deleted.
    pub async fn forget(&self, window: Window) -> Result<(), StoreError> {
        self.place.delete(&file(window)).await
    }

    /// Rows that were told to the receiver with this [key](crate::Delivery::key).
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn told(&self, receiver: &str) -> Result<Vec<String>, StoreError> {
        Ok(self.read(&told_file(receiver)).await?.unwrap_or_default())
    }

    /// Remembers rows that were told to the receiver with this [key](crate::Delivery::key), the newest last.
    ///
    /// # Errors
    /// It cannot be written.
    pub async fn tell(&self, receiver: &str, rows: &[String]) -> Result<(), StoreError> {
        let kept = &rows[rows.len().saturating_sub(MAX_TOLD)..];
        self.write(&told_file(receiver), &kept).await
    }

    /// Asks for the lease of the job.
    ///
    /// # Errors
    /// It cannot be read or written.
    pub async fn lease(&self, owner: &str, now: DateTime<Utc>) -> Result<Asked, StoreError> {
        Lease::take(self.place.child("lease"), owner, now).await
    }

    async fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, StoreError> {
        read(&self.place, name).await
    }

    async fn write<T: Serialize>(&self, name: &str, value: &T) -> Result<(), StoreError> {
        self.place.put(name, serde_json::to_vec(value).unwrap_or_default()).await
    }
}

/// What cannot be read as what it should be is as if it were not there: the work is done again.
async fn read<T: DeserializeOwned>(place: &Place, name: &str) -> Result<Option<T>, StoreError> {
    Ok(place.get(name).await?.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

fn file(window: Window) -> String {
    format!("windows/{}.json", window.key())
}

fn told_file(receiver: &str) -> String {
    format!("told/{receiver}.json")
}
