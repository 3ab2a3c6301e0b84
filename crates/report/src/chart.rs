//! What a report's header says of its chart.

use serde::{Deserialize, Serialize};

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
    /// The columns that the answer must have.
    pub fn columns(&self) -> impl Iterator<Item = &String> {
        [Some(&self.x), self.y.as_ref(), self.by.as_ref()].into_iter().flatten()
    }
}
