//! `milepost lake expire`: takes old days out of the lake.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use indicatif::{HumanBytes, HumanCount};
use milepost_lake::{Expired, Lake, Removed, Retention, new_run_id};
use milepost_query::output::printable;
use milepost_schema::time;
use serde::Serialize;

use super::age;
use super::journal::{self, Run};
use crate::args::{Kept, LakeExpireArgs};
use crate::diagnostics::ExitStatus;
use crate::printer::Printer;
use crate::settings::Settings;

/// Less would take out what is still coming in.
const MIN_AGE: Duration = Duration::from_secs(24 * 60 * 60);
/// Accounts that the text names; the rest is counted.
const NAMED_ACCOUNTS: usize = 20;

pub(super) async fn run(args: &LakeExpireArgs, settings: &Settings, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let now_micros = micros_since_1970();
    let retention = retention(args, now_micros)?;
    let lake = Lake::open(&settings.lake, &settings.store).await?;
    let run_id = new_run_id();
    let outcome = lake.expire(&retention, &run_id, args.dry_run).await;
    let summary = outcome.map(|expired| Summary::new(args, &run_id, &retention, &expired));
    let run = Run {
        id: &run_id,
        command: "expire",
        arguments: serde_json::json!({ "older_than": args.older_than, "predicate": retention.predicate() }),
        started_micros: now_micros,
        is_dry_run: args.dry_run,
    };
    let summary = journal::enter(&lake, run, summary.map_err(anyhow::Error::from)).await?;
    journal::tell(&summary, settings.json(args.json), printer)
}

fn retention(args: &LakeExpireArgs, now_micros: i64) -> anyhow::Result<Retention> {
    let age = age::parse(&args.older_than)?;
    if age < MIN_AGE {
        let message = format!("`--older-than {}` is too little", args.older_than);
        return Err(age::wrong(
            message,
            "whole days are taken out, and a day is converted for hours after it ended: give 1d or more",
        ));
    }
    let age_micros = i64::try_from(age.as_micros()).unwrap_or(i64::MAX);
    let mut retention = Retention {
        before_day: time::day_of(now_micros.saturating_sub(age_micros)),
        accounts: names(&args.accounts),
        regions: names(&args.regions),
        ..Retention::default()
    };
    for kept in &args.kept {
        match kept {
            Kept::Account(name) => retention.kept_accounts.push(name.clone()),
            Kept::Region(name) => retention.kept_regions.push(name.clone()),
        }
    }
    Ok(retention)
}

fn names(given: &[String]) -> Vec<String> {
    given.iter().filter(|name| !name.is_empty()).cloned().collect()
}

fn micros_since_1970() -> i64 {
    let age = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(age.as_micros()).unwrap_or(i64::MAX)
}

#[derive(Debug, Serialize)]
struct Summary {
    run_id: String,
    dry_run: bool,
    /// Days before this one.
    before: String,
    /// Version of `events` after the run, if it changed.
    version: Option<u64>,
    events: Part,
    accounts: Vec<OfAccount>,
    /// Without a date, and kept.
    undated: Part,
    rejects: Part,
}

#[derive(Debug, Serialize)]
struct OfAccount {
    account: Option<String>,
    #[serde(flatten)]
    part: Part,
}

#[derive(Debug, Serialize)]
struct Part {
    files: u64,
    rows: u64,
    bytes: u64,
    partitions: u64,
    first_day: Option<String>,
    last_day: Option<String>,
}

impl Part {
    fn of(removed: &Removed) -> Self {
        let day = |day: Option<i32>| day.map(time::format_day);
        Self {
            files: removed.files,
            rows: removed.rows,
            bytes: removed.bytes,
            partitions: removed.partitions,
            first_day: day(removed.days.map(|(first, _)| first)),
            last_day: day(removed.days.map(|(_, last)| last)),
        }
    }

    fn text(&self) -> String {
        let (rows, files, bytes) = (HumanCount(self.rows), HumanCount(self.files), HumanBytes(self.bytes));
        format!("{rows} rows in {files} files, {bytes}")
    }

    fn days(&self) -> String {
        match (&self.first_day, &self.last_day) {
            (Some(first), Some(last)) => format!(", {first} to {last}"),
            _ => String::new(),
        }
    }
}

impl journal::Summary for Summary {
    fn text(&self) -> Result<String, std::fmt::Error> {
        let mut out = String::new();
        let verb = if self.dry_run { "would take out" } else { "took out" };
        if self.events.files + self.rejects.files == 0 {
            write!(out, "events   nothing is from before {}", self.before)?;
        } else {
            let partitions = HumanCount(self.events.partitions);
            write!(
                out,
                "events   {verb} {} in {partitions} partitions from before {}",
                self.events.text(),
                self.before
            )?;
        }
        for of in self.accounts.iter().take(NAMED_ACCOUNTS) {
            let account = of.account.as_deref().map_or("(none)".into(), printable);
            write!(out, "\naccount  {account}: {}{}", of.part.text(), of.part.days())?;
        }
        if self.accounts.len() > NAMED_ACCOUNTS {
            write!(out, "\naccount  and {} more; --json names them all", self.accounts.len() - NAMED_ACCOUNTS)?;
        }
        if self.rejects.files > 0 {
            write!(out, "\nrejects  {verb} {}", self.rejects.text())?;
        }
        if self.undated.files > 0 {
            write!(out, "\nundated  kept {}: they have no date", self.undated.text())?;
        }
        if let Some(version) = self.version {
            write!(out, "\nlake     version {version}; `milepost lake vacuum` deletes the files a week after this")?;
        }
        Ok(out)
    }
}

impl Summary {
    fn new(args: &LakeExpireArgs, run_id: &str, retention: &Retention, expired: &Expired) -> Self {
        let accounts = expired.accounts.iter();
        let of_account = |(account, removed): (&Option<String>, &Removed)| OfAccount {
            account: account.clone(),
            part: Part::of(removed),
        };
        Self {
            run_id: run_id.to_owned(),
            dry_run: args.dry_run,
            before: time::format_day(retention.before_day),
            version: expired.version,
            events: Part::of(&expired.events()),
            accounts: accounts.map(of_account).collect(),
            undated: Part::of(&expired.undated),
            rejects: Part::of(&expired.rejects),
        }
    }
}
