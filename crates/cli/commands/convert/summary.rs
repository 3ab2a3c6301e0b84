//! What a conversion did, for people and for programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;

use anyhow::bail;
use indicatif::{HumanBytes, HumanCount};
use milepost_ingest::{Carrier, Class, SourceOutcome};
use milepost_lake::ledger::Known;
use milepost_query::output::printable;
use serde::Serialize;

use super::intake::Counts;
use super::timings::StageSeconds;
use crate::diagnostics::{ExitStatus, Hinted};
use crate::printer::Destination;

/// Damaged files that the text names, and changed ones; the rest is counted.
const NAMED: usize = 20;
/// Damaged files that are kept to be named in JSON, and changed ones: a store that is away must not fill the memory.
const MAX_KEPT: usize = 10_000;

#[derive(Debug, Clone, Serialize)]
pub(in crate::commands) struct Summary {
    pub(super) run_id: String,
    pub(super) files: Files,
    pub(in crate::commands) records: Records,
    carriers: BTreeMap<&'static str, OfCarrier>,
    pub(super) bytes: Bytes,
    pub(super) lake: LakeChange,
    pub(super) seconds: f64,
    /// Where they went, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) timings: Option<StageSeconds>,
    /// Known files that hold records.
    #[serde(skip)]
    known_logs: u64,
    /// The run has a filter.
    #[serde(skip)]
    has_filter: bool,
    damaged: Vec<Damaged>,
    /// Files that were read again as they changed since an earlier run.
    changed: Vec<String>,
    /// Folders that were not looked into, as nothing in them is wanted.
    pub(super) folders_left_out: u64,
}

/// Source objects, and members of archives, by what became of them.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Files {
    pub(super) found: u64,
    /// In the ledger already, and not read again.
    pub(super) known: u64,
    /// In the ledger with another content; read again.
    pub(super) changed: u64,
    /// Read, with records in them.
    logs: u64,
    /// Read, with files in them.
    archives: u64,
    digests: u64,
    /// Notifications and others that look like CloudTrail's and hold no records.
    look_alikes: u64,
    empty: u64,
    /// Files of other services.
    other: u64,
    damaged: u64,
    /// Damaged, and taken as far as they go; they count as read.
    salvaged: u64,
}

/// What came in one shape.
#[derive(Debug, Clone, Copy, Default, Serialize)]
struct OfCarrier {
    /// Objects of this shape.
    files: u64,
    /// Records that came in it; an object can hold several shapes.
    records: u64,
}

#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(in crate::commands) struct Records {
    pub(super) read: u64,
    pub(in crate::commands) written: u64,
    pub(super) duplicates: u64,
    pub(super) rejected: u64,
    pub(super) filtered: u64,
}

#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(super) struct Bytes {
    /// Of the objects read, as they lie there.
    packed: u64,
    /// Of their text.
    pub(super) text: u64,
    /// Of the files written.
    pub(super) written: u64,
}

#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct LakeChange {
    name: String,
    /// Version of `events` after the run, if it changed.
    pub(super) version: Option<u64>,
    pub(super) files_written: u64,
}

#[derive(Debug, Clone, Serialize)]
struct Damaged {
    uri: String,
    reason: String,
    offset: Option<u64>,
    salvaged: bool,
}

impl Summary {
    pub(super) fn new(lake: &str, run_id: &str, has_filter: bool) -> Self {
        Self {
            run_id: run_id.to_owned(),
            files: Files::default(),
            records: Records::default(),
            carriers: BTreeMap::new(),
            bytes: Bytes::default(),
            lake: LakeChange { name: lake.to_owned(), ..LakeChange::default() },
            seconds: 0.0,
            timings: None,
            known_logs: 0,
            has_filter,
            damaged: Vec::new(),
            changed: Vec::new(),
            folders_left_out: 0,
        }
    }

    pub(super) fn add_damaged(&mut self, uri: String, reason: String, offset: Option<u64>) {
        self.files.damaged += 1;
        self.keep_damaged(Damaged { uri, reason, offset, salvaged: false });
    }

    pub(super) fn add_salvaged(&mut self, uri: String, reason: String, offset: Option<u64>) {
        self.files.salvaged += 1;
        self.keep_damaged(Damaged { uri, reason, offset, salvaged: true });
    }

    fn keep_damaged(&mut self, damaged: Damaged) {
        if self.damaged.len() < MAX_KEPT {
            self.damaged.push(damaged);
        }
    }

    /// Counts an object that is another one than the ledger knows under its name.
    pub(super) fn add_changed(&mut self, uri: &str) {
        self.files.changed += 1;
        if self.changed.len() < MAX_KEPT {
            self.changed.push(uri.to_owned());
        }
    }

    /// Counts an object that is not read again.
    pub(super) fn add_known(&mut self, entry: &Known) {
        self.files.known += 1;
        let class = Carrier::named(&entry.carrier).map(Carrier::class);
        self.known_logs += u64::from(matches!(class, Some(Class::Records | Class::Archive)));
    }

    pub(super) fn add_file(&mut self, outcome: &SourceOutcome, carrier: Carrier, counts: Counts) {
        *match carrier.class() {
            Class::Records => &mut self.files.logs,
            Class::Archive => &mut self.files.archives,
            Class::LookAlike if carrier == Carrier::Digest => &mut self.files.digests,
            Class::LookAlike => &mut self.files.look_alikes,
            Class::Empty => &mut self.files.empty,
            Class::Other => &mut self.files.other,
        } += 1;
        self.carriers.entry(carrier.name()).or_default().files += 1;
        for (carrier, records) in &outcome.carriers {
            self.carriers.entry(carrier.name()).or_default().records += records;
        }
        self.records.read += outcome.records;
        self.records.written += counts.written;
        self.records.duplicates += counts.duplicates;
        self.records.rejected += outcome.rejected;
        self.records.filtered += counts.filtered;
        // members are inside of what was counted already
        self.bytes.packed += if outcome.is_member { 0 } else { outcome.size };
        self.bytes.text += outcome.text_bytes;
    }

    /// Nothing may vanish: every object and every record is somewhere.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        let Records { read, written, duplicates, rejected, filtered } = self.records;
        if read != written + duplicates + rejected + filtered {
            bail!("the records do not add up: {:?}", self.records);
        }
        let Files { found, known, logs, archives, digests, look_alikes, empty, other, damaged, .. } = self.files;
        if found != known + logs + archives + digests + look_alikes + empty + other + damaged {
            bail!("the files do not add up: {:?}", self.files);
        }
        Ok(())
    }

    /// Whether all input was taken in.
    pub(super) fn is_complete(&self) -> bool {
        self.files.damaged == 0 && self.files.salvaged == 0 && self.records.rejected == 0
    }

    /// How the command ends.
    pub(super) fn status(&self, sources: &[String]) -> anyhow::Result<ExitStatus> {
        let nothing_taken = self.files.logs + self.known_logs == 0;
        match (nothing_taken, self.damaged.first()) {
            (true, Some(damaged)) => Err(Hinted {
                message: format!("nothing could be read: `{}`: {}", damaged.uri, damaged.reason),
                hint: "a file that was mended is read by the next run; --salvage takes what is sound of one that breaks off".to_owned(),
                status: ExitStatus::Failed,
            }
            .into()),
            // there may be nothing in a window, as there is nothing new at night
            (true, None) if self.folders_left_out > 0 => Ok(ExitStatus::Done),
            (true, None) => Err(Hinted {
                message: format!("there are no CloudTrail records in `{}`", sources.join("`, `")),
                hint: self.what_is_there(),
                status: ExitStatus::Failed,
            }
            .into()),
            (false, _) if self.is_complete() => Ok(ExitStatus::Done),
            (false, _) => Ok(ExitStatus::Partial),
        }
    }

    /// What was found where records were expected.
    fn what_is_there(&self) -> String {
        let found: Vec<String> = Carrier::ALL
            .into_iter()
            .filter_map(|carrier| {
                let files = self.carriers.get(carrier.name())?.files;
                Some(format!("{files} × {}", carrier.description()))
            })
            .collect();
        match found.is_empty() {
            true => "what the files there are is in the table `files`, column `carrier`".to_owned(),
            false => format!("there is {}", found.join(", ")),
        }
    }

    pub(super) fn print_json(&self) -> anyhow::Result<()> {
        let mut out = Destination::open(None)?;
        writeln!(out, "{}", serde_json::to_string_pretty(self)?)?;
        out.finish()
    }

    pub(in crate::commands) fn text(&self) -> String {
        let mut out = String::new();
        let _ = self.write_text(&mut out);
        out
    }

    fn write_text(&self, out: &mut String) -> std::fmt::Result {
        let count = |number: u64| HumanCount(number).to_string();
        let Files { found, known, changed, logs, archives, digests, look_alikes, empty, other, damaged, salvaged } =
            self.files;
        write!(out, "files    {} found: {} read, {} known", count(found), count(logs), count(known))?;
        let details = [
            (changed, "changed"),
            (archives, "archives"),
            (digests, "digests"),
            (look_alikes, "look-alikes"),
            (other, "other"),
            (empty, "empty"),
            (damaged, "damaged"),
            (salvaged, "salvaged"),
        ];
        for (number, name) in details.iter().filter(|(number, _)| *number > 0) {
            write!(out, ", {} {name}", count(*number))?;
        }
        let Records { read, written, duplicates, rejected, filtered } = self.records;
        write!(
            out,
            "\nrecords  {} read = {} written + {} duplicates + {} rejected",
            count(read),
            count(written),
            count(duplicates),
            count(rejected)
        )?;
        if self.has_filter {
            write!(out, " + {} filtered", count(filtered))?;
        }
        self.write_carriers(out)?;
        let (packed, text) = (HumanBytes(self.bytes.packed), HumanBytes(self.bytes.text));
        write!(out, "\nbytes    {packed} in ({text} of JSON), {} out", HumanBytes(self.bytes.written))?;
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rate"
        )]
        let rate = (read as f64 / self.seconds.max(0.001)) as u64;
        write!(out, "\ntime     {:.2} s, {} events/s", self.seconds, count(rate))?;
        if let Some(timings) = &self.timings {
            timings.write(out, &self.bytes, read)?;
        }
        write!(out, "\nlake     {}", self.lake.name)?;
        match self.lake.version {
            Some(version) => write!(out, ": version {version}, {} files written", count(self.lake.files_written))?,
            None => write!(out, ": nothing new")?,
        }
        for damaged in self.damaged.iter().take(NAMED) {
            let at = damaged.offset.map(|offset| format!(" at byte {offset}")).unwrap_or_default();
            let word = if damaged.salvaged { "salvaged" } else { "damaged " };
            write!(out, "\n{word} {}: {}{at}", printable(&damaged.uri), damaged.reason)?;
        }
        let damaged = damaged + salvaged;
        if damaged > NAMED as u64 {
            write!(out, "\ndamaged  and {} more; --json names {}", damaged - NAMED as u64, self.damaged.len())?;
        }
        for uri in self.changed.iter().take(NAMED) {
            write!(out, "\nchanged  {}: read again", printable(uri))?;
        }
        if changed > NAMED as u64 {
            write!(out, "\nchanged  and {} more; --json names {}", changed - NAMED as u64, self.changed.len())?;
        }
        if self.folders_left_out > 0 {
            let folders = count(self.folders_left_out);
            write!(out, "\nleft out {folders} folders with nothing of the wanted accounts, regions and days")?;
        }
        if rejected > 0 {
            write!(out, "\nrejected records, with reason and text: milepost lake rejects --lake {}", self.lake.name)?;
        }
        Ok(())
    }

    /// Names the shapes, where there are others than log files.
    fn write_carriers(&self, out: &mut String) -> std::fmt::Result {
        let usual = [Carrier::TrailLog, Carrier::Digest, Carrier::Empty, Carrier::OtherJson, Carrier::NotJson];
        if self.carriers.keys().all(|name| usual.iter().any(|carrier| carrier.name() == *name)) {
            return Ok(());
        }
        write!(out, "\nshapes  ")?;
        for (at, (name, OfCarrier { files, records })) in self.carriers.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            write!(out, "{comma} {} {name}", HumanCount(*files))?;
            if *records > 0 {
                write!(out, " ({} records)", HumanCount(*records))?;
            }
        }
        Ok(())
    }
}
