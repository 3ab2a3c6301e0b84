//! Time travel: which version of a table was there at a moment.

use crate::error::LakeError;
use crate::log::Log;
use crate::table::Table;
use crate::tables::TableName;

/// Which state of a lake is meant. Versions are those of `events`; the other tables are shown as they were when that
/// version was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AsOf {
    /// The newest.
    #[default]
    Newest,
    /// After this version of `events` was made.
    Version(u64),
    /// At this instant, in microseconds since 1970.
    Instant(i64),
}

impl Table {
    /// Goes back to a version.
    ///
    /// # Errors
    /// [`LakeError::NoVersion`] if there never was one, [`LakeError::VersionGone`] if its log has been cleaned up.
    pub(crate) async fn go_to(&mut self, log: &Log, version: u64) -> Result<(), LakeError> {
        let (versions, complete) = (log.versions(), log.complete());
        if let Some(newest) = versions.last().filter(|newest| version > **newest) {
            let oldest = complete.first().copied().unwrap_or(*newest);
            return Err(LakeError::NoVersion { table: self.name.name(), version, oldest, newest: *newest });
        }
        if !complete.contains(&version) {
            let oldest = complete.range(version..).next().copied();
            return Err(LakeError::VersionGone { table: self.name.name(), version, oldest });
        }
        let loaded = self.delta.load_version(version).await;
        loaded.map_err(|source| self.failed("read", source))
    }

    /// The version that was the newest at an instant, in microseconds since 1970; `None` if there was none yet, or none
    /// that the log still knows.
    ///
    /// Commits are in the order of their times, but for clocks that are apart by less than it takes to commit.
    pub(crate) async fn version_at(&self, log: &Log, micros: i64) -> Result<Option<u64>, LakeError> {
        let versions = log.commits();
        let (mut low, mut high) = (0, versions.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let commit = self.commit_at(log, versions[middle]).await?;
            if micros_of(commit.millis) <= micros { low = middle + 1 } else { high = middle }
        }
        Ok(low.checked_sub(1).map(|at| versions[at]))
    }

    /// Goes to what was there at an instant, in microseconds since 1970; `false` if the table was not there yet.
    ///
    /// # Errors
    /// [`LakeError::BeforeTheLake`] for `events`, without which there is no lake.
    pub(crate) async fn go_to_instant(&mut self, micros: i64) -> Result<bool, LakeError> {
        let log = self.log().await?;
        let Some(version) = self.version_at(&log, micros).await? else {
            if self.name != TableName::Events {
                return Ok(false);
            }
            let Some(first) = log.commits().first().copied() else { return Ok(false) };
            let first_micros = micros_of(self.commit_at(&log, first).await?.millis);
            return Err(LakeError::BeforeTheLake { lake: self.lake.clone(), micros, first, first_micros });
        };
        self.go_to(&log, version).await?;
        Ok(true)
    }

    /// When a version was made, in microseconds since 1970.
    pub(crate) async fn made_at(&self, version: u64) -> Result<i64, LakeError> {
        let log = self.log().await?;
        Ok(micros_of(self.commit_at(&log, version).await?.millis))
    }
}

pub(crate) fn micros_of(millis: i64) -> i64 {
    millis.saturating_mul(1000)
}
