//! JSON texts, numbers and booleans as values of other types, as Trino's casts of JSON have them.
//!
//! A column at a time. Trino takes a text for what it says, rounds halves away from zero and makes 1 of true; where it ends
//! the query, as the text is none of the type, there is null.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Decimal128Array, Float32Array, Float64Array, Int64Array, StringArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::DataType;
use datafusion::error::Result;

use super::json_path;

/// What a JSON value is that is neither an object nor an array nor null.
pub(super) enum Scalar<'a> {
    /// The content of a string.
    Text(Cow<'a, str>),
    /// A number as it is written.
    Number(&'a str),
    /// True or false.
    Boolean(bool),
}

impl<'a> Scalar<'a> {
    /// Reads a value; `None` if it is nested, null or no JSON.
    pub(super) fn of(json: &'a str) -> Option<Self> {
        let json = json.trim();
        match json {
            "true" => Some(Self::Boolean(true)),
            "false" => Some(Self::Boolean(false)),
            _ if json.starts_with('"') => json_path::string(json).map(Self::Text),
            _ => serde_json::from_str::<serde_json::Number>(json).is_ok().then_some(Self::Number(json)),
        }
    }

    fn whole(&self) -> Option<i64> {
        match self {
            Self::Text(text) => text.trim().parse().ok(),
            Self::Boolean(truth) => Some(i64::from(*truth)),
            Self::Number(written) if !written.contains(['.', 'e', 'E']) => written.parse().ok(),
            // the scale is that of a whole number
            Self::Number(written) => decimal(written, 0).and_then(|number| number.try_into().ok()),
        }
    }

    /// As DuckDB casts it: a number with a fraction as a double, whose halves go to the even number.
    fn whole_to_even(&self) -> Option<i64> {
        match self {
            Self::Number(written) if written.contains(['.', 'e', 'E']) => {
                let rounded = written.parse::<f64>().ok()?.round_ties_even();
                format!("{rounded:.0}").parse().ok()
            }
            other => other.whole(),
        }
    }

    fn double(&self) -> Option<f64> {
        match self {
            Self::Text(text) => floating(text),
            Self::Number(written) => written.parse().ok(),
            Self::Boolean(truth) => Some(f64::from(u8::from(*truth))),
        }
    }

    fn real(&self) -> Option<f32> {
        match self {
            Self::Text(text) => floating(text),
            Self::Number(written) => written.parse().ok(),
            Self::Boolean(truth) => Some(f32::from(u8::from(*truth))),
        }
    }

    fn boolean(&self) -> Option<bool> {
        match self {
            Self::Boolean(truth) => Some(*truth),
            Self::Number(_) => self.double().map(|number| number != 0.0),
            Self::Text(text) => match text.to_ascii_lowercase().as_str() {
                "true" | "t" | "1" => Some(true),
                "false" | "f" | "0" => Some(false),
                _ => None,
            },
        }
    }

    /// Units of the last place of a decimal.
    fn units(&self, scale: i8) -> Option<i128> {
        match self {
            Self::Text(text) => decimal(text.trim(), scale),
            Self::Number(written) => decimal(written, scale),
            Self::Boolean(truth) => decimal(if *truth { "1" } else { "0" }, scale),
        }
    }
}

/// The number that a text is; names of infinities and of what is no number as Trino writes them.
fn floating<T: std::str::FromStr>(text: &str) -> Option<T> {
    let text = text.trim();
    let is_named = matches!(text.trim_start_matches(['+', '-']), "Infinity" | "NaN");
    (is_named || text.contains(|letter: char| letter.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// A number as units of its `scale`th place behind the point, halves rounded away from zero.
pub(super) fn decimal(written: &str, scale: i8) -> Option<i128> {
    let (is_negative, unsigned) = match written.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, written.strip_prefix('+').unwrap_or(written)),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let kept = i64::try_from(whole.len()).ok()? + i64::from(exponent) + i64::from(scale);
    let Ok(kept) = usize::try_from(kept) else { return Some(0) };
    let mut units: i128 = 0;
    for at in 0..kept {
        if at >= digits.len() && units == 0 {
            break;
        }
        let digit = digits.get(at).map_or(0, |digit| i128::from(digit - b'0'));
        units = units.checked_mul(10)?.checked_add(digit)?;
    }
    if digits.get(kept).is_some_and(|digit| *digit >= b'5') {
        units += 1;
    }
    Some(if is_negative { -units } else { units })
}

/// The whole number that JSON is for DuckDB.
pub(super) fn whole_to_even(json: &str) -> Option<i64> {
    Scalar::of(json)?.whole_to_even()
}

/// Values of a number, a boolean or a time.
pub(super) fn array<'a>(kind: &DataType, values: impl Iterator<Item = Option<Scalar<'a>>>) -> Result<ArrayRef> {
    Ok(match kind {
        DataType::Boolean => Arc::new(values.map(|value| value?.boolean()).collect::<BooleanArray>()),
        DataType::Float64 => Arc::new(values.map(|value| value?.double()).collect::<Float64Array>()),
        DataType::Float32 => Arc::new(values.map(|value| value?.real()).collect::<Float32Array>()),
        DataType::Decimal128(digits, scale) => {
            let most = 10_i128.checked_pow(u32::from(*digits));
            let fits = |units: &i128| most.is_none_or(|most| units.checked_abs().is_some_and(|units| units < most));
            let units = values.map(|value| value?.units(*scale).filter(fits));
            Arc::new(units.collect::<Decimal128Array>().with_precision_and_scale(*digits, *scale)?)
        }
        kind if kind.is_integer() => {
            let numbers: Int64Array = values.map(|value| value?.whole()).collect();
            safely(&numbers, kind)?
        }
        // Trino has no such cast; what the text of a time says is worth more than nothing
        kind => {
            let text = |value: Option<Scalar<'a>>| match value? {
                Scalar::Text(text) => Some(text),
                _ => None,
            };
            safely(&values.map(text).collect::<StringArray>(), kind)?
        }
    })
}

/// Null where it does not fit.
fn safely(values: &dyn arrow::array::Array, kind: &DataType) -> Result<ArrayRef> {
    Ok(cast_with_options(values, kind, &CastOptions { safe: true, ..CastOptions::default() })?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_to_their_places() {
        for (written, scale, expected) in [
            ("2.5", 0, Some(3)),
            ("-2.5", 0, Some(-3)),
            ("2.49999", 0, Some(2)),
            ("12", 2, Some(1200)),
            ("1.005", 2, Some(101)),
            ("15e-1", 0, Some(2)),
            ("1.5E3", 1, Some(15000)),
            ("0.4e-9", 2, Some(0)),
            ("0e999999999", 2, Some(0)),
            (".5", 0, Some(1)),
            ("1e999999999", 0, None),
            ("1e99999999999", 0, None),
            ("", 0, None),
            ("-", 0, None),
            ("1x", 0, None),
        ] {
            assert_eq!(decimal(written, scale), expected, "{written}");
        }
    }

    #[test]
    fn json_is_told_by_how_it_is_written() {
        assert!(matches!(Scalar::of(" 12 "), Some(Scalar::Number("12"))));
        assert!(matches!(Scalar::of("\"12\""), Some(Scalar::Text(text)) if text == "12"));
        assert!(matches!(Scalar::of("true"), Some(Scalar::Boolean(true))));
        for none in ["null", "{}", "[1]", "x", "", "01", "+1", "nan"] {
            assert!(Scalar::of(none).is_none(), "{none}");
        }
    }
}
