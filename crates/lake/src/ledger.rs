//! The ledger: which source objects have been taken in, what was rejected, which runs there were.

mod known;

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::TimestampMicrosecondType;
use chrono::Utc;
use futures::{StreamExt as _, TryStreamExt as _};
use milepost_schema::SOURCE_FILE;
use milepost_store::Place;
use parquet::arrow::ProjectionMask;
use parquet::arrow::async_reader::ParquetRecordBatchStreamBuilder;
use uuid::Uuid;

use crate::commit::put;
use crate::encode::encode_batch;
use crate::error::LakeError;
use crate::reader::DataFileReader;
use crate::snapshot::DataFile;
use crate::table::{Table, add_action};
use crate::tables::TableName;
pub use known::{Known, KnownFiles};

/// A source object that was taken in.
#[derive(Debug, Clone)]
pub struct FileEntry {
    /// Its name; joins `events.source_file`.
    pub uri: String,
    /// Size as it lies there.
    pub size_bytes: u64,
    /// Changes when its content may have changed.
    pub etag: String,
    /// What it turned out to be.
    pub carrier: &'static str,
    /// Version of what read it.
    pub reader_version: u32,
    /// Records in it.
    pub read: u64,
    /// Records that became rows.
    pub written: u64,
    /// Records that the lake held already.
    pub duplicates: u64,
    /// Records that could not become rows.
    pub rejected: u64,
    /// Records that a filter left out.
    pub filtered: u64,
    /// That filter, if there was one.
    pub filter: Option<String>,
    /// Bytes of its text, unpacked.
    pub text_bytes: u64,
    /// What else is to be known of it.
    pub note: Option<String>,
    /// When it was last changed, in microseconds since 1970, if that is known; of a member, when its archive was.
    pub modified_micros: Option<i64>,
}

/// A record that could not become a row.
#[derive(Debug, Clone)]
pub struct RejectEntry {
    /// Source object.
    pub source_file: String,
    /// Position among its records, from 0; none if it is the whole object that cannot be read.
    pub record_number: Option<u64>,
    /// Offset in its unpacked text, if there is one.
    pub byte_offset: Option<u64>,
    /// What is wrong with it.
    pub reason: String,
    /// Its text, unless it must not be kept.
    pub raw: Option<String>,
}

/// One run of a command.
#[derive(Debug, Clone)]
pub struct RunEntry {
    /// Command that ran.
    pub command: String,
    /// Its arguments, as JSON.
    pub arguments: String,
    /// Version of milepost.
    pub version: String,
    /// When it began, in microseconds since 1970.
    pub started_micros: i64,
    /// How it ended: `done`, `partial` or `failed`.
    pub outcome: &'static str,
    /// Records found.
    pub read: u64,
    /// Records that became rows.
    pub written: u64,
    /// Records that the lake held already.
    pub duplicates: u64,
    /// Records that could not become rows.
    pub rejected: u64,
    /// Records that a filter left out.
    pub filtered: u64,
    /// The whole summary, as JSON.
    pub summary: String,
}

/// Data files of the ledger read at once.
const AT_ONCE: usize = 16;

/// The ledger's tables, for one run.
pub struct Ledger {
    run_id: String,
    files: Table,
    rejects: Table,
    runs: Table,
}

impl Ledger {
    pub(crate) async fn open(place: &Place, run_id: &str) -> Result<Self, LakeError> {
        Ok(Self {
            run_id: run_id.to_owned(),
            files: Table::open_or_create(place, TableName::Files).await?,
            rejects: Table::open_or_create(place, TableName::Rejects).await?,
            runs: Table::open_or_create(place, TableName::Runs).await?,
        })
    }

    /// Every object that was taken in; the newest entry of each. `member_mark` parts the names of archives from those of
    /// their members.
    ///
    /// # Errors
    /// A data file of `files` cannot be read.
    pub async fn known(&self, member_mark: &'static str) -> Result<KnownFiles, LakeError> {
        let snapshot = self.files.snapshot()?;
        let (store, files) = (&snapshot.store, futures::stream::iter(snapshot.files));
        let files = files.map(|file| async move { read_columns(store, &file, &known::COLUMNS).await });
        let mut files = std::pin::pin!(files.buffered(AT_ONCE));
        let mut known = KnownFiles::new(member_mark);
        while let Some(batches) = files.try_next().await? {
            batches.iter().for_each(|batch| known.add(batch));
        }
        Ok(known)
    }

    /// Objects that could not be read as a whole, and why, as the newest entry of each says.
    ///
    /// # Errors
    /// A data file of `rejects` cannot be read.
    pub async fn known_damage(&self) -> Result<HashMap<String, String>, LakeError> {
        let snapshot = self.rejects.snapshot()?;
        let mut known: HashMap<String, (i64, String)> = HashMap::new();
        for file in &snapshot.files {
            let columns = [SOURCE_FILE, "record_number", "reason", "rejected_at"];
            for batch in read_columns(&snapshot.store, file, &columns).await? {
                let text = |name: &str| batch.column_by_name(name).and_then(|array| array.as_string_opt::<i32>());
                let times = batch.column_by_name("rejected_at");
                let times = times.and_then(|array| array.as_primitive_opt::<TimestampMicrosecondType>());
                let (Some(sources), Some(reasons), Some(numbers), Some(times)) =
                    (text(SOURCE_FILE), text("reason"), batch.column_by_name("record_number"), times)
                else {
                    continue;
                };
                for row in (0..batch.num_rows()).filter(|row| numbers.is_null(*row)) {
                    let entry = known.entry(sources.value(row).to_owned()).or_insert((i64::MIN, String::new()));
                    if times.value(row) >= entry.0 {
                        *entry = (times.value(row), reasons.value(row).to_owned());
                    }
                }
            }
        }
        Ok(known.into_iter().map(|(source, (_, reason))| (source, reason)).collect())
    }

    /// Enters objects that were taken in.
    ///
    /// # Errors
    /// The entries cannot be written or committed.
    pub async fn add_files(&mut self, entries: &[FileEntry]) -> Result<(), LakeError> {
        if entries.is_empty() {
            return Ok(());
        }
        let columns = vec![
            texts(entries.iter().map(|entry| entry.uri.as_str())),
            numbers(entries.iter().map(|entry| entry.size_bytes)),
            texts(entries.iter().map(|entry| entry.etag.as_str())),
            texts(entries.iter().map(|entry| entry.carrier)),
            numbers(entries.iter().map(|entry| u64::from(entry.reader_version))),
            numbers(entries.iter().map(|entry| entry.read)),
            numbers(entries.iter().map(|entry| entry.written)),
            numbers(entries.iter().map(|entry| entry.duplicates)),
            numbers(entries.iter().map(|entry| entry.rejected)),
            numbers(entries.iter().map(|entry| entry.filtered)),
            texts_or_null(entries.iter().map(|entry| entry.filter.as_deref())),
            numbers(entries.iter().map(|entry| entry.text_bytes)),
            texts_or_null(entries.iter().map(|entry| entry.note.as_deref())),
            texts(entries.iter().map(|_| self.run_id.as_str())),
            instants(entries.iter().map(|_| now_micros())),
            instants_or_null(entries.iter().map(|entry| entry.modified_micros)),
        ];
        append(&mut self.files, TableName::Files, columns, &self.run_id).await
    }

    /// Enters records that could not become rows.
    ///
    /// # Errors
    /// The entries cannot be written or committed.
    pub async fn add_rejects(&mut self, entries: &[RejectEntry]) -> Result<(), LakeError> {
        if entries.is_empty() {
            return Ok(());
        }
        let columns = vec![
            texts(entries.iter().map(|entry| entry.source_file.as_str())),
            numbers_or_null(entries.iter().map(|entry| entry.record_number)),
            numbers_or_null(entries.iter().map(|entry| entry.byte_offset)),
            texts(entries.iter().map(|entry| entry.reason.as_str())),
            texts_or_null(entries.iter().map(|entry| entry.raw.as_deref())),
            texts(entries.iter().map(|_| self.run_id.as_str())),
            instants(entries.iter().map(|_| now_micros())),
        ];
        append(&mut self.rejects, TableName::Rejects, columns, &self.run_id).await
    }

    /// Enters the run itself.
    ///
    /// # Errors
    /// The entry cannot be written or committed.
    pub async fn add_run(&mut self, run: &RunEntry) -> Result<(), LakeError> {
        let columns = vec![
            texts([self.run_id.as_str()]),
            texts([run.command.as_str()]),
            texts([run.arguments.as_str()]),
            texts([run.version.as_str()]),
            instants([run.started_micros]),
            instants([now_micros()]),
            texts([run.outcome]),
            numbers([run.read]),
            numbers([run.written]),
            numbers([run.duplicates]),
            numbers([run.rejected]),
            numbers([run.filtered]),
            texts([run.summary.as_str()]),
        ];
        append(&mut self.runs, TableName::Runs, columns, &self.run_id).await
    }
}

fn now_micros() -> i64 {
    Utc::now().timestamp_micros()
}

fn texts<'a>(values: impl IntoIterator<Item = &'a str>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

fn texts_or_null<'a>(values: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

fn numbers_or_null(values: impl Iterator<Item = Option<u64>>) -> ArrayRef {
    let values = values.map(|value| value.map(|value| i64::try_from(value).unwrap_or(i64::MAX)));
    Arc::new(values.collect::<Int64Array>())
}

fn numbers(values: impl IntoIterator<Item = u64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values.into_iter().map(|value| i64::try_from(value).unwrap_or(i64::MAX))))
}

fn instants(values: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from_iter_values(values).with_timezone("UTC"))
}

fn instants_or_null(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
}

async fn append(table: &mut Table, name: TableName, columns: Vec<ArrayRef>, run_id: &str) -> Result<(), LakeError> {
    let path = format!("{}.parquet", Uuid::new_v4());
    let schema = name.file_schema();
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns)
        .map_err(|source| LakeError::Rows { path: path.clone(), source })?;
    let encoded = encode_batch(&batch, &path)?;
    let add = add_action(&path, &encoded, HashMap::new(), Utc::now().timestamp_millis());
    put(&table.store(), &path, encoded.bytes).await?;
    table.refresh().await?;
    table.append(vec![add], run_id).await
}

/// These columns of a data file, whole.
pub(crate) async fn read_columns(
    store: &Arc<dyn object_store::ObjectStore>,
    file: &DataFile,
    names: &[&str],
) -> Result<Vec<RecordBatch>, LakeError> {
    let failed = |source| LakeError::Read { path: file.path.to_string(), source };
    let builder = ParquetRecordBatchStreamBuilder::new(DataFileReader::new(store, file)).await.map_err(failed)?;
    let columns = ProjectionMask::columns(builder.parquet_schema(), names.iter().copied());
    let stream = builder.with_projection(columns).build().map_err(failed)?;
    stream.try_collect().await.map_err(failed)
}
