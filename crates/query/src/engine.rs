//! The SQL session: the one place where DataFusion is configured.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::catalog::{CatalogProvider, MemTable, MemoryCatalogProvider, MemorySchemaProvider, SchemaProvider};
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::memory::MemoryStream;
use datafusion::prelude::{SQLOptions, SessionConfig, SessionContext};
use futures::{Stream, StreamExt as _};
use milepost_lake::{AsOf, Lake, TableName};
use milepost_schema::COLUMNS;

use crate::catalog::{COMPAT_SCHEMA, LAKE_SCHEMA, LazySchema, SCHEMA};
use crate::diagnosis;
use crate::dialect::{self, Dialect};
use crate::error::QueryError;
use crate::functions;
use crate::parameters::{Parameters, to_datafusion};
use crate::provider::SnapshotTable;
use crate::typing;

const CATALOG: &str = "milepost";

/// Memory for sorting, grouping and joining; what needs more is spilled to the system's folder for temporary files.
const MEMORY_BYTES: usize = 2 << 30;

/// A lake that can be asked. Every query of one engine sees the same version of it.
pub struct Engine {
    context: SessionContext,
    version: u64,
    /// What queries are written in, if it is not to be told by the tables they name.
    dialect: Option<Dialect>,
}

/// The rows of an answer, as they come.
pub struct Answer {
    schema: SchemaRef,
    stream: SendableRecordBatchStream,
}

impl Answer {
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
        Ok(Self { schema, stream: Box::pin(stream) })
    }

    /// Columns of the answer.
    #[must_use]
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The rows, a batch at a time.
    pub fn into_batches(self) -> impl Stream<Item = Result<RecordBatch, QueryError>> + Send {
        self.stream.map(|batch| batch.map_err(|error| diagnosis::of_running(&error)))
    }
}

impl Engine {
    /// Opens one state of `lake`, with `threads` threads for each query.
    ///
    /// # Errors
    /// The lake cannot be read, or does not have that state.
    pub async fn open(lake: &Lake, as_of: AsOf, threads: usize) -> Result<Self, QueryError> {
        Self::set_up(Some((lake, as_of)), threads).await
    }

    /// An engine over a lake without any rows: enough to say whether a query is right.
    ///
    /// # Errors
    /// [`QueryError::SetUp`].
    pub async fn empty() -> Result<Self, QueryError> {
        Self::set_up(None, 1).await
    }

    async fn set_up(lake: Option<(&Lake, AsOf)>, threads: usize) -> Result<Self, QueryError> {
        let set_up = |source| QueryError::SetUp { source: Box::new(source) };
        let runtime = RuntimeEnvBuilder::new().with_memory_limit(MEMORY_BYTES, 1.0).build_arc().map_err(set_up)?;
        let context = SessionContext::new_with_config_rt(config(threads), runtime);
        let catalog = MemoryCatalogProvider::new();
        let public = Arc::new(LazySchema::public());
        let compat = Arc::new(LazySchema::compat());
        let below = Arc::new(MemorySchemaProvider::new());
        catalog.register_schema(SCHEMA, Arc::<LazySchema>::clone(&public)).map_err(set_up)?;
        catalog.register_schema(COMPAT_SCHEMA, Arc::<LazySchema>::clone(&compat)).map_err(set_up)?;
        catalog.register_schema(LAKE_SCHEMA, Arc::<MemorySchemaProvider>::clone(&below)).map_err(set_up)?;
        context.register_catalog(CATALOG, Arc::new(catalog));
        public.plan_with(&context);
        compat.plan_with(&context);
        let mut version = 0;
        for table in TableName::ALL {
            let has_view = matches!(table, TableName::Events | TableName::Rejects);
            let schema: &dyn SchemaProvider = if has_view { below.as_ref() } else { public.as_ref() };
            let snapshot = match lake {
                Some((lake, as_of)) => lake.snapshot(table, as_of).await?,
                None => None,
            };
            let provider: Arc<dyn datafusion::catalog::TableProvider> = match snapshot {
                Some(snapshot) => {
                    if table == TableName::Events {
                        version = snapshot.version;
                    }
                    let url = ObjectStoreUrl::parse(format!("milepost-{}://lake", table.name())).map_err(set_up)?;
                    context.register_object_store(url.as_ref(), Arc::clone(&snapshot.store));
                    Arc::new(SnapshotTable::new(snapshot, url))
                }
                None => Arc::new(MemTable::try_new(table.schema(), vec![vec![]]).map_err(set_up)?),
            };
            schema.register_table(table.name().to_owned(), provider).map_err(set_up)?;
        }
        let mut engine = Self { context, version, dialect: None };
        datafusion_functions_json::register_all(&mut engine.context).map_err(set_up)?;
        functions::register(&engine.context);
        Ok(engine)
    }

    /// The same, for queries in one dialect whatever tables they name.
    #[must_use]
    pub fn with_dialect(mut self, dialect: Option<Dialect>) -> Self {
        self.dialect = dialect;
        self
    }

    /// Version of `events` that queries see.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Names of the tables and views that queries can use.
    #[must_use]
    pub fn tables(&self) -> Vec<String> {
        let schema = self.context.catalog(CATALOG).and_then(|catalog| catalog.schema(SCHEMA));
        let mut names = schema.map(|schema| schema.table_names()).unwrap_or_default();
        names.sort();
        names
    }

    /// Runs one query that only reads. Values for its placeholders are bound, not pasted.
    ///
    /// # Errors
    /// [`QueryError::Wrong`] if it cannot be planned, [`QueryError::NotReadOnly`] if it would change something. What
    /// fails later comes out of the answer.
    pub async fn query(&self, sql: &str, parameters: &Parameters) -> Result<Answer, QueryError> {
        let plan = self.plan(sql, parameters).await?;
        self.execute(plan).await.map_err(|error| diagnosis::at_name(error, sql))
    }

    /// Plans a query without running it.
    ///
    /// # Errors
    /// As [`query`](Self::query).
    pub async fn check(&self, sql: &str, parameters: &Parameters) -> Result<SchemaRef, QueryError> {
        let plan = self.plan(sql, parameters).await?;
        Ok(Arc::clone(plan.schema().inner()))
    }

    /// The lake's own columns of the records for which `filter`, an SQL condition on `events`, is true.
    ///
    /// # Errors
    /// [`QueryError::Wrong`] if the condition cannot be planned.
    pub async fn records(&self, filter: Option<&str>) -> Result<Answer, QueryError> {
        let wrong = |error: DataFusionError| self.wrong(&error);
        let mut events = self.context.table(TableName::Events.name()).await.map_err(wrong)?;
        if let Some(filter) = filter {
            let condition = events.parse_sql_expr(filter).map_err(wrong)?;
            events = events.filter(condition).map_err(wrong)?;
        }
        let columns: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
        let plan = events.select_columns(&columns).map_err(wrong)?.into_unoptimized_plan();
        self.execute(plan).await
    }

    async fn plan(&self, sql: &str, parameters: &Parameters) -> Result<LogicalPlan, QueryError> {
        let state = self.context.state();
        let wrong = |error: DataFusionError| diagnosis::at_name(self.wrong(&error), sql);
        let statement = dialect::statement(sql, self.dialect, &self.tables()).map_err(wrong)?;
        let plan = state.statement_to_plan(statement).await.map_err(wrong)?;
        let read_only = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        read_only.verify_plan(&plan).map_err(|error| {
            let message = error.find_root().strip_backtrace();
            let message = message.trim_start_matches("Error during planning: ").to_owned();
            QueryError::NotReadOnly { message }
        })?;
        plan.with_param_values(to_datafusion(parameters)).map_err(|error| self.wrong(&error))
    }

    async fn execute(&self, plan: LogicalPlan) -> Result<Answer, QueryError> {
        let asked = plan.clone();
        let wrong = |error: DataFusionError| typing::clash(&asked).unwrap_or_else(|| self.wrong(&error));
        let frame = self.context.execute_logical_plan(plan).await.map_err(wrong)?;
        let stream = frame.execute_stream().await.map_err(wrong)?;
        Ok(Answer { schema: stream.schema(), stream })
    }

    fn wrong(&self, error: &DataFusionError) -> QueryError {
        diagnosis::of_planning(error, &self.tables())
    }
}

/// How queries are parsed, planned and run.
pub(crate) fn config(threads: usize) -> SessionConfig {
    SessionConfig::new()
        .with_target_partitions(threads.max(1))
        .with_default_catalog_and_schema(CATALOG, SCHEMA)
        .with_create_default_catalog_and_schema(false)
        // SHOW TABLES, SHOW COLUMNS, DESCRIBE
        .with_information_schema(true)
        // `a->>'b' = 'c'` means what it means in PostgreSQL
        .set_str("datafusion.sql_parser.dialect", "postgresql")
        // errors point into the user's text
        .set_bool("datafusion.sql_parser.collect_spans", true)
        // rows are filtered while they are read: the wide JSON columns of the others are never decoded
        .set_bool("datafusion.execution.parquet.pushdown_filters", true)
        .set_bool("datafusion.execution.parquet.reorder_filters", true)
        // CloudTrail is UTC throughout
        .set_str("datafusion.execution.time_zone", "UTC")
}
