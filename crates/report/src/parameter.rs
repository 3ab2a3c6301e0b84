//! What a report's header says of a parameter.

use serde::{Deserialize, Serialize};

/// A parameter of a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParameterHeader {
    /// What its value is.
    #[serde(rename = "type")]
    pub kind: ParameterType,
    /// Value if none is given; null without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<toml::Value>,
    /// What it does.
    pub description: String,
}

impl ParameterHeader {
    /// What is wrong with how the default is written. Of what is written right, `Report::value` says whether it is
    /// of the type.
    pub(crate) fn default_fault(&self) -> Option<String> {
        use toml::Value;
        let is_text = |value: &Value| matches!(value, Value::String(_));
        let wanted = match (self.kind, self.default.as_ref()?) {
            (ParameterType::List, Value::Array(items)) if items.iter().all(is_text) => return None,
            (ParameterType::List | ParameterType::Text, Value::String(_)) => return None,
            (ParameterType::List, _) => "an array of texts, such as `[\"a\", \"b\"]`",
            (ParameterType::Text, _) => "written between quotes",
            (_, Value::Array(_) | Value::Table(_)) => "one value",
            _ => return None,
        };
        Some(format!("the default of a parameter of type {} is {wanted}", self.kind.name()))
    }
}

/// What the value of a parameter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ParameterType {
    /// An instant, also relative: `7d` is seven days ago.
    Timestamp,
    /// A calendar day in UTC, also relative.
    Date,
    /// A span of time such as `90m`.
    Duration,
    /// Any text.
    Text,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// Texts, written with commas between them, or as an array of JSON.
    List,
}

impl ParameterType {
    /// Its name in headers and messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Timestamp => "timestamp",
            Self::Date => "date",
            Self::Duration => "duration",
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Boolean => "boolean",
            Self::List => "list",
        }
    }
}
