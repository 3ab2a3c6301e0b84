//! `rounded(number)`: what Trino's casts to whole numbers make of fractions, halves away from zero. `rounded_to_even(number)`:
//! what DuckDB's make of them, halves of doubles to the even number beside them, and halves in texts away from zero.
//!
//! DataFusion's casts cut them off. What is no number with a fraction goes through.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray as _, StringArray};
use arrow::compute::unary;
use arrow::datatypes::{DataType, Decimal128Type, Float32Type, Float64Type};
use datafusion::common::plan_err;
use datafusion::error::Result;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use super::arguments::{array, result};
use super::json_scalars;
use super::{ROUNDED, ROUNDED_TO_EVEN};

/// One of the two.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Rounded {
    to_even: bool,
    signature: Signature,
}

impl Rounded {
    pub(super) fn both() -> [Self; 2] {
        [false, true].map(|to_even| Self { to_even, signature: Signature::user_defined(Volatility::Immutable) })
    }
}

/// Whether it is text, in any form.
fn is_text(kind: &DataType) -> bool {
    match kind {
        DataType::Dictionary(_, value) => value.is_string(),
        kind => kind.is_string(),
    }
}

/// The number that a text with a fraction or an exponent is, without its fraction; any other text as it is.
fn rounded_text(text: &str) -> Cow<'_, str> {
    let number = text.trim();
    let has_fraction = number.contains(['.', 'e', 'E']);
    match json_scalars::decimal(number, 0).filter(|_| has_fraction) {
        Some(whole) => Cow::Owned(whole.to_string()),
        None => Cow::Borrowed(text),
    }
}

/// Whether there may be a fraction.
fn has_fraction(kind: &DataType) -> bool {
    matches!(kind, DataType::Float64 | DataType::Float32 | DataType::Decimal128(_, 1..))
}

/// The numbers without fractions, of the same type; halves away from zero.
pub(super) fn rounded(numbers: &ArrayRef) -> Result<ArrayRef> {
    without_fractions(numbers, false)
}

fn without_fractions(numbers: &ArrayRef, to_even: bool) -> Result<ArrayRef> {
    Ok(match numbers.data_type() {
        DataType::Utf8 if to_even => {
            let texts = numbers.as_string::<i32>().iter();
            Arc::new(texts.map(|text| text.map(rounded_text)).collect::<StringArray>())
        }
        DataType::Float64 if to_even => {
            let doubles = numbers.as_primitive::<Float64Type>();
            Arc::new(unary::<_, _, Float64Type>(doubles, f64::round_ties_even))
        }
        DataType::Float32 if to_even => {
            let floats = numbers.as_primitive::<Float32Type>();
            Arc::new(unary::<_, _, Float32Type>(floats, f32::round_ties_even))
        }
        DataType::Float64 => Arc::new(unary::<_, _, Float64Type>(numbers.as_primitive::<Float64Type>(), f64::round)),
        DataType::Float32 => Arc::new(unary::<_, _, Float32Type>(numbers.as_primitive::<Float32Type>(), f32::round)),
        DataType::Decimal128(digits, scale @ 1..) => {
            let one = 10_i128.pow(u32::from(scale.unsigned_abs()));
            // 9.9 may get a digit more than its type has, which is cast away at once
            let round = |units: i128| units.saturating_add(one / 2 * units.signum()) / one * one;
            let whole = unary::<_, _, Decimal128Type>(numbers.as_primitive::<Decimal128Type>(), round);
            Arc::new(whole.with_precision_and_scale(*digits, *scale)?)
        }
        _ => Arc::clone(numbers),
    })
}

impl ScalarUDFImpl for Rounded {
    fn name(&self) -> &'static str {
        if self.to_even { ROUNDED_TO_EVEN } else { ROUNDED }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        match given {
            [one] if self.to_even && is_text(one) => Ok(vec![DataType::Utf8]),
            [one] => Ok(vec![one.clone()]),
            _ => plan_err!("{} takes one number", self.name()),
        }
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        match given {
            [one] => Ok(one.clone()),
            _ => plan_err!("{} takes one number", self.name()),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        result(&args, without_fractions(&array(&args, 0)?, self.to_even)?)
    }

    /// Nothing is left of it where there is no fraction.
    fn simplify(&self, args: Vec<Expr>, context: &SimplifyContext) -> Result<ExprSimplifyResult> {
        match args.as_slice() {
            [given] => {
                let kind = context.get_data_type(given)?;
                match has_fraction(&kind) || (self.to_even && is_text(&kind)) {
                    true => Ok(ExprSimplifyResult::Original(args)),
                    false => Ok(ExprSimplifyResult::Simplified(given.clone())),
                }
            }
            _ => Ok(ExprSimplifyResult::Original(args)),
        }
    }
}
