//! Pieces of texts as Trino counts them: parts between separators, places of parts, and maps that are written in a text.

use std::sync::Arc;

use arrow::array::{Int64Array, ListBuilder, MapBuilder, StringBuilder};
use arrow::datatypes::{DataType, Field};
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, Volatility};

use super::arguments::{each_text, integers, result, rows, texts};
use super::json::{field_names, map_type};
use super::scalar::{Definition, Kind};
use super::texts::{Patterns, lists_by_pattern};

const fn define(
    name: &'static str,
    arguments: &'static [Kind],
    required: usize,
    returns: fn(&[DataType]) -> DataType,
    body: fn(&ScalarFunctionArgs) -> Result<ColumnarValue>,
    docs: (&'static str, &'static str),
) -> Definition {
    let (call, meaning) = docs;
    Definition { name, arguments, required, returns, volatility: Volatility::Immutable, body, call, meaning }
}

const THREE: &[Kind] = &[Kind::Text, Kind::Text, Kind::Integer];

#[rustfmt::skip]
pub(super) const FUNCTIONS: &[Definition] = &[
    define("nth_part", THREE, 3, |_| DataType::Utf8, nth_part, ("nth_part(text, separator, n)", "Trino's `split_part`: the part between separators, from 1; null if there are fewer")),
    define("split_at_most", THREE, 3, list_of_text, split_at_most, ("split_at_most(text, separator, n)", "Trino's `split` with a limit: the last part is all that is left")),
    define("nth_position", THREE, 3, |_| DataType::Int64, nth_position, ("nth_position(text, part, n)", "Trino's `strpos` with an instance: where the n-th `part` begins, from 1, from the end if negative; 0 if there is none")),
    define("regexp_split", &[Kind::Text, Kind::Text], 2, list_of_text, regexp_split, ("regexp_split(text, pattern)", "what lies between the matches of a pattern, as a list")),
    define("regexp_position", &[Kind::Text, Kind::Text, Kind::Integer, Kind::Integer], 2, |_| DataType::Int64, regexp_position, ("regexp_position(text, pattern[, start[, n]])", "where the n-th match of a pattern begins, in characters from 1; -1 if there is none")),
    define("split_to_map", &[Kind::Text, Kind::Text, Kind::Text], 3, |_| map_type(), split_to_map, ("split_to_map(text, ';', '=')", "a text of keys and values as a map; of several values of a key the last")),
];

fn list_of_text(_: &[DataType]) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true)))
}

/// Parts of a text; an empty separator leaves it whole.
fn parts<'a>(text: &'a str, separator: &str) -> Vec<&'a str> {
    if separator.is_empty() { vec![text] } else { text.split(separator).collect() }
}

fn nth_part(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let (written, separators, numbers) = (texts(args, 0)?, texts(args, 1)?, integers(args, 2)?);
    if let Some(number) = (0..rows(args)).filter_map(|row| numbers.get(row)).find(|number| *number < 1) {
        return exec_err!("parts of a text are counted from 1, and not from {number}");
    }
    each_text(args, |row| {
        let at = usize::try_from(numbers.get(row)?).ok()?.checked_sub(1)?;
        parts(written.get(row)?, separators.get(row)?).get(at).map(|part| (*part).to_owned())
    })
}

fn split_at_most(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let (written, separators, limits) = (texts(args, 0)?, texts(args, 1)?, integers(args, 2)?);
    let mut found = ListBuilder::new(StringBuilder::new());
    for row in 0..rows(args) {
        let (Some(text), Some(separator), Some(limit)) = (written.get(row), separators.get(row), limits.get(row))
        else {
            found.append(false);
            continue;
        };
        let Some(limit) = usize::try_from(limit).ok().filter(|limit| *limit > 0) else {
            return exec_err!("the limit of split is 1 or more, and not {limit}");
        };
        if separator.is_empty() {
            found.values().append_value(text);
        } else {
            text.splitn(limit, separator).for_each(|part| found.values().append_value(part));
        }
        found.append(true);
    }
    result(args, Arc::new(found.finish()))
}

/// Characters before a byte, from 1.
fn place(text: &str, byte: usize) -> i64 {
    i64::try_from(text.get(..byte).unwrap_or_default().chars().count() + 1).unwrap_or(i64::MAX)
}

fn nth_position(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let (written, wanted, numbers) = (texts(args, 0)?, texts(args, 1)?, integers(args, 2)?);
    let position = |row: usize| {
        let (text, part, number) = (written.get(row)?, wanted.get(row)?, numbers.get(row)?);
        let skipped = usize::try_from(number.unsigned_abs()).ok()?.checked_sub(1);
        // the next one may begin within this one
        let starts = || text.char_indices().map(|(at, _)| at).filter(|at| text[*at..].starts_with(part));
        let found = match skipped {
            None => None,
            Some(skipped) if number > 0 => starts().nth(skipped),
            Some(skipped) => starts().collect::<Vec<_>>().into_iter().nth_back(skipped),
        };
        Some(found.map_or(0, |byte| place(text, byte)))
    };
    let positions: Int64Array = (0..rows(args)).map(position).collect();
    result(args, Arc::new(positions))
}

fn regexp_split(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    lists_by_pattern(args, |_, pattern, text, found| {
        pattern.split(text).for_each(|part| found.append_value(part));
    })
}

fn regexp_position(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let (written, patterns) = (texts(args, 0)?, texts(args, 1)?);
    let (starts, numbers) = (integers(args, 2)?, integers(args, 3)?);
    let (has_start, has_number) = (args.args.len() > 2, args.args.len() > 3);
    let mut known = Patterns::default();
    let mut found = Int64Array::builder(rows(args));
    for row in 0..rows(args) {
        let start = if has_start { starts.get(row) } else { Some(1) };
        let number = if has_number { numbers.get(row) } else { Some(1) };
        let (Some(text), Some(pattern), Some(start), Some(number)) =
            (written.get(row), patterns.get(row), start, number)
        else {
            found.append_null();
            continue;
        };
        let (Ok(skipped), Ok(before)) = (usize::try_from(number - 1), usize::try_from(start - 1)) else {
            return exec_err!("regexp_position counts from 1");
        };
        let from = text.char_indices().nth(before).map(|(at, _)| at);
        let regex = known.get(pattern)?;
        let at = from.and_then(|from| Some(from + regex.find_iter(text.get(from..)?).nth(skipped)?.start()));
        found.append_value(at.map_or(-1, |byte| place(text, byte)));
    }
    result(args, Arc::new(found.finish()))
}

fn split_to_map(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let (written, entries, sides) = (texts(args, 0)?, texts(args, 1)?, texts(args, 2)?);
    let mut found = MapBuilder::new(Some(field_names()), StringBuilder::new(), StringBuilder::new());
    for row in 0..rows(args) {
        let (Some(text), Some(between), Some(side)) = (written.get(row), entries.get(row), sides.get(row)) else {
            found.append(false)?;
            continue;
        };
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        for (key, value) in parts(text, between).into_iter().filter_map(|entry| entry.split_once(side)) {
            match pairs.iter_mut().find(|(known, _)| *known == key) {
                Some(pair) => pair.1 = value,
                None => pairs.push((key, value)),
            }
        }
        for (key, value) in pairs {
            found.keys().append_value(key);
            found.values().append_value(value);
        }
        found.append(true)?;
    }
    result(args, Arc::new(found.finish()))
}
