//! Whether the ledger adds up, in itself and with the rows of `events`.
//!
//! A source may have more rows than its entries say: a run that was killed between its commit and the ledger wrote them,
//! and the next one found them there. It may not have fewer, unless days have been expired.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;

use super::rows::Counts;
use super::{Finding, Severity, with_causes};
use crate::error::LakeError;
use crate::lake::Lake;
use crate::ledger::read_columns;
use crate::snapshot::DataFile;
use crate::table::Table;
use crate::tables::TableName;

/// Sources that are named one by one; the rest is counted.
const NAMED_SOURCES: usize = 100;
/// What to do about rows that are gone without a file that is.
const LOST_ROWS: &str = "the table's log was put back from an older state or changed; restore it from a copy, or convert this source into a new lake";
/// Columns that an entry is made of.
const COLUMNS: [&str; 6] =
    ["uri", "records_read", "records_written", "records_duplicate", "records_rejected", "records_filtered"];

/// The tables that are compared.
pub(super) struct Sides<'a> {
    pub(super) lake: &'a Lake,
    pub(super) events: &'a Table,
    pub(super) ledger: &'a Table,
    /// Files of the ledger that can be read.
    pub(super) entries: &'a [DataFile],
    /// Whether every file of `events` can be read.
    pub(super) is_whole: bool,
}

/// Compares the ledger with the rows of `events` by source.
pub(super) async fn check(sides: &Sides<'_>, counts: Counts, findings: &mut Vec<Finding>) -> Result<(), LakeError> {
    let mut written: BTreeMap<String, u64> = BTreeMap::new();
    let store = sides.ledger.store();
    for file in sides.entries {
        match read_columns(&store, file, &COLUMNS).await {
            Ok(batches) => batches.iter().for_each(|batch| add_entries(batch, &mut written, findings)),
            Err(error) => {
                let problem = format!("its rows cannot be read: {}", with_causes(&error));
                findings.push(Finding::error(TableName::Files, file.path.as_ref(), problem).hint(super::LOST_FILE));
            }
        }
    }
    let missing: Vec<_> = written
        .iter()
        .map(|(source, written)| (source.as_str(), *written, counts.get(source).copied().unwrap_or(0)))
        .filter(|(_, written, rows)| rows < written)
        .collect();
    if !missing.is_empty() {
        if was_expired(sides).await? {
            let problem =
                format!("{} sources have fewer rows than the ledger says, and days have been expired", missing.len());
            findings.push(Finding::new(Severity::Note, TableName::Events, TableName::Events.name(), problem));
        } else {
            // what files took with them need not be told source by source
            add_missing(&missing, if sides.is_whole { NAMED_SOURCES } else { 0 }, findings);
        }
    }
    // entries that cannot be read may be those of the sources that seem to have none
    if sides.entries.len() == sides.ledger.snapshot()?.files.len() {
        add_unknown(&written, &counts, findings);
    }
    Ok(())
}

/// Adds up what was written by source; an entry that does not add up in itself is a finding.
fn add_entries(batch: &RecordBatch, written: &mut BTreeMap<String, u64>, findings: &mut Vec<Finding>) {
    let Some(sources) = batch.column_by_name("uri").and_then(|array| array.as_string_opt::<i32>()) else { return };
    let number = |name: &str, row: usize| {
        let array = batch.column_by_name(name).and_then(|array| array.as_primitive_opt::<Int64Type>());
        array.filter(|array| array.is_valid(row)).and_then(|array| u64::try_from(array.value(row)).ok()).unwrap_or(0)
    };
    for row in (0..batch.num_rows()).filter(|row| sources.is_valid(*row)) {
        let source = sources.value(row);
        let (read, became) = (number("records_read", row), number("records_written", row));
        let others = ["records_duplicate", "records_rejected", "records_filtered"];
        let sum = became + others.iter().map(|name| number(name, row)).sum::<u64>();
        if sum != read {
            let problem = format!("{read} records were read, and {sum} written, duplicates, rejected or filtered");
            let finding = Finding::error(TableName::Files, source, problem);
            findings.push(finding.hint("convert this source into a new lake and compare; this should be reported"));
        }
        *written.entry(source.to_owned()).or_default() += became;
    }
}

fn add_missing(missing: &[(&str, u64, u64)], named: usize, findings: &mut Vec<Finding>) {
    for (source, written, rows) in missing.iter().take(named) {
        let problem = format!("{} of the {written} rows written from it are missing", written - rows);
        findings.push(Finding::error(TableName::Events, source, problem).hint(LOST_ROWS));
    }
    if let Some((source, ..)) = missing.get(named) {
        let sources = missing.len() - named;
        let rows: u64 = missing[named..].iter().map(|(_, written, rows)| written - rows).sum();
        let others = if named > 0 { "other " } else { "" };
        let problem = format!("{rows} rows of {sources} {others}sources are missing, one of them `{source}`");
        let finding = Finding::error(TableName::Events, TableName::Events.name(), problem);
        findings.push(finding.hint(if named == 0 { "with the files above the rows are back" } else { LOST_ROWS }));
    }
}

fn add_unknown(written: &BTreeMap<String, u64>, counts: &Counts, findings: &mut Vec<Finding>) {
    let mut unknown: Vec<_> = counts.iter().filter(|(source, _)| !written.contains_key(*source)).collect();
    unknown.sort();
    let warning = |object: &str, problem: String| {
        Finding::new(Severity::Warning, TableName::Events, object, problem)
            .hint("a conversion was interrupted before it entered its sources, or is running; run it again, nothing is written twice")
    };
    for (source, rows) in unknown.iter().take(NAMED_SOURCES) {
        findings.push(warning(source, format!("its {rows} rows are of a source that is not in the ledger")));
    }
    if unknown.len() > NAMED_SOURCES {
        let more = unknown.len() - NAMED_SOURCES;
        findings.push(warning(TableName::Events.name(), format!("{more} more sources are not in the ledger")));
    }
}

/// Whether days were ever taken out of `events`: its log says so, or, once that has been cleaned up, a run.
async fn was_expired(sides: &Sides<'_>) -> Result<bool, LakeError> {
    let log = sides.events.reader.list().await?;
    for version in log.commits().into_iter().rev() {
        if sides.events.reader.commit_at(&log, version).await?.operation == "DELETE" {
            return Ok(true);
        }
    }
    let Some(runs) = sides.lake.open_table(TableName::Runs).await? else { return Ok(false) };
    for file in &runs.snapshot()?.files {
        // a file that cannot be read was found before
        for batch in read_columns(&runs.store(), file, &["command"]).await.unwrap_or_default() {
            let commands = batch.column(0).as_string_opt::<i32>();
            if commands.is_some_and(|commands| commands.iter().flatten().any(|command| command == "expire")) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
