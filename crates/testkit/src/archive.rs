//! Lays records out as objects, the way a trail delivers them.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use fastrand::Rng;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::random::code;
use crate::record::{insight_pair, record};

/// Share of records delivered twice, as one in so many.
const ONE_DUPLICATE_IN: u32 = 120;
/// Share of records delivered a day late, as one in so many.
const ONE_LATE_IN: u32 = 60;
/// Minutes between the delivery of two files.
const FILE_MINUTES: i64 = 60;
const SECONDS_PER_DAY: i64 = 86_400;
const TIME_FORMAT: &str = "%Y-%m-%dT%H:%M:%SZ";

/// What to generate.
#[derive(Debug, Clone)]
pub struct Archive {
    /// Organization id in the keys; none for the layout of a single account.
    pub organization: Option<String>,
    /// Folders before `AWSLogs/`.
    pub prefix: Option<String>,
    /// Accounts.
    pub accounts: Vec<String>,
    /// Regions.
    pub regions: Vec<String>,
    /// First day of events.
    pub first_day: NaiveDate,
    /// Number of days.
    pub days: u64,
    /// Records of each account, region and day.
    pub records_per_day: usize,
    /// The same seed gives the same archive.
    pub seed: u64,
}

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Log files, Insights files included.
    pub log_files: usize,
    /// Digest files and files of other services.
    pub other_files: usize,
    /// Records in the log files, repeated ones included.
    pub records: usize,
    /// Records that were written a second time.
    pub duplicates: usize,
}

impl Default for Archive {
    /// Three accounts, two regions, three days: about 7,500 records.
    fn default() -> Self {
        Self {
            organization: Some("o-m1lep0st00".to_owned()),
            prefix: None,
            accounts: ["012345678901", "111122223333", "444455556666"].map(str::to_owned).to_vec(),
            regions: ["eu-central-1", "us-east-1"].map(str::to_owned).to_vec(),
            first_day: NaiveDate::default() + Days::new(20_514),
            days: 3,
            records_per_day: 400,
            seed: 1,
        }
    }
}

/// Records waiting for the file that delivers them, by minute of delivery.
type Deliveries = BTreeMap<DateTime<Utc>, Vec<Value>>;

impl Archive {
    /// Writes the archive below `folder`.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write(&self, folder: &Path) -> io::Result<Written> {
        let mut written = Written::default();
        for (account_number, account) in self.accounts.iter().enumerate() {
            for (region_number, region) in self.regions.iter().enumerate() {
                let place = (account_number * self.regions.len() + region_number) as u64;
                let mut rng = Rng::with_seed(self.seed.wrapping_mul(0x9e37_79b9).wrapping_add(place));
                self.write_region(folder, account, region, &mut rng, &mut written)?;
            }
        }
        self.write_foreign(folder, &mut written)?;
        Ok(written)
    }

    fn write_region(
        &self,
        folder: &Path,
        account: &str,
        region: &str,
        rng: &mut Rng,
        written: &mut Written,
    ) -> io::Result<()> {
        let mut deliveries = Deliveries::new();
        for day in 0..self.days {
            let midnight = (self.first_day + Days::new(day)).and_time(chrono::NaiveTime::MIN).and_utc();
            for _ in 0..self.records_per_day {
                let time = midnight + TimeDelta::seconds(rng.i64(0..SECONDS_PER_DAY));
                let record = record(rng, account, region, &time.format(TIME_FORMAT).to_string());
                let late = if rng.u32(..ONE_LATE_IN) == 0 { TimeDelta::days(1) } else { TimeDelta::zero() };
                if rng.u32(..ONE_DUPLICATE_IN) == 0 {
                    deliveries.entry(delivery(time + TimeDelta::minutes(31))).or_default().push(record.clone());
                    written.duplicates += 1;
                }
                deliveries.entry(delivery(time + late)).or_default().push(record);
            }
        }
        for (minute, records) in deliveries {
            written.records += records.len();
            self.write_log(folder, account, "CloudTrail", region, minute, &records, rng)?;
            written.log_files += 1;
        }
        let noon = self.first_day.and_time(chrono::NaiveTime::MIN).and_utc() + TimeDelta::hours(12);
        let times = [noon, noon + TimeDelta::minutes(4)].map(|time| time.format(TIME_FORMAT).to_string());
        let pair = insight_pair(rng, account, region, [&times[0], &times[1]]);
        let minute = delivery(noon + TimeDelta::minutes(34));
        self.write_log(folder, account, "CloudTrail-Insight", region, minute, &pair, rng)?;
        written.log_files += 1;
        written.records += pair.len();
        self.write_digest(folder, account, region, noon)?;
        written.other_files += 1;
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of a key")]
    fn write_log(
        &self,
        folder: &Path,
        account: &str,
        kind: &str,
        region: &str,
        minute: DateTime<Utc>,
        records: &[Value],
        rng: &mut Rng,
    ) -> io::Result<()> {
        let stamp = minute.format("%Y%m%dT%H%MZ");
        let name = format!("{account}_{kind}_{region}_{stamp}_{}.json.gz", code(rng, 16));
        let key = format!("{}/{region}/{}/{name}", self.folder_of(account, kind), minute.format("%Y/%m/%d"));
        write_gzip(&folder.join(key), &json!({ "Records": records }))
    }

    fn write_digest(&self, folder: &Path, account: &str, region: &str, end: DateTime<Utc>) -> io::Result<()> {
        let name =
            format!("{account}_CloudTrail-Digest_{region}_trail_{region}_{}.json.gz", end.format("%Y%m%dT%H%M%SZ"));
        let key =
            format!("{}/{region}/{}/{name}", self.folder_of(account, "CloudTrail-Digest"), end.format("%Y/%m/%d"));
        let digest = json!({
            "awsAccountId": account, "digestStartTime": (end - TimeDelta::hours(1)).format(TIME_FORMAT).to_string(),
            "digestEndTime": end.format(TIME_FORMAT).to_string(), "digestS3Bucket": "logs", "digestS3Object": key,
            "newestEventTime": null, "oldestEventTime": null, "previousDigestS3Object": null, "logFiles": [],
        });
        write_gzip(&folder.join(&key), &digest)
    }

    /// An object of AWS Config and a line log, as lie in the same bucket.
    fn write_foreign(&self, folder: &Path, written: &mut Written) -> io::Result<()> {
        let Some(account) = self.accounts.first() else { return Ok(()) };
        let config = format!("{}/us-east-1/2026/3/2/ConfigHistory/history.json.gz", self.folder_of(account, "Config"));
        write_gzip(&folder.join(config), &json!({"fileVersion": "1.0", "configurationItems": []}))?;
        let balancer = format!("{}/us-east-1/access.log", self.folder_of(account, "elasticloadbalancing"));
        write(&folder.join(balancer), b"http 2026-03-02T00:00:00Z app/web 192.0.2.1:443 200\n")?;
        written.other_files += 2;
        Ok(())
    }

    fn folder_of(&self, account: &str, kind: &str) -> String {
        let parts = [self.prefix.as_deref(), Some("AWSLogs"), self.organization.as_deref(), Some(account), Some(kind)];
        parts.into_iter().flatten().collect::<Vec<_>>().join("/")
    }
}

/// The minute at which a record of `time` is delivered.
fn delivery(time: DateTime<Utc>) -> DateTime<Utc> {
    let step = FILE_MINUTES * 60;
    let seconds = time.timestamp().div_euclid(step) * step + step;
    DateTime::from_timestamp(seconds, 0).unwrap_or(time)
}

fn write_gzip(path: &Path, document: &Value) -> io::Result<()> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(document.to_string().as_bytes())?;
    write(path, &encoder.finish()?)
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut open = vec![folder.to_path_buf()];
        while let Some(next) = open.pop() {
            for entry in fs::read_dir(next).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                    found.insert(name, fs::read(&path).unwrap());
                }
            }
        }
        found
    }

    fn records(bytes: &[u8]) -> Vec<Value> {
        let document: Value = serde_json::from_reader(flate2::read::GzDecoder::new(bytes)).unwrap();
        document["Records"].as_array().cloned().unwrap_or_default()
    }

    #[test]
    fn one_seed_gives_one_archive() {
        let archive = Archive { days: 1, records_per_day: 30, ..Archive::default() };
        let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        assert_eq!(archive.write(a.path()).unwrap(), archive.write(b.path()).unwrap());
        assert_eq!(files(a.path()), files(b.path()));
        let other = Archive { seed: 2, ..archive };
        let c = tempfile::tempdir().unwrap();
        other.write(c.path()).unwrap();
        assert_ne!(files(a.path()), files(c.path()));
    }

    #[test]
    fn every_identity_type_and_every_service_occurs() {
        let folder = tempfile::tempdir().unwrap();
        let written = Archive::default().write(folder.path()).unwrap();
        let all: Vec<Value> = files(folder.path())
            .iter()
            .filter(|(name, _)| name.contains("/CloudTrail/") || name.contains("/CloudTrail-Insight/"))
            .flat_map(|(_, bytes)| records(bytes))
            .collect();
        assert_eq!(all.len(), written.records);
        let distinct: BTreeSet<&str> = all.iter().filter_map(|record| record["eventID"].as_str()).collect();
        assert_eq!(distinct.len(), written.records - written.duplicates);
        let types: BTreeSet<&str> =
            all.iter().map(|record| record["userIdentity"]["type"].as_str().unwrap_or("")).collect();
        assert_eq!(types.len(), 13, "{types:?}");
        let sources: BTreeSet<&str> = all.iter().filter_map(|record| record["eventSource"].as_str()).collect();
        assert!(sources.is_superset(&crate::actions::ACTIONS.iter().map(|action| action.source).collect()));
        assert!(written.duplicates > 10);
    }
}
