//! Who runs a job: leases, numbered objects in the job's memory.
//!
//! A number is created by one alone, as every store we know can do that, and the highest number counts. A lease holds for a
//! minute and is renewed three times in it (`keep`), so that another scheduler need not wait long for one that was killed.
//! That nothing is done twice rests on both sides: the holder stops when his own clock says that the minute is over, and
//! others wait as long again, so clocks may differ by that much.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use milepost_store::{Place, StoreError};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::schedule::Clock;

/// How long a lease holds without being renewed.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// How long others wait after that: the most by which clocks may differ.
const GRACE: TimeDelta = TimeDelta::seconds(60);
/// Time between two renewals.
pub(crate) const RENEW_EVERY: Duration = Duration::from_secs(20);
/// Time after a renewal that failed; there are several before the lease is over.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// Numbers of old leases that are kept.
const KEPT: usize = 20;

const _: () = assert!(RENEW_EVERY.as_secs() * 3 <= LEASE.num_seconds().unsigned_abs());

#[derive(Debug, Serialize, Deserialize)]
struct LeaseText {
    owner: String,
    expires: DateTime<Utc>,
    is_released: bool,
}

/// The right to run a job.
#[derive(Debug)]
pub struct Lease {
    place: Place,
    name: String,
    owner: String,
    expires: DateTime<Utc>,
}

/// Somebody else who has the right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Holder {
    /// What he calls himself.
    pub owner: String,
    /// When another may take over, unless it is renewed.
    pub until: DateTime<Utc>,
}

/// What became of asking for a lease.
#[derive(Debug)]
pub enum Asked {
    /// It was given.
    Given(Lease),
    /// Somebody else has it.
    Held(Holder),
}

/// What a scheduler of this process calls itself.
#[must_use]
pub fn owner() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let host = host.or_else(|| std::env::var("HOSTNAME").ok()).or_else(|| std::env::var("COMPUTERNAME").ok());
    let host = host.unwrap_or_default();
    match host.trim() {
        "" => format!("process {}", std::process::id()),
        host => format!("process {} on {host}", std::process::id()),
    }
}

impl LeaseText {
    fn holder(self) -> Holder {
        let until = self.expires.checked_add_signed(GRACE).unwrap_or(self.expires);
        Holder { owner: self.owner, until }
    }
}

impl Lease {
    /// Takes the lease of a job, whose leases lie at `place`.
    ///
    /// # Errors
    /// The place cannot be read or written.
    pub(crate) async fn take(place: Place, owner: &str, now: DateTime<Utc>) -> Result<Asked, StoreError> {
        let numbers = numbers(&place).await?;
        let last = numbers.last().copied();
        if let Some(number) = last
            && let Some(held) = read(&place, &file(number)).await?.filter(|held| !held.is_released)
            && let Some(holder) = Some(held.holder()).filter(|holder| holder.until > now)
        {
            return Ok(Asked::Held(holder));
        }
        let name = file(last.map_or(1, |last| last.saturating_add(1)));
        let lease = Self { place: place.clone(), name: name.clone(), owner: owner.to_owned(), expires: now + LEASE };
        if !place.put_new(&name, lease.text(false)).await? {
            // somebody was faster; he may even be through already
            let faster = read(&place, &name).await?.map(LeaseText::holder);
            let unknown = || Holder { owner: "another scheduler".to_owned(), until: now + LEASE + GRACE };
            return Ok(Asked::Held(faster.unwrap_or_else(unknown)));
        }
        // not the last ones: who looked at them and was slow must find that the next number is taken
        for old in numbers.iter().rev().skip(KEPT) {
            // one that stays is taken away the next time
            let _ = place.delete(&file(*old)).await;
        }
        Ok(Asked::Given(lease))
    }

    /// Holds it for longer; says whether it still could.
    ///
    /// # Errors
    /// It cannot be read or written.
    pub async fn renew(&mut self, now: DateTime<Utc>) -> Result<bool, StoreError> {
        // once it is over, another one may be about to take it: renewing it then could give it to both
        if now >= self.expires || numbers(&self.place).await?.last().is_some_and(|last| file(*last) > self.name) {
            return Ok(false);
        }
        let before = std::mem::replace(&mut self.expires, now + LEASE);
        let put = self.place.put(&self.name, self.text(false)).await;
        if put.is_err() {
            self.expires = before;
        }
        put.map(|()| true)
    }

    /// Gives it back.
    ///
    /// # Errors
    /// It cannot be written.
    pub async fn release(mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.expires = now;
        self.place.put(&self.name, self.text(true)).await
    }

    fn text(&self, is_released: bool) -> Vec<u8> {
        let text = LeaseText { owner: self.owner.clone(), expires: self.expires, is_released };
        serde_json::to_vec(&text).unwrap_or_default()
    }
}

/// Does `work` while the lease holds, and gives it back. `None` if it was lost on the way: the work is dropped then.
///
/// # Errors
/// It cannot be given back.
pub(crate) async fn keep<T>(
    lease: Lease,
    clock: &Clock,
    every: Duration,
    work: impl Future<Output = T>,
) -> Result<Option<T>, StoreError> {
    let (stop, stopped) = oneshot::channel();
    // a task of its own: work that computes for long without a pause must not keep it from being renewed
    let mut renewed = tokio::spawn(renewing(lease, *clock, every, stopped));
    let done = tokio::select! {
        biased;
        _ = &mut renewed => return Ok(None),
        done = work => done,
    };
    drop(stop);
    // not before the last renewal is through: one that is late would take back what was given back
    if let Ok(Some(lease)) = renewed.await {
        lease.release(clock.now()).await?;
    }
    Ok(Some(done))
}

/// Renews the lease until it is to stop, and gives it back; nothing if it is lost.
async fn renewing(
    mut lease: Lease,
    clock: Clock,
    every: Duration,
    mut stopped: oneshot::Receiver<()>,
) -> Option<Lease> {
    let mut pause = every;
    loop {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = &mut stopped => return Some(lease),
        }
        let now = clock.now();
        let left = (lease.expires - now).to_std().unwrap_or_default();
        match tokio::time::timeout(left, lease.renew(now)).await {
            Ok(Ok(true)) => pause = every,
            // the next time may succeed
            Ok(Err(_)) => pause = RETRY_AFTER.min(every),
            // who cannot renew it in time has lost it, also if the store only does not answer
            Ok(Ok(false)) | Err(_) => return None,
        }
    }
}

/// What cannot be read as what it should be is as if it were not there.
async fn read(place: &Place, name: &str) -> Result<Option<LeaseText>, StoreError> {
    Ok(place.get(name).await?.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

/// Numbers of the leases that there are, in order. What has another name is not ours.
async fn numbers(place: &Place) -> Result<Vec<u64>, StoreError> {
    let names = place.names().await?;
    let mut numbers: Vec<u64> = names.iter().filter_map(|name| name.strip_suffix(".json")?.parse().ok()).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

fn file(number: u64) -> String {
    format!("{number:012}.json")
}

#[cfg(test)]
mod tests;
