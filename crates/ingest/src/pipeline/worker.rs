//! One reading thread: takes sources apart and hands their rows over.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::io;
use std::ops::Range;
use std::sync::mpsc::SyncSender;

use ahash::RandomState;
use milepost_timings::{Stage, enter};

use super::sink::Sink;
use super::{Message, Options, Piece, PipelineError, Reject, SourceOutcome, Status};
use crate::archive;
use crate::blob::{Blob, Fetched};
use crate::carrier::Carrier;
use crate::envelope::Opener;
use crate::flatten::{Flattener, Origin};
use crate::layout::account_and_region;
use crate::read::{Damage, Reader, WINDOW_BYTES, damage_of};
use crate::source::Source;
use crate::unpack::{self, GzipMembers, Text, Unpacked};

/// How deep archives may lie in each other.
const MAX_ARCHIVES: usize = 4;
/// What parts the name of an archive from that of its member.
pub const MEMBER_MARK: &str = "!/";
/// First bytes of the file that macOS puts beside another one, with its name behind `._`.
const APPLE_DOUBLE: [u8; 4] = [0, 5, 0x16, 7];

/// A reading thread's buffers.
pub(super) struct Worker {
    reader: Reader,
    opener: Opener,
    flattener: Flattener,
    /// Rejects and outcomes that have not been handed over, in bytes.
    other_bytes: usize,
    options: Options,
}

/// Where the rows of one unit go.
struct Way<'a> {
    piece: Piece,
    send: &'a SyncSender<Message>,
    /// The other end is gone, or was told of an error.
    stopped: bool,
}

/// An object to be read: a source, or a member of one.
struct Object<'a> {
    source: usize,
    uri: &'a str,
    blob: &'a Blob,
    origin: Origin,
    /// Archives around it.
    depth: usize,
    /// Members that are known and need not be read again.
    settled: Option<&'a HashSet<String>>,
}

impl Worker {
    pub(super) fn new(options: Options, fingerprints: RandomState) -> Self {
        let reader = Reader::with_window(options.window_bytes.clamp(1, WINDOW_BYTES));
        let flattener = Flattener::new(fingerprints);
        Self { reader, opener: Opener::default(), flattener, other_bytes: 0, options }
    }

    /// Reads the sources of one unit; `false` if there is nobody to hand rows to.
    pub(super) fn unit(&mut self, unit: Range<usize>, sources: &[Source], send: &SyncSender<Message>) -> bool {
        let mut way = Way { piece: Piece::default(), send, stopped: false };
        for index in unit {
            self.source(index, &sources[index], &mut way);
            if way.stopped {
                return false;
            }
        }
        self.hand_over(&mut way, "the end of the unit");
        !way.stopped
    }

    /// Reads one source, which may have to be fetched.
    fn source(&mut self, index: usize, source: &Source, way: &mut Way<'_>) {
        let uri = source.uri();
        let at = enter(Stage::Unpack);
        let fetched = match (source.blob(), &self.options.fetcher) {
            (Some(blob), _) => Ok(Fetched { blob, guard: Box::new(()) }),
            (None, Some(fetcher)) => fetcher.fetch(index),
            (None, None) => Err("there is nothing to fetch it with".to_owned()),
        };
        drop(at);
        match fetched {
            Ok(Fetched { blob, guard: _until_read }) => {
                let (account, region) = account_and_region(&uri);
                let origin = Origin { source_file: uri.clone(), region, account };
                let settled = source.settled.as_deref();
                self.object(&Object { source: index, uri: &uri, blob: &blob, origin, depth: 0, settled }, way);
            }
            Err(reason) => {
                let status = Status::Damaged { reason: format!("cannot be fetched: {reason}"), offset: None };
                self.close(SourceOutcome { status, size: source.size, ..SourceOutcome::of(index, uri, false) }, way);
            }
        }
    }

    /// Reads one object and says what became of it. `true` if it, and whatever is in it, is sound.
    fn object(&mut self, object: &Object<'_>, way: &mut Way<'_>) -> bool {
        let mut outcome = SourceOutcome::of(object.source, object.uri.to_owned(), object.depth > 0);
        outcome.size = object.blob.size().unwrap_or(0);
        let members = GzipMembers::default();
        let opened = {
            let _at = enter(Stage::Unpack);
            unpack::open(object.blob, &members)
        };
        outcome.status = match opened {
            Ok(Unpacked::Text(text)) => self.text((text, &members), object, &mut outcome, way),
            Ok(archive) => self.archive(object, archive, way),
            Err(error) => Err(damage_of(&error, None)),
        }
        .unwrap_or_else(|Damage { reason, offset }| Status::Damaged { reason, offset });
        outcome.gzip_members = members.get();
        self.close(outcome, way)
    }

    /// Says what became of an object. `true` if it, and whatever is in it, is sound.
    fn close(&mut self, outcome: SourceOutcome, way: &mut Way<'_>) -> bool {
        let is_sound = matches!(outcome.status, Status::Read(_) | Status::Known);
        if way.stopped {
            return is_sound;
        }
        if let Status::Damaged { reason, offset } | Status::Salvaged { reason, offset, .. } = &outcome.status {
            let is_salvaged = matches!(outcome.status, Status::Salvaged { .. });
            let reason = if is_salvaged { format!("salvaged: {reason}") } else { reason.clone() };
            let source_file = outcome.uri.clone();
            self.reject(Reject { source_file, record: None, offset: *offset, reason, raw: None }, way);
        }
        self.other_bytes += size_of::<SourceOutcome>() + outcome.uri.len();
        let full_at = self.is_full().then(|| outcome.uri.clone());
        way.piece.finished.push(outcome);
        if let Some(uri) = full_at {
            self.hand_over(way, &uri);
        }
        is_sound
    }

    /// Reads the members of an archive, each as an object of its own.
    fn archive(&mut self, object: &Object<'_>, archive: Unpacked, way: &mut Way<'_>) -> Result<Status, Damage> {
        let damage = |reason: String| Damage { offset: None, reason };
        if object.depth == MAX_ARCHIVES {
            return Err(damage(format!("archives lie in each other more than {MAX_ARCHIVES} deep")));
        }
        let carrier = if matches!(archive, Unpacked::Zip(_)) { Carrier::Zip } else { Carrier::Tar };
        // a stream may be found to be damaged behind members that looked sound, so it is read to its end first
        let archive = if carrier == Carrier::Tar && !self.options.salvage {
            archive::check(archive).map_err(damage)?;
            unpack::open(object.blob, &GzipMembers::default()).map_err(|error| damage_of(&error, None))?
        } else {
            archive
        };
        let (mut unsound, mut names) = (0_u64, HashMap::<String, u32>::new());
        archive::members(archive, &mut |member| {
            let uri = format!("{}{MEMBER_MARK}{}", object.uri, unique(member.name, &mut names));
            if object.settled.is_some_and(|settled| settled.contains(&uri)) {
                known_member(object.source, uri, way);
                return !way.stopped;
            }
            let (account, region) = account_and_region(&uri);
            let origin = Origin {
                source_file: uri.clone(),
                region: region.or_else(|| object.origin.region.clone()),
                account: account.or_else(|| object.origin.account.clone()),
            };
            // what cannot be taken out is named by what is left of it: nothing
            let (blob, broken) = match member.bytes {
                Ok(blob) => (blob, None),
                Err(reason) => (Blob::Memory([].into()), Some(reason)),
            };
            let member = Object { uri: &uri, blob: &blob, origin, depth: object.depth + 1, ..*object };
            let is_sound = match broken {
                None => self.object(&member, way),
                Some(reason) => {
                    let status = Status::Damaged { reason, offset: None };
                    self.close(SourceOutcome { status, ..SourceOutcome::of(object.source, uri.clone(), true) }, way)
                }
            };
            unsound += u64::from(!is_sound);
            !way.stopped
        })
        .map_err(damage)?;
        match unsound {
            0 => Ok(Status::Read(carrier)),
            1 => Err(damage("a member of the archive is damaged".to_owned())),
            many => Err(damage(format!("{many} members of the archive are damaged"))),
        }
    }

    /// Reads a text: a survey first, and its rows if that finds it sound.
    fn text(
        &mut self,
        (text, members): (Text, &GzipMembers),
        object: &Object<'_>,
        outcome: &mut SourceOutcome,
        way: &mut Way<'_>,
    ) -> Result<Status, Damage> {
        let opened = Cell::new(Some(text));
        let open = || match opened.take() {
            Some(text) => Ok(text),
            None => match unpack::open(object.blob, members)? {
                Unpacked::Text(text) => Ok(text),
                _ => Err(io::Error::other("the object is not what it was")),
            },
        };
        let mut reader = std::mem::replace(&mut self.reader, Reader::idle());
        let status = self.surveyed_text(&mut reader, &open, object, outcome, way);
        self.reader = reader;
        status
    }

    fn surveyed_text(
        &mut self,
        reader: &mut Reader,
        open: crate::read::Open<'_>,
        object: &Object<'_>,
        outcome: &mut SourceOutcome,
        way: &mut Way<'_>,
    ) -> Result<Status, Damage> {
        let survey = reader.survey(open, &mut self.opener, self.options.salvage)?;
        outcome.text_bytes = survey.text_bytes;
        let carrier = survey.verdict.carrier;
        // a name that promises JSON over bytes that are none is damage, not a file of another kind
        if carrier == Carrier::NotJson && promises_json(object.uri) && !is_apple_double(object.blob) {
            return Err(Damage { offset: Some(0), reason: "not JSON".to_owned() });
        }
        if survey.verdict.holds_records {
            outcome.carriers = survey.tally.records.iter().map(|(carrier, count)| (*carrier, *count)).collect();
            let mut sink = Sink {
                uri: object.uri,
                origin: &object.origin,
                verdict: &survey.verdict,
                rules: self.options.rules.clone(),
                records: 0,
                rejected: 0,
            };
            let mut opener = std::mem::take(&mut self.opener);
            let _at = enter(Stage::Flatten);
            let given = reader.give(&survey, open, &mut |text| {
                opener.piece(text, &mut |item| {
                    if way.stopped {
                        return;
                    }
                    if let Some(reject) = sink.take(item, &mut self.flattener) {
                        self.reject(reject, way);
                    }
                    if self.is_full() {
                        self.hand_over(way, object.uri);
                    }
                });
            });
            self.opener = opener;
            (outcome.records, outcome.rejected) = (sink.records, sink.rejected);
            given?;
        }
        Ok(match survey.damage {
            None => Status::Read(carrier),
            Some(Damage { reason, offset }) => Status::Salvaged { carrier, reason, offset },
        })
    }

    fn reject(&mut self, reject: Reject, way: &mut Way<'_>) {
        self.other_bytes += size_of::<Reject>() + reject.source_file.len() + reject.reason.len();
        self.other_bytes += reject.raw.as_ref().map_or(0, String::len);
        way.piece.rejects.push(reject);
    }

    fn is_full(&self) -> bool {
        self.flattener.rows() >= self.options.batch_rows
            || self.flattener.bytes() + self.other_bytes >= self.options.batch_bytes
    }

    /// Sends what has gathered, if anything.
    fn hand_over(&mut self, way: &mut Way<'_>, uri: &str) {
        self.other_bytes = 0;
        let _at = enter(Stage::Flatten);
        if self.flattener.rows() > 0 {
            match self.flattener.take() {
                Ok(batch) if batch.num_rows() > 0 => way.piece.batch = Some(batch),
                Ok(_) => {}
                Err(source) => {
                    let _ = way.send.send(Err(PipelineError::Batch { source_uri: uri.to_owned(), source }));
                    way.stopped = true;
                    return;
                }
            }
        }
        if way.piece.batch.is_none() && way.piece.finished.is_empty() && way.piece.rejects.is_empty() {
            return;
        }
        let _waiting = enter(Stage::Wait);
        way.stopped = way.send.send(Ok(Some(std::mem::take(&mut way.piece)))).is_err();
    }
}

/// Makes the names of an archive's members differ: the second `a.json` is `a.json#2`.
fn unique(name: String, names: &mut HashMap<String, u32>) -> String {
    let count = names.entry(name.clone()).or_default();
    *count += 1;
    if *count == 1 { name } else { unique(format!("{name}#{count}"), names) }
}

fn known_member(source: usize, uri: String, way: &mut Way<'_>) {
    way.piece.finished.push(SourceOutcome { status: Status::Known, ..SourceOutcome::of(source, uri, true) });
}

fn promises_json(uri: &str) -> bool {
    uri.rsplit('/').next().is_some_and(|name| name.contains(".json"))
}

fn is_apple_double(blob: &Blob) -> bool {
    let mut start = [0; APPLE_DOUBLE.len()];
    blob.open().is_ok_and(|mut bytes| bytes.read_exact(&mut start).is_ok() && start == APPLE_DOUBLE)
}
