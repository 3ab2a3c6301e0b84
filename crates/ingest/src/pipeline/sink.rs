//! Goes through what was found in one text: hands sound records on, turns the others into rejects.

use std::sync::Arc;

use super::Reject;
use crate::envelope::{Found, Item};
use crate::flatten::{Flattener, Origin, Record};
use crate::redact::Rules;
use crate::scan::{self, Notes};
use crate::tally::Verdict;
use crate::tree::At;

/// Longest raw text kept of a rejected record; the rest is cut.
const MAX_REJECT_BYTES: usize = 1024 * 1024;

/// Goes through the items of one text.
pub(super) struct Sink<'a> {
    pub(super) uri: &'a str,
    pub(super) origin: &'a Origin,
    pub(super) verdict: &'a Verdict,
    pub(super) rules: Option<Arc<Rules>>,
    pub(super) records: u64,
    pub(super) rejected: u64,
}

impl Sink<'_> {
    /// Takes one item: appends its row, or gives back why it has none.
    pub(super) fn take(&mut self, item: Item<'_>, flattener: &mut Flattener) -> Option<Reject> {
        let (raw, reason) = match item.found {
            Found::Nothing => return None,
            Found::Record { raw, text, members, nested, hints } => {
                let record = Record { text, members, nested, hints, redacted: None };
                match self.push(record, flattener) {
                    Ok(()) => {
                        self.records += 1;
                        return None;
                    }
                    Err(reason) => (raw.as_bytes(), reason),
                }
            }
            Found::Bad { raw, reason } => (raw, reason),
            Found::LookAlike { raw, kind } => (raw, format!("not a CloudTrail record but {}", kind.description())),
            Found::Unknown { raw, reason } => (raw, reason.to_owned()),
        };
        if !self.verdict.holds_records {
            return None;
        }
        let number = self.records;
        self.records += 1;
        self.rejected += 1;
        Some(Reject {
            source_file: self.uri.to_owned(),
            record: Some(number),
            offset: Some(item.offset),
            reason,
            raw: self.raw_text(raw),
        })
    }

    fn push(&self, record: Record<'_>, flattener: &mut Flattener) -> Result<(), String> {
        let Some(redacted) = self.rules.as_ref().and_then(|rules| rules.apply(record.text, record.members)) else {
            return flattener.push(record, self.origin);
        };
        let mut notes = Notes::default();
        scan::record(redacted.text.as_bytes(), 0, 0, At::root(), &mut notes)
            .map_err(|_| "what is left of it after redaction is not JSON".to_owned())?;
        let (members, nested) = (notes.members.as_slice(), notes.nested.as_slice());
        let record = Record { text: &redacted.text, members, nested, redacted: Some(&redacted), ..record };
        flattener.push(record, self.origin)
    }

    /// The text that is kept of a reject. What rules should have taken out of it, they cannot find, so with rules there is
    /// none.
    fn raw_text(&self, raw: &[u8]) -> Option<String> {
        let kept = &raw[..raw.len().min(MAX_REJECT_BYTES)];
        self.rules.is_none().then(|| String::from_utf8_lossy(kept).into_owned())
    }
}
