//! The rows of a query sorted by the columns that they are partitioned by, and else in the order that the query gives them.
//!
//! The query runs as it is, its rows are numbered as they come, and are sorted by the columns and their number. (A sort on top of
//! the query's own would have the optimizer take the query's away.)

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{ArrayRef, RecordBatch, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::streaming::StreamingTable;
use datafusion::datasource::provider_as_source;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{LogicalPlanBuilder, col, ident};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use futures::TryStreamExt as _;

use crate::answer::{Answer, Running};
use crate::diagnosis::nearest;
use crate::engine::Engine;
use crate::error::QueryError;
use crate::parameters::Parameters;

/// Column that keeps the order of the query; no query of a person has it.
const NUMBER: &str = "__milepost_row";

impl Engine {
    /// Runs one query that only reads; the columns `by` come first in the answer, which is sorted by them.
    ///
    /// # Errors
    /// As [`query`](Self::query), and [`QueryError::Wrong`] if the query does not give one of the columns, or gives no other.
    pub async fn partitioned(&self, sql: &str, parameters: &Parameters, by: &[String]) -> Result<Answer, QueryError> {
        let plan = self.plan(sql, parameters).await?;
        let names: Vec<String> = plan.schema().fields().iter().map(|field| field.name().clone()).collect();
        check_columns(by, &names)?;
        let Running { stream, scans, wanted } = self.stream(plan).await?;
        let rest = names.iter().filter(|name| !by.contains(name));
        let columns: Vec<_> = by.iter().chain(rest).map(|name| ident(name.as_str())).collect();
        let sorted = || {
            let numbered = Numbered::new(stream);
            let table = StreamingTable::try_new(Arc::clone(&numbered.schema), vec![Arc::new(numbered)])?;
            let mut order: Vec<_> = by.iter().map(|name| ident(name.as_str()).sort(true, true)).collect();
            order.push(col(NUMBER).sort(true, true));
            let rows = LogicalPlanBuilder::scan("rows", provider_as_source(Arc::new(table)), None)?;
            rows.sort(order)?.project(columns)?.build()
        };
        let sorted = sorted().map_err(|error: DataFusionError| self.wrong(&error))?;
        let mut sorted = self.stream(sorted).await?;
        sorted.wanted.extend(wanted);
        Ok(Answer::new(Running { scans, ..sorted }, false))
    }
}

fn check_columns(by: &[String], names: &[String]) -> Result<(), QueryError> {
    let wrong = |message: String, hint| Err(QueryError::Wrong { message, position: None, hint });
    if let Some(name) = by.iter().find(|name| !names.contains(name)) {
        let hint = match nearest(name, names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it gives: {}", names.join(", ")),
        };
        return wrong(format!("the query gives no column `{name}` to partition by"), Some(hint));
    }
    if names.iter().all(|name| by.contains(name)) {
        return wrong("no column is left to write beside those to partition by".to_owned(), None);
    }
    Ok(())
}

/// Rows that are read once, with their number.
struct Numbered {
    schema: SchemaRef,
    stream: Mutex<Option<SendableRecordBatchStream>>,
}

impl Numbered {
    fn new(stream: SendableRecordBatchStream) -> Self {
        let number = Arc::new(Field::new(NUMBER, DataType::UInt64, false));
        let fields = stream.schema().fields().iter().cloned().chain([number]).collect::<Vec<_>>();
        Self { schema: Arc::new(Schema::new(fields)), stream: Mutex::new(Some(stream)) }
    }
}

impl fmt::Debug for Numbered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Numbered").finish_non_exhaustive()
    }
}

impl PartitionStream for Numbered {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner).take();
        let schema = Arc::clone(&self.schema);
        let Some(stream) = stream else {
            let gone = futures::stream::once(async {
                Err(DataFusionError::Execution("the rows were read already".to_owned()))
            });
            return Box::pin(RecordBatchStreamAdapter::new(schema, gone));
        };
        let (mut next, numbered) = (0, Arc::clone(&schema));
        let batches = stream.and_then(move |batch| {
            let end = next + batch.num_rows() as u64;
            let numbers: ArrayRef = Arc::new(UInt64Array::from_iter_values(next..end));
            next = end;
            let columns = batch.columns().iter().cloned().chain([numbers]).collect();
            let batch = RecordBatch::try_new(Arc::clone(&numbered), columns);
            futures::future::ready(batch.map_err(DataFusionError::from))
        });
        Box::pin(RecordBatchStreamAdapter::new(schema, batches))
    }
}
