//! `read_parquet('…')`, `read_csv('…')`, `read_json('…')`: files as tables, where files are allowed.

use std::sync::Arc;

use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::{ScalarValue, plan_datafusion_err, plan_err};
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::csv::CsvFormat;
use datafusion::datasource::file_format::json::JsonFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::Expr;
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
    plan_datafusion_err!("cannot read `{path}`: {message}")
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
        let schema = tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(options.infer_schema(arguments.session(), &url))
        })
        .map_err(|error| of_file(path, &error))?;
        let config = ListingTableConfig::new(url).with_listing_options(options).with_schema(schema);
        Ok(Arc::new(ListingTable::try_new(config)?))
    }
}
