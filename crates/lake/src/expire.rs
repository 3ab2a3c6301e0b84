//! Takes old days out of the lake: whole partitions of `events`, and data files of `rejects` that are older.
//!
//! Only the transaction log changes; the files are deleted by a later vacuum, and until then time travel shows them. One
//! commit takes everything out. It stands on the version it was chosen from: if somebody else commits first, the choice is
//! made again, so a file that a compaction has replaced meanwhile is never taken out twice, and its replacement is.

use std::collections::{BTreeMap, HashSet};

use deltalake_core::kernel::Remove;
use futures::{StreamExt as _, TryStreamExt as _};
use milepost_schema::{ACCOUNT, DATE, REGION, time};

use crate::error::LakeError;
use crate::footer::{integer_bounds, read_footer};
use crate::lake::Lake;
use crate::partition::Partition;
use crate::snapshot::DataFile;
use crate::table::{Attempt, Removal, Table};
use crate::tables::TableName;

/// How often a commit is tried while others keep committing first.
const MAX_ATTEMPTS: usize = 50;
/// Footers read at once.
const FOOTERS_AT_ONCE: usize = 16;
/// Microseconds of a day.
const DAY_MICROS: i64 = 86_400_000_000;
/// When a reject was entered.
const REJECTED_AT: &str = "rejected_at";

/// What is kept, and what not.
#[derive(Debug, Clone, Default)]
pub struct Retention {
    /// Days before this one, counted from 1970, are taken out.
    pub before_day: i32,
    /// Only of these accounts; of all if empty.
    pub accounts: Vec<String>,
    /// Only of these regions; of all if empty.
    pub regions: Vec<String>,
    /// Never of these accounts.
    pub kept_accounts: Vec<String>,
    /// Never of these regions.
    pub kept_regions: Vec<String>,
}

/// Files that were taken out, or would be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Removed {
    /// Number of files.
    pub files: u64,
    /// Rows in them, as far as the log says.
    pub rows: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Partitions that they are all of.
    pub partitions: u64,
    /// First and last of their days, counted from 1970.
    pub days: Option<(i32, i32)>,
}

/// What expired.
#[derive(Debug, Clone, Default)]
pub struct Expired {
    /// Version of `events` that it made; `None` if nothing was taken out.
    pub version: Option<u64>,
    /// By account.
    pub accounts: BTreeMap<Option<String>, Removed>,
    /// Files without a date, which are never taken out, of what would otherwise be looked at.
    pub undated: Removed,
    /// Of `rejects`.
    pub rejects: Removed,
}

impl Retention {
    /// Whether all accounts and regions are treated alike.
    #[must_use]
    pub fn is_for_all(&self) -> bool {
        [&self.accounts, &self.regions, &self.kept_accounts, &self.kept_regions].iter().all(|names| names.is_empty())
    }

    /// The condition on partitions, as SQL; it stands in the log.
    #[must_use]
    pub fn predicate(&self) -> String {
        let list = |names: &[String]| {
            names.iter().map(|name| format!("'{}'", name.replace('\'', "''"))).collect::<Vec<_>>().join(", ")
        };
        let mut text = format!("{DATE} < '{}'", time::format_day(self.before_day));
        for (column, not, names) in [
            (ACCOUNT, "", &self.accounts),
            (REGION, "", &self.regions),
            (ACCOUNT, "NOT ", &self.kept_accounts),
            (REGION, "NOT ", &self.kept_regions),
        ] {
            if !names.is_empty() {
                text.push_str(&format!(" AND {column} {not}IN ({})", list(names)));
            }
        }
        text
    }

    /// Whether the partition is one of those that are looked at, whatever its day.
    fn covers(&self, partition: &Partition) -> bool {
        let is_one_of = |value: &Option<String>, names: &[String]| value.as_ref().is_some_and(|v| names.contains(v));
        let wanted = |value: &Option<String>, names: &[String]| names.is_empty() || is_one_of(value, names);
        wanted(&partition.account, &self.accounts)
            && wanted(&partition.region, &self.regions)
            && !is_one_of(&partition.account, &self.kept_accounts)
            && !is_one_of(&partition.region, &self.kept_regions)
    }
}

impl Removed {
    fn add(&mut self, file: &DataFile, day: Option<i32>) {
        self.files += 1;
        self.rows += file.statistics().rows.unwrap_or(0);
        self.bytes += file.size_bytes;
        if let Some(day) = day {
            self.days = Some(self.days.map_or((day, day), |(first, last)| (first.min(day), last.max(day))));
        }
    }
}

impl Expired {
    /// Everything that was taken out of `events`.
    #[must_use]
    pub fn events(&self) -> Removed {
        let mut all = Removed::default();
        for of in self.accounts.values() {
            all.files += of.files;
            all.rows += of.rows;
            all.bytes += of.bytes;
            all.partitions += of.partitions;
            all.days = match (all.days, of.days) {
                (Some((first, last)), Some((low, high))) => Some((first.min(low), last.max(high))),
                (days, None) | (None, days) => days,
            };
        }
        all
    }
}

impl Lake {
    /// Takes out what `retention` does not keep. With `is_dry_run`, only says what that would be.
    ///
    /// # Errors
    /// [`LakeError::Contended`] if others keep committing first, and whatever reading and committing bring.
    pub async fn expire(&self, retention: &Retention, run_id: &str, is_dry_run: bool) -> Result<Expired, LakeError> {
        let mut expired = Expired::default();
        if let Some(mut events) = self.open_table(TableName::Events).await? {
            expired = expire_events(&mut events, retention, run_id, is_dry_run).await?;
        }
        if retention.is_for_all()
            && let Some(mut rejects) = self.open_table(TableName::Rejects).await?
        {
            expired.rejects = expire_rejects(&mut rejects, retention, run_id, is_dry_run).await?;
        }
        Ok(expired)
    }
}

async fn expire_events(
    table: &mut Table,
    retention: &Retention,
    run_id: &str,
    is_dry_run: bool,
) -> Result<Expired, LakeError> {
    for _ in 0..MAX_ATTEMPTS {
        let (mut expired, removes) = choose(table, retention)?;
        if removes.is_empty() || is_dry_run {
            return Ok(expired);
        }
        match table.remove_once(removes, retention.predicate(), run_id).await? {
            Attempt::Committed(version) => {
                expired.version = Some(version);
                return Ok(expired);
            }
            Attempt::Overtaken => table.refresh().await?,
        }
    }
    Err(LakeError::Contended { table: TableName::Events.name(), attempts: MAX_ATTEMPTS })
}

/// The files of `events` that are to go.
fn choose(table: &Table, retention: &Retention) -> Result<(Expired, Vec<Remove>), LakeError> {
    let (mut expired, mut removes) = (Expired::default(), Vec::new());
    let mut partitions = HashSet::new();
    for (file, remove) in table.removable(Removal::Rows)? {
        let partition = file.partition.clone();
        if !retention.covers(&partition) {
            continue;
        }
        match partition.day {
            None => {
                expired.undated.add(&file, None);
                expired.undated.partitions += u64::from(partitions.insert(partition));
            }
            Some(day) if day < retention.before_day => {
                let of = expired.accounts.entry(partition.account.clone()).or_default();
                of.add(&file, Some(day));
                of.partitions += u64::from(partitions.insert(partition));
                removes.push(remove);
            }
            Some(_) => {}
        }
    }
    Ok((expired, removes))
}

/// Takes out the files of `rejects` of which every row is older.
async fn expire_rejects(
    table: &mut Table,
    retention: &Retention,
    run_id: &str,
    is_dry_run: bool,
) -> Result<Removed, LakeError> {
    let before_micros = i64::from(retention.before_day) * DAY_MICROS;
    for _ in 0..MAX_ATTEMPTS {
        let (mut removed, mut removes) = (Removed::default(), Vec::new());
        let store = table.store();
        let files = futures::stream::iter(table.removable(Removal::Rows)?).map(|(file, remove)| {
            let store = &store;
            async move {
                let failed = |source| LakeError::Read { path: file.path.to_string(), source };
                let footer = read_footer(store, &file).await.map_err(failed)?;
                let newest = integer_bounds(footer.metadata(), REJECTED_AT).map(|(_, newest)| newest);
                Ok::<_, LakeError>((newest, file, remove))
            }
        });
        let mut files = std::pin::pin!(files.buffered(FOOTERS_AT_ONCE));
        while let Some((newest, file, remove)) = files.try_next().await? {
            if newest.is_some_and(|newest| newest < before_micros) {
                removed.add(&file, None);
                removes.push(remove);
            }
        }
        if removes.is_empty() || is_dry_run {
            return Ok(removed);
        }
        let predicate = format!("{REJECTED_AT} < '{}'", time::format_day(retention.before_day));
        match table.remove_once(removes, predicate, run_id).await? {
            Attempt::Committed(_) => return Ok(removed),
            Attempt::Overtaken => table.refresh().await?,
        }
    }
    Err(LakeError::Contended { table: TableName::Rejects.name(), attempts: MAX_ATTEMPTS })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_the_predicate_are_quoted() {
        let retention = Retention {
            before_day: 19_548,
            accounts: vec!["012345678901".to_owned(), "o'clock".to_owned()],
            kept_regions: vec!["eu-west-1".to_owned()],
            ..Retention::default()
        };
        let expected =
            "date < '2023-07-10' AND account IN ('012345678901', 'o''clock') AND region NOT IN ('eu-west-1')";
        assert_eq!(retention.predicate(), expected);
        assert!(!retention.is_for_all());
    }

    #[test]
    fn what_is_kept_goes_before_what_is_named() {
        let partition = |account: Option<&str>| Partition {
            region: Some("eu-west-1".to_owned()),
            account: account.map(str::to_owned),
            day: Some(1),
        };
        let one = vec!["1".to_owned()];
        let all = Retention::default();
        assert!(all.covers(&partition(None)) && all.covers(&partition(Some("1"))));
        let named = Retention { accounts: one.clone(), ..Retention::default() };
        assert!(named.covers(&partition(Some("1"))));
        assert!(!named.covers(&partition(Some("2"))) && !named.covers(&partition(None)));
        let kept = Retention { kept_accounts: one.clone(), ..Retention::default() };
        assert!(!kept.covers(&partition(Some("1"))));
        assert!(kept.covers(&partition(Some("2"))) && kept.covers(&partition(None)));
        let both = Retention { accounts: one.clone(), kept_accounts: one, ..Retention::default() };
        assert!(!both.covers(&partition(Some("1"))));
    }
}
