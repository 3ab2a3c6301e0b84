//! What is in force: flag, else environment, else the configuration file, else the default.
//!
//! Flags and environment come together from `args`; this adds the file and the defaults.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use milepost_query::DEFAULT_MEMORY_BYTES as DEFAULT_QUERY_MEMORY_BYTES;
use milepost_query::Dialect;
use milepost_query::output::Format;
use milepost_report::JobHeader;
use milepost_store::{StoreOptions, is_within};
use serde::Deserialize;
use toml::Spanned;

use crate::args::{Cli, FilterArgs, LakeArgs, StoreArgs};
use crate::diagnostics::{ExitStatus, Hinted};

/// Where a lake is if nobody says otherwise.
const DEFAULT_LAKE: &str = "./lake";
/// Memory for rows that wait to be written.
const DEFAULT_MEMORY_BYTES: usize = 512 * 1000 * 1000;
/// Least memory that makes sense: below it every commit would be tiny.
const MIN_MEMORY_BYTES: usize = 16 * 1000 * 1000;
/// Least size that files are put together to.
const MIN_TARGET_BYTES: usize = 1_000_000;
/// Days behind a window in whose folders late deliveries are looked for: almost everything late comes within a day.
pub(crate) const DEFAULT_LOOK_BACK_DAYS: u16 = 3;
const DEFAULT_FILE: &str = "milepost.toml";

/// Settings of one command.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) lake: String,
    pub(crate) threads: usize,
    /// How object stores are reached.
    pub(crate) store: StoreOptions,
    file: ConfigFile,
}

/// The configuration file; keys are the words of the flags.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ConfigFile {
    lake: Option<String>,
    jobs: Option<u16>,
    memory: Option<String>,
    reports: Option<PathBuf>,
    format: Option<String>,
    output: Option<PathBuf>,
    quiet: Option<bool>,
    json: Option<bool>,
    timeout: Option<String>,
    dialect: Option<String>,
    escape_formulas: Option<bool>,
    expanded: Option<bool>,
    salvage: Option<bool>,
    look_back: Option<u16>,
    redact: Option<PathBuf>,
    from: Option<String>,
    to: Option<String>,
    account: Option<Vec<String>>,
    region: Option<Vec<String>>,
    #[serde(rename = "where")]
    condition: Option<String>,
    s3_endpoint: Option<String>,
    s3_region: Option<String>,
    s3_profile: Option<String>,
    s3_virtual_host: Option<bool>,
    s3_requester_pays: Option<bool>,
    s3_anonymous: Option<bool>,
    s3_sse_kms_key: Option<String>,
    /// Reports that run by themselves.
    #[serde(default)]
    schedule: Vec<Spanned<JobHeader>>,
    /// Its name, and the lines on which its schedules begin.
    #[serde(skip)]
    places: Places,
}

/// Where things stand in the configuration file.
#[derive(Debug, Clone, Default)]
struct Places {
    name: String,
    schedule_lines: Vec<usize>,
}

impl ConfigFile {
    fn store(&self, flags: &StoreArgs) -> StoreOptions {
        let text = |flag: &Option<String>, file: &Option<String>| {
            flag.clone().filter(|text| !text.is_empty()).or_else(|| file.clone())
        };
        StoreOptions {
            endpoint: text(&flags.s3_endpoint, &self.s3_endpoint),
            region: text(&flags.s3_region, &self.s3_region),
            profile: text(&flags.s3_profile, &self.s3_profile),
            virtual_host: flags.s3_virtual_host || self.s3_virtual_host.unwrap_or(false),
            requester_pays: flags.s3_requester_pays || self.s3_requester_pays.unwrap_or(false),
            anonymous: flags.s3_anonymous || self.s3_anonymous.unwrap_or(false),
            sse_kms_key: text(&flags.s3_sse_kms_key, &self.s3_sse_kms_key),
        }
    }
}

impl Settings {
    pub(crate) fn resolve(cli: &Cli, lake: &LakeArgs) -> anyhow::Result<Self> {
        let file = read_file(cli.config.as_deref())?;
        let lake = lake
            .lake
            .clone()
            .filter(|lake| !lake.is_empty())
            .or_else(|| file.lake.clone())
            .unwrap_or_else(|| DEFAULT_LAKE.to_owned());
        Ok(Self { lake, threads: threads(cli.jobs.or(file.jobs)), store: file.store(&cli.store), file })
    }

    /// Memory for rows that wait to be written.
    pub(crate) fn memory_bytes(&self, flag: Option<&str>) -> anyhow::Result<usize> {
        self.memory(flag, DEFAULT_MEMORY_BYTES)
    }

    /// Memory for queries.
    pub(crate) fn query_memory_bytes(&self, flag: Option<&str>) -> anyhow::Result<usize> {
        self.memory(flag, DEFAULT_QUERY_MEMORY_BYTES)
    }

    fn memory(&self, flag: Option<&str>, default: usize) -> anyhow::Result<usize> {
        match flag.or(self.file.memory.as_deref()) {
            None => Ok(default),
            Some(text) => match parse_size(text) {
                Some(bytes) if bytes >= MIN_MEMORY_BYTES => Ok(bytes),
                Some(_) => Err(wrong(format!("`--memory {text}` is too little"), "at least 16MB are needed")),
                None => Err(wrong(format!("`--memory {text}` is no size"), "write it as 512MB or 2GiB")),
            },
        }
    }

    /// How long a query may take.
    pub(crate) fn timeout(&self, flag: Option<&str>) -> anyhow::Result<Option<Duration>> {
        let Some(text) = flag.filter(|text| !text.is_empty()).or(self.file.timeout.as_deref()) else { return Ok(None) };
        match parse_duration(text) {
            Some(duration) => Ok(Some(duration)),
            None => Err(wrong(format!("`--timeout {text}` is no time"), "write it as 500ms, 30s, 5m or 1h")),
        }
    }

    /// What queries are written for, if it is not to be told by their tables.
    pub(crate) fn dialect(&self, flag: Option<Dialect>) -> anyhow::Result<Option<Dialect>> {
        let parse = |name: &String| {
            let names = Dialect::ALL.map(Dialect::name).join(", ");
            name.parse()
                .map_err(|_| wrong(format!("`dialect = \"{name}\"` is no dialect"), &format!("there are: {names}")))
        };
        flag.map_or_else(|| self.file.dialect.as_ref().map(parse).transpose(), |flag| Ok(Some(flag)))
    }

    /// Where answers go.
    ///
    /// # Errors
    /// It lies in the lake.
    pub(crate) fn output(&self, flag: Option<&Path>) -> anyhow::Result<Option<PathBuf>> {
        let flag = flag.filter(|path| !path.as_os_str().is_empty()).map(Path::to_path_buf);
        let output = flag.or_else(|| self.file.output.clone());
        output.iter().try_for_each(|path| self.check_outside(path))?;
        Ok(output)
    }

    /// Answers do not go into the lake: there they would be in the way of those who read its files, or take their place.
    ///
    /// # Errors
    /// `path` lies in the lake.
    pub(crate) fn check_outside(&self, path: &Path) -> anyhow::Result<()> {
        if path.to_str().is_some_and(|path| is_within(path, &self.lake)) {
            return Err(wrong(
                format!("`{}` lies in the lake `{}`", path.display(), self.lake),
                "name a file or a folder outside of it; only milepost's own tables are written there",
            ));
        }
        Ok(())
    }

    /// Whether summaries are JSON.
    pub(crate) fn json(&self, flag: bool) -> bool {
        flag || self.file.json.unwrap_or(false)
    }

    /// Whether text that looks like a formula is made harmless.
    pub(crate) fn escape_formulas(&self, flag: bool) -> bool {
        flag || self.file.escape_formulas.unwrap_or(false)
    }

    /// Whether rows are blocks of lines.
    pub(crate) fn expanded(&self, flag: bool) -> bool {
        flag || self.file.expanded.unwrap_or(false)
    }

    /// Size of files that are to come out of a compaction.
    pub(crate) fn target_bytes(text: &str) -> anyhow::Result<u64> {
        match parse_size(text) {
            Some(bytes) if bytes >= MIN_TARGET_BYTES => Ok(bytes as u64),
            Some(_) => Err(wrong(format!("`--target-size {text}` is too little"), "at least 1MB makes sense")),
            None => Err(wrong(format!("`--target-size {text}` is no size"), "write it as 128MB or 1GiB")),
        }
    }

    /// The format of answers, if the file says one.
    pub(crate) fn format(&self) -> anyhow::Result<Option<Format>> {
        let parse = |name: &String| {
            name.parse()
                .map_err(|_| wrong(format!("`format = \"{name}\"` is no format"), "`milepost sql --help` lists them"))
        };
        self.file.format.as_ref().map(parse).transpose()
    }

    /// Whether to take what is sound of files that break off.
    pub(crate) fn salvage(&self, flag: bool) -> bool {
        flag || self.file.salvage.unwrap_or(false)
    }

    /// Days behind a window in whose folders late deliveries are looked for.
    pub(crate) fn look_back_days(&self, flag: Option<u16>) -> u16 {
        flag.or(self.file.look_back).unwrap_or(DEFAULT_LOOK_BACK_DAYS)
    }

    /// File with rules for what must not come into the lake.
    pub(crate) fn redact(&self, flag: Option<&Path>) -> Option<PathBuf> {
        flag.filter(|path| !path.as_os_str().is_empty()).map(Path::to_path_buf).or_else(|| self.file.redact.clone())
    }

    /// Which records to take.
    pub(crate) fn filter(&self, flags: &FilterArgs) -> FilterArgs {
        let text = |flag: &Option<String>, file: &Option<String>| {
            flag.clone().filter(|text| !text.is_empty()).or_else(|| file.clone())
        };
        let list = |flag: &[String], file: &Option<Vec<String>>| match flag {
            [] => file.clone().unwrap_or_default(),
            flag => flag.to_vec(),
        };
        FilterArgs {
            from: text(&flags.from, &self.file.from),
            to: text(&flags.to, &self.file.to),
            accounts: list(&flags.accounts, &self.file.account),
            regions: list(&flags.regions, &self.file.region),
            condition: text(&flags.condition, &self.file.condition),
        }
    }

    /// The schedules of the file, with the lines they begin on.
    pub(crate) fn schedules(&self) -> impl Iterator<Item = (usize, &JobHeader)> {
        self.file.places.schedule_lines.iter().copied().zip(self.file.schedule.iter().map(Spanned::get_ref))
    }

    /// Name of the configuration file.
    pub(crate) fn file_name(&self) -> &str {
        &self.file.places.name
    }

    /// Folder of the user's reports, if there is one.
    pub(crate) fn reports(&self, flag: Option<&Path>) -> Option<PathBuf> {
        flag.map(Path::to_path_buf).or_else(|| self.file.reports.clone())
    }
}

/// Whether the configuration file wants quiet. What is wrong with the file, its first use says.
pub(crate) fn quiet(config: Option<&Path>) -> bool {
    read_file(config).ok().and_then(|file| file.quiet).unwrap_or(false)
}

fn wrong(message: String, hint: &str) -> anyhow::Error {
    Hinted { message, hint: hint.to_owned(), status: ExitStatus::WrongUsage }.into()
}

/// Threads to work with.
pub(crate) fn threads(jobs: Option<u16>) -> usize {
    jobs.map_or_else(|| thread::available_parallelism().map_or(1, usize::from), usize::from)
}

fn read_file(config: Option<&Path>) -> anyhow::Result<ConfigFile> {
    let path = config.unwrap_or(Path::new(DEFAULT_FILE));
    if config.is_none() && !path.exists() {
        return Ok(ConfigFile::default());
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let line = |byte: usize| text[..byte].matches('\n').count() + 1;
    let mut file: ConfigFile = toml::from_str(&text).map_err(|error| {
        let line = error.span().map_or(1, |span| line(span.start));
        anyhow::anyhow!("`{}` line {line}: {}", path.display(), error.message())
    })?;
    let schedule_lines = file.schedule.iter().map(|schedule| line(schedule.span().start)).collect();
    file.places = Places { name: path.display().to_string(), schedule_lines };
    Ok(file)
}

/// A size such as `512MB`, `2GiB` or `1000000`.
fn parse_size(text: &str) -> Option<usize> {
    let text = text.trim();
    let digits = text.find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor: usize = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return None,
    };
    number.parse::<usize>().ok()?.checked_mul(factor)
}

/// A time such as `30s`, `500ms` or `5m`; at least a millisecond.
fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text.find(|char: char| !char.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let millis: u64 = match unit.trim() {
        "ms" => 1,
        "s" => 1000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(millis).filter(|millis| *millis > 0).map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(parse_duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(parse_duration("30 s"), Some(Duration::from_secs(30)));
        assert_eq!(parse_duration("2h"), Some(Duration::from_secs(7200)));
        for wrong in ["", "30", "s", "-1s", "1.5s", "0s", "99999999999999999999s", "9999999999999999h"] {
            assert_eq!(parse_duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!(parse_size("512MB"), Some(512_000_000));
        assert_eq!(parse_size("2 GiB"), Some(2 << 30));
        assert_eq!(parse_size("1000000"), Some(1_000_000));
        for wrong in ["", "MB", "1.5GB", "-1", "9999999999999999999GB", "12 parsecs"] {
            assert_eq!(parse_size(wrong), None, "{wrong}");
        }
    }
}
