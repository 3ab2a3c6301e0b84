//! Looks whether rows that share a key are the same record. Of each such row only a fingerprint is held.

use std::collections::hash_map::{DefaultHasher, Entry};
use std::collections::{HashMap, HashSet};
use std::hash::{Hash as _, Hasher as _};
use std::sync::Arc;

use arrow::array::RecordBatch;
use futures::TryStreamExt as _;
use milepost_schema::rebuild::Rebuilder;
use milepost_schema::{EVENT_ID, EVENT_TIME, canonical_json};
use object_store::ObjectStore;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::RowSelection;
use parquet::arrow::async_reader::ParquetRecordBatchStreamBuilder;

use super::Finding;
use super::rows::hash_of;
use crate::error::LakeError;
use crate::reader::DataFileReader;
use crate::snapshot::DataFile;
use crate::sort::KeyColumns;
use crate::tables::TableName;

/// Rows read at once.
const READ_ROWS: usize = 8 * 1024;

/// Records of one partition that are there more than once.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Rows beyond the first of each record.
    rows: u64,
    /// One of them: its id, and the two files.
    example: Option<(Option<String>, String, String)>,
    /// File by the fingerprint of each record.
    seen: HashMap<(u64, u64), usize>,
}

impl Found {
    /// What there is to say, if there is something.
    pub(super) fn finding(self, folder: &str) -> Option<Finding> {
        let (id, first, second) = self.example?;
        let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
        let files = match first == second {
            true => format!("twice in `{}`", name(&first)),
            false => format!("in `{}` and in `{}`", name(&first), name(&second)),
        };
        let id = id.map(|id| format!(" with event_id `{id}`")).unwrap_or_default();
        let problem = format!("{} rows are there again; one is the record{id}, {files}", self.rows);
        Some(Finding::error(TableName::Events, folder, problem).hint(
            "`milepost lake history` says which commits added files and --as-of shows the lake before one; convert the archive into a new lake",
        ))
    }
}

/// Rows with one of the keys `repeated` that are the same record as another. A file that cannot be read was found before.
pub(super) async fn find(store: &Arc<dyn ObjectStore>, files: &[DataFile], repeated: &HashSet<u64>) -> Found {
    let mut found = Found::default();
    for (number, file) in files.iter().enumerate() {
        let _ = find_in_file(store, (number, files), file, repeated, &mut found).await;
    }
    found
}

async fn find_in_file(
    store: &Arc<dyn ObjectStore>,
    (number, files): (usize, &[DataFile]),
    file: &DataFile,
    repeated: &HashSet<u64>,
    found: &mut Found,
) -> Result<(), LakeError> {
    let failed = |source| LakeError::Read { path: file.path.to_string(), source };
    let reader = DataFileReader::new(store, file);
    let builder = ParquetRecordBatchStreamBuilder::new(reader.clone()).await.map_err(failed)?;
    let keys = ProjectionMask::columns(builder.parquet_schema(), [EVENT_TIME, EVENT_ID]);
    let mut stream = builder.with_projection(keys).with_batch_size(READ_ROWS).build().map_err(failed)?;
    let (mut matching, mut total) = (Vec::new(), 0);
    while let Some(batch) = stream.try_next().await.map_err(failed)? {
        let keys = KeyColumns::of(&batch);
        let shared = (0..batch.num_rows()).filter(|row| repeated.contains(&hash_of(&keys.key(*row))));
        matching.extend(shared.map(|row| total + row..total + row + 1));
        total += batch.num_rows();
    }
    if matching.is_empty() {
        return Ok(());
    }
    let mut stream = ParquetRecordBatchStreamBuilder::new(reader)
        .await
        .map_err(failed)?
        .with_row_selection(RowSelection::from_consecutive_ranges(matching.into_iter(), total))
        .with_batch_size(READ_ROWS)
        .build()
        .map_err(failed)?;
    while let Some(batch) = stream.try_next().await.map_err(failed)? {
        compare(&batch, (number, files), found)
            .map_err(|source| LakeError::Compare { path: file.path.to_string(), source })?;
    }
    Ok(())
}

fn compare(
    batch: &RecordBatch,
    (number, files): (usize, &[DataFile]),
    found: &mut Found,
) -> Result<(), milepost_schema::rebuild::RebuildError> {
    let keys = KeyColumns::of(batch);
    let rebuilder = Rebuilder::new(batch)?;
    let mut text = String::new();
    for row in 0..batch.num_rows() {
        text.clear();
        rebuilder.write(row, &mut text)?;
        match found.seen.entry(fingerprint(&canonical_json(&text))) {
            Entry::Vacant(entry) => {
                entry.insert(number);
            }
            Entry::Occupied(entry) => {
                found.rows += 1;
                let name = |number: usize| files[number].path.to_string();
                let id = keys.key(row).id.map(str::to_owned);
                found.example.get_or_insert_with(|| (id, name(*entry.get()), name(number)));
            }
        }
    }
    Ok(())
}

/// 128 bits of a record's canonical text: two records that differ do not share them.
fn fingerprint(text: &str) -> (u64, u64) {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        salt.hash(&mut hasher);
        text.hash(&mut hasher);
        hasher.finish()
    };
    (half(0), half(1))
}
