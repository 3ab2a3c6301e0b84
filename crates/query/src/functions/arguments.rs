//! The arguments of a function as the bodies want them: a text or a number for each row, constants without a copy a row.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, StringArray};
use arrow::datatypes::Int64Type;
use datafusion::common::{ScalarValue, internal_err};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};

/// A text for each row.
pub(super) enum Texts {
    Same(Option<String>),
    Each(StringArray),
}

impl Texts {
    pub(super) fn get(&self, row: usize) -> Option<&str> {
        match self {
            Self::Same(text) => text.as_deref(),
            Self::Each(array) => array.is_valid(row).then(|| array.value(row)),
        }
    }
}

/// The argument at `index` as text. Arguments are coerced to `Utf8` before a body sees them.
pub(super) fn texts(args: &ScalarFunctionArgs, index: usize) -> Result<Texts> {
    match args.args.get(index) {
        Some(ColumnarValue::Scalar(value)) => match value.try_as_str() {
            Some(text) => Ok(Texts::Same(text.map(str::to_owned))),
            None => internal_err!("the argument is not text"),
        },
        Some(ColumnarValue::Array(array)) => match array.as_string_opt::<i32>() {
            Some(array) => Ok(Texts::Each(array.clone())),
            None => internal_err!("the argument is not text"),
        },
        None => Ok(Texts::Same(None)),
    }
}

/// A number for each row.
pub(super) enum Integers {
    Same(Option<i64>),
    Each(Int64Array),
}

impl Integers {
    pub(super) fn get(&self, row: usize) -> Option<i64> {
        match self {
            Self::Same(number) => *number,
            Self::Each(array) => array.is_valid(row).then(|| array.value(row)),
        }
    }
}

/// The argument at `index` as whole numbers.
pub(super) fn integers(args: &ScalarFunctionArgs, index: usize) -> Result<Integers> {
    match args.args.get(index) {
        Some(ColumnarValue::Scalar(ScalarValue::Int64(number))) => Ok(Integers::Same(*number)),
        Some(ColumnarValue::Array(array)) => match array.as_primitive_opt::<Int64Type>() {
            Some(array) => Ok(Integers::Each(array.clone())),
            None => internal_err!("the argument is not a whole number"),
        },
        None => Ok(Integers::Same(None)),
        Some(ColumnarValue::Scalar(_)) => internal_err!("the argument is not a whole number"),
    }
}

/// Rows that a body has to compute: one if every argument is a constant.
pub(super) fn rows(args: &ScalarFunctionArgs) -> usize {
    let constant = args.args.iter().all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
    if constant && !args.args.is_empty() { 1 } else { args.number_rows }
}

/// What a body has computed, as a constant again if it came from constants.
pub(super) fn result(args: &ScalarFunctionArgs, array: ArrayRef) -> Result<ColumnarValue> {
    let constant = args.args.iter().all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
    if constant && !args.args.is_empty() {
        return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?));
    }
    Ok(ColumnarValue::Array(array))
}

/// The argument at `index` as an array of the rows that [`rows`] counts.
pub(super) fn array(args: &ScalarFunctionArgs, index: usize) -> Result<ArrayRef> {
    match args.args.get(index) {
        Some(argument) => argument.to_array(rows(args)),
        None => internal_err!("an argument is missing"),
    }
}

/// Computes a text for each row.
pub(super) fn each_text(
    args: &ScalarFunctionArgs,
    compute: impl FnMut(usize) -> Option<String>,
) -> Result<ColumnarValue> {
    let array: StringArray = (0..rows(args)).map(compute).collect();
    result(args, Arc::new(array))
}
