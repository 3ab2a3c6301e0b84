//! From what a user wrote to values that are bound to a query.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use milepost_query::{Parameter, Parameters, nearest};
use milepost_schema::time;

use crate::header::Report;
use crate::moment;
use crate::parameter::ParameterType;

/// A value does not fit its parameter.
#[derive(Debug, thiserror::Error)]
pub enum ValueError {
    /// The report has no such parameter.
    #[error("the report `{report}` has no parameter `{name}`")]
    Unknown {
        /// The report.
        report: String,
        /// As the user wrote it.
        name: String,
        /// What to try.
        hint: String,
    },
    /// A parameter of one value was given several.
    #[error("the parameter `{name}` of the report `{report}` is given more than once, and takes one value")]
    Repeated {
        /// The report.
        report: String,
        /// The parameter.
        name: String,
    },
    /// The value is not of the parameter's type.
    #[error("`{value}` is no {expected} for the parameter `{name}` of the report `{report}`")]
    Type {
        /// The report.
        report: String,
        /// The parameter.
        name: String,
        /// As the user wrote it.
        value: String,
        /// Its type.
        expected: &'static str,
        /// What such a value looks like.
        hint: &'static str,
    },
}

impl ValueError {
    /// What to try.
    #[must_use]
    pub fn hint(&self) -> &str {
        match self {
            Self::Unknown { hint, .. } => hint,
            Self::Type { hint, .. } => hint,
            Self::Repeated { .. } => "give it once; only parameters of the type list take several",
        }
    }
}

impl Report {
    /// Values by name from pairs as they stand on a command line. A list may be given item by item.
    ///
    /// # Errors
    /// [`ValueError`] if that is done with a parameter that is no list.
    pub fn given(&self, pairs: &[(String, String)]) -> Result<BTreeMap<String, String>, ValueError> {
        let mut texts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, text) in pairs {
            texts.entry(name).or_default().push(text);
        }
        let joined = |(name, texts): (&str, Vec<&str>)| {
            let is_list = self.parameters.get(name).is_some_and(|header| header.kind == ParameterType::List);
            match texts.as_slice() {
                [text] => Ok((name.to_owned(), (*text).to_owned())),
                texts if is_list => {
                    // in brackets, so that an item with a comma in it stays one
                    let items: Vec<String> = texts.iter().copied().flat_map(items).collect();
                    Ok((name.to_owned(), serde_json::Value::from(items).to_string()))
                }
                _ if !self.parameters.contains_key(name) => Err(self.unknown(name)),
                _ => Err(ValueError::Repeated { report: self.name.clone(), name: name.to_owned() }),
            }
        };
        texts.into_iter().map(joined).collect()
    }

    /// A value for each parameter: the given one, else the default, else null.
    ///
    /// # Errors
    /// [`ValueError`] if a name is unknown or a value is of another type.
    pub fn values(&self, given: &BTreeMap<String, String>, now: DateTime<Utc>) -> Result<Parameters, ValueError> {
        if let Some(name) = given.keys().find(|name| !self.parameters.contains_key(*name)) {
            return Err(self.unknown(name));
        }
        let value = |name: &String| Ok((name.clone(), self.value(name, given.get(name).map(String::as_str), now)?));
        self.parameters.keys().map(value).collect()
    }

    /// The value of a parameter: the given one, else the default, else null.
    ///
    /// # Errors
    /// [`ValueError`] if there is no such parameter or the value is of another type.
    pub(crate) fn value(&self, name: &str, given: Option<&str>, now: DateTime<Utc>) -> Result<Parameter, ValueError> {
        let header = self.parameters.get(name).ok_or_else(|| self.unknown(name))?;
        let text = match (given, &header.default) {
            // as they are: one that has a comma in it is one all the same
            (None, Some(toml::Value::Array(items))) if header.kind == ParameterType::List => {
                return Ok(Parameter::List(Some(items.iter().map(plain_text).collect())));
            }
            (given, default) => given.map(str::to_owned).or_else(|| default.as_ref().map(plain_text)),
        };
        parse(header.kind, text.as_deref(), now).ok_or_else(|| ValueError::Type {
            report: self.name.clone(),
            name: name.to_owned(),
            value: text.unwrap_or_default(),
            expected: header.kind.name(),
            hint: example(header.kind),
        })
    }

    /// The value of a parameter in a configuration file, as [`values`](Self::values) takes it.
    pub(crate) fn value_text(&self, name: &str, value: &toml::Value) -> String {
        match (self.parameters.get(name).map(|header| header.kind), value) {
            // in brackets, so that an item with a comma in it stays one
            (Some(ParameterType::List), toml::Value::Array(items)) => {
                serde_json::Value::from_iter(items.iter().map(plain_text)).to_string()
            }
            _ => plain_text(value),
        }
    }

    fn unknown(&self, name: &str) -> ValueError {
        let names: Vec<String> = self.parameters.keys().cloned().collect();
        let hint = match nearest(name, &names) {
            Some(near) => format!("did you mean `{near}`?"),
            None if names.is_empty() => "it takes no parameters".to_owned(),
            None => format!("it takes: {}", names.join(", ")),
        };
        ValueError::Unknown { report: self.name.clone(), name: name.to_owned(), hint }
    }
}

/// A value of a header or a configuration file, as one would write it on the command line.
pub(crate) fn plain_text(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Float(number) => number.to_string(),
        toml::Value::Boolean(truth) => truth.to_string(),
        toml::Value::Datetime(moment) => moment.to_string(),
        toml::Value::Array(items) => items.iter().map(plain_text).collect::<Vec<_>>().join(","),
        // no parameter has such a type, so this is told as a wrong value
        toml::Value::Table(_) => format!("{value:?}"),
    }
}

fn parse(kind: ParameterType, text: Option<&str>, now: DateTime<Utc>) -> Option<Parameter> {
    Some(match kind {
        ParameterType::Text => Parameter::Text(text.map(str::to_owned)),
        ParameterType::List => Parameter::List(text.map(items)),
        ParameterType::Integer => Parameter::Integer(optional(text, |text| text.trim().parse().ok())?),
        ParameterType::Boolean => Parameter::Boolean(optional(text, |text| text.trim().parse().ok())?),
        ParameterType::Timestamp => Parameter::Timestamp(optional(text, |text| {
            moment::parse_instant(text, now).map(|instant| instant.timestamp_micros())
        })?),
        ParameterType::Date => Parameter::Date(optional(text, |text| {
            moment::parse_day(text, now).and_then(|day| time::parse_day(&day.to_string()))
        })?),
        ParameterType::Duration => {
            Parameter::Duration(optional(text, |text| moment::parse_span(text)?.num_microseconds())?)
        }
    })
}

/// The items of a list: between commas, or, where an item has a comma in it, as an array of JSON.
fn items(text: &str) -> Vec<String> {
    serde_json::from_str(text)
        .unwrap_or_else(|_| text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect())
}

/// `None` if there is a text that cannot be read; `Some(None)` if there is no text.
fn optional<T>(text: Option<&str>, read: impl Fn(&str) -> Option<T>) -> Option<Option<T>> {
    match text {
        None => Some(None),
        Some(text) => read(text).map(Some),
    }
}

fn example(kind: ParameterType) -> &'static str {
    match kind {
        ParameterType::Timestamp => "write `2026-03-01`, `2026-03-01T12:00:00Z`, `7d` (seven days ago) or `yesterday`",
        ParameterType::Date => "write `2026-03-01`, `7d` (seven days ago) or `yesterday`",
        ParameterType::Duration => "write a number and s, m, h, d or w, such as `90m`",
        ParameterType::Integer => "write a whole number",
        ParameterType::Boolean => "write `true` or `false`",
        ParameterType::Text => "write any text",
        ParameterType::List => "write texts with commas between them",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "-- name = \"a\"\n-- title = \"A\"\n-- description = \"B\"\n-- columns = []\n\
        -- [params.since]\n-- type = \"timestamp\"\n-- description = \"C\"\n\
        -- [params.limit]\n-- type = \"integer\"\n-- default = 5\n-- description = \"C\"\n";

    fn values(given: &[(&str, &str)]) -> Result<Parameters, ValueError> {
        let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Report::parse(TEXT, "a.sql").unwrap().values(&given, "2026-11-21T12:00:00Z".parse().unwrap())
    }

    #[test]
    fn given_values_go_before_defaults_and_null() {
        let found = values(&[("limit", "7")]).unwrap();
        assert_eq!(found["limit"], Parameter::Integer(Some(7)));
        assert_eq!(found["since"], Parameter::Timestamp(None));
        let found = values(&[("since", "1970-01-02")]).unwrap();
        assert_eq!(found["limit"], Parameter::Integer(Some(5)));
        assert_eq!(found["since"], Parameter::Timestamp(Some(milepost_schema::time::MICROS_PER_DAY)));
    }

    #[test]
    fn an_item_of_a_default_may_have_a_comma_in_it() {
        let text =
            format!("{TEXT}-- [params.l]\n-- type = \"list\"\n-- default = [\"a,b\", \"c\"]\n-- description = \"C\"\n");
        let report = Report::parse(&text, "a.sql").unwrap();
        let list = |items: &[&str]| Parameter::List(Some(items.iter().map(|item| (*item).to_owned()).collect()));
        assert_eq!(report.value("l", None, DateTime::UNIX_EPOCH).unwrap(), list(&["a,b", "c"]));
        assert_eq!(report.value("l", Some("a, b"), DateTime::UNIX_EPOCH).unwrap(), list(&["a", "b"]));
    }

    #[test]
    fn lists_are_given_item_by_item() {
        let text = format!("{TEXT}-- [params.l]\n-- type = \"list\"\n-- description = \"C\"\n");
        let report = Report::parse(&text, "a.sql").unwrap();
        let given = |pairs: &[(&str, &str)]| {
            let pairs: Vec<_> = pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
            report.given(&pairs)
        };
        assert_eq!(given(&[("l", "a, b"), ("limit", "7"), ("l", "[\"c,d\"]")]).unwrap()["l"], r#"["a","b","c,d"]"#);
        let error = given(&[("limit", "7"), ("limit", "8")]).unwrap_err();
        let said = "the parameter `limit` of the report `a` is given more than once, and takes one value";
        assert_eq!(error.to_string(), said);
        assert!(matches!(given(&[("x", "7"), ("x", "8")]), Err(ValueError::Unknown { .. })));
    }

    #[test]
    fn wrong_values_are_named() {
        let error = values(&[("limit", "many")]).unwrap_err();
        assert_eq!(error.to_string(), "`many` is no integer for the parameter `limit` of the report `a`");
        let error = values(&[("sinse", "7d")]).unwrap_err();
        assert_eq!(
            (error.to_string().as_str(), error.hint()),
            ("the report `a` has no parameter `sinse`", "did you mean `since`?")
        );
    }
}
