//! Alerts: which rows of an answer somebody has to be told of, and which of them are news.

use std::collections::BTreeSet;

use milepost_query::Rows;
use milepost_query::output::ColumnKind;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::condition::Condition;
use crate::header::Step;

/// When a report's answer is to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AlertRule {
    /// `rows > 0`, or a condition on columns such as `errors >= 10`.
    pub when: String,
    /// Columns by which a row is known again; all columns without any. A row is told once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
}

impl AlertRule {
    /// What is wrong with it, each with its place in the header; whether there are its columns can be said if they are known.
    pub(crate) fn faults(&self, columns: Option<&[String]>) -> Vec<(Vec<Step<'static>>, String)> {
        let is_known = |used: &str| columns.is_none_or(|columns| columns.iter().any(|column| column == used));
        let unknown = |column: &str| format!("the alert needs the column `{column}`, which is not in `columns`");
        let when = vec![Step::Key("when")];
        let mut faults: Vec<(Vec<Step<'static>>, String)> = match Condition::parse(&self.when) {
            Ok(condition) => {
                let used = condition.columns().filter(|used| !is_known(used));
                used.map(|column| (when.clone(), unknown(column))).collect()
            }
            Err(message) => vec![(when, message)],
        };
        for (number, key) in self.keys.iter().enumerate().filter(|(_, key)| !is_known(key)) {
            faults.push((vec![Step::Key("keys"), Step::Item(number)], unknown(key)));
        }
        faults
    }

    /// Which of its values are not of the kinds of the columns that they are compared with, in words. That it is no rule at all
    /// is said by [`faults`](Self::faults).
    pub(crate) fn faults_of_kinds(&self, kind: &dyn Fn(&str) -> Option<ColumnKind>) -> Vec<String> {
        Condition::parse(&self.when).map(|condition| condition.faults_of_kinds(kind)).unwrap_or_default()
    }

    /// The rows of `answer` that fulfil the rule.
    ///
    /// # Errors
    /// The rule is none, or none for these columns, in words.
    pub fn apply(&self, answer: &Rows) -> Result<Vec<AlertRow>, String> {
        let condition = Condition::parse(&self.when)?;
        condition
            .check_kinds(&|name| answer.columns.iter().find(|column| column.name == name).map(|found| found.kind))?;
        let position = |name: &str| answer.columns.iter().position(|column| column.name == name);
        let cell = |row: usize, name: &str| answer.texts[row][position(name)?].as_deref();
        let keys: Vec<usize> = match self.keys.as_slice() {
            [] => (0..answer.columns.len()).collect(),
            keys => keys.iter().filter_map(|key| position(key)).collect(),
        };
        let rows = condition.matches(answer.texts.len(), &cell);
        Ok(rows.into_iter().map(|row| AlertRow { row, digest: digest(&answer.texts[row], &keys) }).collect())
    }
}

/// A row that fulfils a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRow {
    /// Its number in the answer.
    pub row: usize,
    /// What it is known by.
    pub digest: String,
}

/// The rows that are not among those `told` already.
#[must_use]
pub fn news(rows: Vec<AlertRow>, told: &BTreeSet<String>) -> Vec<AlertRow> {
    rows.into_iter().filter(|row| !told.contains(&row.digest)).collect()
}

fn digest(cells: &[Option<String>], keys: &[usize]) -> String {
    let mut hash = Sha256::new();
    for key in keys {
        // a null is no empty text, and no value runs over into the next
        match &cells[*key] {
            Some(text) => hash.update(format!("{}:{text}", text.len())),
            None => hash.update("-"),
        }
    }
    hash.finalize().iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}
