//! Takes pieces, commits when enough has gathered, enters finished sources in the ledger, and checks the sums.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::bail;
use milepost_ingest::{Piece, READER_VERSION, Source, SourceOutcome, Status};
use milepost_lake::ledger::{FileEntry, Ledger, RejectEntry};
use milepost_lake::{EventWriter, SourceCounts};

use super::Summary;

/// Sources that may wait for a commit: a million files without a record must not wait for rows that never come.
const MAX_WAITING: usize = 50_000;

pub(super) struct Intake<'a> {
    pub(super) sources: Arc<[Source]>,
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
    /// Committed rows of sources that are not in the ledger yet.
    pub(super) counts: HashMap<String, SourceCounts>,
    pub(super) summary: &'a mut Summary,
}

impl Intake<'_> {
    pub(super) async fn take(&mut self, piece: Piece) -> anyhow::Result<()> {
        if let Some(batch) = piece.batch {
            self.writer.append(batch);
        }
        let sources = &self.sources;
        self.reject_bytes += piece.rejects.iter().map(|reject| reject.raw.len()).sum::<usize>();
        self.rejects.extend(piece.rejects.into_iter().map(|reject| RejectEntry {
            source_file: sources[reject.source].uri.clone(),
            record_number: reject.record,
            byte_offset: reject.offset,
            reason: reject.reason,
            raw: reject.raw,
        }));
        self.waiting.extend(piece.finished);
        let bytes = self.writer.pending_bytes() + self.reject_bytes;
        if bytes >= self.commit_bytes || self.waiting.len() >= MAX_WAITING { self.commit().await } else { Ok(()) }
    }

    pub(super) async fn finish(&mut self) -> anyhow::Result<()> {
        self.commit().await?;
        self.summary.check()
    }

    async fn commit(&mut self) -> anyhow::Result<()> {
        let committed = self.writer.commit(self.threads).await?;
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
        // rejects first: a source in the ledger is done, and nothing of it may be missing
        self.ledger.add_rejects(&std::mem::take(&mut self.rejects)).await?;
        self.reject_bytes = 0;
        let mut entries = Vec::new();
        for outcome in std::mem::take(&mut self.waiting) {
            entries.extend(self.close(&outcome)?);
        }
        Ok(self.ledger.add_files(&entries).await?)
    }

    /// The ledger entry of a source, or `None` if it is damaged and has to be read again next time.
    fn close(&mut self, outcome: &SourceOutcome) -> anyhow::Result<Option<FileEntry>> {
        let source = &self.sources[outcome.source];
        let counts = self.counts.remove(&source.uri).unwrap_or_default();
        let carrier = match &outcome.status {
            Status::Read(carrier) => *carrier,
            Status::Damaged { reason, offset } => {
                self.summary.add_damaged(source.uri.clone(), reason.clone(), *offset);
                return Ok(None);
            }
        };
        if outcome.records != counts.written + counts.duplicates + outcome.rejected {
            bail!(
                "the records of `{}` do not add up: {} read, {} written, {} duplicates, {} rejected",
                source.uri,
                outcome.records,
                counts.written,
                counts.duplicates,
                outcome.rejected
            );
        }
        self.summary.add_file(source, outcome, carrier, counts);
        Ok(Some(FileEntry {
            uri: source.uri.clone(),
            size_bytes: source.size,
            etag: source.etag.clone(),
            carrier: carrier.name(),
            reader_version: READER_VERSION,
            read: outcome.records,
            written: counts.written,
            duplicates: counts.duplicates,
            rejected: outcome.rejected,
            text_bytes: outcome.text_bytes,
        }))
    }
}
