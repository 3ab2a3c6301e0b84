//! Least and greatest values, as a footer keeps them.

use parquet::basic::Type;
use parquet::data_type::ByteArray;
use parquet::file::statistics::{Statistics, ValueStatistics};

/// Longest text that is kept whole.
const WHOLE_BYTES: usize = 64;

/// Least and greatest value of a column.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bounds<'a> {
    Texts(&'a [u8], &'a [u8]),
    Numbers(i64, i64),
    Booleans(bool, bool),
}

/// Least and greatest of `values`, if there are any.
pub(super) fn of_texts<'a>(values: &[&'a [u8]]) -> Option<Bounds<'a>> {
    let first = *values.first()?;
    let (low, high) = values.iter().fold((first, first), |(low, high), value| (low.min(value), high.max(value)));
    Some(Bounds::Texts(low, high))
}

/// What the footer says of a column of this type with these bounds and so many nulls.
pub(super) fn statistics(bounds: Option<Bounds<'_>>, nulls: usize, kind: Type) -> Statistics {
    let nulls = Some(nulls as u64);
    match (bounds, kind) {
        (Some(Bounds::Texts(low, high)), _) => of_cut_texts(low, high, nulls),
        (Some(Bounds::Numbers(low, high)), _) => {
            Statistics::Int64(ValueStatistics::new(Some(low), Some(high), None, nulls, false))
        }
        (Some(Bounds::Booleans(low, high)), _) => {
            Statistics::Boolean(ValueStatistics::new(Some(low), Some(high), None, nulls, false))
        }
        (None, Type::BOOLEAN) => Statistics::Boolean(ValueStatistics::new(None, None, None, nulls, false)),
        (None, Type::INT64) => Statistics::Int64(ValueStatistics::new(None, None, None, nulls, false)),
        (None, _) => Statistics::ByteArray(ValueStatistics::new(None, None, None, nulls, false)),
    }
}

/// Bounds that are cut if they are long.
fn of_cut_texts(least: &[u8], greatest: &[u8], nulls: Option<u64>) -> Statistics {
    let (low, high) = (cut_down(least), cut_up(greatest));
    let (low_is_whole, high_is_whole) = (low == least, high.as_deref() == Some(greatest));
    let values = ValueStatistics::new(Some(low.into()), high.map(ByteArray::from), None, nulls, false);
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
