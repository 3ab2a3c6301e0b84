//! Names that a query can use, and values that its partitions have: for `\d` and for completion.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, SchemaRef};
use datafusion::common::ScalarValue;
use milepost_lake::{DataFile, TableName};

use crate::answer::Answer;
use crate::catalog::{LAKE_SCHEMA, SCHEMA};
use crate::diagnosis::{self, nearest};
use crate::engine::{CATALOG, Engine};
use crate::error::QueryError;
use crate::provider::LakeTable;
use crate::pruning::partition_value;

/// Names that a query can use.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Tables and views, with their columns.
    pub tables: BTreeMap<String, Vec<String>>,
    /// Fields of columns that are structs, and of fields that are, by the way to them: `useridentity.sessioncontext`.
    pub fields: BTreeMap<String, BTreeSet<String>>,
    /// Functions.
    pub functions: BTreeSet<String>,
    /// Values of the columns that `events` is partitioned by.
    pub values: BTreeMap<String, BTreeSet<String>>,
}

impl Engine {
    /// Every name that a query can use now.
    pub async fn names(&self) -> Names {
        let (mut tables, mut fields) = (BTreeMap::new(), BTreeMap::new());
        for table in self.tables() {
            if let Some(schema) = self.table_schema(&table).await {
                let columns = schema.fields().iter().map(|field| field.name().clone()).collect();
                tables.insert(table, columns);
                schema.fields().iter().for_each(|field| add_fields(field.name(), field.data_type(), &mut fields));
            }
        }
        let state = self.context().state();
        let functions = state.scalar_functions().keys().chain(state.aggregate_functions().keys());
        let functions = functions.chain(state.window_functions().keys()).cloned().collect();
        Names { tables, fields, functions, values: self.partition_values().await }
    }

    /// The tables that a query can use, one row each.
    ///
    /// # Errors
    /// None of a user's making.
    pub fn list_tables(&self) -> Result<Answer, QueryError> {
        let names: StringArray = self.tables().into_iter().map(Some).collect();
        answer(vec![("table", Arc::new(names) as ArrayRef)])
    }

    /// The columns of a table, one row each, and below each that is a struct its fields, by the way to them.
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
        let mut rows = Vec::new();
        schema.fields().iter().for_each(|field| describe(field.name().clone(), field, &mut rows));
        let names: StringArray = rows.iter().map(|(name, ..)| Some(name)).collect();
        let types: StringArray = rows.iter().map(|(_, kind, _)| Some(kind)).collect();
        let nullable: BooleanArray = rows.iter().map(|(_, _, is_nullable)| Some(*is_nullable)).collect();
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
        let Some(table) = table.as_ref().and_then(|table| table.downcast_ref::<LakeTable>()) else {
            return BTreeMap::new();
        };
        // names to choose from are a help, and no place to complain
        table.files().await.map(|list| values(&list.files)).unwrap_or_default()
    }
}

/// A line for a column or a field, and one for each field in it. A type that was written out would be wider than any terminal.
fn describe(way: String, field: &Field, rows: &mut Vec<(String, String, bool)>) {
    rows.push((way.clone(), short_type(field.data_type()), field.is_nullable()));
    let (way, inner) = match field.data_type() {
        DataType::List(item) => (format!("{way}[]"), item.data_type()),
        kind => (way, kind),
    };
    if let DataType::Struct(fields) = inner {
        fields.iter().for_each(|field| describe(format!("{way}.{}", field.name()), field, rows));
    }
}

/// A type without the fields of structs.
fn short_type(kind: &DataType) -> String {
    match kind {
        DataType::Struct(_) => "Struct".to_owned(),
        DataType::List(item) => format!("List({})", short_type(item.data_type())),
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(pair) => {
                let parts: Vec<String> = pair.iter().map(|part| short_type(part.data_type())).collect();
                format!("Map({})", parts.join(", "))
            }
            other => format!("Map({})", short_type(other)),
        },
        other => other.to_string(),
    }
}

fn add_fields(way: &str, kind: &DataType, found: &mut BTreeMap<String, BTreeSet<String>>) {
    let DataType::Struct(fields) = kind else { return };
    for field in fields {
        found.entry(way.to_owned()).or_default().insert(field.name().clone());
        add_fields(&format!("{way}.{}", field.name()), field.data_type(), found);
    }
}

fn values(files: &[DataFile]) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for name in TableName::Events.partition_columns() {
        let values = files.iter().map(|file| partition_value(&file.partition, name));
        let values: HashSet<ScalarValue> = values.filter(|value| !value.is_null()).collect();
        found.insert((*name).to_owned(), values.iter().map(ToString::to_string).collect());
    }
    found
}

fn answer(columns: Vec<(&str, ArrayRef)>) -> Result<Answer, QueryError> {
    let batch = RecordBatch::try_from_iter(columns).map_err(|error| diagnosis::of_running(&error.into()))?;
    Answer::known(batch)
}
