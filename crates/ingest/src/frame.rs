//! Finds the records in the text of a log file.
//!
//! A [`Framer`] is fed the text in pieces and gives back, for every piece, where the complete records in it lie. It knows
//! one carrier so far, the trail log file `{"Records":[…]}`; documents of another kind are recognised and named. A record
//! that is not valid JSON is stepped over by its brackets and rejected alone. Memory: one record, however long the file.

use crate::flatten::unescape;
use crate::scan::{self, Member, ScanError};

/// What kind of document a source turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Carrier {
    /// A CloudTrail log file: one object with the array `Records`.
    TrailLog,
    /// A CloudTrail digest file: hashes of log files, no records.
    Digest,
    /// No bytes, or only white space.
    Empty,
    /// JSON of another kind.
    OtherJson,
    /// Not JSON.
    NotJson,
}

impl Carrier {
    /// Whether a document of this name is known for what it is; a later version may see more in the others.
    #[must_use]
    pub fn is_understood(name: &str) -> bool {
        [Self::TrailLog, Self::Digest, Self::Empty].iter().any(|carrier| carrier.name() == name)
    }

    /// Name in the ledger and in summaries.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TrailLog => "trail-log",
            Self::Digest => "digest",
            Self::Empty => "empty",
            Self::OtherJson => "other-json",
            Self::NotJson => "not-json",
        }
    }
}

/// Where one record lies in the piece that was fed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record {
    /// First byte of the record.
    pub(crate) start: usize,
    /// End of the record.
    pub(crate) end: usize,
    /// Its members, as a range of [`Frames::members`].
    pub(crate) members: (usize, usize),
    /// Position in the file's `Records`, from 0.
    pub(crate) number: u64,
}

/// An element of `Records` that is no record.
#[derive(Debug, Clone)]
pub(crate) struct BadRecord {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) number: u64,
    pub(crate) reason: String,
}

/// What one piece of text held. Reused from piece to piece.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    pub(crate) records: Vec<Record>,
    pub(crate) members: Vec<Member>,
    pub(crate) bad: Vec<BadRecord>,
}

/// Records and members found at once. Real text of one window stays far below; text of nothing but `{}` would otherwise
/// take a hundred times its size in notes.
const MAX_RECORDS: usize = 256 * 1024;
const MAX_MEMBERS: usize = 4 * 1024 * 1024;

impl Frames {
    fn is_full(&self) -> bool {
        self.records.len() + self.bad.len() >= MAX_RECORDS || self.members.len() >= MAX_MEMBERS
    }

    pub(crate) fn clear(&mut self) {
        self.records.clear();
        self.members.clear();
        self.bad.clear();
    }
}

/// The text cannot be read on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broken {
    /// Offset in the piece that was fed.
    pub(crate) at: usize,
    pub(crate) what: String,
}

/// How far a piece was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Everything before this offset is done; feed the rest again with more behind it.
    Consumed(usize),
    /// The document is complete.
    Done(Carrier),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    /// Before a member of the root object; `first` right behind the brace.
    RootMember {
        first: bool,
    },
    /// Before an element of `Records`; `first` right behind the bracket.
    Element {
        first: bool,
    },
    /// Behind the root object.
    Tail,
}

/// Reads one document, piece by piece.
#[derive(Debug)]
pub(crate) struct Framer {
    state: State,
    carrier: Carrier,
    next_number: u64,
}

impl Framer {
    pub(crate) fn new() -> Self {
        Self { state: State::Start, carrier: Carrier::OtherJson, next_number: 0 }
    }

    /// What the document is, as far as it was read.
    pub(crate) fn carrier(&self) -> Carrier {
        self.carrier
    }

    /// Reads as much of `bytes` as is complete and appends what it finds to `frames`. `last` says no more will follow.
    ///
    /// # Errors
    /// [`Broken`] if the text is not JSON at some place, or ends too early with `last` set.
    pub(crate) fn feed(&mut self, bytes: &[u8], last: bool, frames: &mut Frames) -> Result<Progress, Broken> {
        let mut done = 0;
        loop {
            if frames.is_full() {
                return Ok(Progress::Consumed(done));
            }
            let step = match self.state {
                State::Start => self.start(bytes, done),
                State::RootMember { first } => self.root_member(bytes, done, first),
                State::Element { first } => self.element(bytes, done, first, frames),
                State::Tail => return self.tail(bytes, done, last),
            };
            match step {
                Ok(Step::To(at)) => done = at,
                Ok(Step::Other(carrier)) => return Ok(Progress::Done(carrier)),
                Err(ScanError::End) if !last => return Ok(Progress::Consumed(done)),
                Err(ScanError::End) if self.state == State::Start => return Ok(Progress::Done(Carrier::Empty)),
                Err(error) => return Err(broken(error, bytes.len())),
            }
        }
    }

    fn start(&mut self, bytes: &[u8], from: usize) -> Result<Step, ScanError> {
        let at = scan::skip_space(bytes, from);
        match bytes.get(at) {
            None => Err(ScanError::End),
            Some(b'{') => {
                self.state = State::RootMember { first: true };
                Ok(Step::To(at + 1))
            }
            Some(b'[') => Ok(Step::Other(Carrier::OtherJson)),
            Some(_) => Ok(Step::Other(Carrier::NotJson)),
        }
    }

    fn root_member(&mut self, bytes: &[u8], from: usize, first: bool) -> Result<Step, ScanError> {
        let mut at = scan::skip_space(bytes, from);
        match bytes.get(at) {
            Some(b'}') => {
                self.state = State::Tail;
                return Ok(Step::To(at + 1));
            }
            Some(b',') if !first => at = scan::skip_space(bytes, at + 1),
            Some(_) if !first => return Err(ScanError::Syntax { at, expected: "`,` or `}`" }),
            _ => {}
        }
        let name = scan::string(bytes, at)?;
        let colon = scan::skip_space(bytes, name.end);
        match bytes.get(colon) {
            Some(b':') => {}
            Some(_) => return Err(ScanError::Syntax { at: colon, expected: "`:`" }),
            None => return Err(ScanError::End),
        }
        let value = scan::skip_space(bytes, colon + 1);
        let key = &bytes[at + 1..name.end - 1];
        if is_records(key, name.escaped) {
            match bytes.get(value) {
                None => return Err(ScanError::End),
                Some(b'[') => {
                    self.carrier = Carrier::TrailLog;
                    self.state = State::Element { first: true };
                    return Ok(Step::To(value + 1));
                }
                Some(_) => {}
            }
        }
        let end = scan::value(bytes, value, 1)?.end;
        if matches!(key, b"digestS3Object" | b"digestEndTime") && self.carrier == Carrier::OtherJson {
            self.carrier = Carrier::Digest;
        }
        self.state = State::RootMember { first: false };
        Ok(Step::To(end))
    }

    fn element(&mut self, bytes: &[u8], from: usize, first: bool, frames: &mut Frames) -> Result<Step, ScanError> {
        let mut at = scan::skip_space(bytes, from);
        match bytes.get(at) {
            None => return Err(ScanError::End),
            Some(b']') => {
                self.state = State::RootMember { first: false };
                return Ok(Step::To(at + 1));
            }
            Some(b',') if !first => at = scan::skip_space(bytes, at + 1),
            Some(_) if !first => return Err(ScanError::Syntax { at, expected: "`,` or `]`" }),
            Some(_) => {}
        }
        let end = self.record(bytes, at, frames)?;
        self.next_number += 1;
        self.state = State::Element { first: false };
        Ok(Step::To(end))
    }

    /// Scans the element at `at` and files it as a record or as a bad one.
    fn record(&self, bytes: &[u8], at: usize, frames: &mut Frames) -> Result<usize, ScanError> {
        let number = self.next_number;
        let first_member = frames.members.len();
        let mut reject = |end: usize, reason: String| {
            frames.bad.push(BadRecord { start: at, end, number, reason });
            Ok(end)
        };
        match bytes.get(at) {
            None => return Err(ScanError::End),
            Some(b'{') => {}
            Some(_) => {
                return match scan::value(bytes, at, 2) {
                    Ok(value) => reject(value.end, "not a JSON object".to_owned()),
                    Err(ScanError::End) => Err(ScanError::End),
                    Err(error) => match scan::balanced_end(bytes, at) {
                        Some(end) if end > at => reject(end, describe(error, at)),
                        Some(_) => Err(error),
                        None => Err(ScanError::End),
                    },
                };
            }
        }
        match scan::members(bytes, at, 2, &mut frames.members) {
            Ok(end) => {
                let members = (first_member, frames.members.len());
                frames.records.push(Record { start: at, end, members, number });
                Ok(end)
            }
            Err(error) => {
                frames.members.truncate(first_member);
                if error == ScanError::End {
                    return Err(error);
                }
                let end = scan::balanced_end(bytes, at).ok_or(ScanError::End)?;
                reject(end, describe(error, at))
            }
        }
    }

    fn tail(&self, bytes: &[u8], from: usize, last: bool) -> Result<Progress, Broken> {
        let at = scan::skip_space(bytes, from);
        if at < bytes.len() && self.carrier != Carrier::TrailLog {
            // one document a line, as other services write them
            return Ok(Progress::Done(Carrier::OtherJson));
        }
        if at < bytes.len() {
            return Err(Broken { at, what: "more text follows the end of the document".to_owned() });
        }
        if last { Ok(Progress::Done(self.carrier)) } else { Ok(Progress::Consumed(at)) }
    }
}

/// Whether a member is `Records`, however its name is written.
fn is_records(key: &[u8], escaped: bool) -> bool {
    if !escaped {
        return key == b"Records";
    }
    let mut name = String::new();
    std::str::from_utf8(key).is_ok_and(|key| unescape(key, &mut name) && name == "Records")
}

enum Step {
    To(usize),
    Other(Carrier),
}

/// What is wrong, with the offset counted from `origin`.
fn describe(error: ScanError, origin: usize) -> String {
    match error {
        ScanError::End => "the text ends inside it".to_owned(),
        ScanError::Syntax { at, expected } => {
            format!("not valid JSON: expected {expected} at byte {} of the record", at - origin)
        }
        ScanError::Depth { .. } => format!("nested deeper than {} levels", scan::MAX_DEPTH),
    }
}

fn broken(error: ScanError, len: usize) -> Broken {
    match error {
        ScanError::End => Broken { at: len, what: "the text ends inside the document".to_owned() },
        ScanError::Syntax { at, expected } => Broken { at, what: format!("not valid JSON: expected {expected}") },
        ScanError::Depth { at } => Broken { at, what: format!("nested deeper than {} levels", scan::MAX_DEPTH) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `text` in pieces of `step` bytes; gives records, rejected reasons and the outcome.
    fn run(text: &str, step: usize) -> (Vec<String>, Vec<String>, Result<Carrier, String>) {
        let mut framer = Framer::new();
        let (mut records, mut reasons, mut buffer) = (Vec::new(), Vec::new(), Vec::new());
        let mut pieces = text.as_bytes().chunks(step);
        loop {
            let piece = pieces.next();
            buffer.extend_from_slice(piece.unwrap_or_default());
            let mut frames = Frames::default();
            let progress = framer.feed(&buffer, piece.is_none(), &mut frames);
            let text = |start, end| String::from_utf8(buffer[start..end].to_vec()).unwrap();
            records.extend(frames.records.iter().map(|r| text(r.start, r.end)));
            reasons.extend(frames.bad.iter().map(|bad| bad.reason.clone()));
            match progress {
                Ok(Progress::Consumed(at)) => drop(buffer.drain(..at)),
                Ok(Progress::Done(carrier)) => return (records, reasons, Ok(carrier)),
                Err(broken) => return (records, reasons, Err(broken.what)),
            }
        }
    }

    #[test]
    fn the_size_of_the_pieces_does_not_matter() {
        let text = r#" {"a":[{}], "Records" : [ {"x":1} , 7, {"y":NaN}, NaN, [NaN, 1], {"z":"]}"} ], "b":null, "\u0052ecords":[{"w":2}] } "#;
        let whole = run(text, text.len());
        assert_eq!(whole.0, [r#"{"x":1}"#, r#"{"z":"]}"}"#, r#"{"w":2}"#]);
        assert_eq!(whole.1[..2], ["not a JSON object", "not valid JSON: expected a value at byte 5 of the record"]);
        assert_eq!(whole.1.len(), 4);
        assert_eq!(whole.2, Ok(Carrier::TrailLog));
        for step in 1..20 {
            assert_eq!(run(text, step), whole, "step {step}");
        }
    }

    #[test]
    fn other_documents_are_named() {
        let carrier = |text: &str| run(text, 3).2.unwrap();
        assert_eq!(carrier(" \n"), Carrier::Empty);
        assert_eq!(carrier(r#"{"Records":[]}"#), Carrier::TrailLog);
        assert_eq!(carrier(r#"{"awsAccountId":"1","digestS3Object":"k","logFiles":[]}"#), Carrier::Digest);
        assert_eq!(carrier(r#"{"configurationItems":[]}"#), Carrier::OtherJson);
        assert_eq!(carrier("[1]"), Carrier::OtherJson);
        assert_eq!(carrier("{\"a\":1}\n{\"a\":2}\n"), Carrier::OtherJson);
        assert_eq!(carrier("http 2018-07-02"), Carrier::NotJson);
    }

    #[test]
    fn damage_is_told_apart_from_bad_records() {
        let error = |text: &str| run(text, 4).2.unwrap_err();
        assert_eq!(error(r#"{"Records":[{"a":1},{"b""#), "the text ends inside the document");
        assert_eq!(error(r#"{"Records":[{"a":1} {"b":1}]}"#), "not valid JSON: expected `,` or `]`");
        assert_eq!(error(r#"{"Records":[]} x"#), "more text follows the end of the document");
        assert_eq!(error("{nope}"), "not valid JSON: expected a string");
    }
}
