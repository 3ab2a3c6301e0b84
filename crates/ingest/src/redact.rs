//! Takes out of records what must not come into a lake.
//!
//! Rules name members by JSON pointer (RFC 6901), with `*` for any member or element and `**` for any number of them, or by the
//! column of the lake they end in. A value is dropped, blanked, or replaced by a keyed hash: equal values have equal
//! hashes, so they still join, and nobody without the key can try out what they were.

mod rewrite;

pub(crate) use rewrite::Redacted;

use hmac::{Hmac, KeyInit as _, Mac as _};
use milepost_schema::{COLUMNS, canonical_json};
use serde::Deserialize;
use sha2::Sha256;

/// Bytes of a hash that are kept: 128 bits.
const HASH_BYTES: usize = 16;
/// Least length of a key.
const MIN_KEY_BYTES: usize = 16;

/// What is done with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    /// The member goes.
    Drop,
    /// The value becomes `""`.
    Blank,
    /// The value becomes a keyed hash of itself.
    Hash,
}

/// One step of a rule's path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Name(String),
    /// Any one member or element.
    Any,
    /// Any number of members and elements.
    Deep,
}

/// Which values a rule is about, and what happens to them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    path: Vec<Step>,
    action: Action,
    /// The path as it is told of.
    pointer: String,
}

/// What is to be taken out of every record.
#[derive(Clone)]
pub struct Rules {
    rules: Vec<Rule>,
    key: Option<Vec<u8>>,
}

impl std::fmt::Debug for Rules {
    /// Without the key.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Rules").field("rules", &self.rules).finish_non_exhaustive()
    }
}

/// The rules cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// The text is not TOML, or not of this form.
    #[error("line {line}: {message}")]
    Form {
        /// Line of the text, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// A rule makes no sense.
    #[error("rule {number}: {message}")]
    Rule {
        /// Which one, from 1.
        number: usize,
        /// What is wrong.
        message: String,
    },
    /// A rule hashes and there is no good key.
    #[error("{0}")]
    Key(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Variable of the environment that holds the key.
    key_env: Option<String>,
    rule: Vec<RuleText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleText {
    path: Option<String>,
    column: Option<String>,
    action: Action,
}

impl Rules {
    /// Reads rules in TOML. `environment` looks up the variable that holds the key.
    ///
    /// # Errors
    /// [`RulesError`] with the line or the rule that is wrong.
    pub fn parse(text: &str, environment: &dyn Fn(&str) -> Option<String>) -> Result<Self, RulesError> {
        let file: File = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
            RulesError::Form { line, message: error.message().to_owned() }
        })?;
        let mut rules = Vec::new();
        for (at, rule) in file.rule.into_iter().enumerate() {
            for pointer in pointers_of(&rule).map_err(|message| RulesError::Rule { number: at + 1, message })? {
                let path = parse_pointer(&pointer).map_err(|message| RulesError::Rule { number: at + 1, message })?;
                rules.push(Rule { path, action: rule.action, pointer });
            }
        }
        let key = if rules.iter().any(|rule| rule.action == Action::Hash) {
            Some(key(file.key_env.as_deref(), environment)?)
        } else {
            None
        };
        Ok(Self { rules, key })
    }

    /// The hash that stands for a JSON value: that of its canonical JSON, so that white space and escapes make no difference.
    fn hash(&self, value: &str) -> String {
        let canonical = canonical_json(value);
        let key = self.key.as_deref().unwrap_or_default();
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
        mac.update(canonical.as_bytes());
        let hash = mac.finalize().into_bytes();
        let hex: String = hash.iter().take(HASH_BYTES).map(|byte| format!("{byte:02x}")).collect();
        format!("hmac:{hex}")
    }
}

/// Members that fill a column where its own member is missing.
const STAND_INS: [(&str, &[&str]); 2] = [("event_id", &["/eventId"]), ("event_time", &["/timeWindow", "/@timestamp"])];

/// The JSON pointers that a rule is about.
fn pointers_of(rule: &RuleText) -> Result<Vec<String>, String> {
    match (rule.path.as_deref(), rule.column.as_deref()) {
        (Some(path), None) => Ok(vec![path.to_owned()]),
        (None, Some(name)) => {
            let column = COLUMNS.iter().find(|column| column.name == name && !column.path.is_empty());
            let column = column.ok_or_else(|| format!("`{name}` is no column that a member of the record fills"))?;
            let stand_ins = STAND_INS.iter().filter(|(column, _)| *column == name).flat_map(|(_, pointers)| *pointers);
            let own = column.path.iter().map(|name| format!("/{name}")).collect::<String>();
            Ok(std::iter::once(own).chain(stand_ins.map(|pointer| (*pointer).to_owned())).collect())
        }
        _ => Err("it needs either `path` or `column`".to_owned()),
    }
}

fn parse_pointer(pointer: &str) -> Result<Vec<Step>, String> {
    let Some(rest) = pointer.strip_prefix('/') else {
        return Err(format!("`{pointer}` is no JSON pointer: write /responseElements/credentials/sessionToken"));
    };
    let step = |step: &str| match step {
        "*" => Step::Any,
        "**" => Step::Deep,
        name => Step::Name(name.replace("~1", "/").replace("~0", "~")),
    };
    let steps: Vec<Step> = rest.split('/').map(step).collect();
    if steps.last() == Some(&Step::Deep) {
        return Err(format!("`{pointer}` ends with `**`: say which members"));
    }
    Ok(steps)
}

fn key(variable: Option<&str>, environment: &dyn Fn(&str) -> Option<String>) -> Result<Vec<u8>, RulesError> {
    let Some(variable) = variable else {
        return Err(RulesError::Key("a rule hashes, so `key_env` must name a variable that holds the key".to_owned()));
    };
    match environment(variable) {
        Some(key) if key.len() >= MIN_KEY_BYTES => Ok(key.into_bytes()),
        Some(_) => Err(RulesError::Key(format!("the key in `{variable}` is shorter than {MIN_KEY_BYTES} bytes"))),
        None => Err(RulesError::Key(format!("the variable `{variable}`, which should hold the key, is not set"))),
    }
}

#[cfg(test)]
mod tests;
