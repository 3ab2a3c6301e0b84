//! The SQL session: the one place where DataFusion is configured.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::catalog::{CatalogProvider, MemTable, MemoryCatalogProvider, MemorySchemaProvider, SchemaProvider};
use datafusion::error::DataFusionError;
use datafusion::execution::FunctionRegistry as _;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::physical_plan::execute_stream;
use datafusion::prelude::{SessionConfig, SessionContext};
use milepost_lake::{AsOf, Lake, TableName};
use milepost_schema::COLUMNS;

use crate::accesses::ByTypeOfValue;
use crate::answer::{Answer, Running};
use crate::blame::Blame;
use crate::bound_times::BoundTimes;
use crate::calls;
use crate::cancellation::cancellable;
use crate::catalog::{COMPAT_SCHEMA, LAKE_SCHEMA, LazySchema, SCHEMA};
use crate::cheaper::Cheaper;
use crate::constants;
use crate::diagnosis;
use crate::dialect::{self, Dialect};
use crate::distinct::{ShareDistinct, SplitDistinct};
use crate::error::QueryError;
use crate::file_tables;
use crate::fold_structs::FoldStructs;
use crate::functions;
use crate::in_order::KeepScanOrder;
use crate::lambda_places::MoveLambdaParameters;
use crate::large_constants::BoundConstants;
use crate::options::EngineOptions;
use crate::parameters::{Parameters, check_all_used, to_datafusion, typed};
use crate::permissions::Permissions;
use crate::placed;
use crate::provider::LakeTable;
use crate::renamed_columns::QualifyRenamed;
use crate::scans::{ScanLog, ScanWatch};
use crate::shared_json::{PlainJson, ShareJson};
use crate::summarize;
use crate::timestamps::Microseconds;
use crate::typing;

pub(crate) const CATALOG: &str = "milepost";
/// Keys of one side of a join that files of the other side are compared with.
const MAX_JOIN_KEYS: usize = 20;

/// A lake that can be asked. Every query of one engine sees the same version of it.
pub struct Engine {
    context: SessionContext,
    version: u64,
    permissions: Permissions,
    /// What queries are written in, if it is not to be told by the tables they name.
    dialect: Option<Dialect>,
}

/// How a question is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ask {
    /// For its rows.
    #[default]
    Rows,
    /// For the plan, without running it.
    Plan,
    /// For the plan and what each step of it did; it is run.
    Analysis,
}

impl Engine {
    /// Opens one state of `lake`, with `threads` threads for each query.
    ///
    /// # Errors
    /// The lake cannot be read, or does not have that state.
    pub async fn open(lake: &Lake, as_of: AsOf, threads: usize) -> Result<Self, QueryError> {
        Self::open_with(lake, as_of, EngineOptions::new(threads)).await
    }

    /// Opens one state of `lake`.
    ///
    /// # Errors
    /// The lake cannot be read, or does not have that state.
    pub async fn open_with(lake: &Lake, as_of: AsOf, options: EngineOptions) -> Result<Self, QueryError> {
        Self::set_up(Some((lake, as_of)), options).await
    }

    /// An engine over a lake without any rows: enough to say whether a query is right.
    ///
    /// # Errors
    /// [`QueryError::SetUp`].
    pub async fn empty() -> Result<Self, QueryError> {
        Self::set_up(None, EngineOptions::new(1)).await
    }

    async fn set_up(lake: Option<(&Lake, AsOf)>, options: EngineOptions) -> Result<Self, QueryError> {
        let set_up = |source| QueryError::SetUp { source: Box::new(source) };
        let context = session(&options)?;
        let most_bytes = options.value_bytes();
        let catalog = MemoryCatalogProvider::new();
        let public = Arc::new(LazySchema::public());
        let compat = Arc::new(LazySchema::compat());
        let below = Arc::new(MemorySchemaProvider::new());
        catalog.register_schema(SCHEMA, Arc::<LazySchema>::clone(&public)).map_err(set_up)?;
        catalog.register_schema(COMPAT_SCHEMA, Arc::<LazySchema>::clone(&compat)).map_err(set_up)?;
        catalog.register_schema(LAKE_SCHEMA, Arc::<MemorySchemaProvider>::clone(&below)).map_err(set_up)?;
        context.register_catalog(CATALOG, Arc::new(catalog));
        let mut version = 0;
        for table in TableName::ALL {
            let has_view = matches!(table, TableName::Events | TableName::Rejects);
            let schema: &dyn SchemaProvider = if has_view { below.as_ref() } else { public.as_ref() };
            let found = match lake {
                Some((lake, as_of)) => lake.table_version(table, as_of).await?,
                None => None,
            };
            let provider: Arc<dyn datafusion::catalog::TableProvider> = match found {
                Some(found) => {
                    if table == TableName::Events {
                        version = found.version();
                    }
                    let url = ObjectStoreUrl::parse(format!("milepost-{}://lake", table.name())).map_err(set_up)?;
                    context.register_object_store(url.as_ref(), Arc::clone(found.store()));
                    Arc::new(LakeTable::new(table, found, url))
                }
                None => Arc::new(MemTable::try_new(table.schema(), vec![vec![]]).map_err(set_up)?),
            };
            schema.register_table(table.name().to_owned(), provider).map_err(set_up)?;
        }
        let permissions = Permissions { files: options.files, protected: options.protected, names: Vec::new() };
        let mut engine = Self { context, version, permissions, dialect: None };
        // before those that plan the operators
        engine.context.register_expr_planner(Arc::new(PlainJson)).map_err(set_up)?;
        datafusion_functions_json::register_all(&mut engine.context).map_err(set_up)?;
        functions::register(&engine.context);
        functions::register_stand_ins(&mut engine.context, most_bytes).map_err(set_up)?;
        engine.permissions.names = engine.tables();
        if engine.permissions.files {
            engine.context = engine.context.enable_url_table();
            file_tables::register(&engine.context);
        }
        // the session that is asked, and not one that it was made of
        public.plan_with(&engine.context);
        compat.plan_with(&engine.context);
        Ok(engine)
    }

    pub(crate) fn context(&self) -> &SessionContext {
        &self.context
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
        self.ask(sql, parameters, Ask::Rows).await
    }

    /// Runs one query for its rows, or explains it.
    ///
    /// # Errors
    /// As [`query`](Self::query).
    pub async fn ask(&self, sql: &str, parameters: &Parameters, ask: Ask) -> Result<Answer, QueryError> {
        let plan = self.plan(sql, parameters).await?;
        let explained = match ask {
            Ask::Rows => return self.execute_in(sql, plan).await,
            Ask::Plan => LogicalPlanBuilder::from(plan).explain(false, false),
            Ask::Analysis => LogicalPlanBuilder::from(plan).explain(false, true),
        };
        let plan = explained.and_then(LogicalPlanBuilder::build).map_err(|error| self.wrong(&error))?;
        self.execute_in(sql, plan).await
    }

    /// Runs the plan of a query, whose errors point into its text, those of its rows too.
    async fn execute_in(&self, sql: &str, plan: LogicalPlan) -> Result<Answer, QueryError> {
        let answer = self.execute(plan).await.map_err(|error| self.in_place(error, sql))?;
        let sql = sql.to_owned();
        Ok(answer.explaining(move |error| placed::at_cause(calls::as_written(error, &sql, |_| Vec::new()), &sql)))
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

    pub(crate) async fn plan(&self, sql: &str, parameters: &Parameters) -> Result<LogicalPlan, QueryError> {
        let tables = self.tables();
        let wrong = |error: DataFusionError| {
            let error =
                placed::division(placed::quoted_text(self.ungrouped(self.wrong(&error), sql, &tables), sql), sql);
            self.in_place(placed::operand(error, sql), sql)
        };
        if let Some(refusal) = dialect::refusal(sql, self.permissions.files) {
            return Err(refusal);
        }
        let summarized = summarize::query_of(sql);
        let text = summarized.as_deref().unwrap_or(sql);
        let mut parameters = parameters.clone();
        let mut statement = dialect::statement(text, self.dialect, &tables, &mut parameters).map_err(wrong)?;
        let files = if self.permissions.files { dialect::files(&statement) } else { Vec::new() };
        if !files.is_empty() {
            dialect::csv_files_as_calls(&mut statement, &tables);
        }
        let wrong = |error: DataFusionError| placed::of_file(&error, &files).unwrap_or_else(|| wrong(error));
        let mut plan = self.context.state().statement_to_plan(statement).await.map_err(&wrong)?;
        if summarized.is_some() {
            plan = summarize::of(plan).map_err(&wrong)?;
        }
        self.permissions.verify(&plan)?;
        constants::check(&plan, sql)?;
        check_all_used(&plan, &parameters)?;
        let parameters = typed(&plan, parameters)?;
        plan.with_param_values(to_datafusion(&parameters)).map_err(|error| self.wrong(&error))
    }

    pub(crate) async fn execute(&self, plan: LogicalPlan) -> Result<Answer, QueryError> {
        let wrong = |error: DataFusionError| self.wrong(&error);
        if matches!(plan, LogicalPlan::Ddl(_)) {
            let frame = self.context.execute_logical_plan(plan).await.map_err(wrong)?;
            return Ok(Answer::of_statement(frame.execute_stream().await.map_err(wrong)?));
        }
        let is_plan = matches!(plan, LogicalPlan::Explain(_) | LogicalPlan::Analyze(_));
        let blame = Blame::of(&plan);
        match self.stream(plan).await {
            Ok(running) => Ok(Answer::new(running, is_plan).explaining(move |error| blame.explain(error))),
            Err(error) => Err(blame.explain(error)),
        }
    }

    /// The rows of a plan that reads.
    pub(crate) async fn stream(&self, plan: LogicalPlan) -> Result<Running, QueryError> {
        let scans = Arc::new(ScanLog::default());
        let mut state = self.context.state();
        state.config_mut().set_extension(Arc::clone(&scans));
        let wrong = |error: DataFusionError| typing::clash(&plan).unwrap_or_else(|| self.wrong(&error));
        let plan = state.create_physical_plan(&plan).await.map_err(wrong)?;
        let wrong = |error: DataFusionError| self.wrong(&error);
        let (plan, wanted) = cancellable(plan).map_err(wrong)?;
        let stream = execute_stream(Arc::clone(&plan), state.task_ctx()).map_err(wrong)?;
        Ok(Running { stream, scans: ScanWatch::new(scans, plan), wanted: vec![wanted] })
    }

    /// The error with its place in the text of the query, as far as that can be told.
    fn in_place(&self, error: QueryError, sql: &str) -> QueryError {
        let error = calls::as_written(error, sql, |name| self.names_of_function(name));
        placed::at_name(placed::at_cause(error, sql), sql)
    }

    /// All names of the function that has this one.
    fn names_of_function(&self, name: &str) -> Vec<String> {
        let state = self.context.state();
        let scalars = state.scalar_functions().iter().map(|(alias, function)| (alias, function.name()));
        let aggregates = state.aggregate_functions().iter().map(|(alias, function)| (alias, function.name()));
        scalars.chain(aggregates).filter(|(_, own)| *own == name).map(|(alias, _)| alias.clone()).collect()
    }

    /// The error of a column that is neither grouped nor aggregated at its place; any other as it is.
    fn ungrouped(&self, error: QueryError, sql: &str, tables: &[String]) -> QueryError {
        let state = self.context.state();
        let is_aggregate = |name: &str| state.aggregate_functions().contains_key(name);
        let place = |column: &str| dialect::place_of_ungrouped(sql, self.dialect, tables, column, &is_aggregate);
        placed::ungrouped(error, sql, place)
    }

    pub(crate) fn wrong(&self, error: &DataFusionError) -> QueryError {
        diagnosis::of_planning(error, &self.tables(), self.permissions.files)
    }
}

fn session(options: &EngineOptions) -> Result<SessionContext, QueryError> {
    let mut config = config(options.threads).with_batch_size(options.batch_rows());
    let execution = &mut config.options_mut().execution;
    execution.sort_spill_reservation_bytes = options.sort_reservation_bytes();
    execution.sort_in_place_threshold_bytes = options.sort_in_place_bytes();
    let state = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(options.runtime()?)
        // before those of the engine, which know lists only
        .with_expr_planners(vec![Arc::new(ByTypeOfValue)])
        .with_type_planner(Arc::new(Microseconds))
        .with_default_features()
        .with_analyzer_rule(Arc::new(QualifyRenamed))
        .with_optimizer_rule(Arc::new(FoldStructs))
        .with_optimizer_rule(Arc::new(BoundTimes))
        .with_optimizer_rule(Arc::new(ShareJson))
        .with_optimizer_rule(Arc::new(Cheaper::new(options.value_bytes())))
        .with_optimizer_rule(Arc::new(SplitDistinct::new(options.memory_bytes)))
        // what is left together
        .with_optimizer_rule(Arc::new(ShareDistinct))
        // behind what folds calls to constants
        .with_optimizer_rule(Arc::new(BoundConstants::new(options.value_bytes(), options.batch_rows())))
        .with_physical_optimizer_rule(Arc::new(KeepScanOrder))
        .with_physical_optimizer_rule(Arc::new(MoveLambdaParameters))
        .build();
    Ok(SessionContext::new_with_state(state))
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
        // a join leaves out files by a short list of keys; a long one costs each file more than it leaves out
        .set_usize("datafusion.optimizer.hash_join_inlist_pushdown_max_distinct_values", MAX_JOIN_KEYS)
        // CloudTrail is UTC throughout
        .set_str("datafusion.execution.time_zone", "UTC")
}
