//! JSON by path: what Trino calls `json_extract`, DuckDB `->`, and dots on a JSON column.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Int64Array, ListBuilder, MapBuilder, MapFieldNames, StringArray, StringBuilder,
};
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};

use super::arguments::{Texts, each_text, integers, result, rows, texts};
use super::json_documents::Documents;
use super::json_path::{self, Path, Rule, Step};
use super::json_scalars;
use super::scalar::{Definition, Kind, define};

use Kind::{Integer, Text};

const fn text(_: &[DataType]) -> DataType {
    DataType::Utf8
}
const fn boolean(_: &[DataType]) -> DataType {
    DataType::Boolean
}
const fn integer(_: &[DataType]) -> DataType {
    DataType::Int64
}
fn list_of_text(_: &[DataType]) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true)))
}

/// A map from text to text, as the event data stores of CloudTrail Lake have them.
pub(super) fn map_type() -> DataType {
    let fields =
        Fields::from(vec![Field::new("key", DataType::Utf8, false), Field::new("value", DataType::Utf8, true)]);
    DataType::Map(Arc::new(Field::new("entries", DataType::Struct(fields), false)), false)
}

/// The names in [`map_type`], for builders.
pub(super) fn field_names() -> MapFieldNames {
    MapFieldNames { entry: "entries".to_owned(), key: "key".to_owned(), value: "value".to_owned() }
}

#[rustfmt::skip]
pub(super) const FUNCTIONS: &[Definition] = &[
    define("json_extract_scalar", &[Text, Text], text, extract_scalar, "json_extract_scalar(json, '$.path')", "text, number or boolean at a JSONPath as text; null for objects, arrays and what is not there"),
    define("json_extract", &[Text, Text], text, extract, "json_extract(json, '$.path')", "value at a JSONPath as JSON text, without blanks between its parts"),
    define("json_extract_string", &[Text, Text], text, extract_string, "json_extract_string(json, key)", "value at a JSONPath, a JSON pointer or a key as text; objects and arrays as JSON text"),
    define("json_arrow", &[Text, Text], text, arrow, "json_arrow(json, key)", "DuckDB's `->`: value at a key, JSONPath or index as JSON text"),
    define("json_arrow_text", &[Text, Text], text, extract_string, "json_arrow_text(json, key)", "DuckDB's `->>`: the same as text"),
    define("json_arrow_index", &[Text, Integer], text, arrow_index, "json_arrow_index(json, n)", "DuckDB's `-> n`: element from 0, from the end if negative, as JSON text"),
    define("json_arrow_text_index", &[Text, Integer], text, arrow_text_index, "json_arrow_text_index(json, n)", "DuckDB's `->> n`: the same as text"),
    define("json_array_get", &[Text, Integer], text, arrow_index, "json_array_get(json, n)", "element of a JSON array from 0, from the end if negative, as JSON text"),
    define("json_member", &[Text, Text], text, member, "json_member(json, '$.path')", "value behind dots on a JSON column, as text; names match exactly, else in any case"),
    define("json_text", &[Text], text, json_text, "json_text(json)", "content of a JSON string; other JSON stays as it is, JSON null is null"),
    define("json_array", &[Text], list_of_text, json_array, "json_array(json)", "elements of a JSON array as a list of JSON texts"),
    define("json_texts", &[Text], list_of_text, json_texts, "json_texts(json)", "elements of a JSON array as a list of texts"),
    define("json_parse", &[Text], text, whole, "json_parse(text)", "the text, which is taken for JSON, without blanks between its parts"),
    define("json_format", &[Text], text, whole, "json_format(json)", "the text of JSON, without blanks between its parts"),
    define("json_keys", &[Text], list_of_text, json_keys, "json_keys(json)", "names of the members of a JSON object"),
    define("json_map", &[Text], |_| map_type(), json_map, "json_map(json)", "members of a JSON object as a map of texts; nested values as compact JSON text"),
    define("json_array_length", &[Text], integer, array_length, "json_array_length(json)", "number of elements of a JSON array"),
    define("is_json_scalar", &[Text], boolean, is_scalar, "is_json_scalar(json)", "whether JSON text is a string, a number, a boolean or null"),
    define("json_whole", &[Text], integer, whole_number, "json_whole(json)", "DuckDB's cast of JSON to a whole number: halves go to the even one beside them; null for what is none"),
    define("json_size", &[Text, Text], integer, size, "json_size(json, '$.path')", "number of members or elements of the value at a JSONPath; 0 for scalars"),
];

/// Ways by row; a constant is read once.
enum Paths {
    Same(Option<Path>),
    Each(Texts, fn(&str) -> Option<Path>),
}

impl Paths {
    /// A constant that is no way is a mistake of whoever wrote the query; in a column it leads nowhere.
    fn new(texts: Texts, parse: fn(&str) -> Option<Path>) -> Result<Self> {
        match texts {
            Texts::Same(None) => Ok(Self::Same(None)),
            Texts::Same(Some(text)) => match parse(&text) {
                Some(path) => Ok(Self::Same(Some(path))),
                None => exec_err!("`{text}` is no JSONPath of members and subscripts, such as $.a[0].b"),
            },
            each @ Texts::Each(_) => Ok(Self::Each(each, parse)),
        }
    }

    fn of(&self, row: usize) -> Option<Cow<'_, [Step]>> {
        match self {
            Self::Same(path) => path.as_deref().map(Cow::Borrowed),
            Self::Each(texts, parse) => parse(texts.get(row)?).map(Cow::Owned),
        }
    }
}

/// Text made of a value that is valid JSON.
type Convert = for<'a> fn(&'a str) -> Option<Cow<'a, str>>;

fn by_path(
    args: &ScalarFunctionArgs,
    parse: fn(&str) -> Option<Path>,
    rule: Rule,
    convert: Convert,
) -> Result<ColumnarValue> {
    let mut json = Documents::new(args, 0)?;
    let paths = Paths::new(texts(args, 1)?, parse)?;
    let mut found = StringBuilder::with_capacity(rows(args), 0);
    for row in 0..rows(args) {
        let value = match paths.of(row) {
            // what was found inside of a text is valid; a path of no steps gives back whatever was there
            Some(path) if path.is_empty() => json.text(row).and_then(valid),
            Some(path) => json.find(row, &path, rule),
            None => None,
        };
        found.append_option(value.and_then(convert));
    }
    result(args, Arc::new(found.finish()))
}

fn key(text: &str) -> Option<Path> {
    Some(json_path::parse_key(text))
}

/// Text of a string, number or boolean.
pub(super) fn scalar_text(json: &str) -> Option<Cow<'_, str>> {
    let json = json.trim();
    match json.as_bytes().first()? {
        b'{' | b'[' => None,
        _ if json == "null" => None,
        b'"' => json_path::string(json),
        _ => valid(json).map(Cow::Borrowed),
    }
}

/// Text of any value but null; nested values without blanks between their parts.
pub(super) fn any_text(json: &str) -> Option<Cow<'_, str>> {
    if json_path::is_nested(json) { Some(compact(json.trim())) } else { scalar_text(json) }
}

/// The text itself, if it is JSON.
pub(super) fn valid(json: &str) -> Option<&str> {
    let json = json.trim();
    serde_json::from_str::<serde::de::IgnoredAny>(json).is_ok().then_some(json)
}

/// JSON as Trino and DuckDB write what they took out of it: without blanks between its parts.
pub(super) fn compacted(json: &str) -> Option<Cow<'_, str>> {
    Some(compact(json))
}

/// The text itself, in which only JSON loses blanks.
fn whole(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let json = texts(args, 0)?;
    let compact_at =
        |row| json.get(row).map(|json| if json_path::is_nested(json) { compact(json) } else { json.into() });
    let texts: Vec<Option<Cow<'_, str>>> = (0..rows(args)).map(compact_at).collect();
    if let (Some(given), true) =
        (args.args.first(), texts.iter().flatten().all(|text| matches!(text, Cow::Borrowed(_))))
    {
        // most JSON has no blanks, and its array need not be made again
        return Ok(given.clone());
    }
    result(args, Arc::new(texts.into_iter().collect::<StringArray>()))
}

pub(super) fn extract_scalar(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    by_path(args, json_path::parse, Rule::Exact, scalar_text)
}

pub(super) fn extract(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    by_path(args, json_path::parse, Rule::Exact, compacted)
}

fn extract_string(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    by_path(args, key, Rule::Exact, any_text)
}

fn arrow(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    by_path(args, key, Rule::Exact, compacted)
}

fn by_index(args: &ScalarFunctionArgs, convert: Convert) -> Result<ColumnarValue> {
    let (json, index) = (texts(args, 0)?, integers(args, 1)?);
    let find = |row| json_path::find(json.get(row)?, &[Step::Element(index.get(row)?)]);
    let found: StringArray = (0..rows(args)).map(|row| find(row).and_then(convert)).collect();
    result(args, Arc::new(found))
}

fn arrow_index(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    by_index(args, compacted)
}

fn arrow_text_index(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    by_index(args, any_text)
}

fn member(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    // dots of a query, so never from a column
    match texts(args, 1)? {
        Texts::Same(Some(way)) if json_path::parse(&way).is_some() => {
            by_path(args, json_path::parse, Rule::AnyCase, any_text)
        }
        _ => each_text(args, |_| None),
    }
}

fn json_text(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let json = texts(args, 0)?;
    each_text(args, |row| {
        let json = json.get(row)?.trim();
        if json == "null" {
            None
        } else {
            Some(json_path::string(json).map_or_else(|| json.to_owned(), |text| text.into_owned()))
        }
    })
}

fn elements(args: &ScalarFunctionArgs, convert: Convert) -> Result<ColumnarValue> {
    let json = texts(args, 0)?;
    let mut builder = ListBuilder::new(StringBuilder::new());
    for row in 0..rows(args) {
        let elements = json.get(row).and_then(json_path::elements);
        let found = elements.is_some();
        elements.into_iter().flatten().for_each(|item| builder.values().append_option(convert(item)));
        builder.append(found);
    }
    result(args, Arc::new(builder.finish()))
}

pub(super) fn json_array(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    elements(args, compacted)
}

pub(super) fn json_texts(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    elements(args, any_text)
}

fn json_keys(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let mut json = Documents::new(args, 0)?;
    let mut builder = ListBuilder::new(StringBuilder::new());
    for row in 0..rows(args) {
        let members = json.members(row);
        let found = members.is_some();
        members.into_iter().flatten().for_each(|(name, _)| builder.values().append_value(name));
        builder.append(found);
    }
    result(args, Arc::new(builder.finish()))
}

pub(super) fn json_map(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let mut json = Documents::new(args, 0)?;
    let mut builder = MapBuilder::new(Some(field_names()), StringBuilder::new(), StringBuilder::new());
    for row in 0..rows(args) {
        let members = json.members(row);
        let found = members.is_some();
        for (name, value) in members.into_iter().flatten() {
            builder.keys().append_value(name);
            builder.values().append_option(any_text(value));
        }
        builder.append(found)?;
    }
    result(args, Arc::new(builder.finish()))
}

/// JSON without blanks between its parts; names, numbers and order stay. It is copied only if there are any.
fn compact(json: &str) -> Cow<'_, str> {
    let (mut out, mut copied) = (String::new(), 0);
    let (mut in_string, mut escaped) = (false, false);
    for (at, byte) in json.bytes().enumerate() {
        if !in_string && byte.is_ascii_whitespace() {
            out.push_str(&json[copied..at]);
            copied = at + 1;
        }
        in_string = in_string != (byte == b'"' && !escaped);
        escaped = in_string && byte == b'\\' && !escaped;
    }
    if copied == 0 {
        return Cow::Borrowed(json);
    }
    out.push_str(&json[copied..]);
    Cow::Owned(out)
}

fn array_length(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let json = texts(args, 0)?;
    let length = |row| i64::try_from(json_path::elements(json.get(row)?)?.len()).ok();
    let lengths: Int64Array = (0..rows(args)).map(length).collect();
    result(args, Arc::new(lengths))
}

fn is_scalar(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let json = texts(args, 0)?;
    let is_scalar = |row| valid(json.get(row)?).map(|json| !json_path::is_nested(json));
    let truths: BooleanArray = (0..rows(args)).map(is_scalar).collect();
    result(args, Arc::new(truths) as ArrayRef)
}

fn whole_number(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let json = texts(args, 0)?;
    let numbers: Int64Array = (0..rows(args)).map(|row| json_scalars::whole_to_even(json.get(row)?)).collect();
    result(args, Arc::new(numbers))
}

fn size(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let mut json = Documents::new(args, 0)?;
    let paths = Paths::new(texts(args, 1)?, json_path::parse)?;
    let size = |row| {
        let value = json.find(row, &paths.of(row)?, Rule::Exact)?;
        let members = json_path::members(value).map(|members| members.len());
        let size = members.or_else(|| json_path::elements(value).map(|elements| elements.len()));
        i64::try_from(size.unwrap_or(0)).ok()
    };
    let sizes: Int64Array = (0..rows(args)).map(size).collect();
    result(args, Arc::new(sizes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_blanks_between_parts_are_left_out() {
        for (json, expected) in [
            (r#"{"a": {"b" : 1}}"#, r#"{"a":{"b":1}}"#),
            ("[ 1,\n\t2 ]", "[1,2]"),
            (r#"{"a b":"c \" d" , "\\": " "}"#, r#"{"a b":"c \" d","\\":" "}"#),
            (" \"é x\" ", "\"é x\""),
        ] {
            assert_eq!(compact(json), expected);
            assert!(matches!(compact(expected), Cow::Borrowed(_)));
        }
    }
}
