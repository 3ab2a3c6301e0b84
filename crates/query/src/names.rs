//! Names that a query can use, and values that its partitions have: for `\d` and for completion.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, StringArray};
use arrow::datatypes::SchemaRef;
use milepost_lake::TableName;

use crate::answer::Answer;
use crate::catalog::{LAKE_SCHEMA, SCHEMA};
use crate::diagnosis::{self, nearest};
use crate::engine::{CATALOG, Engine};
use crate::error::QueryError;
use crate::provider::SnapshotTable;

/// Names that a query can use.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Tables and views, with their columns.
    pub tables: BTreeMap<String, Vec<String>>,
    /// Functions.
    pub functions: BTreeSet<String>,
    /// Values of the columns that `events` is partitioned by.
    pub values: BTreeMap<String, BTreeSet<String>>,
}

impl Engine {
    /// Every name that a query can use now.
    pub async fn names(&self) -> Names {
        let mut tables = BTreeMap::new();
        for table in self.tables() {
            if let Some(schema) = self.table_schema(&table).await {
                let columns = schema.fields().iter().map(|field| field.name().clone()).collect();
                tables.insert(table, columns);
            }
        }
        let state = self.context().state();
        let functions = state.scalar_functions().keys().chain(state.aggregate_functions().keys());
        let functions = functions.chain(state.window_functions().keys()).cloned().collect();
        Names { tables, functions, values: self.partition_values().await }
    }

    /// The tables that a query can use, one row each.
    ///
    /// # Errors
    /// None of a user's making.
    pub fn list_tables(&self) -> Result<Answer, QueryError> {
        let names: StringArray = self.tables().into_iter().map(Some).collect();
        answer(vec![("table", Arc::new(names) as ArrayRef)])
    }

    /// The columns of a table, one row each.
    ///
    /// # Errors
    /// [`QueryError::Wrong`] if there is no such table.
    pub async fn describe(&self, table: &str) -> Result<Answer, QueryError> {
        let Some(schema) = self.table_schema(table).await else {
            let tables = self.tables();
            let hint = match nearest(table, &tables) {
                Some(name) => format!("did you mean `{name}`?"),
                None => format!("there are: {}", tables.join(", ")),
            };
            let message = format!("there is no table `{table}`");
            return Err(QueryError::Wrong { message, position: None, hint: Some(hint) });
        };
        let names: StringArray = schema.fields().iter().map(|field| Some(field.name())).collect();
        let types: StringArray = schema.fields().iter().map(|field| Some(field.data_type().to_string())).collect();
        let nullable: BooleanArray = schema.fields().iter().map(|field| Some(field.is_nullable())).collect();
        answer(vec![
            ("column", Arc::new(names) as ArrayRef),
            ("type", Arc::new(types)),
            ("nullable", Arc::new(nullable)),
        ])
    }

    async fn table_schema(&self, table: &str) -> Option<SchemaRef> {
        let schema = self.context().catalog(CATALOG)?.schema(SCHEMA)?;
        Some(schema.table(table).await.ok()??.schema())
    }

    async fn partition_values(&self) -> BTreeMap<String, BTreeSet<String>> {
        let schema = self.context().catalog(CATALOG).and_then(|catalog| catalog.schema(LAKE_SCHEMA));
        let Some(schema) = schema else { return BTreeMap::new() };
        let table = schema.table(TableName::Events.name()).await.ok().flatten();
        table.as_ref().and_then(|table| table.downcast_ref::<SnapshotTable>()).map(values).unwrap_or_default()
    }
}

fn values(table: &SnapshotTable) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in table.files() {
        for (name, value) in &file.partition_values {
            if let Some(value) = value
                && !found.get(name.as_str()).is_some_and(|values| values.contains(value))
            {
                found.entry(name.clone()).or_default().insert(value.clone());
            }
        }
    }
    found
}

fn answer(columns: Vec<(&str, ArrayRef)>) -> Result<Answer, QueryError> {
    let batch = RecordBatch::try_from_iter(columns).map_err(|error| diagnosis::of_running(&error.into()))?;
    Answer::known(batch)
}
