//! Runs unpack, frame and flatten over many sources on several threads, in a fixed order.
//!
//! Sources are cut into units of neighbours. Threads take units in order, each with buffers of its own, and every unit
//! hands its batches over through its own small channel; the channels are read in the order of the units. So the order of
//! rows does not depend on timing, a slow unit holds the others back instead of piling their batches up, and memory is
//! bounded by threads × (window + batch) and the few batches under way.

mod sink;
mod worker;

pub use worker::MEMBER_MARK;

use std::ops::Range;
use std::sync::mpsc::{Receiver, RecvError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use ahash::RandomState;
use arrow_array::RecordBatch;

use crate::blob::Fetcher;
use crate::carrier::Carrier;
use crate::read::WINDOW_BYTES;
use crate::redact::Rules;
use crate::source::Source;
use milepost_timings::Timings;
use worker::Worker;

/// Rows after which a batch is handed over.
pub const DEFAULT_BATCH_ROWS: usize = 32 * 1024;
/// Bytes of record text after which a batch is handed over.
pub const DEFAULT_BATCH_BYTES: usize = 16 * 1024 * 1024;
/// Bytes of text held at once: texts up to this size are read once, larger ones twice.
pub const DEFAULT_WINDOW_BYTES: usize = WINDOW_BYTES;
/// Text in one unit, about. A thread that is ahead of the unit whose turn it is must be able to end its own, or it waits with
/// what its channel cannot take: so a unit is little more than a batch.
const UNIT_TEXT_BYTES: u64 = 4 * 1024 * 1024;
/// Log files unpack to six to eight times their size.
const UNPACKED_PART: u64 = 7;
/// Endings of names that promise something packed.
const PACKED: [&str; 4] = [".gz", ".zst", ".tgz", ".zip"];
/// Sources in one unit.
const UNIT_SOURCES: usize = 256;
/// Batches of one unit that may wait to be read.
const UNIT_BATCHES: usize = 2;

/// How to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Threads that read and flatten; at least one is used.
    pub threads: usize,
    /// Rows after which a batch is handed over.
    pub batch_rows: usize,
    /// Bytes of record text after which a batch is handed over.
    pub batch_bytes: usize,
    /// Bytes of text that each thread holds at once, but for a record that is longer.
    pub window_bytes: usize,
    /// Take what is sound of a text that breaks off.
    pub salvage: bool,
    /// What must not come out.
    pub rules: Option<Arc<Rules>>,
    /// Fetches the sources that have to be fetched; without it they cannot be read.
    pub fetcher: Option<Fetcher>,
    /// Where to count the time of the reading threads.
    pub timings: Option<Timings>,
}

/// What is handed over at once.
#[derive(Debug, Default)]
pub struct Piece {
    /// Rows, with the schema of `events`; absent if there are none.
    pub batch: Option<RecordBatch>,
    /// Sources whose last row is in this piece or an earlier one.
    pub finished: Vec<SourceOutcome>,
    /// Records that could not become rows.
    pub rejects: Vec<Reject>,
}

/// What became of one source, or of one member of a source that is an archive. Members come before their archive.
#[derive(Debug, Clone)]
pub struct SourceOutcome {
    /// Position in the list of sources.
    pub source: usize,
    /// Name of the source, or of the member: `logs.zip!/a/b.json.gz`.
    pub uri: String,
    /// Whether this is a member of the source.
    pub is_member: bool,
    /// Bytes of the source or the member, packed.
    pub size: u64,
    /// Whether it was read.
    pub status: Status,
    /// Records found, rejected ones included.
    pub records: u64,
    /// Records that could not become rows.
    pub rejected: u64,
    /// Records by the shape they came in.
    pub carriers: Vec<(Carrier, u64)>,
    /// Bytes of its text, unpacked.
    pub text_bytes: u64,
    /// Members of the gzip around its text.
    pub gzip_members: u32,
}

impl SourceOutcome {
    /// Of an object, before anything is known of it.
    fn of(source: usize, uri: String, is_member: bool) -> Self {
        Self {
            source,
            uri,
            is_member,
            size: 0,
            status: Status::Read(Carrier::Empty),
            records: 0,
            rejected: 0,
            carriers: Vec::new(),
            text_bytes: 0,
            gzip_members: 0,
        }
    }
}

/// Whether a source was read.
#[derive(Debug, Clone)]
pub enum Status {
    /// To its end, and this is what it is.
    Read(Carrier),
    /// It was not, because it is a member that is known already.
    Known,
    /// Up to a damage, on request; what came before is in the rows.
    Salvaged {
        /// What it is.
        carrier: Carrier,
        /// What is wrong.
        reason: String,
        /// Where, as an offset in its unpacked text.
        offset: Option<u64>,
    },
    /// It cannot be read; no row of it was handed over.
    Damaged {
        /// What is wrong.
        reason: String,
        /// Where, as an offset in its unpacked text.
        offset: Option<u64>,
    },
}

/// A record that could not become a row.
#[derive(Debug, Clone)]
pub struct Reject {
    /// Name of the source or the member it was found in.
    pub source_file: String,
    /// Position among the records there, from 0; none if it is the whole text that cannot be read.
    pub record: Option<u64>,
    /// Offset in the unpacked text, if there is one.
    pub offset: Option<u64>,
    /// What is wrong with it.
    pub reason: String,
    /// Its text; bytes that are not UTF-8 replaced, cut at 1 MiB. None for a whole text, or if rules redact.
    pub raw: Option<String>,
}

/// A run broke off.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// A thread ended before its unit was done.
    #[error("a reading thread ended while it was working on `{first_source}` or a source behind it")]
    ThreadEnded {
        /// First source of the unit.
        first_source: String,
    },
    /// The batch could not be put together.
    #[error("the rows up to `{source_uri}` do not fit the schema")]
    Batch {
        /// Source that was being read.
        source_uri: String,
        /// What Arrow said.
        #[source]
        source: arrow_schema::ArrowError,
    },
}

type Message = Result<Option<Piece>, PipelineError>;

/// The pieces of a run, in order. Dropping it ends the run.
#[derive(Debug)]
pub struct Pieces {
    sources: Arc<Vec<Source>>,
    units: Receiver<(Range<usize>, Receiver<Message>)>,
    current: Option<(Range<usize>, Receiver<Message>)>,
    failed: bool,
}

/// Starts reading `sources`.
#[must_use]
pub fn run(sources: Arc<Vec<Source>>, options: Options) -> Pieces {
    let threads = options.threads.max(1);
    let (announce, units) = sync_channel(threads);
    let queue = Arc::new(Mutex::new(Queue { units: cut_into_units(&sources).into_iter(), announce }));
    let fingerprints = RandomState::new();
    for _ in 0..threads {
        let (queue, sources) = (Arc::clone(&queue), Arc::clone(&sources));
        let (options, fingerprints) = (options.clone(), fingerprints.clone());
        thread::spawn(move || work(&queue, &sources, options, fingerprints));
    }
    Pieces { sources, units, current: None, failed: false }
}

impl Iterator for Pieces {
    type Item = Result<Piece, PipelineError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        loop {
            if self.current.is_none() {
                self.current = Some(self.units.recv().ok()?);
            }
            let (unit, pieces) = self.current.as_ref()?;
            match pieces.recv() {
                Ok(Ok(Some(piece))) => return Some(Ok(piece)),
                Ok(Ok(None)) => self.current = None,
                Ok(Err(error)) => {
                    self.failed = true;
                    return Some(Err(error));
                }
                Err(RecvError) => {
                    self.failed = true;
                    let first_source = self.sources[unit.start].uri();
                    return Some(Err(PipelineError::ThreadEnded { first_source }));
                }
            }
        }
    }
}

/// Runs of neighbouring sources, small enough to share the work evenly.
fn cut_into_units(sources: &[Source]) -> Vec<Range<usize>> {
    let mut units = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (at, source) in sources.iter().enumerate() {
        let text = likely_text_bytes(source);
        if at > start && (bytes + text > UNIT_TEXT_BYTES || at - start == UNIT_SOURCES) {
            units.push(start..at);
            (start, bytes) = (at, 0);
        }
        bytes += text;
    }
    if start < sources.len() {
        units.push(start..sources.len());
    }
    units
}

/// Bytes that a source has unpacked, as far as its name and size say.
fn likely_text_bytes(source: &Source) -> u64 {
    let (_, name) = source.sort_key();
    let is_packed = PACKED.iter().any(|ending| name.ends_with(ending));
    if is_packed { source.size.saturating_mul(UNPACKED_PART) } else { source.size }
}

/// Units still to be done, and where they are announced in order.
struct Queue {
    units: std::vec::IntoIter<Range<usize>>,
    announce: SyncSender<(Range<usize>, Receiver<Message>)>,
}

impl Queue {
    /// The next unit and the channel for its pieces; waits while too many units are under way.
    fn take(&mut self) -> Option<(Range<usize>, SyncSender<Message>)> {
        let unit = self.units.next()?;
        let (send, receive) = sync_channel(UNIT_BATCHES);
        self.announce.send((unit.clone(), receive)).ok()?;
        Some((unit, send))
    }
}

fn work(queue: &Mutex<Queue>, sources: &[Source], options: Options, fingerprints: RandomState) {
    let _counted = options.timings.as_ref().map(Timings::on_this_thread);
    let mut worker = Worker::new(options, fingerprints);
    loop {
        let taken = queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some((unit, send)) = taken else { return };
        if !worker.unit(unit, sources, &send) || send.send(Ok(None)).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests;
