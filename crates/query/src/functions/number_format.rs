//! One place of `format('%05d %,d %-8s', …)`, as Java and so Trino fills it.

use arrow::array::{Array as _, ArrayRef, AsArray as _};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, Volatility};

use super::arguments::{array, each_text, texts};
use super::scalar::{Definition, Kind};
use super::texts::fixed;
use crate::typing::type_in_words;

/// Widest place that is filled.
const MAX_WIDTH: usize = 1 << 16;
const MAX_DECIMALS: usize = 340;

#[rustfmt::skip]
pub(super) const FUNCTIONS: &[Definition] = &[
    Definition { name: "format_place", arguments: &[Kind::Text, Kind::Any], required: 2, returns: |_| DataType::Utf8, volatility: Volatility::Immutable, body: format_place, call: "format_place('%05d', x)", meaning: "one place of Trino's `format`: `%s`, `%d`, `%x`, `%f`, `%e` with flags `-`, `0`, `+`, `,`, a width and decimals" },
];

/// A place, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    left: bool,
    zeros: bool,
    plus: bool,
    thousands: bool,
    width: usize,
    decimals: Option<usize>,
    kind: char,
}

impl Place {
    /// Of what is behind the `%`; with what is behind the place.
    pub(crate) fn parse(text: &str) -> Option<(Self, &str)> {
        let flags = text.find(|sign| !matches!(sign, '-' | '0' | '+' | ',')).unwrap_or(text.len());
        let (flags, rest) = text.split_at(flags);
        let (width, rest) = rest.split_at(rest.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(rest.len()));
        let width = if width.is_empty() { 0 } else { width.parse().ok().filter(|width| *width <= MAX_WIDTH)? };
        let (decimals, rest) = match rest.strip_prefix('.') {
            Some(rest) => {
                let (digits, rest) =
                    rest.split_at(rest.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(rest.len()));
                (Some(digits.parse().ok().filter(|decimals| *decimals <= MAX_DECIMALS)?), rest)
            }
            None => (None, rest),
        };
        let kind = rest.chars().next().filter(|kind| matches!(kind, 's' | 'S' | 'd' | 'x' | 'X' | 'f' | 'e' | 'b'))?;
        let has = |flag| flags.contains(flag);
        let place =
            Self { left: has('-'), zeros: has('0'), plus: has('+'), thousands: has(','), width, decimals, kind };
        Some((place, &rest[kind.len_utf8()..]))
    }

    /// A number's or a text's text, made as wide as the place is.
    fn fill(self, body: &str) -> String {
        let missing = self.width.saturating_sub(body.chars().count());
        if self.left {
            return format!("{body}{}", " ".repeat(missing));
        }
        if !self.zeros {
            return format!("{}{body}", " ".repeat(missing));
        }
        let (sign, digits) = body.split_at(usize::from(body.starts_with(['-', '+'])));
        format!("{sign}{}{digits}", "0".repeat(missing))
    }

    /// With a sign and groups of three digits, if the place asks for them.
    fn number(self, digits: String) -> String {
        let (sign, digits) = match digits.strip_prefix('-') {
            Some(digits) => ("-", digits.to_owned()),
            None => (if self.plus { "+" } else { "" }, digits),
        };
        let body = if self.thousands { grouped(&digits) } else { digits };
        self.fill(&format!("{sign}{body}"))
    }
}

fn grouped(digits: &str) -> String {
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, part)| (whole, Some(part)));
    let mut written = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            written.push(',');
        }
        written.push(digit);
    }
    fraction.map_or(written.clone(), |fraction| format!("{written}.{fraction}"))
}

/// What a place takes, each row as text.
fn format_place(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let (places, values) = (texts(args, 0)?, array(args, 1)?);
    let Some((place, "")) = places.get(0).and_then(|text| Place::parse(text.strip_prefix('%')?)) else {
        return exec_err!("a place of format is written as '%s', '%05d', '%,d' or '%.2f'");
    };
    let is_whole = values.data_type().is_integer() || values.data_type().is_null();
    match place.kind {
        'd' | 'x' | 'X' if !is_whole => {
            exec_err!("`%{}` of format takes whole numbers, and no value that is {}", place.kind, words(&values))
        }
        'f' | 'e' if !values.data_type().is_numeric() && !values.data_type().is_null() => {
            exec_err!("`%{}` of format takes numbers, and no value that is {}", place.kind, words(&values))
        }
        'd' | 'x' | 'X' => {
            let values = cast(&values, &DataType::Int64)?;
            let values = values.as_primitive::<Int64Type>();
            let written = |number: i64| match place.kind {
                'x' => place.fill(&format!("{number:x}")),
                'X' => place.fill(&format!("{number:X}")),
                _ => place.number(number.to_string()),
            };
            each_text(args, |row| Some(if values.is_null(row) { none(place) } else { written(values.value(row)) }))
        }
        'f' | 'e' => {
            let values = cast(&values, &DataType::Float64)?;
            let values = values.as_primitive::<Float64Type>();
            let decimals = place.decimals.unwrap_or(6);
            let written = |number: f64| match place.kind {
                'e' => place.number(scientific(number, decimals)),
                _ => place.number(fixed(number, decimals)),
            };
            each_text(args, |row| Some(if values.is_null(row) { none(place) } else { written(values.value(row)) }))
        }
        _ => {
            let values = cast(&values, &DataType::Utf8)?;
            let values = values.as_string::<i32>();
            let cut = |text: &str| text.chars().take(place.decimals.unwrap_or(usize::MAX)).collect::<String>();
            each_text(args, |row| {
                let text = if values.is_null(row) { "null".to_owned() } else { cut(values.value(row)) };
                let text = if place.kind == 'S' { text.to_uppercase() } else { text };
                Some(Place { zeros: false, ..place }.fill(&text))
            })
        }
    }
}

fn none(place: Place) -> String {
    Place { zeros: false, ..place }.fill("null")
}

fn words(values: &ArrayRef) -> &'static str {
    type_in_words(values.data_type())
}

/// `1.500000e+03`: Java writes two digits of the exponent, and its sign.
fn scientific(number: f64, decimals: usize) -> String {
    let written = format!("{number:.decimals$e}");
    let Some((digits, exponent)) = written.split_once('e') else { return written };
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
    format!("{digits}e{sign}{exponent:0>2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_as_java_does() {
        let number = |text: &str, number: i64| Place::parse(text).unwrap().0.number(number.to_string());
        assert_eq!(number("05d", 42), "00042");
        assert_eq!(number("05d", -42), "-0042");
        assert_eq!(number(",d", 1_234_567), "1,234,567");
        assert_eq!(number("-6d", 42), "42    ");
        assert_eq!(number("+,8d", 1_234), "  +1,234");
        assert_eq!(scientific(1500.0, 2), "1.50e+03");
        assert_eq!(grouped("1234.5"), "1,234.5");
        assert_eq!(Place::parse("q"), None);
        assert_eq!(Place::parse(".2f x").unwrap().1, " x");
    }
}
