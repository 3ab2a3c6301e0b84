//! Distinct texts of a column, in the order they first appear, and which of them each row has.

use ahash::RandomState;

/// A place in the table: in its upper half bits of a hash, in its lower one the number of a text plus one.
type Slot = u64;
const TAG: Slot = 0xffff_ffff_0000_0000;

/// Slots of a table that has no texts yet.
const FIRST_SLOTS: usize = 64;

/// Texts by number. It is used for one column after the other.
#[derive(Debug)]
pub(super) struct Dictionary<'a> {
    hasher: RandomState,
    /// At least half of them stay empty. Their number is a power of two.
    slots: Vec<Slot>,
    texts: Vec<&'a [u8]>,
    /// Of each text.
    hashes: Vec<u64>,
}

impl Default for Dictionary<'_> {
    fn default() -> Self {
        Self { hasher: RandomState::new(), slots: vec![0; FIRST_SLOTS], texts: Vec::new(), hashes: Vec::new() }
    }
}

impl<'a> Dictionary<'a> {
    /// The number of each of `values`, appended to `numbers`.
    pub(super) fn number(&mut self, values: &[&'a [u8]], numbers: &mut Vec<u32>) {
        // most columns have few texts, and a small table stays near
        self.slots.clear();
        self.slots.resize(FIRST_SLOTS, 0);
        self.texts.clear();
        self.hashes.clear();
        let mut last: Option<(&[u8], u32)> = None;
        numbers.extend(values.iter().map(|value| match last {
            // neighbours are often the same
            Some((text, number)) if text == *value => number,
            _ => {
                let number = self.number_of(value);
                last = Some((value, number));
                number
            }
        }));
    }

    /// The distinct texts, by their number.
    pub(super) fn texts(&self) -> &[&'a [u8]] {
        &self.texts
    }

    fn number_of(&mut self, value: &'a [u8]) -> u32 {
        let hash = self.hasher.hash_one(value);
        let mut at = self.first_place(hash);
        loop {
            let slot = self.slots[at];
            if slot == 0 {
                return self.add(value, hash, at);
            }
            let number = u32::try_from(slot & !TAG).unwrap_or(u32::MAX) - 1;
            if slot & TAG == hash & TAG && self.texts[number as usize] == value {
                return number;
            }
            at = self.next_place(at);
        }
    }

    /// Adds a text whose place is `at`.
    fn add(&mut self, value: &'a [u8], hash: u64, at: usize) -> u32 {
        self.texts.push(value);
        self.hashes.push(hash);
        // no more texts than values, of which there are fewer than 2³²
        let count = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.slots[at] = hash & TAG | u64::from(count);
        if self.texts.len() * 2 > self.slots.len() {
            self.grow();
        }
        count - 1
    }

    fn grow(&mut self) {
        let slots = self.slots.len() * 4;
        self.slots.clear();
        self.slots.resize(slots, 0);
        for (hash, number) in self.hashes.iter().zip(1_u64..) {
            let mut at = self.first_place(*hash);
            while self.slots[at] != 0 {
                at = self.next_place(at);
            }
            self.slots[at] = hash & TAG | number;
        }
    }

    fn first_place(&self, hash: u64) -> usize {
        // the bits that choose the place are not those of the tag
        self.next_place(usize::try_from(hash & !TAG).unwrap_or(0).wrapping_sub(1))
    }

    fn next_place(&self, at: usize) -> usize {
        at.wrapping_add(1) & (self.slots.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_lead_back_to_texts(
            columns in prop::collection::vec(prop::collection::vec("[ab]{0,3}|[ab]{9}", 0..300), 1..4),
        ) {
            let mut dictionary = Dictionary::default();
            for column in &columns {
                let values: Vec<&[u8]> = column.iter().map(String::as_bytes).collect();
                let mut numbers = Vec::new();
                dictionary.number(&values, &mut numbers);
                let back: Vec<&[u8]> = numbers.iter().map(|number| dictionary.texts()[*number as usize]).collect();
                prop_assert_eq!(back, values);
                let distinct: std::collections::HashSet<_> = column.iter().collect();
                prop_assert_eq!(distinct.len(), dictionary.texts().len());
            }
        }
    }
}
