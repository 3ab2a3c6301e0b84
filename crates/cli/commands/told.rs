//! What is told about a query after it: rows, time, what was read of how much.

use indicatif::{HumanBytes, HumanCount};
use milepost_query::ScanSummary;
use serde::Serialize;

/// What is told about a query.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Told {
    pub(super) rows: u64,
    pub(super) seconds: f64,
    /// Whether it defined or dropped something, and so had no answer.
    #[serde(skip)]
    pub(super) is_statement: bool,
    #[serde(flatten)]
    pub(super) scans: Option<ScanSummary>,
}

impl Told {
    /// One line, and a hint if much was read without need.
    pub(super) fn text(&self) -> String {
        if self.is_statement {
            return format!("done in {:.2} s", self.seconds);
        }
        let rows = if self.rows == 1 { "row" } else { "rows" };
        let mut text = format!("{} {rows} in {:.2} s", HumanCount(self.rows), self.seconds);
        let Some(scans) = self.scans.filter(|scans| scans.files > 0) else { return text };
        text.push_str(&format!("; read {} of {} files", HumanCount(scans.files_read), HumanCount(scans.files)));
        let left_out: Vec<String> =
            [(scans.files_pruned_by_partition, "partition"), (scans.files_pruned_by_statistics, "statistics")]
                .iter()
                .filter(|(files, _)| *files > 0)
                .map(|(files, by)| format!("{} left out by {by}", HumanCount(*files)))
                .collect();
        if !left_out.is_empty() {
            text.push_str(&format!(" ({})", left_out.join(", ")));
        }
        text.push_str(&format!(", {} of {}", HumanBytes(scans.bytes_read), HumanBytes(scans.bytes)));
        if scans.row_groups_pruned > 0 {
            let (pruned, all) = (HumanCount(scans.row_groups_pruned), HumanCount(scans.row_groups));
            text.push_str(&format!(", {pruned} of {all} row groups left out"));
        }
        if scans.bytes_spilled > 0 {
            text.push_str(&format!(", {} spilled", HumanBytes(scans.bytes_spilled)));
        }
        if scans.unbounded {
            text.push_str(
                "\nhint: nothing bounded the scan: a condition on event_time, date, region or account leaves files out",
            );
        }
        text
    }
}
