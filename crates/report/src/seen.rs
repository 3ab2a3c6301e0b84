//! What data an answer was made from.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use milepost_lake::{AsOf, Lake, LakeError, Partition, Snapshot, TableName};
use serde::{Deserialize, Serialize};

use crate::window::Window;

/// Accounts and regions that were quiet for longer before a window's end are not waited for.
const ACTIVE_DAYS: i64 = 3;

/// The lake, as a report saw it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Version of `events`.
    pub lake_version: u64,
    /// Time of the first event.
    pub first_event: Option<DateTime<Utc>>,
    /// Time of the last event.
    pub last_event: Option<DateTime<Utc>>,
    /// The newest event of each account and region.
    pub newest: Vec<Newest>,
}

/// The newest event of an account and region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Newest {
    /// The account; none if records do not say it.
    pub account: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// Time of its newest event.
    pub event_time: DateTime<Utc>,
}

impl Seen {
    /// What `lake` holds at `version`, from its log alone.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn of(lake: &Lake, version: u64) -> Result<Self, LakeError> {
        let snapshot = match lake.snapshot(TableName::Events, AsOf::Newest).await? {
            Some(newest) if newest.version == version => Some(newest),
            _ => lake.snapshot(TableName::Events, AsOf::Version(version)).await?,
        };
        Ok(snapshot.map(|snapshot| Self::of_snapshot(&snapshot)).unwrap_or_default())
    }

    fn of_snapshot(snapshot: &Snapshot) -> Self {
        let instant = |micros| DateTime::from_timestamp_micros(micros);
        let times = || snapshot.files.iter().filter_map(|file| file.statistics().event_time);
        let mut newest: BTreeMap<(Option<String>, Option<String>), DateTime<Utc>> = BTreeMap::new();
        for file in &snapshot.files {
            let Some(last) = file.statistics().event_time.and_then(|(_, last)| instant(last)) else { continue };
            let Partition { region, account, .. } = file.partition.clone();
            let entry = newest.entry((account, region)).or_insert(last);
            *entry = last.max(*entry);
        }
        let newest = newest.into_iter().map(|((account, region), event_time)| Newest { account, region, event_time });
        Self {
            lake_version: snapshot.version,
            first_event: times().map(|(first, _)| first).min().and_then(instant),
            last_event: times().map(|(_, last)| last).max().and_then(instant),
            newest: newest.collect(),
        }
    }

    /// Accounts and regions that were active shortly before the window's end, and of which nothing has arrived from after
    /// it: something of the window may still be on its way.
    #[must_use]
    pub fn missing(&self, window: Window) -> Vec<Newest> {
        let active = window.end - TimeDelta::days(ACTIVE_DAYS);
        let is_missing = |newest: &&Newest| newest.event_time < window.end && newest.event_time >= active;
        self.newest.iter().filter(is_missing).cloned().collect()
    }
}

/// Says what [`Seen::missing`] found.
#[must_use]
pub fn missing_text(missing: &[Newest]) -> String {
    let one = |newest: &Newest| {
        let name = |name: &Option<String>| name.clone().unwrap_or_else(|| "(none)".to_owned());
        let time = newest.event_time.format("%Y-%m-%dT%H:%M:%SZ");
        format!("{} {} (newest event {time})", name(&newest.account), name(&newest.region))
    };
    missing.iter().map(one).collect::<Vec<_>>().join(", ")
}
