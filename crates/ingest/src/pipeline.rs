//! Runs unpack, frame and flatten over many sources on several threads, in a fixed order.
//!
//! Sources are cut into units of neighbours. Threads take units in order, each with buffers of its own, and every unit
//! hands its batches over through its own small channel; the channels are read in the order of the units. So the order of
//! rows does not depend on timing, a slow unit holds the others back instead of piling their batches up, and memory is
//! bounded by threads × (window + batch) and the few batches under way.

mod sink;

use std::ops::Range;
use std::sync::mpsc::{Receiver, RecvError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use arrow_array::RecordBatch;

use crate::discover::Source;
use crate::flatten::{Flattener, Origin};
use crate::frame::Carrier;
use crate::read::{Damage, Document, Reader};
use sink::{Event, Sink};

/// Rows after which a batch is handed over.
pub const DEFAULT_BATCH_ROWS: usize = 32 * 1024;
/// Bytes of record text after which a batch is handed over.
pub const DEFAULT_BATCH_BYTES: usize = 16 * 1024 * 1024;
/// Packed bytes of sources in one unit.
const UNIT_BYTES: u64 = 4 * 1024 * 1024;
/// Sources in one unit.
const UNIT_SOURCES: usize = 256;
/// Batches of one unit that may wait to be read.
const UNIT_BATCHES: usize = 2;

/// How to run.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Threads that read and flatten; at least one is used.
    pub threads: usize,
    /// Rows after which a batch is handed over.
    pub batch_rows: usize,
    /// Bytes of record text after which a batch is handed over.
    pub batch_bytes: usize,
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

/// What became of one source.
#[derive(Debug, Clone)]
pub struct SourceOutcome {
    /// Position in the list of sources.
    pub source: usize,
    /// Whether it was read.
    pub status: Status,
    /// Records found, rejected ones included.
    pub records: u64,
    /// Records that could not become rows.
    pub rejected: u64,
    /// Bytes of its text, unpacked.
    pub text_bytes: u64,
}

/// Whether a source was read.
#[derive(Debug, Clone)]
pub enum Status {
    /// To its end, and this is what it is.
    Read(Carrier),
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
    /// Position in the list of sources.
    pub source: usize,
    /// Position in the source, from 0.
    pub record: u64,
    /// Offset in the source's unpacked text.
    pub offset: u64,
    /// What is wrong with it.
    pub reason: String,
    /// Its text; bytes that are not UTF-8 replaced, cut at 1 MiB.
    pub raw: String,
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
    sources: Arc<[Source]>,
    units: Receiver<(Range<usize>, Receiver<Message>)>,
    current: Option<(Range<usize>, Receiver<Message>)>,
    failed: bool,
}

/// Starts reading `sources`.
#[must_use]
pub fn run(sources: Arc<[Source]>, options: Options) -> Pieces {
    let threads = options.threads.max(1);
    let (announce, units) = sync_channel(threads);
    let queue = Arc::new(Mutex::new(Queue { units: cut_into_units(&sources).into_iter(), announce }));
    for _ in 0..threads {
        let (queue, sources) = (Arc::clone(&queue), Arc::clone(&sources));
        thread::spawn(move || work(&queue, &sources, options));
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
                    let first_source = self.sources[unit.start].uri.clone();
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
        if at > start && (bytes + source.size > UNIT_BYTES || at - start == UNIT_SOURCES) {
            units.push(start..at);
            (start, bytes) = (at, 0);
        }
        bytes += source.size;
    }
    if start < sources.len() {
        units.push(start..sources.len());
    }
    units
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

fn work(queue: &Mutex<Queue>, sources: &[Source], options: Options) {
    let mut worker = Worker { reader: Reader::new(), flattener: Flattener::new(), reject_bytes: 0, options };
    loop {
        let taken = queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some((unit, send)) = taken else { return };
        let outcome = worker.unit(unit, sources, &send);
        if outcome.is_err() || send.send(Ok(None)).is_err() {
            return;
        }
    }
}

struct Worker {
    reader: Reader,
    flattener: Flattener,
    /// Text of rejected records that has not been handed over.
    reject_bytes: usize,
    options: Options,
}

/// The other end of a channel is gone, or was told of an error: stop.
struct Stopped;

impl Worker {
    fn unit(&mut self, unit: Range<usize>, sources: &[Source], send: &SyncSender<Message>) -> Result<(), Stopped> {
        let mut piece = Piece::default();
        for index in unit {
            self.source(index, &sources[index], &mut piece, send)?;
        }
        self.hand_over(&mut piece, "the end of the unit", send)
    }

    fn source(
        &mut self,
        index: usize,
        source: &Source,
        piece: &mut Piece,
        send: &SyncSender<Message>,
    ) -> Result<(), Stopped> {
        let origin =
            Origin { source_file: source.uri.clone(), region: source.region.clone(), account: source.account.clone() };
        let mut sink = Sink { index, records: 0, rejected: 0, stopped: false };
        let mut reader = std::mem::replace(&mut self.reader, Reader::idle());
        let outcome = reader.read(&source.path, &mut |text| {
            sink.take(text, &mut |sink, event| {
                match event {
                    Event::Record(text, members) => self.flattener.push(text, members, &origin)?,
                    Event::Reject(reject) => {
                        self.reject_bytes += reject.raw.len();
                        piece.rejects.push(reject);
                    }
                }
                if self.is_full() && !sink.stopped {
                    sink.stopped = self.hand_over(piece, &source.uri, send).is_err();
                }
                Ok(())
            });
        });
        self.reader = reader;
        if sink.stopped {
            return Err(Stopped);
        }
        let (records, rejected) = (sink.records, sink.rejected);
        piece.finished.push(outcome_of(index, source, outcome, records, rejected));
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.flattener.rows() >= self.options.batch_rows
            || self.flattener.bytes() + self.reject_bytes >= self.options.batch_bytes
    }

    /// Sends what has gathered, if anything.
    fn hand_over(&mut self, piece: &mut Piece, uri: &str, send: &SyncSender<Message>) -> Result<(), Stopped> {
        self.reject_bytes = 0;
        if self.flattener.rows() > 0 {
            match self.flattener.take() {
                Ok(batch) if batch.num_rows() > 0 => piece.batch = Some(batch),
                Ok(_) => {}
                Err(source) => {
                    let _ = send.send(Err(PipelineError::Batch { source_uri: uri.to_owned(), source }));
                    return Err(Stopped);
                }
            }
        }
        if piece.batch.is_none() && piece.finished.is_empty() && piece.rejects.is_empty() {
            return Ok(());
        }
        send.send(Ok(Some(std::mem::take(piece)))).map_err(|_| Stopped)
    }
}

fn outcome_of(
    index: usize,
    source: &Source,
    outcome: Result<Document, Damage>,
    records: u64,
    rejected: u64,
) -> SourceOutcome {
    let (status, text_bytes) = match outcome {
        // a name that promises JSON over bytes that are none is damage, not a file of another kind
        Ok(Document { carrier: Carrier::NotJson, .. }) if promises_json(source) => {
            (Status::Damaged { reason: "not JSON".to_owned(), offset: Some(0) }, 0)
        }
        Ok(document) => (Status::Read(document.carrier), document.text_bytes),
        Err(Damage { offset, reason }) => (Status::Damaged { reason, offset }, 0),
    };
    SourceOutcome { source: index, status, records, rejected, text_bytes }
}

fn promises_json(source: &Source) -> bool {
    source.path.file_name().is_some_and(|name| name.to_string_lossy().contains(".json"))
}

#[cfg(test)]
mod tests;
