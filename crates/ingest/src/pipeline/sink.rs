//! Goes through the records that were framed in one source: hands sound ones on, turns the others into rejects.

use super::Reject;
use crate::frame::{BadRecord, Record};
use crate::read::Piece as TextPiece;
use crate::scan::Member;

/// Longest raw text kept of a rejected record; the rest is cut.
const MAX_REJECT_BYTES: usize = 1024 * 1024;

/// What a source's text holds, one at a time.
pub(super) enum Event<'a> {
    /// A record: text, and the spans of its members in it.
    Record(&'a str, &'a [Member]),
    /// An element that is no record.
    Reject(Reject),
}

/// Takes an event; gives the reason if a record cannot become a row.
pub(super) type Take<'a> = &'a mut dyn FnMut(&mut Sink, Event<'_>) -> Result<(), String>;

/// Goes through the records of one source.
pub(super) struct Sink {
    pub(super) index: usize,
    pub(super) records: u64,
    pub(super) rejected: u64,
    pub(super) stopped: bool,
}

impl Sink {
    pub(super) fn take(&mut self, text: &TextPiece<'_>, take: Take<'_>) {
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
