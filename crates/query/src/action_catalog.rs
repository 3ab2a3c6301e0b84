//! The table `action_catalog`: the API actions of the documented services, and whether CloudTrail logs them.

use std::io::Cursor;
use std::sync::Arc;

use arrow::csv::ReaderBuilder;
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::catalog::MemTable;
use datafusion::error::DataFusionError;

/// Name of the table.
pub(crate) const NAME: &str = "action_catalog";
/// One line an action.
const CSV: &str = include_str!("../data/action_catalog.csv");

/// The table with its rows.
pub(crate) fn table() -> Result<MemTable, DataFusionError> {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let logged = Field::new("logged", DataType::Boolean, true);
    let fields = vec![text("service"), text("api"), text("event_source"), text("action"), logged, text("note")];
    let schema = Arc::new(Schema::new(fields));
    let reader = ReaderBuilder::new(Arc::clone(&schema)).with_header(true).build(Cursor::new(CSV))?;
    MemTable::try_new(schema, vec![reader.collect::<Result<Vec<_>, _>>()?])
}
