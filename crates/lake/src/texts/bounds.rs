//! Least and greatest texts, as a footer keeps them.

use parquet::data_type::ByteArray;
use parquet::file::statistics::{Statistics, ValueStatistics};

/// Longest text that is kept whole.
const WHOLE_BYTES: usize = 64;

/// Least and greatest of `values`, if there are any.
pub(super) fn of<'a>(values: &[&'a [u8]]) -> Option<(&'a [u8], &'a [u8])> {
    let first = *values.first()?;
    Some(values.iter().fold((first, first), |(low, high), value| (low.min(value), high.max(value))))
}

/// What the footer says of a column with these bounds and so many nulls.
pub(super) fn statistics(bounds: Option<(&[u8], &[u8])>, nulls: usize) -> Statistics {
    let (low, high) = bounds.map_or((None, None), |(low, high)| (Some(cut_down(low)), cut_up(high)));
    let is_whole = |kept: &Option<Vec<u8>>, value: Option<&[u8]>| kept.as_deref() == value;
    let (low_is_whole, high_is_whole) =
        (is_whole(&low, bounds.map(|bounds| bounds.0)), is_whole(&high, bounds.map(|bounds| bounds.1)));
    let values =
        ValueStatistics::new(low.map(ByteArray::from), high.map(ByteArray::from), None, Some(nulls as u64), false);
    Statistics::ByteArray(values.with_min_is_exact(low_is_whole).with_max_is_exact(high_is_whole))
}

/// The start of a long text, which is no greater than it.
fn cut_down(text: &[u8]) -> Vec<u8> {
    start(text).map_or_else(|| text.to_vec(), |start| start.as_bytes().to_vec())
}

/// The start of a long text with its last character raised, which is greater than it; `None` if there is no such text.
fn cut_up(text: &[u8]) -> Option<Vec<u8>> {
    let Some(start) = start(text) else { return Some(text.to_vec()) };
    let mut start = start.to_owned();
    while let Some(last) = start.pop() {
        if let Some(next) = char::from_u32(u32::from(last) + 1) {
            start.push(next);
            return Some(start.into_bytes());
        }
    }
    None
}

/// The characters of a long text that are kept; `None` if it is kept whole.
fn start(text: &[u8]) -> Option<&str> {
    let all = std::str::from_utf8(text).ok().filter(|text| text.len() > WHOLE_BYTES)?;
    Some(&all[..all.floor_char_boundary(WHOLE_BYTES)])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_cut_still_bounds(text in ".{0,90}") {
            let text = text.as_bytes();
            prop_assert!(cut_down(text).as_slice() <= text);
            let high = cut_up(text);
            prop_assert!(high.is_none_or(|high| high.as_slice() >= text && std::str::from_utf8(&high).is_ok()));
        }
    }

    #[test]
    fn a_last_character_that_cannot_be_raised_is_left_out() {
        let long = format!("a{}", "\u{10ffff}".repeat(40));
        assert_eq!(cut_up(long.as_bytes()), Some(b"b".to_vec()));
        assert_eq!(cut_up("\u{10ffff}".repeat(40).as_bytes()), None);
        let surrogates = format!("{}{}", "a".repeat(61), "\u{d7ff}".repeat(9));
        assert_eq!(cut_up(surrogates.as_bytes()), Some(format!("{}b", "a".repeat(60)).into_bytes()));
    }
}
