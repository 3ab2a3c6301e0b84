//! Counts what a text holds, and says by the counts what the text is.

use std::collections::BTreeMap;

use crate::carrier::{Carrier, Class};
use crate::classify::{Place, What};
use crate::envelope::{Found, Item, Opener};
use crate::frame::{BadElement, Frames, Layout};
use crate::read::{Damage, Piece};

/// How far into a bad element is looked for what it was.
const MAX_LOOK: usize = 64 * 1024;

/// What a text holds, by kind.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    /// Records by the shape they came in; those that turn out to be no rows count too.
    pub(crate) records: BTreeMap<Carrier, u64>,
    look_alikes: BTreeMap<Carrier, u64>,
    unknown: u64,
    /// What should have been records.
    bad: u64,
    /// What is bad and speaks of a record's members.
    torn: u64,
    /// Envelopes without records.
    empty_envelopes: BTreeMap<Carrier, u64>,
    /// The first bad value of the text itself, which is damage if nothing else is found.
    first_bad: Option<(u64, String)>,
}

/// What a text is, and what to do with what is in it.
#[derive(Debug, Clone)]
pub(crate) struct Verdict {
    pub(crate) carrier: Carrier,
    /// Whether what is no record is to be rejected, and not left alone with the rest of the text.
    pub(crate) holds_records: bool,
}

impl Tally {
    /// Counts what is in one piece of a text.
    pub(crate) fn take(&mut self, piece: &Piece<'_>, opener: &mut Opener) {
        if self.first_bad.is_none() {
            let at_top = piece.frames.bad.iter().find(|bad| bad.place == Place::Top);
            let first = |bad: &BadElement| (piece.offset + bad.start as u64, bad.reason.clone());
            self.first_bad = at_top.map(first);
        }
        if has_envelopes(piece.frames) {
            return opener.piece(piece, &mut |item| self.item(&item));
        }
        self.bad += piece.frames.bad.len() as u64;
        self.torn += piece.frames.bad.iter().filter(|bad| is_torn(&piece.bytes[bad.start..bad.end])).count() as u64;
        for element in &piece.frames.elements {
            match element.what {
                What::Record => *self.records.entry(element.place.carrier()).or_default() += 1,
                What::LookAlike(kind) => *self.look_alikes.entry(kind).or_default() += 1,
                What::Unknown if element.end - element.start == "{}".len() => {
                    *self.empty_envelopes.entry(Carrier::Empty).or_default() += 1;
                }
                What::Unknown | What::Envelope(_) => self.unknown += 1,
            }
        }
    }

    fn item(&mut self, item: &Item<'_>) {
        match &item.found {
            Found::Record { .. } => *self.records.entry(item.carrier).or_default() += 1,
            Found::LookAlike { kind, .. } => *self.look_alikes.entry(*kind).or_default() += 1,
            Found::Unknown { .. } => self.unknown += 1,
            Found::Bad { raw, .. } => {
                self.bad += 1;
                self.torn += u64::from(is_torn(raw));
            }
            Found::Nothing => *self.empty_envelopes.entry(item.carrier).or_default() += 1,
        }
    }

    /// What the text is.
    ///
    /// # Errors
    /// [`Damage`] if it is nothing but a value that is not valid JSON.
    pub(crate) fn verdict(&mut self, layout: &Layout) -> Result<Verdict, Damage> {
        let on_end = match (layout.values, layout.by_line) {
            (..=1, _) => Carrier::Event,
            (_, true) => Carrier::Ndjson,
            (_, false) => Carrier::ConcatenatedJson,
        };
        if let Some(count) = self.records.remove(&Carrier::Event) {
            *self.records.entry(on_end).or_default() += count;
        }
        let kinds: Vec<Carrier> = self.records.keys().copied().collect();
        let named = |carrier| Ok(Verdict { carrier, holds_records: false });
        match *kinds {
            [one] => return Ok(Verdict { carrier: one, holds_records: true }),
            [_, _, ..] => return Ok(Verdict { carrier: Carrier::Mixed, holds_records: true }),
            [] => {}
        }
        if self.torn > 0 && !self.is_all_bad() {
            return Ok(Verdict { carrier: on_end, holds_records: true });
        }
        let others = self.look_alikes.len() + usize::from(self.unknown > 0);
        if layout.places.contains(&Place::Records) && (self.bad > 0 || self.unknown + self.look_alike_count() == 0) {
            return Ok(Verdict { carrier: Carrier::TrailLog, holds_records: true });
        }
        if let (1, Some(carrier)) = (others, self.look_alikes.keys().next()) {
            return named(*carrier);
        }
        if others > 0 {
            // lines of a time and something else are a log of another kind
            return named(if layout.form.is_some() { Carrier::NotJson } else { Carrier::OtherJson });
        }
        if let Some(form) = layout.form {
            return Ok(Verdict { carrier: form, holds_records: self.bad > 0 && form.class() == Class::Records });
        }
        if let Some((offset, reason)) = self.first_bad.take() {
            return Err(Damage { offset: Some(offset), reason });
        }
        if let Some(carrier) = self.empty_envelopes.keys().next() {
            return named(*carrier);
        }
        // an answer with nothing in it is an answer
        let place = layout.places.iter().find(|place| self.bad > 0 || **place != Place::Array);
        Ok(Verdict { carrier: place.map_or(Carrier::Empty, |place| place.carrier()), holds_records: self.bad > 0 })
    }

    /// Whether there is nothing but what is bad.
    fn is_all_bad(&self) -> bool {
        self.unknown == 0 && self.look_alikes.is_empty()
    }

    fn look_alike_count(&self) -> u64 {
        self.look_alikes.values().sum()
    }
}

/// Whether what cannot be read was a record of CloudTrail, by a member that nothing else has.
fn is_torn(raw: &[u8]) -> bool {
    memchr::memmem::find(&raw[..raw.len().min(MAX_LOOK)], b"\"eventVersion\"").is_some()
}

fn has_envelopes(frames: &Frames) -> bool {
    frames.elements.iter().any(|element| matches!(element.what, What::Envelope(_)))
}
