//! The rows of an answer, as they come.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::memory::MemoryStream;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt as _};
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};

use crate::cancellation::Wanted;
use crate::diagnosis;
use crate::error::QueryError;
use crate::scans::ScanWatch;

/// Batches that wait for whoever writes the answer.
const WAITING_BATCHES: usize = 2;

/// The rows of an answer, as they come.
pub struct Answer {
    schema: SchemaRef,
    batches: BoxStream<'static, Result<RecordBatch, QueryError>>,
    scans: Option<ScanWatch>,
    kind: Kind,
    wanted: Vec<Wanted>,
}

/// A query that runs.
pub(crate) struct Running {
    pub(crate) stream: SendableRecordBatchStream,
    pub(crate) scans: ScanWatch,
    pub(crate) wanted: Vec<Wanted>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rows,
    Plan,
    Statement,
}

impl Answer {
    pub(crate) fn new(running: Running, is_plan: bool) -> Self {
        let Running { stream, scans, wanted } = running;
        let kind = if is_plan { Kind::Plan } else { Kind::Rows };
        Self { schema: stream.schema(), batches: diagnosed(stream), scans: Some(scans), kind, wanted }
    }

    /// The same answer, whose errors say more: the columns that values did not fit, places in the query.
    pub(crate) fn explaining(self, explain: impl Fn(QueryError) -> QueryError + Send + 'static) -> Self {
        let batches = self.batches.map(move |batch| batch.map_err(&explain));
        Self { batches: batches.boxed(), ..self }
    }

    /// The answer of a statement that defines or drops something.
    pub(crate) fn of_statement(stream: SendableRecordBatchStream) -> Self {
        Self {
            schema: stream.schema(),
            batches: diagnosed(stream),
            scans: None,
            kind: Kind::Statement,
            wanted: Vec::new(),
        }
    }

    /// An answer that is known already.
    pub(crate) fn known(batch: RecordBatch) -> Result<Self, QueryError> {
        Self::of(batch.schema(), vec![batch])
    }

    /// An answer of these batches, which have the columns of `schema`.
    ///
    /// # Errors
    /// A batch has other columns.
    pub fn of(schema: SchemaRef, batches: Vec<RecordBatch>) -> Result<Self, QueryError> {
        let stream =
            MemoryStream::try_new(batches, Arc::clone(&schema), None).map_err(|error| diagnosis::of_running(&error))?;
        Ok(Self { schema, batches: diagnosed(Box::pin(stream)), scans: None, kind: Kind::Rows, wanted: Vec::new() })
    }

    /// Columns of the answer.
    #[must_use]
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Whether it is the plan of a query: columns `plan_type` and `plan`.
    #[must_use]
    pub fn is_plan(&self) -> bool {
        self.kind == Kind::Plan
    }

    /// Whether it is that of a statement which defines or drops something, and so has no rows.
    #[must_use]
    pub fn is_statement(&self) -> bool {
        self.kind == Kind::Statement
    }

    /// What is read for it; nothing for an answer that was known already.
    #[must_use]
    pub fn scans(&self) -> Option<ScanWatch> {
        self.scans.clone()
    }

    /// The rows, a batch at a time.
    pub fn into_batches(self) -> impl Stream<Item = Result<RecordBatch, QueryError>> + Send {
        let wanted = self.wanted;
        self.batches.then(move |batch| {
            // until the stream is dropped
            let _ = &wanted;
            async {
                // whoever takes batches as fast as they come would never see that it was called off
                tokio::task::yield_now().await;
                batch
            }
        })
    }

    /// The same answer, computed by a task of its own: whoever waits for it can be called away at any time, and a panic in it
    /// is an error. Dropping the answer ends the task.
    #[must_use]
    pub fn on_a_task(self) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING_BATCHES);
        let mut batches = self.batches;
        let mut task = JoinSet::new();
        task.spawn(async move {
            while let Some(batch) = batches.next().await {
                if sender.send(batch).await.is_err() {
                    return;
                }
            }
        });
        let received = futures::stream::unfold((receiver, task), |(mut receiver, mut task)| async move {
            if let Some(batch) = receiver.recv().await {
                return Some((batch, (receiver, task)));
            }
            match task.join_next().await {
                Some(Err(error)) => Some((Err(broken(error)), (receiver, task))),
                _ => None,
            }
        });
        Self { batches: received.fuse().boxed(), ..self }
    }
}

fn diagnosed(stream: SendableRecordBatchStream) -> BoxStream<'static, Result<RecordBatch, QueryError>> {
    stream.map(|batch| batch.map_err(|error| diagnosis::of_running(&error))).fuse().boxed()
}

fn broken(error: JoinError) -> QueryError {
    let message = match error.try_into_panic() {
        Ok(panic) => panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_else(|| "it broke off".to_owned()),
        Err(error) => error.to_string(),
    };
    QueryError::Failed { message: format!("an error in the engine: {message}") }
}
