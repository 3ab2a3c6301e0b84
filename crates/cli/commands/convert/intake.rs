//! Takes pieces, commits when enough has gathered, enters finished sources in the ledger, and checks the sums.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use anyhow::bail;
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray as _;
use milepost_ingest::{Piece, READER_VERSION, Reject, Source, SourceOutcome, Status};
use milepost_lake::EventWriter;
use milepost_lake::ledger::{FileEntry, KnownFiles, Ledger, RejectEntry};
use milepost_query::RowFilter;
use milepost_schema::SOURCE_FILE;
use milepost_timings::{Stage, Timings};

use super::{Summary, timings};

/// Sources that may wait for a commit: a million files without a record must not wait for rows that never come.
const MAX_WAITING: usize = 50_000;

pub(super) struct Intake<'a> {
    pub(super) sources: Arc<Vec<Source>>,
    pub(super) writer: EventWriter,
    pub(super) ledger: &'a mut Ledger,
    pub(super) threads: usize,
    /// Commit when the waiting rows take this much memory.
    pub(super) commit_bytes: usize,
    /// Sources read to their end whose last rows are not committed yet.
    pub(super) waiting: Vec<SourceOutcome>,
    /// Rejected records of sources that are not in the ledger yet.
    pub(super) rejects: Vec<RejectEntry>,
    /// Text of those records.
    pub(super) reject_bytes: usize,
    /// Rows of sources that are not in the ledger yet, by what became of them.
    pub(super) counts: HashMap<String, Counts>,
    /// The filter, as the ledger keeps it.
    pub(super) filter: Option<String>,
    pub(super) row_filter: Option<RowFilter>,
    /// Damage that earlier runs have entered; looked up when there is some.
    pub(super) known_damage: Option<HashMap<String, String>>,
    pub(super) known: &'a KnownFiles,
    pub(super) summary: &'a mut Summary,
    pub(super) timings: Option<&'a Timings>,
}

/// Which rows a commit writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rows {
    All,
    /// A few may wait for others of their partition.
    Most,
}

/// What became of the rows of one source.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) written: u64,
    pub(super) duplicates: u64,
    pub(super) filtered: u64,
}

impl Intake<'_> {
    pub(super) async fn take(&mut self, piece: Piece) -> anyhow::Result<()> {
        if let Some(batch) = piece.batch {
            let batch = self.filtered(batch)?;
            timings::timed(self.timings, Stage::Sort, || self.writer.append(batch));
        }
        for reject in piece.rejects {
            self.reject(reject).await?;
        }
        self.waiting.extend(piece.finished);
        // what waits for rows that wait must not pile up either
        if self.waiting.len() >= MAX_WAITING || self.reject_bytes >= self.commit_bytes / 2 {
            return self.commit(Rows::All).await;
        }
        let bytes = self.writer.pending_bytes() + self.reject_bytes;
        if bytes >= self.commit_bytes { self.commit(Rows::Most).await } else { Ok(()) }
    }

    /// Enters objects that are there and cannot be looked into.
    pub(super) async fn unreadable(&mut self, objects: Vec<(String, String)>) -> anyhow::Result<()> {
        for (uri, reason) in objects {
            self.summary.add_damaged(uri.clone(), reason.clone(), None);
            self.reject(Reject { source_file: uri, record: None, offset: None, reason, raw: None }).await?;
        }
        Ok(())
    }

    /// Keeps a reject to be entered, unless it says of an object what an earlier run has said already.
    async fn reject(&mut self, reject: Reject) -> anyhow::Result<()> {
        if reject.record.is_none() && self.known.get(&reject.source_file).is_none() {
            let known = match &mut self.known_damage {
                Some(known) => known,
                unknown => unknown.insert(self.ledger.known_damage().await?),
            };
            let newest = known.insert(reject.source_file.clone(), reject.reason.clone());
            if newest.as_ref() == Some(&reject.reason) {
                return Ok(());
            }
        }
        let entry = RejectEntry {
            source_file: reject.source_file,
            record_number: reject.record,
            byte_offset: reject.offset,
            reason: reject.reason,
            raw: reject.raw,
        };
        self.reject_bytes += bytes_of(&entry);
        self.rejects.push(entry);
        Ok(())
    }

    /// Leaves out the rows that the filter does not want, and counts them by source.
    fn filtered(&mut self, batch: RecordBatch) -> anyhow::Result<RecordBatch> {
        let Some(filter) = &self.row_filter else { return Ok(batch) };
        let kept = filter.apply(&batch)?;
        if kept.num_rows() < batch.num_rows() {
            for (uri, rows) in rows_by_source(&batch) {
                self.counts.entry(uri).or_default().filtered += rows;
            }
            for (uri, rows) in rows_by_source(&kept) {
                self.counts.entry(uri).or_default().filtered -= rows;
            }
        }
        Ok(kept)
    }

    pub(super) async fn finish(&mut self) -> anyhow::Result<()> {
        self.commit(Rows::All).await?;
        self.summary.check()
    }

    async fn commit(&mut self, rows: Rows) -> anyhow::Result<()> {
        let committed = match rows {
            Rows::All => self.writer.commit(self.threads).await?,
            Rows::Most => self.writer.commit_most(self.threads).await?,
        };
        if let Some(version) = committed.version {
            self.summary.lake.version = Some(version);
        }
        self.summary.lake.files_written += committed.files;
        self.summary.bytes.written += committed.bytes;
        for (uri, counts) in committed.sources {
            let sum = self.counts.entry(uri).or_default();
            sum.written += counts.written;
            sum.duplicates += counts.duplicates;
        }
        let started = Instant::now();
        let settled = self.take_settled(rows);
        // rejects first: a source in the ledger is done, and nothing of it may be missing
        let rejects = self.take_rejects();
        self.ledger.add_rejects(&rejects).await?;
        let mut entries = Vec::new();
        for outcome in settled {
            entries.extend(self.close(&outcome)?);
        }
        self.ledger.add_files(&entries).await?;
        timings::add(self.timings, Stage::Ledger, started);
        Ok(())
    }

    /// Takes the sources of which no row waits any more.
    fn take_settled(&mut self, rows: Rows) -> Vec<SourceOutcome> {
        let is_settled = |outcome: &SourceOutcome| match outcome.status {
            Status::Read(_) | Status::Salvaged { .. } if rows == Rows::Most => {
                let Counts { written, duplicates, filtered } =
                    self.counts.get(&outcome.uri).copied().unwrap_or_default();
                written + duplicates + outcome.rejected + filtered >= outcome.records
            }
            _ => true,
        };
        let (settled, waiting) = std::mem::take(&mut self.waiting).into_iter().partition(is_settled);
        self.waiting = waiting;
        settled
    }

    /// Takes the rejects, but for those of sources that wait: were they read again, their rejects would be there twice.
    fn take_rejects(&mut self) -> Vec<RejectEntry> {
        let waiting: HashSet<&str> = self.waiting.iter().map(|outcome| outcome.uri.as_str()).collect();
        let all = std::mem::take(&mut self.rejects).into_iter();
        let (kept, taken): (Vec<_>, Vec<_>) = all.partition(|reject| waiting.contains(reject.source_file.as_str()));
        self.reject_bytes = kept.iter().map(bytes_of).sum();
        self.rejects = kept;
        taken
    }

    /// The ledger entry of a source, or `None` if it is damaged and has to be read again next time.
    fn close(&mut self, outcome: &SourceOutcome) -> anyhow::Result<Option<FileEntry>> {
        let source = &self.sources[outcome.source];
        let counts = self.counts.remove(&outcome.uri).unwrap_or_default();
        self.summary.files.found += u64::from(outcome.is_member);
        let Counts { written, duplicates, filtered } = counts;
        let rejected = outcome.rejected;
        let (carrier, salvaged) = match &outcome.status {
            Status::Read(carrier) => (*carrier, None),
            Status::Known => {
                if let Some(entry) = self.known.get(&outcome.uri) {
                    self.summary.add_known(entry);
                }
                return Ok(None);
            }
            Status::Salvaged { carrier, reason, offset } => {
                self.summary.add_salvaged(outcome.uri.clone(), reason.clone(), *offset);
                (*carrier, Some(reason))
            }
            Status::Damaged { reason, offset } => {
                self.summary.add_damaged(outcome.uri.clone(), reason.clone(), *offset);
                return Ok(None);
            }
        };
        if outcome.records != written + duplicates + rejected + filtered {
            bail!(
                "the records of `{}` do not add up: {} read, {written} written, {duplicates} duplicates, {rejected} rejected, \
                 {filtered} filtered",
                outcome.uri,
                outcome.records,
            );
        }
        self.summary.add_file(outcome, carrier, counts);
        Ok(Some(FileEntry {
            uri: outcome.uri.clone(),
            size_bytes: outcome.size,
            etag: source.etag.to_string(),
            carrier: carrier.name(),
            reader_version: READER_VERSION,
            read: outcome.records,
            written,
            duplicates,
            rejected,
            filtered,
            filter: self.filter.clone(),
            text_bytes: outcome.text_bytes,
            note: note(outcome, salvaged),
            modified_micros: source.modified_micros(),
        }))
    }
}

/// Memory that a reject takes.
fn bytes_of(reject: &RejectEntry) -> usize {
    size_of::<RejectEntry>()
        + reject.source_file.len()
        + reject.reason.len()
        + reject.raw.as_ref().map_or(0, String::len)
}

/// What else the ledger should say of a source.
fn note(outcome: &SourceOutcome, salvaged: Option<&String>) -> Option<String> {
    let members = (outcome.gzip_members > 1).then(|| format!("{} gzip members", outcome.gzip_members));
    let salvaged = salvaged.map(|reason| format!("salvaged: {reason}"));
    let notes: Vec<String> = members.into_iter().chain(salvaged).collect();
    (!notes.is_empty()).then(|| notes.join("; "))
}

/// Rows of a batch by `source_file`.
fn rows_by_source(batch: &RecordBatch) -> HashMap<String, u64> {
    let mut rows = HashMap::new();
    let files = batch.column_by_name(SOURCE_FILE).and_then(|array| array.as_string_opt::<i32>());
    let mut run: Option<(&str, u64)> = None;
    // neighbours come from one file, so names are looked up once a run of them
    for file in files.into_iter().flatten().flatten() {
        match &mut run {
            Some((name, count)) if *name == file => *count += 1,
            _ => {
                if let Some((name, count)) = run.replace((file, 1)) {
                    *rows.entry(name.to_owned()).or_default() += count;
                }
            }
        }
    }
    if let Some((name, count)) = run {
        *rows.entry(name.to_owned()).or_default() += count;
    }
    rows
}
