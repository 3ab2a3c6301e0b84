//! `read_parquet('…')`, `read_csv('…')`, `read_json('…')`: files as tables, where files are allowed.

use std::sync::Arc;

use arrow::array::AsArray as _;
use arrow::datatypes::{DataType, FieldRef, Fields, Schema, SchemaRef};
use datafusion::catalog::{Session, TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::{Column, ScalarValue, plan_datafusion_err, plan_err};
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::csv::CsvFormat;
use datafusion::datasource::file_format::json::JsonFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::datasource::provider_as_source;
use datafusion::error::{DataFusionError, Result};
use datafusion::functions_aggregate::expr_fn::{bool_and, bool_or};
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, lit};
use datafusion::physical_plan::collect;
use datafusion::prelude::SessionContext;

use crate::wording::plain;

/// Makes the functions known to `context`.
pub(crate) fn register(context: &SessionContext) {
    for (name, kind) in [("read_parquet", Kind::Parquet), ("read_csv", Kind::Csv), ("read_json", Kind::Json)] {
        context.register_udtf(name, Arc::new(ReadFiles { name, kind }));
    }
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Parquet,
    Csv,
    Json,
}

#[derive(Debug)]
struct ReadFiles {
    name: &'static str,
    kind: Kind,
}

/// The error with the path as it was written.
fn of_file(path: &str, error: &DataFusionError) -> DataFusionError {
    let message = plain(&error.find_root().strip_backtrace());
    if message.starts_with("No files found at") || message.contains("No such file or directory") {
        return plan_datafusion_err!("there is no file `{path}`");
    }
    if let Some(name) = compression(path) {
        return plan_datafusion_err!("`{path}` is compressed with {name}: what comes out of it can be read");
    }
    plan_datafusion_err!("cannot read `{path}`: {message}")
}

/// How a file is compressed, by its first bytes.
fn compression(path: &str) -> Option<&'static str> {
    let mut start = [0; 4];
    let mut file = std::fs::File::open(path).ok()?;
    std::io::Read::read_exact(&mut file, &mut start).ok()?;
    match start {
        [0x1f, 0x8b, ..] => Some("gzip"),
        [0x28, 0xb5, 0x2f, 0xfd] => Some("zstd"),
        [b'B', b'Z', b'h', _] => Some("bzip2"),
        [b'P', b'K', 3, 4] => Some("zip"),
        _ => None,
    }
}

impl TableFunctionImpl for ReadFiles {
    fn call_with_args(&self, arguments: TableFunctionArgs) -> Result<Arc<dyn TableProvider>> {
        let [Expr::Literal(ScalarValue::Utf8(Some(path)) | ScalarValue::Utf8View(Some(path)), _)] = arguments.exprs()
        else {
            return plan_err!("{} takes one text: the path of a file or a folder", self.name);
        };
        let format: Arc<dyn FileFormat> = match self.kind {
            Kind::Parquet => Arc::new(ParquetFormat::default()),
            Kind::Csv => Arc::new(CsvFormat::default().with_has_header(true)),
            Kind::Json => Arc::new(JsonFormat::default()),
        };
        let url = ListingTableUrl::parse(path).map_err(|error| of_file(path, &error))?;
        // a file is read whatever it is called; in a folder, other files are left alone
        let extension = if url.is_collection() { format.get_ext() } else { String::new() };
        let options = ListingOptions::new(format).with_file_extension(extension);
        // planning a call is not async; it may wait here, as the runtime has several threads
        let config = ListingTableConfig::new(url.clone()).with_listing_options(options.clone());
        let infer = async {
            let schema = options.infer_schema(arguments.session(), &url).await?;
            match self.kind {
                Kind::Csv => with_ids_as_text(arguments.session(), config.clone(), schema).await,
                Kind::Parquet | Kind::Json => Ok(schema),
            }
        };
        let schema = tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(infer))
            .map_err(|error| of_file(path, &error))?;
        Ok(Arc::new(ListingTable::try_new(config.with_schema(schema))?))
    }
}

/// A zero before other digits, which no number has.
const LEADING_ZERO: &str = "0_%";
/// Twelve digits, as ids of accounts have.
const TWELVE_DIGITS: &str = "____________";

/// Takes columns of digits that are ids for text: what begins with a zero would lose it, and accounts are compared with text.
///
/// It reads those columns a first time, all of them: the zero may be in the last line.
async fn with_ids_as_text(session: &dyn Session, config: ListingTableConfig, schema: SchemaRef) -> Result<SchemaRef> {
    let whole: Vec<&str> = schema
        .fields()
        .iter()
        .filter(|field| *field.data_type() == DataType::Int64)
        .map(|field| field.name().as_str())
        .collect();
    if whole.is_empty() {
        return Ok(schema);
    }
    let table = ListingTable::try_new(config.with_schema(as_text(&schema, &whole)))?;
    let questions = whole.iter().flat_map(|name| {
        let column = || Expr::Column(Column::new_unqualified(*name));
        [bool_or(column().like(lit(LEADING_ZERO))), bool_and(column().like(lit(TWELVE_DIGITS)))]
    });
    let plan = LogicalPlanBuilder::scan("file", provider_as_source(Arc::new(table)), None)?
        .aggregate(Vec::<Expr>::new(), questions)?
        .build()?;
    let answers = collect(session.create_physical_plan(&plan).await?, session.task_ctx()).await?;
    let is_true = |at: usize| {
        answers.iter().any(|batch| batch.column(at).as_boolean_opt().is_some_and(|truth| truth.true_count() > 0))
    };
    let is_id = |at: &usize| is_true(2 * at) || is_true(2 * at + 1);
    let ids: Vec<&str> = (0..whole.len()).filter(is_id).map(|at| whole[at]).collect();
    Ok(as_text(&schema, &ids))
}

fn as_text(schema: &Schema, names: &[&str]) -> SchemaRef {
    let field = |field: &FieldRef| match names.contains(&field.name().as_str()) {
        true => Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8)),
        false => Arc::clone(field),
    };
    Arc::new(Schema::new(schema.fields().iter().map(field).collect::<Fields>()))
}
