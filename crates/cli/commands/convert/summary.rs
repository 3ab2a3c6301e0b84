//! What a conversion did, for people and for programs.

use std::fmt::Write as _;
use std::io::Write as _;

use anyhow::bail;
use indicatif::{HumanBytes, HumanCount};
use milepost_ingest::{Carrier, Source, SourceOutcome};
use milepost_lake::SourceCounts;
use milepost_query::output::printable;
use serde::Serialize;

use crate::diagnostics::{ExitStatus, Hinted};
use crate::printer::Destination;

/// Damaged files that the text names; the rest is counted.
const NAMED_DAMAGED: usize = 20;

#[derive(Debug, Clone, Serialize)]
pub(in crate::commands) struct Summary {
    pub(super) run_id: String,
    pub(super) files: Files,
    pub(in crate::commands) records: Records,
    pub(super) bytes: Bytes,
    pub(super) lake: LakeChange,
    pub(super) seconds: f64,
    /// Known files that are log files.
    #[serde(skip)]
    pub(super) known_logs: u64,
    damaged: Vec<Damaged>,
}

/// Source objects by what became of them.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Files {
    pub(super) found: u64,
    /// In the ledger already, and not read again.
    pub(super) known: u64,
    /// In the ledger with another content; read again.
    pub(super) changed: u64,
    /// Log files read.
    logs: u64,
    digests: u64,
    empty: u64,
    /// Files of other services.
    other: u64,
    damaged: u64,
}

#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(in crate::commands) struct Records {
    pub(super) read: u64,
    pub(in crate::commands) written: u64,
    pub(super) duplicates: u64,
    pub(super) rejected: u64,
}

#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(super) struct Bytes {
    /// Of the objects read, as they lie there.
    packed: u64,
    /// Of their text.
    text: u64,
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
}

impl Summary {
    pub(super) fn new(lake: &str, run_id: &str) -> Self {
        Self {
            run_id: run_id.to_owned(),
            files: Files::default(),
            records: Records::default(),
            bytes: Bytes::default(),
            lake: LakeChange { name: lake.to_owned(), ..LakeChange::default() },
            seconds: 0.0,
            known_logs: 0,
            damaged: Vec::new(),
        }
    }

    pub(super) fn add_damaged(&mut self, uri: String, reason: String, offset: Option<u64>) {
        self.files.damaged += 1;
        self.damaged.push(Damaged { uri, reason, offset });
    }

    pub(super) fn add_file(
        &mut self,
        source: &Source,
        outcome: &SourceOutcome,
        carrier: Carrier,
        counts: SourceCounts,
    ) {
        *match carrier {
            Carrier::TrailLog => &mut self.files.logs,
            Carrier::Digest => &mut self.files.digests,
            Carrier::Empty => &mut self.files.empty,
            Carrier::OtherJson | Carrier::NotJson => &mut self.files.other,
        } += 1;
        self.records.read += outcome.records;
        self.records.written += counts.written;
        self.records.duplicates += counts.duplicates;
        self.records.rejected += outcome.rejected;
        self.bytes.packed += source.size;
        self.bytes.text += outcome.text_bytes;
    }

    /// Nothing may vanish: every object and every record is somewhere.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        let Records { read, written, duplicates, rejected } = self.records;
        if read != written + duplicates + rejected {
            bail!(
                "the records do not add up: {read} read, {written} written, {duplicates} duplicates, {rejected} rejected"
            );
        }
        let Files { found, known, logs, digests, empty, other, damaged, .. } = self.files;
        if found != known + logs + digests + empty + other + damaged {
            bail!("the files do not add up: {found} found, {:?}", self.files);
        }
        Ok(())
    }

    /// Whether all input was taken in.
    pub(super) fn is_complete(&self) -> bool {
        self.files.damaged == 0 && self.records.rejected == 0
    }

    /// How the command ends.
    pub(super) fn status(&self, sources: &[String]) -> anyhow::Result<ExitStatus> {
        let nothing_taken = self.files.logs + self.known_logs == 0;
        match (nothing_taken, self.damaged.first()) {
            (true, Some(damaged)) => Err(Hinted {
                message: format!("nothing could be read: `{}`: {}", damaged.uri, damaged.reason),
                hint: "a damaged file is tried again by the next run".to_owned(),
                status: ExitStatus::Failed,
            }
            .into()),
            (true, None) => Err(Hinted {
                message: format!("there are no CloudTrail log files in `{}`", sources.join("`, `")),
                hint: "a log file is one JSON object with an array `Records`, gzip or plain".to_owned(),
                status: ExitStatus::Failed,
            }
            .into()),
            (false, _) if self.is_complete() => Ok(ExitStatus::Done),
            (false, _) => Ok(ExitStatus::Partial),
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
        let Files { found, known, changed, logs, digests, empty, other, damaged } = self.files;
        write!(out, "files    {} found: {} read, {} known", count(found), count(logs), count(known))?;
        let details =
            [(changed, "changed"), (digests, "digests"), (other, "other"), (empty, "empty"), (damaged, "damaged")];
        for (number, name) in details.iter().filter(|(number, _)| *number > 0) {
            write!(out, ", {} {name}", count(*number))?;
        }
        let Records { read, written, duplicates, rejected } = self.records;
        write!(
            out,
            "\nrecords  {} read = {} written + {} duplicates + {} rejected",
            count(read),
            count(written),
            count(duplicates),
            count(rejected)
        )?;
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
        write!(out, "\nlake     {}", self.lake.name)?;
        match self.lake.version {
            Some(version) => write!(out, ": version {version}, {} files written", count(self.lake.files_written))?,
            None => write!(out, ": nothing new")?,
        }
        for damaged in self.damaged.iter().take(NAMED_DAMAGED) {
            let at = damaged.offset.map(|offset| format!(" at byte {offset}")).unwrap_or_default();
            write!(out, "\ndamaged  {}: {}{at}", printable(&damaged.uri), damaged.reason)?;
        }
        if self.damaged.len() > NAMED_DAMAGED {
            write!(out, "\ndamaged  and {} more; --json names them all", self.damaged.len() - NAMED_DAMAGED)?;
        }
        if rejected > 0 {
            write!(out, "\nrejected records are in the table `rejects`, with the reason and their text")?;
        }
        Ok(())
    }
}
