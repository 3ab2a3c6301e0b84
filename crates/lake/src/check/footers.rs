//! Whether the footer of every file is the one that was written, can be read, and says what the log says: rows, columns,
//! times, the day of its partition, where its Bloom filters lie.

use arrow::datatypes::Schema;
use futures::StreamExt as _;
use milepost_schema::{EVENT_TIME, time};
use parquet::arrow::arrow_reader::ArrowReaderMetadata;

use super::{Finding, LOST_FILE, Severity, with_causes};
use crate::filters::{BLOOM_FILTERS, tag_of};
use crate::footer::{footer_checksum, integer_bounds, read_footer};
use crate::snapshot::DataFile;
use crate::table::{FOOTER_SHA256, Table};
use crate::tables::TableName;

/// Footers read at once.
const AT_ONCE: usize = 16;

/// Gives the files whose footers can be read.
pub(super) async fn check(table: &Table, files: Vec<DataFile>, findings: &mut Vec<Finding>) -> Vec<DataFile> {
    let store = table.store();
    let checksums = table.tags(FOOTER_SHA256).unwrap_or_default();
    let filters = table.tags(BLOOM_FILTERS).unwrap_or_default();
    let footers = futures::stream::iter(files).map(|file| {
        let (store, expected) = (&store, checksums.get(&file.path));
        async move {
            let is_other = match expected {
                Some(expected) => {
                    !footer_checksum(store, &file).await.is_ok_and(|found| found.as_ref() == Some(expected))
                }
                None => false,
            };
            (read_footer(store, &file).await, is_other, file)
        }
    });
    let mut footers = std::pin::pin!(footers.buffered(AT_ONCE));
    let mut sound = Vec::new();
    while let Some((footer, is_other, file)) = footers.next().await {
        match footer {
            Ok(footer) => {
                if is_other {
                    let problem = "the footer is not the one that was written: its checksum differs".to_owned();
                    findings.push(Finding::error(table.name, file.path.as_ref(), problem).hint(LOST_FILE));
                }
                compare(table.name, &file, &footer, findings);
                if filters.get(&file.path).is_some_and(|places| tag_of(footer.metadata()).as_ref() != Some(places)) {
                    let problem = "the log says wrongly where the Bloom filters lie".to_owned();
                    let hint = "lookups by event id or access key may miss rows of this file; `milepost lake compact` writes it anew";
                    findings.push(Finding::error(table.name, file.path.as_ref(), problem).hint(hint));
                }
                sound.push(file);
            }
            Err(error) => {
                let problem = format!("the footer cannot be read: {}", with_causes(&error));
                findings.push(Finding::error(table.name, file.path.as_ref(), problem).hint(LOST_FILE));
            }
        }
    }
    sound
}

fn compare(table: TableName, file: &DataFile, footer: &ArrowReaderMetadata, findings: &mut Vec<Finding>) {
    let path = file.path.as_ref();
    let rows = u64::try_from(footer.metadata().file_metadata().num_rows()).unwrap_or(0);
    if let Some(expected) = file.statistics().rows.filter(|expected| *expected != rows) {
        let problem = format!("the file holds {rows} rows, and the log says {expected}");
        findings.push(Finding::error(table, path, problem).hint(LOST_FILE));
    }
    if let Some(problem) = other_columns(footer.schema(), table) {
        findings.push(Finding::new(Severity::Warning, table, path, problem).hint(
            "another version of milepost or another program wrote it; a column that is not there is null in every row",
        ));
    }
    if let Some(problem) = other_times(file, footer) {
        findings.push(Finding::error(table, path, problem).hint(LOST_FILE));
    }
}

/// How the columns of a file differ from those of its table. That columns which came later are not there is as it should be.
fn other_columns(found: &Schema, table: TableName) -> Option<String> {
    let expected = table.file_schema();
    for field in expected.fields() {
        match found.field_with_name(field.name()) {
            Err(_) if table.later_columns().contains(&field.name().as_str()) => {}
            Err(_) => return Some(format!("it has no column `{}`", field.name())),
            Ok(there) if there.data_type() != field.data_type() => {
                return Some(format!("its column `{}` is of another type", field.name()));
            }
            Ok(_) => {}
        }
    }
    let unknown = found.fields().iter().find(|field| expected.field_with_name(field.name()).is_err());
    unknown.map(|field| format!("it has a column `{}`, which the table has not", field.name()))
}

/// The log's bounds must hold every row, or queries leave out files that have an answer.
fn other_times(file: &DataFile, footer: &ArrowReaderMetadata) -> Option<String> {
    let (first, last) = integer_bounds(footer.metadata(), EVENT_TIME)?;
    let span = |(first, last)| format!("{} to {}", time::format_micros(first), time::format_micros(last));
    if let Some((low, high)) = file.statistics().event_time.filter(|(low, high)| first < *low || *high < last) {
        let (found, expected) = (span((first, last)), span((low, high)));
        return Some(format!("its events are of {found}, and the log says {expected}"));
    }
    let day = file.partition.day?;
    let is_of_day = time::day_of(first) == day && time::day_of(last) == day;
    let found = span((first, last));
    (!is_of_day).then(|| format!("its events are of {found}, and its partition is {}", time::format_day(day)))
}
