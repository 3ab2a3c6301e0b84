//! Whether every file of a table is in the store with the size that the log says, in the folder of its partition.

use std::collections::HashSet;

use futures::TryStreamExt as _;
use object_store::path::Path;

use super::{Finding, LOST_FILE, Severity};
use crate::error::LakeError;
use crate::log::data_path;
use crate::snapshot::DataFile;
use crate::table::Table;
use crate::tables::TableName;

/// Gives the files that are there as the log says.
pub(super) async fn check(
    table: &Table,
    files: Vec<DataFile>,
    findings: &mut Vec<Finding>,
) -> Result<Vec<DataFile>, LakeError> {
    let stored = table.stored().await?;
    let mut there = Vec::with_capacity(files.len());
    let mut named = HashSet::with_capacity(files.len());
    for file in files {
        let path = file.path.as_ref();
        if !named.insert(file.path.clone()) {
            continue;
        }
        check_folder(table.name, &file, findings);
        match stored.get(&file.path) {
            None => {
                findings.push(Finding::error(table.name, path, "the file is not there".to_owned()).hint(LOST_FILE));
            }
            Some(bytes) if *bytes != file.size_bytes => {
                let problem = format!("the file has {bytes} bytes, and the log says {}", file.size_bytes);
                findings.push(Finding::error(table.name, path, problem).hint(LOST_FILE));
            }
            Some(_) => there.push(file),
        }
    }
    named.extend(tombstones(table).await?);
    let (mut files, mut bytes) = (0_u64, 0_u64);
    for (_, size) in stored.iter().filter(|(path, _)| !named.contains(*path)) {
        files += 1;
        bytes += size;
    }
    if files > 0 {
        let problem = format!("{files} files with {bytes} bytes are in no version of the table");
        let finding = Finding::new(Severity::Note, table.name, table.name.name(), problem);
        findings.push(finding.hint(
            "interrupted runs leave such files, and running ones write them before they commit; `milepost lake vacuum` deletes old ones",
        ));
    }
    Ok(there)
}

/// Files that were taken out of the table and wait for a vacuum.
async fn tombstones(table: &Table) -> Result<HashSet<Path>, LakeError> {
    let failed = |source| table.failed("read", source);
    let log_store = table.delta.log_store();
    let state = table.delta.snapshot().map_err(failed)?;
    let found = state.all_tombstones(&log_store).map_ok(|tombstone| data_path(&tombstone.path()));
    found.try_collect().await.map_err(failed)
}

/// Readers of plain files take the partition from the folder, those of the table from the log.
fn check_folder(table: TableName, file: &DataFile, findings: &mut Vec<Finding>) {
    if table.partition_columns().is_empty() {
        return;
    }
    let expected = file.partition.folder();
    let folder = file.path.as_ref().rsplit_once('/').map_or("", |(folder, _)| folder);
    if folder != expected {
        let problem = format!("the log says it is of the partition `{expected}`");
        findings.push(Finding::error(table, file.path.as_ref(), problem).hint(
            "engines that read plain files see other values than those that read the table; restore the log or the file from a copy",
        ));
    }
}
