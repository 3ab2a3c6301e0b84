//! Distinct texts of a column, in the order they first appear, and which of them each row has.

use ahash::RandomState;

/// A place in the table: in its upper half bits of a hash, in its lower one the number of a text plus one.
type Slot = u64;
const TAG: Slot = 0xffff_ffff_0000_0000;

/// Texts by number. It is used for one column after the other.
#[derive(Debug)]
pub(super) struct Dictionary<'a> {
    hasher: RandomState,
    /// Half of them stay empty. Their number is a power of two.
    slots: Vec<Slot>,
    texts: Vec<&'a [u8]>,
}

impl<'a> Dictionary<'a> {
    /// For columns of at most `rows` rows.
    pub(super) fn for_rows(rows: usize) -> Self {
        let slots = vec![0; (2 * rows).next_power_of_two()];
        Self { hasher: RandomState::new(), slots, texts: Vec::new() }
    }

    /// The number of each of `values`, appended to `numbers`.
    pub(super) fn number(&mut self, values: &[&'a [u8]], numbers: &mut Vec<u32>) {
        if !self.texts.is_empty() {
            self.slots.fill(0);
            self.texts.clear();
        }
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
        let mask = self.slots.len() - 1;
        // the bits that choose the place are not those of the tag
        let mut at = usize::try_from(hash & !TAG).unwrap_or(0) & mask;
        loop {
            let slot = self.slots[at];
            if slot == 0 {
                self.texts.push(value);
                // no more texts than rows, of which there are fewer than 2³²
                let count = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
                self.slots[at] = hash & TAG | u64::from(count);
                return count - 1;
            }
            let number = u32::try_from(slot & !TAG).unwrap_or(u32::MAX) - 1;
            if slot & TAG == hash & TAG && self.texts[number as usize] == value {
                return number;
            }
            at = (at + 1) & mask;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_lead_back_to_texts(columns in prop::collection::vec(prop::collection::vec("[ab]{0,3}", 0..200), 1..4)) {
            let mut dictionary = Dictionary::for_rows(200);
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
