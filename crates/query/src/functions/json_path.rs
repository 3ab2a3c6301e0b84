//! Finds a value in JSON text without building a tree: members that are not wanted are stepped over.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer as _;
use serde::de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// One step into a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// A member of an object, by its exact name.
    Member(String),
    /// An element of an array, from 0; from the end if negative.
    Element(i64),
}

/// A way into a value.
pub(super) type Path = Vec<Step>;

/// Which member a name means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// The first one of exactly this name.
    Exact,
    /// If there is none, the first one of this name in upper or lower case.
    AnyCase,
    /// As PostgreSQL's operators have it: the first one of exactly this name; of an array the element of this number.
    Postgres,
}

/// Reads a JSONPath of members and subscripts, `$.a."b c"[0]['d']`. Nothing else of JSONPath occurs in queries.
pub(super) fn parse(text: &str) -> Option<Path> {
    let mut rest = text.trim().strip_prefix('$')?;
    let mut path = Path::new();
    while !rest.is_empty() {
        rest = if let Some(after) = rest.strip_prefix('.') {
            let (name, after) = member_name(after)?;
            path.push(Step::Member(name));
            after
        } else {
            let inside = rest.strip_prefix('[')?;
            let (step, after) = subscript(inside)?;
            path.push(step);
            after
        };
    }
    Some(path)
}

/// The name after a dot: quoted, or up to the next dot or bracket, so that `$.x-amz-copy-source` is one name.
pub(super) fn member_name(text: &str) -> Option<(String, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let (name, rest) = quoted.split_once('"')?;
        return Some((name.to_owned(), rest));
    }
    let end = text.find(['.', '[']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    (!name.is_empty() && name != "*").then(|| (name.to_owned(), rest))
}

/// What stands between brackets, without the first.
pub(super) fn subscript(text: &str) -> Option<(Step, &str)> {
    for quote in ['"', '\''] {
        if let Some(quoted) = text.strip_prefix(quote) {
            let (name, rest) = quoted.split_once(quote)?;
            return Some((Step::Member(name.to_owned()), rest.strip_prefix(']')?));
        }
    }
    let (index, rest) = text.split_once(']')?;
    // several values, of which one would be no answer
    if index.trim() == "*" || index.contains(':') || index.starts_with('?') {
        return None;
    }
    // DuckDB counts from the end by `#-1`
    let number = index.trim().trim_start_matches('#');
    Some((number.parse().map_or_else(|_| Step::Member(index.to_owned()), Step::Element), rest))
}

/// The way that the right side of DuckDB's `->` says: a JSONPath, a JSON pointer, a number or the name of a member.
pub(super) fn parse_key(key: &str) -> Path {
    if key.starts_with('$')
        && let Some(path) = parse(key)
    {
        return path;
    }
    if let Some(pointer) = key.strip_prefix('/') {
        let step = |part: &str| match part.parse() {
            Ok(index) => Step::Element(index),
            Err(_) => Step::Member(part.replace("~1", "/").replace("~0", "~")),
        };
        return pointer.split('/').map(step).collect();
    }
    vec![Step::Member(key.to_owned())]
}

/// The text of the value at `path`, as it is written.
pub(super) fn find<'a>(json: &'a str, path: &[Step]) -> Option<&'a str> {
    find_by(json, path, Rule::Exact)
}

/// The same, with another meaning of names.
pub(super) fn find_by<'a>(json: &'a str, path: &[Step], rule: Rule) -> Option<&'a str> {
    path.iter().try_fold(json, |json, step| match (step, rule) {
        (Step::Element(index), _) => element(json, *index),
        (Step::Member(name), Rule::Exact) => member(json, name),
        (Step::Member(name), Rule::AnyCase) => member(json, name).or_else(|| member_in_any_case(json, name)),
        (Step::Member(name), Rule::Postgres) if is_array(json) => element(json, name.parse().ok()?),
        (Step::Member(name), Rule::Postgres) => member(json, name),
    })
}

fn member_in_any_case<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    members(json)?.into_iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// The value of the first member called `name`.
pub(super) fn member<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    let mut found = None;
    let seek = Seek { wanted: Wanted::Name(name), found: &mut found };
    // ends early, as an error, when the member is found
    let _ = serde_json::Deserializer::from_str(json).deserialize_any(seek);
    found.map(RawValue::get)
}

fn element(json: &str, index: i64) -> Option<&str> {
    let index = match usize::try_from(index) {
        Ok(index) => index,
        Err(_) => {
            let elements = elements(json)?;
            return elements
                .len()
                .checked_add_signed(isize::try_from(index).ok()?)
                .and_then(|at| elements.get(at))
                .copied();
        }
    };
    let mut found = None;
    let seek = Seek { wanted: Wanted::Index(index), found: &mut found };
    let _ = serde_json::Deserializer::from_str(json).deserialize_any(seek);
    found.map(RawValue::get)
}

/// The elements of an array, as they are written.
pub(super) fn elements(json: &str) -> Option<Vec<&str>> {
    if !is_array(json) {
        return None;
    }
    let elements: Vec<&RawValue> = serde_json::from_str(json).ok()?;
    Some(elements.into_iter().map(RawValue::get).collect())
}

/// The members of an object in their order, values as they are written.
pub(super) fn members(json: &str) -> Option<Vec<(Cow<'_, str>, &str)>> {
    struct Members;
    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(Cow<'de, str>, &'de str)>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some(Name(name)) = map.next_key()? {
                members.push((name, map.next_value::<&RawValue>()?.get()));
            }
            Ok(members)
        }
    }
    serde_json::Deserializer::from_str(json).deserialize_map(Members).ok()
}

/// A name that is borrowed where it has no escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de> de::Deserialize<'de> for Name<'de> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Cow<'de, str>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(text))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(text.to_owned()))
            }
        }
        deserializer.deserialize_str(Text).map(Name)
    }
}

enum Wanted<'n> {
    Name(&'n str),
    Index(usize),
}

struct Seek<'n, 'f, 'de> {
    wanted: Wanted<'n>,
    found: &'f mut Option<&'de RawValue>,
}

impl<'de> Visitor<'de> for Seek<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Wanted::Name(wanted) = self.wanted else { return Err(de::Error::custom("not an array")) };
        while let Some(Name(name)) = map.next_key()? {
            if name == wanted {
                *self.found = Some(map.next_value()?);
                return Err(de::Error::custom("found"));
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        let Wanted::Index(wanted) = self.wanted else { return Err(de::Error::custom("not an object")) };
        for _ in 0..wanted {
            if sequence.next_element::<IgnoredAny>()?.is_none() {
                return Ok(());
            }
        }
        *self.found = sequence.next_element()?;
        Err(de::Error::custom("found"))
    }
}

/// The content of a JSON string; `None` if the value is something else.
pub(super) fn string(json: &str) -> Option<Cow<'_, str>> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let Name(text) = de::Deserialize::deserialize(&mut deserializer).ok()?;
    Some(text)
}

/// Whether the value is an array.
pub(super) fn is_array(json: &str) -> bool {
    json.trim_start().starts_with('[')
}

/// Whether the value is an object or an array.
pub(super) fn is_nested(json: &str) -> bool {
    json.trim_start().starts_with(['{', '['])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read() {
        let member = |name: &str| Step::Member(name.to_owned());
        assert_eq!(parse("$"), Some(vec![]));
        assert_eq!(parse("$.a.b[0]"), Some(vec![member("a"), member("b"), Step::Element(0)]));
        assert_eq!(parse("$.x-amz-copy-source"), Some(vec![member("x-amz-copy-source")]));
        assert_eq!(parse("$[\"a b\"]['c']"), Some(vec![member("a b"), member("c")]));
        assert_eq!(parse("a"), None);
        assert_eq!(parse("$."), None);
        assert_eq!(parse("$[1"), None);
        assert_eq!(parse_key("/a/0"), vec![member("a"), Step::Element(0)]);
        assert_eq!(parse_key("a.b"), vec![member("a.b")]);
    }

    #[test]
    fn values_are_found_as_they_are_written() {
        let json = r#" {"a":{"b":[1, 2.50,"x\"y"]},"a":1,"k\u00e9":null, "big":12345678901234567890.10} "#;
        let at = |path: &str| find(json, &parse(path).unwrap());
        assert_eq!(at("$.a.b[1]"), Some("2.50"));
        assert_eq!(at("$.a.b[-1]").and_then(string).as_deref(), Some("x\"y"));
        assert_eq!(at("$.a.b[3]"), None);
        assert_eq!(at("$.ké"), Some("null"));
        assert_eq!(at("$.big"), Some("12345678901234567890.10"));
        assert_eq!(at("$.a.c.d"), None);
        assert_eq!(find("not json", &parse("$.a").unwrap()), None);
        assert_eq!(find(r#"{"a": [1"#, &parse("$.a").unwrap()), None);
        assert_eq!(find("", &parse("$.a").unwrap()), None);
    }
}
