//! Time travel: which version of a table was there at a moment.

use crate::error::LakeError;
use crate::log::{Log, LogReader};
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

/// Which version of one table is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// The newest.
    Newest,
    /// This one.
    Version(u64),
    /// The one that was there at this instant, in microseconds since 1970.
    Instant(i64),
}

impl LogReader {
    /// The version that is meant, and the part of the log it was found in; `None` if the table was not there.
    ///
    /// # Errors
    /// [`LakeError::NoVersion`] or [`LakeError::VersionGone`] if that version cannot be had; [`LakeError::BeforeTheLake`]
    /// for `events`, without which there is no lake.
    pub(crate) async fn find(&self, which: Which) -> Result<Option<(u64, Log)>, LakeError> {
        let log = match which {
            Which::Newest => self.list_newest().await?,
            Which::Version(_) | Which::Instant(_) => self.list().await?,
        };
        let Some(newest) = log.versions().last().copied() else { return Ok(None) };
        let version = match which {
            Which::Newest => Some(newest),
            Which::Version(version) => Some(version),
            Which::Instant(micros) => self.version_at(&log, micros).await?,
        };
        let Some(version) = version else { return Ok(None) };
        if which != Which::Newest {
            self.is_there(&log, version)?;
        }
        Ok(Some((version, log)))
    }

    fn is_there(&self, log: &Log, version: u64) -> Result<(), LakeError> {
        let (versions, complete) = (log.versions(), log.complete());
        if let Some(newest) = versions.last().filter(|newest| version > **newest) {
            let oldest = complete.first().copied().unwrap_or(*newest);
            return Err(LakeError::NoVersion { table: self.table.name(), version, oldest, newest: *newest });
        }
        if !complete.contains(&version) {
            let oldest = complete.range(version..).next().copied();
            return Err(LakeError::VersionGone { table: self.table.name(), version, oldest });
        }
        Ok(())
    }

    /// The version that was the newest at an instant, in microseconds since 1970; `None` if there was none yet, or none
    /// that the log still knows.
    ///
    /// Commits are in the order of their times, but for clocks that are apart by less than it takes to commit.
    async fn version_at(&self, log: &Log, micros: i64) -> Result<Option<u64>, LakeError> {
        let versions = log.commits();
        let (mut low, mut high) = (0, versions.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let commit = self.commit_at(log, versions[middle]).await?;
            if micros_of(commit.millis) <= micros { low = middle + 1 } else { high = middle }
        }
        if low > 0 {
            return Ok(Some(versions[low - 1]));
        }
        match versions.first() {
            Some(first) if self.table == TableName::Events => {
                let first_micros = micros_of(self.commit_at(log, *first).await?.millis);
                Err(LakeError::BeforeTheLake { lake: self.lake.clone(), micros, first: *first, first_micros })
            }
            _ => Ok(None),
        }
    }

    /// When a version was made, in microseconds since 1970.
    pub(crate) async fn made_at(&self, version: u64) -> Result<i64, LakeError> {
        let log = self.list().await?;
        Ok(micros_of(self.commit_at(&log, version).await?.millis))
    }
}

pub(crate) fn micros_of(millis: i64) -> i64 {
    millis.saturating_mul(1000)
}
