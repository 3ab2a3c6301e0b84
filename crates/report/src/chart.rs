//! What a report's header says of its chart.

use milepost_query::output::ColumnKind;
use serde::{Deserialize, Serialize};

use crate::header::Unread;

/// A picture of an answer, drawn above its table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chart {
    /// How it is drawn.
    pub kind: ChartKind,
    /// Column of what is counted: an instant or a day for `time`, a name for `bars`, the hour of a day for `heat`.
    pub x: String,
    /// Column of numbers; without one, rows are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// Column that parts the numbers: a line each for `time`, the weekday (1 is Monday) for `heat`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What a line does where there is no row; without it, numbers that are all whole are zero there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gaps: Option<Gaps>,
}

/// What a line over time does where there is no row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Gaps {
    /// It is zero: nothing was counted.
    Zero,
    /// It is interrupted: nothing was measured.
    Break,
}

/// How a chart is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChartKind {
    /// Lines over time.
    Time,
    /// A bar a row, the longest first as the answer has them.
    Bars,
    /// A field an hour and weekday.
    Heat,
}

impl Chart {
    /// The columns that the answer must have, each with its key in the header.
    fn columns(&self) -> impl Iterator<Item = (&'static str, &String)> {
        let all = [("x", Some(&self.x)), ("y", self.y.as_ref()), ("by", self.by.as_ref())];
        all.into_iter().filter_map(|(key, column)| Some((key, column?)))
    }

    /// What is wrong with it, each with its key; whether there are its columns can be said if they are known.
    pub(crate) fn faults(&self, columns: Option<&[String]>, unread: &Unread) -> Vec<(&'static str, String)> {
        let mut faults = Vec::new();
        match (self.kind, &self.by) {
            (ChartKind::Heat, None) if !unread.has("chart", "by") => {
                faults.push(("kind", "a `heat` chart needs `by`, the column of the weekday".to_owned()));
            }
            (ChartKind::Bars, Some(_)) => faults.push(("by", "a `bars` chart takes no `by`".to_owned())),
            _ => {}
        }
        if self.gaps.is_some() && self.kind != ChartKind::Time {
            faults.push(("gaps", "only a `time` chart has `gaps`".to_owned()));
        }
        let is_known = |column: &String| columns.is_none_or(|columns| columns.contains(column));
        for (key, column) in self.columns().filter(|(_, column)| !is_known(column)) {
            faults.push((key, format!("the chart needs the column `{column}`, which is not in `columns`")));
        }
        faults
    }

    /// What is wrong with the types of its columns, each with its key; `kind` gives that of a column. A chart of other types would
    /// be empty.
    pub(crate) fn faults_of_kinds(&self, kind: &dyn Fn(&str) -> Option<ColumnKind>) -> Vec<(&'static str, String)> {
        let is_other = |(key, column): &(&'static str, &String)| {
            let (wanted, what) = self.wanted(key)?;
            let found = kind(column).filter(|found| *found != wanted)?;
            let has = match found {
                ColumnKind::Number => "numbers",
                ColumnKind::Time => "times",
                ColumnKind::Text => "texts",
            };
            Some((*key, format!("the chart needs {what} in `{column}`, which has {has}")))
        };
        self.columns().filter_map(|column| is_other(&column)).collect()
    }

    /// What the column under a key must hold, and what that is called; nothing if anything will do.
    fn wanted(&self, key: &str) -> Option<(ColumnKind, &'static str)> {
        match (self.kind, key) {
            (_, "y") => Some((ColumnKind::Number, "numbers")),
            (ChartKind::Time, "x") => Some((ColumnKind::Time, "instants or days")),
            (ChartKind::Heat, "x") => Some((ColumnKind::Number, "hours from 0 to 23")),
            (ChartKind::Heat, "by") => Some((ColumnKind::Number, "weekdays from 1 to 7")),
            _ => None,
        }
    }
}
