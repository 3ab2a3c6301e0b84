//! Bytes and their texts, and buckets of numbers: small functions of Trino.

use std::sync::Arc;

use arrow::array::{Array as _, AsArray as _, BinaryBuilder, Int64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, Volatility};

use super::arguments::{array, each_text, integers, result, rows};
use super::scalar::{Definition, Kind};

#[rustfmt::skip]
pub(super) const FUNCTIONS: &[Definition] = &[
    Definition { name: "utf8_text", arguments: &[Kind::Any], required: 1, returns: |_| DataType::Utf8, volatility: Volatility::Immutable, body: utf8_text, call: "utf8_text(bytes)", meaning: "Trino's `from_utf8`: the text of bytes, with `\u{fffd}` for what is none" },
    Definition { name: "try_decode", arguments: &[Kind::Text, Kind::Text], required: 2, returns: |_| DataType::Binary, volatility: Volatility::Immutable, body: try_decode, call: "try_decode(text, 'base64pad')", meaning: "bytes that a text stands for, as `decode` reads them; null for what is malformed" },
    Definition { name: "width_bucket", arguments: &[Kind::Number, Kind::Number, Kind::Number, Kind::Integer], required: 4, returns: |_| DataType::Int64, volatility: Volatility::Immutable, body: width_bucket, call: "width_bucket(x, low, high, n)", meaning: "which of `n` equal buckets between two numbers holds `x`, from 1; 0 below, n + 1 above" },
];

fn utf8_text(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let given = array(args, 0)?;
    if !matches!(given.data_type(), DataType::Binary | DataType::LargeBinary | DataType::BinaryView) {
        return result(args, cast(&given, &DataType::Utf8)?);
    }
    let given = cast(&given, &DataType::Binary)?;
    let given = given.as_binary::<i32>();
    each_text(args, |row| given.is_valid(row).then(|| String::from_utf8_lossy(given.value(row)).into_owned()))
}

/// Texts one by one, if one of them is malformed.
fn try_decode(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let decode = datafusion::functions::encoding::decode();
    let (given, encoding) = (array(args, 0)?, args.args.get(1).cloned());
    let Some(encoding) = encoding else { return exec_err!("an encoding is missing") };
    let given = cast(&given, &DataType::Binary)?;
    let decoded = |given: ColumnarValue, rows: usize| {
        let args = ScalarFunctionArgs { args: vec![given, encoding.clone()], number_rows: rows, ..args.clone() };
        decode.invoke_with_args(args)?.to_array(rows)
    };
    if let Ok(all) = decoded(ColumnarValue::Array(Arc::clone(&given)), rows(args)) {
        return result(args, all);
    }
    let mut found = BinaryBuilder::new();
    for row in 0..rows(args) {
        match decoded(ColumnarValue::Array(given.slice(row, 1)), 1) {
            Ok(one) if one.is_valid(0) => found.append_value(one.as_binary::<i32>().value(0)),
            _ => found.append_null(),
        }
    }
    result(args, Arc::new(found.finish()))
}

fn width_bucket(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let numbers = (0..3).map(|at| array(args, at)).collect::<Result<Vec<_>>>()?;
    let counts = integers(args, 3)?;
    let number = |at: usize, row: usize| {
        let array = numbers[at].as_primitive::<Float64Type>();
        array.is_valid(row).then(|| array.value(row))
    };
    let mut found = Int64Array::builder(rows(args));
    for row in 0..rows(args) {
        let (Some(x), Some(low), Some(high), Some(count)) =
            (number(0, row), number(1, row), number(2, row), counts.get(row))
        else {
            found.append_null();
            continue;
        };
        if count < 1 || low == high {
            return exec_err!("width_bucket takes two different bounds and one bucket or more");
        }
        found.append_value(bucket(x, low, high, count));
    }
    result(args, Arc::new(found.finish()))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a count of buckets is small")]
fn bucket(x: f64, low: f64, high: f64, count: i64) -> i64 {
    let share = (x - low) / (high - low);
    if share < 0.0 {
        0
    } else if share >= 1.0 {
        count + 1
    } else {
        (share * count as f64) as i64 + 1
    }
}
