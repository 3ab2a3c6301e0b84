//! An answer as many files: a folder `column=value` for each value of the columns that it is partitioned by.
//!
//! The rows come sorted by these columns, so one file is open at a time, however many folders there are.

use std::future::Future;
use std::io::{self, Write};
use std::pin::Pin;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::partition;
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use futures::{Stream, StreamExt as _};

use super::{Format, Layout, cells, encoder, printable};
use crate::answer::Answer;
use crate::error::QueryError;

/// What Hive writes for null.
const NULL_FOLDER: &str = "__HIVE_DEFAULT_PARTITION__";

/// Bytes that the name of a folder may have on all usual file systems.
const LONGEST_NAME: usize = 255;
/// Characters that are shown of a value that is longer.
const SHOWN_OF_VALUE: usize = 40;

/// Where the files go.
pub trait Folders: Send {
    /// A file that is written to.
    type File: Write + Send;

    /// Begins the file at `path`, whose parts are separated by `/`.
    fn create(&mut self, path: &str) -> impl Future<Output = io::Result<Self::File>> + Send;

    /// Ends a file that is complete.
    fn finish(&mut self, file: Self::File) -> impl Future<Output = io::Result<()>> + Send;
}

/// Writes `answer`, whose rows are sorted by its first `columns` columns, into `folders`; gives the number of rows and of
/// files.
///
/// # Errors
/// What the query fails with while it runs, and [`QueryError::Write`] or [`QueryError::Encode`].
pub async fn write_folders<F: Folders>(
    answer: Answer,
    columns: usize,
    format: Format,
    layout: Layout,
    folders: &mut F,
) -> Result<(u64, u64), QueryError> {
    let failed = |source: ArrowError| QueryError::Encode { format: format.name(), source };
    let unwritable = |source| QueryError::Write { source };
    let names: Vec<String> = answer.schema().fields()[..columns].iter().map(|field| field.name().clone()).collect();
    let mut runs = Runs { batches: Box::pin(answer.into_batches()), pending: None, columns };
    let (mut rows, mut files, mut last) = (0, 0, (String::new(), 0));
    while let Some(first) = runs.next(None).await? {
        let folder = folder(&names, &first.keys[..], first.at)?;
        // texts that differ may be written alike
        last = if last.0 == folder { (folder, last.1 + 1) } else { (folder, 0) };
        let path = format!("{}/part-{}.{}", last.0, last.1, format.name());
        let mut file = folders.create(&path).await.map_err(unwritable)?;
        let schema = cells::prepared_schema(first.rows.schema_ref(), format);
        let mut encoder = encoder(format, layout, &schema, &mut file).map_err(failed)?;
        let mut run = Some(first);
        while let Some(current) = run {
            let batch = cells::prepare(&current.rows, &schema).map_err(failed)?;
            rows += batch.num_rows() as u64;
            encoder.write(&batch).map_err(failed)?;
            run = runs.next(Some(&current)).await?;
        }
        encoder.finish().map_err(failed)?;
        folders.finish(file).await.map_err(unwritable)?;
        files += 1;
    }
    Ok((rows, files))
}

/// Neighbouring rows with the same key.
struct Run {
    keys: Vec<ArrayRef>,
    /// Row of `keys` that is the key.
    at: usize,
    rows: RecordBatch,
}

/// Cuts batches where the key changes.
struct Runs {
    batches: Pin<Box<dyn Stream<Item = Result<RecordBatch, QueryError>> + Send>>,
    pending: Option<RecordBatch>,
    columns: usize,
}

impl Runs {
    /// The next rows with one key; if it has to go on with the key of `before`, nothing if it does not.
    async fn next(&mut self, before: Option<&Run>) -> Result<Option<Run>, QueryError> {
        while self.pending.as_ref().is_none_or(|batch| batch.num_rows() == 0) {
            let Some(batch) = self.batches.next().await.transpose()? else { return Ok(None) };
            self.pending = Some(batch);
        }
        let Some(batch) = self.pending.take() else { return Ok(None) };
        let keys = batch.columns()[..self.columns].to_vec();
        if let Some(before) = before
            && key(&keys, 0)? != key(&before.keys, before.at)?
        {
            self.pending = Some(batch);
            return Ok(None);
        }
        let ranges = partition(&keys).map_err(unreadable)?.ranges();
        let rows = ranges.first().map_or(batch.num_rows(), |range| range.end);
        let rest: Vec<usize> = (self.columns..batch.num_columns()).collect();
        let run = batch.slice(0, rows).project(&rest).map_err(unreadable)?;
        self.pending = Some(batch.slice(rows, batch.num_rows() - rows));
        Ok(Some(Run { keys, at: 0, rows: run }))
    }
}

fn unreadable(source: ArrowError) -> QueryError {
    QueryError::Encode { format: "folders", source }
}

fn key(columns: &[ArrayRef], row: usize) -> Result<Vec<Option<String>>, QueryError> {
    columns.iter().map(|column| text(column, row).map_err(unreadable)).collect()
}

fn text(column: &ArrayRef, row: usize) -> Result<Option<String>, ArrowError> {
    if column.is_null(row) {
        return Ok(None);
    }
    ArrayFormatter::try_new(column.as_ref(), &FormatOptions::default())?.value(row).try_to_string().map(Some)
}

fn folder(names: &[String], keys: &[ArrayRef], row: usize) -> Result<String, QueryError> {
    let folders = names.iter().zip(keys).map(|(name, column)| {
        let value = text(column, row).map_err(unreadable)?.filter(|value| !value.is_empty());
        let value = value.map_or_else(|| NULL_FOLDER.to_owned(), |value| escaped(&value));
        let folder = format!("{}={value}", escaped(name));
        if folder.len() > LONGEST_NAME { Err(too_long(name, &value)) } else { Ok(folder) }
    });
    Ok(folders.collect::<Result<Vec<_>, QueryError>>()?.join("/"))
}

/// A shortened name would be another value to whoever reads the folders.
fn too_long(column: &str, value: &str) -> QueryError {
    let beginning: String = value.chars().take(SHOWN_OF_VALUE).collect();
    QueryError::Wrong {
        message: format!(
            "a value of `{column}` is too long for the name of a folder: `{}…`, {} bytes",
            printable(&beginning),
            value.len()
        ),
        position: None,
        hint: Some(format!(
            "the name of a folder has at most {LONGEST_NAME} bytes: leave such rows out, or partition by less of it, such as \
             left({column}, 40)"
        )),
    }
}

/// As Hive writes names of folders: what could mean something else is `%` and two digits.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        let means_something = char.is_control() || "\"#%'*/:=?\\{}[]^<>|".contains(char);
        if means_something || (char == '.' && text.chars().all(|char| char == '.')) {
            for byte in char.encode_utf8(&mut [0; 4]).bytes() {
                out.push_str(&format!("%{byte:02X}"));
            }
        } else {
            out.push(char);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_one_folder_whatever_is_in_it() {
        for (text, expected) in [
            ("eu-west-1", "eu-west-1"),
            ("../../etc", "..%2F..%2Fetc"),
            ("..", "%2E%2E"),
            ("a=b:c", "a%3Db%3Ac"),
            ("é\n", "é%0A"),
        ] {
            assert_eq!(escaped(text), expected);
        }
    }
}
