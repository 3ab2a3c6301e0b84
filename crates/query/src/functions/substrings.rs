//! Parts of texts by their places, as Trino and DuckDB count them: from 1, and negative numbers from the end.

use std::ops::Range;

use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};

use super::arguments::{each_text, integers, texts};
use super::scalar::{Definition, Kind};
use super::texts::define;

const ARGUMENTS: &[Kind] = &[Kind::Text, Kind::Integer, Kind::Integer];

#[rustfmt::skip]
pub(super) const FUNCTIONS: &[Definition] = &[
    define("text_from", ARGUMENTS, 2, text_from, "text_from(text, start[, length])", "Trino's `substr`: from the end if the start is negative; empty if it is 0 or before the text"),
    define("text_around", ARGUMENTS, 2, text_around, "text_around(text, start[, length])", "DuckDB's `substr`: from the end if the start is negative; what lies before the text counts, and a negative length goes back"),
    define("text_slice", ARGUMENTS, 3, text_slice, "text_slice(text, first, last)", "DuckDB's `text[first:last]`: characters from one place to another, from the end if negative"),
];

fn text_from(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    cut(args, |count, start, length| {
        let begin = match start {
            0 => return 0..0,
            1.. => start - 1,
            _ => count.saturating_add(start),
        };
        let end = length.map_or(count, |length| begin.saturating_add(length));
        if begin < 0 { 0..0 } else { begin..end }
    })
}

fn text_around(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    cut(args, |count, start, length| {
        let begin = if start < 0 { count.saturating_add(start) } else { start - 1 };
        match length {
            None => begin..count,
            Some(length) if length < 0 => begin.saturating_add(length)..begin,
            Some(length) => begin..begin.saturating_add(length),
        }
    })
}

fn text_slice(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    cut(args, |count, first, last| {
        let begin = if first < 0 { count.saturating_add(first) } else { first - 1 };
        let end = match last {
            Some(last) if last < 0 => count.saturating_add(last).saturating_add(1),
            Some(last) => last,
            None => count,
        };
        begin..end
    })
}

/// The characters of each text in a range, which may reach beyond it. The range is made of how many characters there are, the
/// start and the length.
fn cut(args: &ScalarFunctionArgs, range: fn(i64, i64, Option<i64>) -> Range<i64>) -> Result<ColumnarValue> {
    let (written, starts, lengths) = (texts(args, 0)?, integers(args, 1)?, integers(args, 2)?);
    let has_length = args.args.len() > 2;
    each_text(args, |row| {
        let (text, start) = (written.get(row)?, starts.get(row)?);
        let length = if has_length { Some(lengths.get(row)?) } else { None };
        let count = i64::try_from(text.chars().count()).ok()?;
        let wanted = range(count, start, length);
        let (begin, end) = (usize::try_from(wanted.start.max(0)).ok()?, usize::try_from(wanted.end.max(0)).ok()?);
        Some(text.chars().skip(begin).take(end.saturating_sub(begin)).collect())
    })
}
