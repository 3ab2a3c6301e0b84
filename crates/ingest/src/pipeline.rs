//! Runs unpack, frame and flatten over many sources on several threads, in a fixed order.
//!
//! Sources are cut into units of neighbours. Threads take units in order, each with buffers of its own, and every unit
//! hands its batches over through its own small channel; the channels are read in the order of the units. So the order of
//! rows does not depend on timing, a slow unit holds the others back instead of piling their batches up, and memory is
//! bounded by threads × (window + batch) and the few batches under way.

use std::ops::Range;
use std::sync::mpsc::{Receiver, RecvError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use arrow_array::RecordBatch;

use crate::discover::Source;
use crate::flatten::{Flattener, Origin};
use crate::frame::{BadRecord, Carrier, Record};
use crate::read::{Damage, Document, Piece as TextPiece, Reader};
use crate::scan::Member;

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
/// Longest raw text kept of a rejected record; the rest is cut.
const MAX_REJECT_BYTES: usize = 1024 * 1024;

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
    let mut worker = Worker { reader: Reader::new(), flattener: Flattener::new(), options };
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
        let mut sink = Sink { index, records: 0, rejected: 0, reject_bytes: 0, stopped: false };
        let mut reader = std::mem::replace(&mut self.reader, Reader::idle());
        let outcome = reader.read(&source.path, &mut |text| {
            sink.take(text, &mut |sink, event| {
                match event {
                    Event::Record(text, members) => self.flattener.push(text, members, &origin)?,
                    Event::Reject(reject) => {
                        sink.reject_bytes += reject.raw.len();
                        piece.rejects.push(reject);
                    }
                }
                if self.is_full(sink.reject_bytes) && !sink.stopped {
                    sink.reject_bytes = 0;
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

    fn is_full(&self, reject_bytes: usize) -> bool {
        self.flattener.rows() >= self.options.batch_rows
            || self.flattener.bytes() + reject_bytes >= self.options.batch_bytes
    }

    /// Sends what has gathered, if anything.
    fn hand_over(&mut self, piece: &mut Piece, uri: &str, send: &SyncSender<Message>) -> Result<(), Stopped> {
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

/// What a source's text holds, one at a time.
enum Event<'a> {
    /// A record: text, and the spans of its members in it.
    Record(&'a str, &'a [Member]),
    /// An element that is no record.
    Reject(Reject),
}

/// Takes an event; gives the reason if a record cannot become a row.
type Take<'a> = &'a mut dyn FnMut(&mut Sink, Event<'_>) -> Result<(), String>;

/// Goes through the records of one source.
struct Sink {
    index: usize,
    records: u64,
    rejected: u64,
    /// Text of rejected records that has not been handed over.
    reject_bytes: usize,
    stopped: bool,
}

impl Sink {
    fn take(&mut self, text: &TextPiece<'_>, take: Take<'_>) {
        for bad in &text.frames.bad {
            self.records += 1;
            self.reject(text, bad, take);
        }
        let end = text.frames.records.last().map_or(0, |record| record.end);
        let whole = std::str::from_utf8(&text.bytes[..end]).ok();
        for record in &text.frames.records {
            if self.stopped {
                return;
            }
            self.records += 1;
            let members = &text.frames.members[record.members.0..record.members.1];
            let pushed = match (look_alike(text.bytes, members), whole) {
                (Some(name), _) => Err(format!("not a CloudTrail record but {name}")),
                (None, Some(whole)) => take(self, Event::Record(whole, members)),
                (None, None) => self.take_alone(text, record, members, take),
            };
            if let Err(reason) = pushed {
                let bad = BadRecord { start: record.start, end: record.end, number: record.number, reason };
                self.reject(text, &bad, take);
            }
        }
    }

    /// Takes one record of a text that is not UTF-8 throughout.
    fn take_alone(
        &mut self,
        text: &TextPiece<'_>,
        record: &Record,
        members: &[Member],
        take: Take<'_>,
    ) -> Result<(), String> {
        let alone = std::str::from_utf8(&text.bytes[record.start..record.end])
            .map_err(|error| format!("not valid UTF-8 at byte {} of the record", error.valid_up_to()))?;
        let mut members = members.to_vec();
        for member in &mut members {
            for at in [&mut member.key_start, &mut member.key_end, &mut member.value_start, &mut member.value_end] {
                *at -= record.start;
            }
        }
        take(self, Event::Record(alone, &members))
    }

    fn reject(&mut self, text: &TextPiece<'_>, bad: &BadRecord, take: Take<'_>) {
        self.rejected += 1;
        let end = bad.end.min(bad.start + MAX_REJECT_BYTES);
        let reject = Reject {
            source: self.index,
            record: bad.number,
            offset: text.offset + bad.start as u64,
            reason: bad.reason.clone(),
            raw: String::from_utf8_lossy(&text.bytes[bad.start..end]).into_owned(),
        };
        // only records can be refused
        let _ = take(self, Event::Reject(reject));
    }
}

/// What an element of `Records` is if it is one of those that look like CloudTrail's: notifications and queue messages
/// come in the same wrapper.
fn look_alike(bytes: &[u8], members: &[Member]) -> Option<&'static str> {
    let value = |name: &[u8]| {
        let member = members.iter().find(|member| &bytes[member.key_start..member.key_end] == name)?;
        Some(&bytes[member.value_start..member.value_end])
    };
    if members.len() > 16 || value(b"eventVersion").is_some_and(|version| version.starts_with(b"\"1.")) {
        return None;
    }
    if value(b"eventSource") == Some(b"\"aws:s3\"") {
        return Some("an S3 event notification");
    }
    if value(b"EventSource") == Some(b"\"aws:sns\"") {
        return Some("an SNS message");
    }
    (value(b"messageId").is_some() && value(b"body").is_some()).then_some("an SQS message")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discover::discover;
    use arrow_array::cast::AsArray;
    use std::fs;

    fn sources(files: &[(String, Vec<u8>)]) -> (tempfile::TempDir, Arc<[Source]>) {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        let found = discover(&[folder.path().to_string_lossy().into_owned()], None).unwrap();
        (folder, found.sources.into())
    }

    fn log(ids: impl Iterator<Item = usize>) -> Vec<u8> {
        let records: Vec<_> = ids.map(|id| format!("{{\"eventID\":\"{id:06}\"}}")).collect();
        format!("{{\"Records\":[{}]}}", records.join(",")).into_bytes()
    }

    fn options(threads: usize) -> Options {
        Options { threads, batch_rows: 100, batch_bytes: DEFAULT_BATCH_BYTES }
    }

    #[test]
    fn order_does_not_depend_on_the_number_of_threads() {
        let files: Vec<_> = (0..600).map(|n| (format!("{n:04}.json"), log(n * 7..n * 7 + 7))).collect();
        let (_folder, sources) = sources(&files);
        for threads in [1, 2, 5] {
            let mut ids = Vec::new();
            let mut finished = Vec::new();
            for piece in run(Arc::clone(&sources), options(threads)) {
                let piece = piece.unwrap();
                finished.extend(piece.finished.iter().map(|outcome| outcome.source));
                if let Some(batch) = piece.batch {
                    let column = batch.column_by_name("event_id").unwrap();
                    ids.extend(column.as_string::<i32>().iter().flatten().map(str::to_owned));
                }
            }
            assert_eq!(ids, (0..4200).map(|id| format!("{id:06}")).collect::<Vec<_>>());
            assert_eq!(finished, (0..600).collect::<Vec<_>>());
        }
    }

    #[test]
    fn bad_records_and_damaged_sources_do_not_stop_the_rest() {
        let mut invalid = log(0..3);
        let at = invalid.windows(6).position(|w| w == b"000001").unwrap();
        invalid[at] = 0xff;
        let (_folder, sources) = sources(&[
            ("1.json".into(), br#"{"Records":[{"eventID":"a"},NaN,{"b":1,},{"eventID":"c"}]}"#.to_vec()),
            ("2.json".into(), br#"{"Records":[{"eventID":"x"},"#.to_vec()),
            ("3.json".into(), invalid),
            ("4.json".into(), b"hello".to_vec()),
            ("5.txt".into(), b"hello".to_vec()),
            ("6".into(), Vec::new()),
        ]);
        let pieces: Vec<_> = run(sources, options(2)).map(Result::unwrap).collect();
        let rows: usize = pieces.iter().filter_map(|piece| piece.batch.as_ref()).map(RecordBatch::num_rows).sum();
        let finished: Vec<_> = pieces.iter().flat_map(|piece| &piece.finished).collect();
        let summary: Vec<_> = finished
            .iter()
            .map(|outcome| match &outcome.status {
                Status::Read(carrier) => (carrier.name(), outcome.records, outcome.rejected),
                Status::Damaged { reason, .. } => (reason.as_str(), outcome.records, outcome.rejected),
            })
            .collect();
        assert_eq!(
            summary,
            [
                ("trail-log", 4, 2),
                ("the text ends inside the document", 0, 0),
                ("trail-log", 3, 1),
                ("not JSON", 0, 0),
                ("not-json", 0, 0),
                ("empty", 0, 0),
            ]
        );
        assert_eq!(rows, 4);
        let rejects: Vec<_> = pieces.iter().flat_map(|piece| &piece.rejects).map(|r| (r.record, r.offset)).collect();
        assert_eq!(rejects, [(1, 28), (2, 32), (1, 33)]);
    }

    #[test]
    fn what_only_looks_like_a_record_is_named() {
        let notification = br#"{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventTime":"2026-03-02T00:00:00.000Z","s3":{}},
            {"eventVersion":"1.08","eventSource":"aws:s3"},{"messageId":"1","body":"{}"}]}"#;
        let (_folder, sources) = sources(&[("1.json".into(), notification.to_vec())]);
        let pieces: Vec<_> = run(sources, options(1)).map(Result::unwrap).collect();
        let reasons: Vec<_> = pieces.iter().flat_map(|piece| &piece.rejects).map(|r| r.reason.as_str()).collect();
        let expected =
            ["not a CloudTrail record but an S3 event notification", "not a CloudTrail record but an SQS message"];
        assert_eq!(reasons, expected);
        assert_eq!(pieces.iter().filter_map(|piece| piece.batch.as_ref()).map(RecordBatch::num_rows).sum::<usize>(), 1);
    }

    #[test]
    fn batches_stay_small_however_the_records_come() {
        let empty = format!("{{\"Records\":[{}]}}", vec!["{}"; 300_000].join(","));
        let bad = format!(
            "{{\"Records\":[{}]}}",
            vec!["{\"n\":NaN,\"text\":\"some text that fills the record\"}"; 5_000].join(",")
        );
        let (_folder, sources) = sources(&[("1.json".into(), empty.into_bytes()), ("2.json".into(), bad.into_bytes())]);
        let options = Options { threads: 1, batch_rows: 100, batch_bytes: 10_000 };
        let (mut rows, mut rejects) = (0, 0);
        for piece in run(sources, options) {
            let piece = piece.unwrap();
            assert!(piece.batch.as_ref().is_none_or(|batch| batch.num_rows() <= 100));
            assert!(piece.rejects.iter().map(|reject| reject.raw.len()).sum::<usize>() <= 11_000);
            rows += piece.batch.map_or(0, |batch| batch.num_rows());
            rejects += piece.rejects.len();
        }
        assert_eq!((rows, rejects), (300_000, 5_000));
    }

    #[test]
    fn dropping_the_pieces_ends_the_run() {
        let files: Vec<_> = (0..50).map(|n| (format!("{n:04}.json"), log(0..500))).collect();
        let (_folder, sources) = sources(&files);
        let mut pieces = run(sources, options(2));
        assert!(pieces.next().is_some());
        drop(pieces);
    }
}
