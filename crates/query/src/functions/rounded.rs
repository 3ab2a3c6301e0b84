//! `rounded(number)`: what Trino's casts to whole numbers make of fractions, halves away from zero.
//!
//! DataFusion's casts cut them off. What is no number with a fraction goes through.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray as _};
use arrow::compute::unary;
use arrow::datatypes::{DataType, Decimal128Type, Float32Type, Float64Type};
use datafusion::common::plan_err;
use datafusion::error::Result;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use super::ROUNDED;
use super::arguments::{array, result};

/// `rounded(number)`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Rounded(Signature);

impl Rounded {
    pub(super) fn new() -> Self {
        Self(Signature::user_defined(Volatility::Immutable))
    }
}

/// Whether there may be a fraction.
fn has_fraction(kind: &DataType) -> bool {
    matches!(kind, DataType::Float64 | DataType::Float32 | DataType::Decimal128(_, 1..))
}

/// The numbers without fractions, of the same type.
pub(super) fn rounded(numbers: &ArrayRef) -> Result<ArrayRef> {
    Ok(match numbers.data_type() {
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
        ROUNDED
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        match given {
            [one] => Ok(vec![one.clone()]),
            _ => plan_err!("rounded takes one number"),
        }
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        match given {
            [one] => Ok(one.clone()),
            _ => plan_err!("rounded takes one number"),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        result(&args, rounded(&array(&args, 0)?)?)
    }

    /// Nothing is left of it where there is no fraction.
    fn simplify(&self, args: Vec<Expr>, context: &SimplifyContext) -> Result<ExprSimplifyResult> {
        match args.as_slice() {
            [given] if !has_fraction(&context.get_data_type(given)?) => {
                Ok(ExprSimplifyResult::Simplified(given.clone()))
            }
            _ => Ok(ExprSimplifyResult::Original(args)),
        }
    }
}
