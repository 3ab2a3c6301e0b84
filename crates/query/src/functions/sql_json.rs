//! SQL/JSON's paths, `lax $.items[*].id`, as Trino's `json_value`, `json_query` and `json_exists` take them.
//!
//! A path without a mode is one of `json_path`, whose members are noted once a batch. In `lax` mode a member of an array is
//! that of each of its elements, and what is no array is an array of one; in `strict` mode both are errors, which give null.

use std::sync::Arc;

use arrow::array::{BooleanBuilder, StringBuilder};
use arrow::datatypes::DataType;
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};

use super::arguments::{Texts, result, rows, texts};
use super::json::{compacted, extract, extract_scalar, scalar_text, valid};
use super::json_path;
use super::scalar::{Definition, Kind, define};

use Kind::Text;

#[rustfmt::skip]
pub(super) const FUNCTIONS: &[Definition] = &[
    define("json_value", &[Text, Text, Text, Text, Text], |_| DataType::Utf8, json_value, "json_value(json, '$.path')", "as `json_extract_scalar`; also with `lax` or `strict` paths, `RETURNING`, `DEFAULT … ON EMPTY` and `ON ERROR`, `ERROR ON EMPTY`").needing(2),
    define("json_query", &[Text, Text, Text, Text, Text, Text], |_| DataType::Utf8, json_query, "json_query(json, '$.path')", "as `json_extract`; also with `lax` or `strict` paths, `WITH ARRAY WRAPPER`, `OMIT QUOTES`, `EMPTY ARRAY ON EMPTY`, `ERROR ON EMPTY`").needing(2),
    define("json_exists", &[Text, Text, Text], |_| DataType::Boolean, json_exists, "json_exists(json, 'lax $.path')", "whether there is a value at a path; null for null; also with `TRUE`, `UNKNOWN` and `ERROR ON ERROR`").needing(2),
];

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Member(String),
    AnyMember,
    AnyElement,
    /// From one place to another; both are the same for one element.
    Elements(Vec<(Place, Place)>),
}

/// A place in an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    First(usize),
    /// So many before the last one.
    Last(usize),
}

impl Place {
    fn parse(text: &str) -> Option<Self> {
        let Some(rest) = text.trim().strip_prefix("last") else { return Some(Self::First(text.trim().parse().ok()?)) };
        match rest.trim() {
            "" => Some(Self::Last(0)),
            rest => Some(Self::Last(rest.strip_prefix('-')?.trim().parse().ok()?)),
        }
    }

    fn index(self, length: usize) -> Option<usize> {
        match self {
            Self::First(index) => Some(index),
            Self::Last(before) => length.checked_sub(before + 1),
        }
    }
}

/// A path with its mode.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Path {
    strict: bool,
    steps: Vec<Step>,
}

/// Whether a text is a path that `json_value` and its kin take.
pub(crate) fn is_path(text: &str) -> bool {
    json_path::parse(text).is_some() || Path::parse(text).is_some()
}

impl Path {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (strict, path) = match (text.strip_prefix("strict "), text.strip_prefix("lax ")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => (false, text),
        };
        let mut rest = path.trim().strip_prefix('$')?.trim_start();
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (step, after) = match rest.strip_prefix('.') {
                Some(after) => member(after.trim_start())?,
                None => elements(rest.strip_prefix('[')?)?,
            };
            steps.push(step);
            rest = after.trim_start();
        }
        Some(Self { strict, steps })
    }

    /// What is there, as it is written; `None` if the path does not fit the value.
    fn find<'a>(&self, json: &'a str) -> Option<Vec<&'a str>> {
        let mut found = vec![valid(json)?];
        for step in &self.steps {
            let mut next = Vec::new();
            for value in found {
                self.step(step, value, &mut next)?;
            }
            found = next;
        }
        Some(found)
    }

    fn step<'a>(&self, step: &Step, value: &'a str, found: &mut Vec<&'a str>) -> Option<()> {
        match step {
            Step::Member(_) | Step::AnyMember => {
                if let (false, Some(elements)) = (self.strict, json_path::elements(value)) {
                    return elements.into_iter().try_for_each(|element| self.of_object(step, element, found));
                }
                self.of_object(step, value, found)
            }
            Step::AnyElement | Step::Elements(_) => {
                let elements = match json_path::elements(value) {
                    Some(elements) => elements,
                    None if self.strict => return None,
                    None => vec![value],
                };
                self.of_array(step, &elements, found)
            }
        }
    }

    fn of_object<'a>(&self, step: &Step, value: &'a str, found: &mut Vec<&'a str>) -> Option<()> {
        let members = match json_path::members(value) {
            Some(members) => members,
            None => return (!self.strict).then_some(()),
        };
        let Step::Member(wanted) = step else {
            found.extend(members.into_iter().map(|(_, value)| value));
            return Some(());
        };
        match members.into_iter().find(|(name, _)| name == wanted) {
            Some((_, value)) => found.push(value),
            None if self.strict => return None,
            None => {}
        }
        Some(())
    }

    fn of_array<'a>(&self, step: &Step, elements: &[&'a str], found: &mut Vec<&'a str>) -> Option<()> {
        let Step::Elements(places) = step else {
            found.extend(elements);
            return Some(());
        };
        for (from, to) in places {
            match (from.index(elements.len()), to.index(elements.len())) {
                (Some(from), Some(to)) if from <= to && to < elements.len() => found.extend(&elements[from..=to]),
                _ if self.strict => return None,
                (Some(from), Some(to)) => found.extend(elements.iter().take(to + 1).skip(from)),
                _ => {}
            }
        }
        Some(())
    }
}

/// The member that begins here, and what is behind it.
fn member(text: &str) -> Option<(Step, &str)> {
    if let Some(rest) = text.strip_prefix('*') {
        return Some((Step::AnyMember, rest));
    }
    if let Some(quoted) = text.strip_prefix('"') {
        let (name, rest) = quoted.split_once('"')?;
        return Some((Step::Member(name.to_owned()), rest));
    }
    let end = text.find(['.', '[', ' ', '(', '?']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    // methods and filters are no members
    let is_name = !name.is_empty() && !rest.trim_start().starts_with(['(', '?']);
    is_name.then(|| (Step::Member(name.to_owned()), rest))
}

/// What stands between brackets, without the first, and what is behind them.
fn elements(text: &str) -> Option<(Step, &str)> {
    let (inside, rest) = text.split_once(']')?;
    if inside.trim() == "*" {
        return Some((Step::AnyElement, rest));
    }
    let name = inside.trim().strip_prefix(['"', '\'']).and_then(|name| name.strip_suffix(['"', '\'']));
    if let Some(name) = name {
        return Some((Step::Member(name.to_owned()), rest));
    }
    let range = |text: &str| match text.split_once(" to ") {
        Some((from, to)) => Some((Place::parse(from)?, Place::parse(to)?)),
        None => Place::parse(text).map(|place| (place, place)),
    };
    Some((Step::Elements(inside.split(',').map(range).collect::<Option<_>>()?), rest))
}

/// Paths by row; a constant is read once.
enum Paths {
    Same(Option<Path>),
    Each(Texts),
}

impl Paths {
    fn new(texts: Texts) -> Result<Self> {
        match texts {
            Texts::Same(None) => Ok(Self::Same(None)),
            Texts::Same(Some(text)) => match Path::parse(&text) {
                Some(path) => Ok(Self::Same(Some(path))),
                None => exec_err!("`{text}` is no path of members and subscripts, such as 'lax $.a[*].b'"),
            },
            each @ Texts::Each(_) => Ok(Self::Each(each)),
        }
    }

    /// What is at the path of a row: `None` for nulls, `Some(None)` if the path does not fit.
    fn find<'a>(&self, row: usize, json: &'a Texts) -> Option<Option<Vec<&'a str>>> {
        let json = json.get(row)?;
        match self {
            Self::Same(path) => Some(path.as_ref()?.find(json)),
            Self::Each(texts) => Some(Path::parse(texts.get(row)?)?.find(json)),
        }
    }
}

/// Whether the call has nothing of SQL/JSON, and takes the way of all other functions.
fn is_plain(args: &ScalarFunctionArgs) -> Result<bool> {
    let is_plain = matches!(texts(args, 1)?, Texts::Same(Some(path)) if json_path::parse(&path).is_some());
    Ok(is_plain && args.args.len() == 2)
}

/// What ends the query, as its clauses say.
struct Ends {
    function: &'static str,
    on_empty: bool,
    on_error: bool,
}

impl Ends {
    fn new(function: &'static str, args: &ScalarFunctionArgs, index: usize) -> Result<Self> {
        let Texts::Same(Some(clauses)) = texts(args, index)? else {
            return Ok(Self { function, on_empty: false, on_error: false });
        };
        let has = |clause: &str| clauses.split(' ').any(|word| word == clause);
        Ok(Self { function, on_empty: has("empty"), on_error: has("error") })
    }

    fn or_empty<T>(&self, value: Option<T>) -> Result<Option<T>> {
        if self.on_empty {
            return exec_err!("`{}` finds nothing at its path, and is told to end with an error then", self.function);
        }
        Ok(value)
    }

    fn or_error<T>(&self, value: Option<T>) -> Result<Option<T>> {
        if self.on_error {
            return exec_err!("`{}` is given what its path or its answer does not fit", self.function);
        }
        Ok(value)
    }
}

fn json_value(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    if is_plain(args)? {
        return extract_scalar(args);
    }
    let (json, paths) = (texts(args, 0)?, Paths::new(texts(args, 1)?)?);
    let (empty, error) = (texts(args, 2)?, texts(args, 3)?);
    let ends = Ends::new("json_value", args, 4)?;
    let mut answers = StringBuilder::with_capacity(rows(args), 0);
    for row in 0..rows(args) {
        match paths.find(row, &json) {
            None => answers.append_null(),
            Some(Some(found)) if found.is_empty() => answers.append_option(ends.or_empty(empty.get(row))?),
            Some(Some(found)) if found.len() == 1 && !json_path::is_nested(found[0]) => {
                answers.append_option(scalar_text(found[0]));
            }
            Some(_) => answers.append_option(ends.or_error(error.get(row))?),
        }
    }
    result(args, Arc::new(answers.finish()))
}

fn json_query(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    if is_plain(args)? {
        return extract(args);
    }
    let (json, paths) = (texts(args, 0)?, Paths::new(texts(args, 1)?)?);
    let (how, empty, error) = (texts(args, 2)?, texts(args, 3)?, texts(args, 4)?);
    let ends = Ends::new("json_query", args, 5)?;
    let mut answers = StringBuilder::with_capacity(rows(args), 0);
    for row in 0..rows(args) {
        let how = how.get(row).unwrap_or_default();
        match paths.find(row, &json) {
            None => answers.append_null(),
            Some(Some(found)) if found.is_empty() => answers.append_option(ends.or_empty(empty.get(row))?),
            Some(Some(found)) => match wrapped(&found, how) {
                Some(text) => answers.append_value(text),
                None => answers.append_option(ends.or_error(error.get(row))?),
            },
            Some(None) => answers.append_option(ends.or_error(error.get(row))?),
        }
    }
    result(args, Arc::new(answers.finish()))
}

/// The values as one JSON text; `None` if they are several and nothing says that they become an array.
fn wrapped(found: &[&str], how: &str) -> Option<String> {
    let wraps = match (how, found) {
        ("unconditional", _) => true,
        ("conditional", [one]) => !json_path::is_nested(one),
        ("conditional", _) => true,
        _ => false,
    };
    match found {
        _ if wraps => compacted(&format!("[{}]", found.join(","))).map(String::from),
        [one] if how == "omit quotes" && !json_path::is_nested(one) => {
            json_path::string(one).map(String::from).or_else(|| Some((*one).to_owned()))
        }
        [one] => compacted(one).map(String::from),
        _ => None,
    }
}

fn json_exists(args: &ScalarFunctionArgs) -> Result<ColumnarValue> {
    let (json, paths) = (texts(args, 0)?, Paths::new(texts(args, 1)?)?);
    let on_error = texts(args, 2)?;
    let mut truths = BooleanBuilder::with_capacity(rows(args));
    for row in 0..rows(args) {
        let is_there = match (paths.find(row, &json), on_error.get(row)) {
            (None, _) | (Some(None), Some("unknown")) => None,
            (Some(None), Some("error")) => return exec_err!("`json_exists` is given what its path does not fit"),
            (Some(None), truth) => Some(truth == Some("true")),
            (Some(Some(found)), _) => Some(!found.is_empty()),
        };
        truths.append_option(is_there);
    }
    result(args, Arc::new(truths.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_find_what_sql_says() {
        let json = r#"{"a":[{"b":1},{"b":"x"},{"c":2}],"o":{"k":[3,4,5]}}"#;
        let found = |path: &str| Path::parse(path).unwrap().find(json);
        assert_eq!(found("lax $.a[*].b"), Some(vec!["1", "\"x\""]));
        assert_eq!(found("lax $.a.b"), Some(vec!["1", "\"x\""]));
        assert_eq!(found("strict $.a.b"), None);
        assert_eq!(found("strict $.a[*].b"), None);
        assert_eq!(found("strict $.a[0 to 1].b"), Some(vec!["1", "\"x\""]));
        assert_eq!(found("lax $.o.k[last]"), Some(vec!["5"]));
        assert_eq!(found("lax $.o.k[last - 1, 0]"), Some(vec!["4", "3"]));
        assert_eq!(found("lax $.o[0].k[1 to 9]"), Some(vec!["4", "5"]));
        assert_eq!(found("$.o.*"), Some(vec!["[3,4,5]"]));
        assert_eq!(found("lax $.none"), Some(vec![]));
        assert_eq!(found("strict $.none"), None);
        for wrong in ["a", "lax a", "lax $.", "lax $.a.size()", "lax $.a ? (@.b == 1)", "lax $[x]"] {
            assert_eq!(Path::parse(wrong), None, "{wrong}");
        }
    }
}
