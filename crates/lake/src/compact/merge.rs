//! Puts files of one partition together, in order, a few rows of each at a time.
//!
//! Each file of `events` is in the order of its keys, so the next row is always one of those that the files are at. Rows are
//! taken over in runs: as long as a file's key is not behind the next file's.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use arrow::array::{RecordBatch, new_null_array};
use arrow::compute::interleave_record_batch;
use arrow::datatypes::SchemaRef;
use futures::TryStreamExt as _;
use object_store::ObjectStore;
use object_store::path::Path;
use parquet::arrow::async_reader::{ParquetRecordBatchStream, ParquetRecordBatchStreamBuilder};

use super::plan::Job;
use crate::encode::{CHUNK_ROWS, Encoded, Encoder};
use crate::error::LakeError;
use crate::layout::is_ours;
use crate::reader::DataFileReader;
use crate::snapshot::DataFile;
use crate::sort::{Key, KeyColumns};
use crate::tables::TableName;

/// Rows of one file that are held at once.
const INPUT_ROWS: usize = 1024;

/// What became of a job.
pub(super) enum Merged {
    /// The rows of these files, in one.
    Done(Encoded, Vec<DataFile>),
    /// Fewer than two files can be put together.
    Nothing,
}

/// Puts the files of a job together. Those that cannot be, as another program wrote them or their rows are not in order, are
/// left alone and entered into `left`.
///
/// # Errors
/// A file cannot be read, or the rows cannot be encoded.
pub(super) async fn merge(
    table: TableName,
    store: &Arc<dyn ObjectStore>,
    job: Job,
    path: &str,
    left: &mut Vec<Path>,
) -> Result<Merged, LakeError> {
    let mut files = Vec::with_capacity(job.inputs.len());
    let mut inputs = Vec::with_capacity(job.inputs.len());
    for file in job.inputs {
        match Input::open(store, &file).await? {
            Some(input) => {
                inputs.push(input);
                files.push(file);
            }
            None => left.push(file.path),
        }
    }
    if files.len() < 2 {
        return Ok(Merged::Nothing);
    }
    let mut merge = Merge::new(table, inputs, path)?;
    let outcome = if table == TableName::Events { merge.in_order().await } else { merge.one_by_one().await };
    match outcome {
        Ok(()) => Ok(Merged::Done(merge.out.finish()?, files)),
        Err(Stopped::Unsorted(input)) => {
            left.push(files.swap_remove(input).path);
            Ok(Merged::Nothing)
        }
        Err(Stopped::Failed(error)) => Err(error),
    }
}

/// Why rows were not put together.
enum Stopped {
    /// The rows of this input are not in order.
    Unsorted(usize),
    Failed(LakeError),
}

impl From<LakeError> for Stopped {
    fn from(error: LakeError) -> Self {
        Self::Failed(error)
    }
}

/// A file that is being read.
struct Input {
    path: String,
    stream: ParquetRecordBatchStream<DataFileReader>,
}

impl Input {
    /// `None` if another program wrote the file: nobody knows what order its rows are in.
    async fn open(store: &Arc<dyn ObjectStore>, file: &DataFile) -> Result<Option<Self>, LakeError> {
        let path = file.path.to_string();
        let failed = |source| LakeError::Read { path: path.clone(), source };
        let builder = ParquetRecordBatchStreamBuilder::new(DataFileReader::new(store, file)).await.map_err(failed)?;
        if !is_ours(builder.metadata()) {
            return Ok(None);
        }
        let stream = builder.with_batch_size(INPUT_ROWS).build().map_err(failed)?;
        Ok(Some(Self { path, stream }))
    }

    /// The next rows, with the columns of `schema`; a column that the file lacks is null.
    async fn next(&mut self, schema: &SchemaRef) -> Result<Option<RecordBatch>, LakeError> {
        loop {
            let next = self.stream.try_next().await;
            match next.map_err(|source| LakeError::Read { path: self.path.clone(), source })? {
                None => return Ok(None),
                Some(batch) if batch.num_rows() == 0 => {}
                Some(batch) => return fit(&batch, schema, &self.path).map(Some),
            }
        }
    }
}

fn fit(batch: &RecordBatch, schema: &SchemaRef, path: &str) -> Result<RecordBatch, LakeError> {
    let column = |name: &str| batch.column_by_name(name).map(Arc::clone);
    let columns = schema
        .fields()
        .iter()
        .map(|field| column(field.name()).unwrap_or_else(|| new_null_array(field.data_type(), batch.num_rows())));
    RecordBatch::try_new(Arc::clone(schema), columns.collect())
        .map_err(|source| LakeError::Rows { path: path.to_owned(), source })
}

/// A key that does not borrow its rows.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct OwnedKey {
    time: Option<i64>,
    id: Option<String>,
}

impl OwnedKey {
    fn of(key: Key<'_>) -> Self {
        Self { time: key.time, id: key.id.map(str::to_owned) }
    }

    fn as_key(&self) -> Key<'_> {
        Key { time: self.time, id: self.id.as_deref() }
    }
}

/// The key of an input's next row, and which input that is. Rows with one key come in the order of their files.
type Next = (OwnedKey, usize);

struct Merge {
    inputs: Vec<Input>,
    schema: SchemaRef,
    path: String,
    out: Encoder,
    /// Rows that an input is at, or that were taken but not written.
    held: Vec<RecordBatch>,
    /// For every input that has rows left, where in `held` they are, and the next of them.
    at: Vec<Option<(usize, usize)>>,
    taken: Vec<(usize, usize)>,
    last: Option<OwnedKey>,
}

impl Merge {
    fn new(table: TableName, inputs: Vec<Input>, path: &str) -> Result<Self, LakeError> {
        let schema = table.file_schema();
        let out = Encoder::new(&schema, usize::MAX, path)?;
        let at = vec![None; inputs.len()];
        Ok(Self { inputs, schema, path: path.to_owned(), out, held: Vec::new(), at, taken: Vec::new(), last: None })
    }

    async fn one_by_one(&mut self) -> Result<(), Stopped> {
        for input in &mut self.inputs {
            while let Some(batch) = input.next(&self.schema).await? {
                self.out.write(&batch)?;
            }
        }
        Ok(())
    }

    async fn in_order(&mut self) -> Result<(), Stopped> {
        let mut queue = BinaryHeap::with_capacity(self.inputs.len());
        for input in 0..self.inputs.len() {
            queue.extend(self.next_of(input).await?.map(Reverse));
        }
        while let Some(Reverse(next)) = queue.pop() {
            let input = next.1;
            self.take_run(&next, queue.peek().map(|Reverse(other)| other))?;
            queue.extend(self.next_of(input).await?.map(Reverse));
            if self.taken.len() >= CHUNK_ROWS {
                self.flush()?;
            }
        }
        Ok(self.flush()?)
    }

    /// The next key of an input; reads on if its rows are used up.
    async fn next_of(&mut self, input: usize) -> Result<Option<Next>, LakeError> {
        let is_at_row = |(held, row): (usize, usize), batches: &[RecordBatch]| row < batches[held].num_rows();
        if !self.at[input].is_some_and(|at| is_at_row(at, &self.held)) {
            let batch = self.inputs[input].next(&self.schema).await?;
            self.at[input] = batch.map(|batch| {
                self.held.push(batch);
                (self.held.len() - 1, 0)
            });
        }
        let key = |(held, row): (usize, usize)| OwnedKey::of(KeyColumns::of(&self.held[held]).key(row));
        Ok(self.at[input].map(|at| (key(at), input)))
    }

    /// Takes rows of the input that `next` is of, until the one of `other` comes before them.
    fn take_run(&mut self, next: &Next, other: Option<&Next>) -> Result<(), Stopped> {
        let input = next.1;
        let Some((held, first)) = self.at[input] else { return Ok(()) };
        let batch = &self.held[held];
        let keys = KeyColumns::of(batch);
        let limit = other.map(|(key, input)| (key.as_key(), *input));
        let mut before = self.last.as_ref().map(OwnedKey::as_key);
        let mut row = first;
        while row < batch.num_rows() {
            let key = keys.key(row);
            if before.is_some_and(|before| key < before) {
                return Err(Stopped::Unsorted(input));
            }
            if limit.is_some_and(|limit| limit < (key, input)) {
                break;
            }
            before = Some(key);
            row += 1;
        }
        let last = before.map(OwnedKey::of);
        self.taken.extend((first..row).map(|row| (held, row)));
        self.at[input] = Some((held, row));
        self.last = last;
        Ok(())
    }

    /// Writes what was taken, and lets go of rows that no input is at.
    fn flush(&mut self) -> Result<(), LakeError> {
        if !self.taken.is_empty() {
            let held: Vec<&RecordBatch> = self.held.iter().collect();
            let chunk = interleave_record_batch(&held, &self.taken)
                .map_err(|source| LakeError::Rows { path: self.path.clone(), source })?;
            self.out.write(&chunk)?;
            self.taken.clear();
        }
        let held = std::mem::take(&mut self.held);
        for at in self.at.iter_mut().flatten() {
            self.held.push(held[at.0].clone());
            at.0 = self.held.len() - 1;
        }
        Ok(())
    }
}
