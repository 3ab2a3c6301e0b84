//! What Trino's `regexp_replace(text, pattern, groups -> …)` is made of: the groups of each match, and texts put together from
//! what lies between the matches and what the lambda makes of them.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray as _, ListBuilder, StringBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field};
use datafusion::common::plan_err;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};

use super::arguments::{array, result, rows, texts};
use super::scalar::{Definition, Kind, define};
use super::texts::Patterns;

#[rustfmt::skip]
pub(super) const FUNCTIONS: &[Definition] = &[
    define("regexp_groups", &[Kind::Text, Kind::Text], |_| list_of(list_of(DataType::Utf8)), regexp_groups, "regexp_groups(text, pattern)", "the groups of each match of a pattern, as a list of lists"),
    define("texts_woven", &[Kind::Any, Kind::Any], |_| DataType::Utf8, texts_woven, "texts_woven(texts, between)", "a text of the elements of one list with those of another between them; null if one is missing"),
];

fn list_of(kind: DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(kind, true)))
}

fn regexp_groups(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let (written, patterns) = (texts(args, 0)?, texts(args, 1)?);
    let mut known = Patterns::default();
    let mut found = ListBuilder::new(ListBuilder::new(StringBuilder::new()));
    for row in 0..rows(args) {
        let (Some(text), Some(pattern)) = (written.get(row), patterns.get(row)) else {
            found.append(false);
            continue;
        };
        for captures in known.get(pattern)?.captures_iter(text) {
            let groups = captures.iter().skip(1).map(|group| group.map(|group| group.as_str()));
            groups.for_each(|group| found.values().values().append_option(group));
            found.values().append(true);
        }
        found.append(true);
    }
    result(args, Arc::new(found.finish()))
}

fn texts_woven(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let (texts, between) = (lists(args, 0)?, lists(args, 1)?);
    let (texts, between) = (texts.as_list::<i32>(), between.as_list::<i32>());
    let mut found = StringBuilder::new();
    for row in 0..rows(args) {
        let is_there = texts.is_valid(row) && between.is_valid(row);
        found.append_option(is_there.then(|| woven(&texts.value(row), &between.value(row))).flatten());
    }
    result(args, Arc::new(found.finish()))
}

/// A list of texts, whatever its elements are.
fn lists(args: &ScalarFunctionArgs, index: usize) -> Result<ArrayRef> {
    let given = array(args, index)?;
    match given.data_type() {
        DataType::List(_) | DataType::LargeList(_) | DataType::Null => Ok(cast(&given, &list_of(DataType::Utf8))?),
        _ => plan_err!("texts_woven takes two lists"),
    }
}

fn woven(texts: &ArrayRef, between: &ArrayRef) -> Option<String> {
    let (texts, between) = (texts.as_string::<i32>(), between.as_string::<i32>());
    let mut out = String::new();
    for (at, text) in texts.iter().enumerate() {
        if at > 0 && at <= between.len() {
            out.push_str(between.is_valid(at - 1).then(|| between.value(at - 1))?);
        }
        out.push_str(text?);
    }
    Some(out)
}
