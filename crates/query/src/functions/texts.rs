//! Texts: regular expressions as Trino and DuckDB have them, parts of ARNs, and who stands behind one.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array as _, AsArray as _, Int64Array, ListBuilder, StringBuilder};
use arrow::datatypes::{DataType, Field, Float64Type};
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, Volatility};
use regex::Regex;

use super::arguments::{array, each_text, integers, result, rows, texts};
use super::scalar::{Definition, Kind};
use crate::typing::type_in_words;

/// A function whose answer is text.
pub(super) const fn define(
    name: &'static str,
    arguments: &'static [Kind],
    required: usize,
    body: fn(&ScalarFunctionArgs) -> Result<ColumnarValue>,
    call: &'static str,
    meaning: &'static str,
) -> Definition {
    Definition {
        name,
        arguments,
        required,
        returns: |_| DataType::Utf8,
        volatility: Volatility::Immutable,
        body,
        call,
        meaning,
    }
}

#[rustfmt::skip]
pub(super) const FUNCTIONS: &[Definition] = &[
    define("regexp_extract", &[Kind::Text, Kind::Text, Kind::Integer], 2, regexp_extract, "regexp_extract(text, pattern[, group])", "first match of a pattern, or a group of it; null if there is none"),
    define("regexp_extract_or_empty", &[Kind::Text, Kind::Text, Kind::Integer], 2, regexp_extract_or_empty, "regexp_extract_or_empty(text, pattern[, group])", "DuckDB's `regexp_extract`: empty text if there is no match"),
    Definition {
        name: "regexp_extract_all",
        arguments: &[Kind::Text, Kind::Text, Kind::Integer],
        required: 2,
        returns: |_| DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true))),
        volatility: Volatility::Immutable,
        body: regexp_extract_all,
        call: "regexp_extract_all(text, pattern[, group])",
        meaning: "every match of a pattern, or a group of each, as a list",
    },
    define("arn_part", &[Kind::Text, Kind::Text], 2, arn_part, "arn_part(arn, part)", "part of an ARN: `partition`, `service`, `region`, `account`, `resource`, `type` (before the first `/` or `:` of the resource) or `name` (after the last `/`, else after the last `:`)"),
    define("principal", &[Kind::Text], 1, principal, "principal(arn)", "who stands behind an ARN, the same from session to session: of `…:assumed-role/Role/session` the role, of anything else the ARN"),
    Definition {
        name: "len",
        arguments: &[Kind::Any],
        required: 1,
        returns: |_| DataType::Int64,
        volatility: Volatility::Immutable,
        body: length,
        call: "len(value)",
        meaning: "characters of a text, elements of a list",
    },
    define("hex_upper", &[Kind::Text], 1, hex_upper, "hex_upper(hex)", "hexadecimal text in capitals, as Trino's `to_hex` writes it"),
    define("fixed_text", &[Kind::Number, Kind::Integer], 2, fixed_text, "fixed_text(number, decimals)", "a number with so many decimals, as `format('%.2f', x)` writes it: halves of what is written are rounded up"),
];

/// Patterns that were used before; most often it is one.
#[derive(Default)]
pub(super) struct Patterns(HashMap<String, Regex>);

impl Patterns {
    pub(super) fn get(&mut self, pattern: &str) -> Result<&Regex> {
        if !self.0.contains_key(pattern) {
            match Regex::new(pattern) {
                Ok(regex) => self.0.insert(pattern.to_owned(), regex),
                Err(error) => {
                    return exec_err!("`{pattern}` is no regular expression: {}", error.to_string().replace('\n', " "));
                }
            };
        }
        match self.0.get(pattern) {
            Some(regex) => Ok(regex),
            None => exec_err!("`{pattern}` cannot be used"),
        }
    }
}

fn extract(args: &ScalarFunctionArgs, default: Option<&str>) -> Result<ColumnarValue> {
    let (written, patterns, groups) = (texts(args, 0)?, texts(args, 1)?, integers(args, 2)?);
    let mut known = Patterns::default();
    let mut found = StringBuilder::new();
    for row in 0..rows(args) {
        let (Some(text), Some(pattern)) = (written.get(row), patterns.get(row)) else {
            found.append_null();
            continue;
        };
        let captures = known.get(pattern)?.captures(text);
        let group = usize::try_from(groups.get(row).unwrap_or(0)).unwrap_or(usize::MAX);
        let part = captures.as_ref().and_then(|captures| captures.get(group)).map(|part| part.as_str());
        found.append_option(part.or(default));
    }
    result(args, Arc::new(found.finish()))
}

fn regexp_extract(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    extract(args, None)
}

fn regexp_extract_or_empty(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    extract(args, Some(""))
}

fn regexp_extract_all(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let groups = integers(args, 2)?;
    lists_by_pattern(args, |row, pattern, text, found| {
        let group = usize::try_from(groups.get(row).unwrap_or(0)).unwrap_or(usize::MAX);
        for captures in pattern.captures_iter(text) {
            found.append_option(captures.get(group).map(|part| part.as_str()));
        }
    })
}

/// A list for each text and pattern, the first two arguments, of what `append` makes of the row; null if one of them is.
pub(super) fn lists_by_pattern(
    args: &ScalarFunctionArgs,
    append: impl Fn(usize, &Regex, &str, &mut StringBuilder),
) -> Result<ColumnarValue> {
    let (written, patterns) = (texts(args, 0)?, texts(args, 1)?);
    let mut known = Patterns::default();
    let mut found = ListBuilder::new(StringBuilder::new());
    for row in 0..rows(args) {
        if let (Some(text), Some(pattern)) = (written.get(row), patterns.get(row)) {
            append(row, known.get(pattern)?, text, found.values());
            found.append(true);
        } else {
            found.append(false);
        }
    }
    result(args, Arc::new(found.finish()))
}

fn part_of<'a>(arn: &'a str, part: &str) -> Option<&'a str> {
    let pieces: Vec<&str> = arn.splitn(6, ':').collect();
    let [prefix, partition, service, region, account, resource] = pieces.as_slice() else { return None };
    if *prefix != "arn" {
        return None;
    }
    let found = match part {
        "partition" => partition,
        "service" => service,
        "region" => region,
        "account" => account,
        "resource" => resource,
        "type" => resource.split_once(['/', ':'])?.0,
        "name" => resource.rsplit_once('/').or_else(|| resource.rsplit_once(':')).map_or(*resource, |(_, name)| name),
        _ => return None,
    };
    (!found.is_empty()).then_some(found)
}

/// Parts of ARNs by the names that `arn_part` takes.
pub(crate) const ARN_PARTS: [&str; 7] = ["partition", "service", "region", "account", "resource", "type", "name"];

fn arn_part(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let (arns, parts) = (texts(args, 0)?, texts(args, 1)?);
    for row in 0..rows(args) {
        if let Some(part) = parts.get(row).filter(|part| !ARN_PARTS.contains(part)) {
            return exec_err!("`{part}` is no part of an ARN: {}", ARN_PARTS.join(", "));
        }
    }
    each_text(args, |row| Some(part_of(arns.get(row)?, parts.get(row)?)?.to_owned()))
}

fn principal(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let arns = texts(args, 0)?;
    each_text(args, |row| Some(behind(arns.get(row)?)))
}

fn behind(arn: &str) -> String {
    let pieces: Vec<&str> = arn.splitn(6, ':').collect();
    if let ["arn", partition, "sts", _, account, resource] = pieces.as_slice()
        && let Some(role) = resource.strip_prefix("assumed-role/").and_then(|rest| rest.split('/').next())
    {
        return format!("arn:{partition}:iam::{account}:role/{role}");
    }
    arn.to_owned()
}

fn length(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let values = array(args, 0)?;
    let lengths: Int64Array = match values.data_type() {
        DataType::List(_) => {
            let lists = values.as_list::<i32>();
            let count = |row: usize| i64::from(lists.value_length(row));
            (0..lists.len()).map(|row| lists.is_valid(row).then(|| count(row))).collect()
        }
        kind if kind.is_string() || kind.is_null() => {
            let texts = arrow::compute::cast(&values, &DataType::Utf8)?;
            let count = |text: &str| i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
            texts.as_string::<i32>().iter().map(|text| text.map(count)).collect()
        }
        other => return exec_err!("len takes a text or a list, and not what is {}", type_in_words(other)),
    };
    result(args, Arc::new(lengths))
}

fn hex_upper(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let hex = texts(args, 0)?;
    each_text(args, |row| Some(hex.get(row)?.to_ascii_uppercase()))
}

/// Longest fraction that is written.
const MAX_DECIMALS: i64 = 340;

fn fixed_text(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let (numbers, decimals) = (array(args, 0)?, integers(args, 1)?);
    let Some(numbers) = numbers.as_primitive_opt::<Float64Type>() else {
        return exec_err!("the argument is no number");
    };
    each_text(args, |row| {
        let decimals = usize::try_from(decimals.get(row)?.min(MAX_DECIMALS)).ok()?;
        numbers.is_valid(row).then(|| fixed(numbers.value(row), decimals))
    })
}

/// Rounded by the digits that a number is written with, not by those of the binary fraction behind them.
pub(super) fn fixed(number: f64, decimals: usize) -> String {
    if !number.is_finite() {
        let name = if number.is_nan() { "NaN" } else { "Infinity" };
        return if number < 0.0 { format!("-{name}") } else { name.to_owned() };
    }
    let text = number.abs().to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let kept = fraction.bytes().chain(std::iter::repeat(b'0')).take(decimals);
    let mut digits: Vec<u8> = whole.bytes().chain(kept).collect();
    if fraction.as_bytes().get(decimals).is_some_and(|next| *next >= b'5') {
        let carried = digits.iter_mut().rev().all(|digit| {
            *digit = if *digit == b'9' { b'0' } else { *digit + 1 };
            *digit == b'0'
        });
        if carried {
            digits.insert(0, b'1');
        }
    }
    let mut written: String = digits.into_iter().map(char::from).collect();
    if decimals > 0 {
        written.insert(written.len() - decimals, '.');
    }
    if number.is_sign_negative() { format!("-{written}") } else { written }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_as_they_are_written_go_up() {
        for (number, decimals, expected) in [
            (1.005, 2, "1.01"),
            (0.125, 2, "0.13"),
            (2.5, 0, "3"),
            (9.995, 2, "10.00"),
            (-1.005, 2, "-1.01"),
            (3.0, 2, "3.00"),
            (1e40, 1, "10000000000000000000000000000000000000000.0"),
            (1e-9, 3, "0.000"),
            (f64::NEG_INFINITY, 2, "-Infinity"),
            (f64::NAN, 2, "NaN"),
        ] {
            assert_eq!(fixed(number, decimals), expected);
        }
    }

    #[test]
    fn arns_fall_into_their_parts() {
        let role = "arn:aws-cn:sts::012345678901:assumed-role/Deployer/alice";
        assert_eq!(part_of(role, "partition"), Some("aws-cn"));
        assert_eq!(part_of(role, "region"), None);
        assert_eq!(part_of(role, "type"), Some("assumed-role"));
        assert_eq!(part_of(role, "name"), Some("alice"));
        assert_eq!(part_of("arn:aws:lambda:eu-west-1:1:function:f:1", "type"), Some("function"));
        assert_eq!(part_of("arn:aws:s3:::bucket", "name"), Some("bucket"));
        assert_eq!(part_of("bucket", "name"), None);
        assert_eq!(behind(role), "arn:aws-cn:iam::012345678901:role/Deployer");
        assert_eq!(behind("arn:aws:iam::1:user/x"), "arn:aws:iam::1:user/x");
    }
}
