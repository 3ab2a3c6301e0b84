//! Looks for a value inside of JSON: DuckDB's `json_contains`, Trino's `json_array_contains`.

use std::sync::Arc;

use arrow::array::BooleanArray;
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, Volatility};
use serde_json::Value;

use super::arguments::{Texts, result, rows, texts};
use super::json::any_text;
use super::json_path;
use super::scalar::{Definition, Kind};

pub(super) const FUNCTIONS: &[Definition] = &[
    Definition {
        name: "json_contains_value",
        arguments: &[Kind::Text, Kind::Text],
        required: 2,
        returns: |_| DataType::Boolean,
        volatility: Volatility::Immutable,
        body: contains_value,
        call: "json_contains_value(json, needle)",
        meaning: "DuckDB's `json_contains`: whether the needle, JSON text, occurs at any depth; of objects a part of the \
                  members is enough, of arrays a part of the elements",
    },
    Definition {
        name: "json_array_contains",
        arguments: &[Kind::Text, Kind::Text],
        required: 2,
        returns: |_| DataType::Boolean,
        volatility: Volatility::Immutable,
        body: array_contains,
        call: "json_array_contains(json, value)",
        meaning: "whether a JSON array has an element with this text",
    },
];

fn contains_value(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let (json, needles) = (texts(args, 0)?, texts(args, 1)?);
    let constant = match &needles {
        Texts::Same(Some(needle)) => parse_needle(needle),
        _ => None,
    };
    let answer = |row: usize| {
        let haystack: Value = serde_json::from_str(json.get(row)?).ok()?;
        let text = needles.get(row)?;
        match &constant {
            Some(needle) => Some(contains(&haystack, needle)),
            None => Some(contains(&haystack, &parse_needle(text)?)),
        }
    };
    let truths: BooleanArray = (0..rows(args)).map(answer).collect();
    result(args, Arc::new(truths))
}

/// A needle that is no JSON is a string.
fn parse_needle(text: &str) -> Option<Value> {
    Some(serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())))
}

fn contains(haystack: &Value, needle: &Value) -> bool {
    is_part(haystack, needle)
        || match haystack {
            Value::Object(members) => members.values().any(|value| contains(value, needle)),
            Value::Array(elements) => elements.iter().any(|value| contains(value, needle)),
            _ => false,
        }
}

/// Whether `needle` is `haystack`, or an object or array with some of what it has.
fn is_part(haystack: &Value, needle: &Value) -> bool {
    match (haystack, needle) {
        (Value::Object(haystack), Value::Object(needle)) => {
            needle.iter().all(|(name, value)| haystack.get(name).is_some_and(|found| is_part(found, value)))
        }
        (Value::Array(haystack), Value::Array(needle)) => {
            needle.iter().all(|value| haystack.iter().any(|found| is_part(found, value)))
        }
        _ => haystack == needle,
    }
}

fn array_contains(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let (json, values) = (texts(args, 0)?, texts(args, 1)?);
    let answer = |row: usize| {
        let elements = json_path::elements(json.get(row)?)?;
        let value = values.get(row)?;
        Some(elements.into_iter().any(|element| any_text(element).as_deref() == Some(value)))
    };
    let truths: BooleanArray = (0..rows(args)).map(answer).collect();
    result(args, Arc::new(truths))
}
