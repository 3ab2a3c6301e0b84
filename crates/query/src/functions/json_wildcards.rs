//! JSONPaths that lead to several values, `$.items[*].id` and `$..id`: DuckDB gives a list of them.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{ListBuilder, StringBuilder};
use arrow::datatypes::{DataType, Field};
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};

use super::arguments::{result, rows, texts};
use super::json::{any_text, compacted, valid};
use super::json_path::{self, Step};
use super::scalar::{Definition, Kind, define};

use Kind::Text;

#[rustfmt::skip]
pub(super) const FUNCTIONS: &[Definition] = &[
    define("json_every", &[Text, Text], list_of_text, json_every, "json_every(json, '$.a[*].b')", "DuckDB's `->` with a path that leads to several values: a list of JSON texts"),
    define("json_every_text", &[Text, Text], list_of_text, json_every_text, "json_every_text(json, '$.a[*].b')", "DuckDB's `->>` with such a path: a list of texts"),
];

fn list_of_text(_: &[DataType]) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true)))
}

/// One step of such a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    One(Step),
    EveryMember,
    EveryElement,
    /// What follows is looked for at any depth.
    Anywhere,
}

/// Whether a text is a path that leads to several values.
pub(super) fn is_several(path: &str) -> bool {
    parse(path).is_some_and(|parts| parts.iter().any(|part| !matches!(part, Part::One(_))))
}

fn parse(text: &str) -> Option<Vec<Part>> {
    let mut rest = text.trim().strip_prefix('$')?;
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let (part, after) = part(rest)?;
        parts.push(part);
        rest = after;
    }
    // nothing stands behind the depths
    (parts.last() != Some(&Part::Anywhere)).then_some(parts)
}

fn part(text: &str) -> Option<(Part, &str)> {
    if let Some(after) = text.strip_prefix(".**") {
        return Some((Part::Anywhere, after));
    }
    if let Some(after) = text.strip_prefix("..") {
        // `..name` has no dot of its own
        let is_subscript = after.starts_with('[');
        return Some((Part::Anywhere, if is_subscript { after } else { &text[1..] }));
    }
    if let Some(after) = text.strip_prefix(".*") {
        return Some((Part::EveryMember, after));
    }
    if let Some(after) = text.strip_prefix("[*]") {
        return Some((Part::EveryElement, after));
    }
    if let Some(after) = text.strip_prefix('.') {
        let (name, after) = json_path::member_name(after)?;
        return Some((Part::One(Step::Member(name)), after));
    }
    let (step, after) = json_path::subscript(text.strip_prefix('[')?)?;
    Some((Part::One(step), after))
}

/// What is at the path, in the order in which it is written.
fn find<'a>(json: &'a str, path: &[Part], found: &mut Vec<&'a str>) {
    let Some((first, rest)) = path.split_first() else {
        found.push(json);
        return;
    };
    match first {
        Part::One(step) => {
            if let Some(value) = json_path::find(json, std::slice::from_ref(step)) {
                find(value, rest, found);
            }
        }
        Part::EveryMember => members(json).into_iter().for_each(|value| find(value, rest, found)),
        Part::EveryElement => elements(json).into_iter().for_each(|value| find(value, rest, found)),
        Part::Anywhere => anywhere(json, rest, found),
    }
}

fn anywhere<'a>(json: &'a str, rest: &[Part], found: &mut Vec<&'a str>) {
    let inside: Vec<&str> = members(json).into_iter().chain(elements(json)).collect();
    match rest.split_first() {
        // at any depth, elements are as good as members
        Some((Part::EveryMember, rest)) => inside.iter().for_each(|value| find(value, rest, found)),
        _ => find(json, rest, found),
    }
    inside.into_iter().filter(|value| json_path::is_nested(value)).for_each(|value| anywhere(value, rest, found));
}

fn members(json: &str) -> Vec<&str> {
    json_path::members(json).into_iter().flatten().map(|(_, value)| value).collect()
}

fn elements(json: &str) -> Vec<&str> {
    json_path::elements(json).unwrap_or_default()
}

fn every(args: &ScalarFunctionArgs, convert: for<'a> fn(&'a str) -> Option<Cow<'a, str>>) -> Result<ColumnarValue> {
    let (json, paths) = (texts(args, 0)?, texts(args, 1)?);
    let mut builder = ListBuilder::new(StringBuilder::new());
    for row in 0..rows(args) {
        let (Some(json), Some(path)) = (json.get(row).and_then(valid), paths.get(row)) else {
            builder.append(false);
            continue;
        };
        let Some(parts) = parse(path) else {
            return exec_err!("`{path}` is no JSONPath of members, subscripts and stars, such as $.a[*].b");
        };
        let mut found = Vec::new();
        find(json, &parts, &mut found);
        found.into_iter().for_each(|value| builder.values().append_option(convert(value)));
        builder.append(true);
    }
    result(args, Arc::new(builder.finish()))
}

fn json_every(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    every(args, compacted)
}

fn json_every_text(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    every(args, any_text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_find_all_values_in_their_order() {
        let json = r#"{"a":{"c":3},"b":{"c":{"c":1}},"l":[{"x":1},{"x":null},{"y":[2]},5],"d e":[7]}"#;
        let at = |path: &str| {
            let mut found = Vec::new();
            find(json, &parse(path).unwrap(), &mut found);
            found
        };
        assert_eq!(at("$.l[*].x"), ["1", "null"]);
        assert_eq!(at("$.*.c"), ["3", "{\"c\":1}"]);
        assert_eq!(at("$..c"), ["3", "{\"c\":1}", "1"]);
        assert_eq!(at("$.**.c"), at("$..c"));
        assert_eq!(at("$.l..[0]"), ["{\"x\":1}", "2"]);
        assert_eq!(at("$.\"d e\"[*]"), ["7"]);
        assert_eq!(at("$.l..*").len(), 8);
        assert_eq!(at("$.a[*]"), [""; 0]);
        for several in ["$[*]", "$.*", "$..a", "$.a[*][0]"] {
            assert!(is_several(several), "{several}");
        }
        for other in ["$", "$.a", "a[*]", "$..", "$.**", "$.a[?(@.b)]", "$.a[1:2]", "*"] {
            assert!(!is_several(other), "{other}");
        }
    }
}
