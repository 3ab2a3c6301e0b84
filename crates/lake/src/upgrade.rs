//! Gives tables of earlier versions of milepost the columns that came later, before they are written to.
//!
//! Delta's way: the log says from now on that the table has the column, and data files without it are read with null. Rows stay
//! where they are, and readers of any engine see the same as before and one column more.

use deltalake_core::kernel::StructType;
use deltalake_core::kernel::engine::arrow_conversion::TryIntoKernel as _;
use milepost_store::Place;

use crate::error::LakeError;
use crate::table::{Table, failed};

/// The table with the columns that it may lack; whatever else is different is left as it is.
pub(crate) async fn with_later_columns(place: &Place, table: Table) -> Result<Table, LakeError> {
    let missing = missing(&table)?;
    if missing.is_empty() {
        return Ok(table);
    }
    let (name, lake) = (table.name, table.lake.clone());
    let schema = name.schema();
    let columns: Result<StructType, _> = schema.as_ref().try_into_kernel();
    let columns = columns.map_err(|source| failed("open", name, &lake, source.into()))?;
    let added: Vec<_> = columns.fields().filter(|field| missing.contains(&field.name().as_str())).cloned().collect();
    let result = table.delta.add_columns().with_fields(added).await;
    // another process may have added them in the meantime; what counts is that they are there
    match (Table::open(place, name).await?, result) {
        (Some(table), Ok(_)) => Ok(table),
        (Some(table), Err(source)) => {
            if self::missing(&table)?.is_empty() {
                Ok(table)
            } else {
                Err(failed("add a column to", name, &lake, source))
            }
        }
        (None, _) => Err(LakeError::NotALake { lake }),
    }
}

/// Later columns that the table does not have.
fn missing(table: &Table) -> Result<Vec<&'static str>, LakeError> {
    let state = table.delta.snapshot().map_err(|source| table.failed("read", source))?;
    let found = state.snapshot().arrow_schema();
    let later = table.name.later_columns().iter().copied();
    Ok(later.filter(|name| found.field_with_name(name).is_err()).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Arc;

    use arrow::array::{RecordBatch, StringArray, new_null_array};
    use arrow::datatypes::Schema;
    use deltalake_core::operations::create::CreateBuilder;
    use milepost_store::StoreOptions;

    use super::*;
    use crate::as_of::AsOf;
    use crate::commit::put;
    use crate::encode::encode_batch;
    use crate::lake::Lake;
    use crate::ledger::FileEntry;
    use crate::table::{add_action, log_store};
    use crate::tables::TableName;

    /// The ledger as it was before a column came, with one entry.
    async fn old_ledger(lake: &Lake) {
        let schema = TableName::Files.schema();
        let later = TableName::Files.later_columns();
        let fields = schema.fields().iter().filter(|field| !later.contains(&field.name().as_str())).cloned();
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let columns: StructType = schema.as_ref().try_into_kernel().unwrap();
        let create = CreateBuilder::new().with_log_store(log_store(lake.place(), TableName::Files));
        create.with_columns(columns.fields().cloned()).await.unwrap();
        let texts = |name: &str| Arc::new(StringArray::from(vec![name]));
        let columns = schema.fields().iter().map(|field| match field.name().as_str() {
            "uri" => texts("old") as _,
            "etag" | "carrier" => texts("x") as _,
            _ => new_null_array(field.data_type(), 1),
        });
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns.collect()).unwrap();
        let encoded = encode_batch(&batch, "old.parquet").unwrap();
        let mut table = Table::open(lake.place(), TableName::Files).await.unwrap().unwrap();
        let add = add_action("old.parquet", &encoded, HashMap::new(), 0);
        put(&table.store(), "old.parquet", encoded.bytes).await.unwrap();
        table.append(vec![add], "before").await.unwrap();
    }

    fn entry(uri: &str) -> FileEntry {
        FileEntry {
            uri: uri.to_owned(),
            size_bytes: 1,
            etag: "1".to_owned(),
            carrier: "trail-log",
            reader_version: 1,
            read: 0,
            written: 0,
            duplicates: 0,
            rejected: 0,
            filtered: 0,
            filter: None,
            text_bytes: 1,
            note: None,
            modified_micros: Some(7),
        }
    }

    #[tokio::test]
    async fn an_older_ledger_gets_its_column_and_keeps_its_rows() {
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().join("lake").to_string_lossy().into_owned();
        let lake = Lake::open_or_create(&name, &StoreOptions::default()).await.unwrap();
        old_ledger(&lake).await;
        // side by side, as converters may be
        let (one, other) = tokio::join!(lake.ledger("one"), lake.ledger("other"));
        one.unwrap().add_files(&[entry("new")]).await.unwrap();
        other.unwrap().add_files(&[entry("newer")]).await.unwrap();
        let known = lake.ledger("next").await.unwrap().known("!/").await.unwrap();
        assert!(["old", "new", "newer"].iter().all(|uri| known.get(uri).is_some()));
        let table = Table::open(lake.place(), TableName::Files).await.unwrap().unwrap();
        assert!(missing(&table).unwrap().is_empty());
        // the version with the old entry alone, the one with the column, and the two new entries
        let snapshot = lake.snapshot(TableName::Files, AsOf::Newest).await.unwrap().unwrap();
        assert_eq!((snapshot.version, snapshot.files.len()), (4, 3));
    }

    #[tokio::test]
    async fn a_table_that_is_different_otherwise_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().join("lake").to_string_lossy().into_owned();
        let lake = Lake::open_or_create(&name, &StoreOptions::default()).await.unwrap();
        let schema = TableName::Files.schema();
        let columns: StructType = schema.as_ref().try_into_kernel().unwrap();
        let create = CreateBuilder::new().with_log_store(log_store(lake.place(), TableName::Files));
        create.with_columns(columns.fields().filter(|field| field.name() != "etag").cloned()).await.unwrap();
        let Err(LakeError::Columns { difference, .. }) = lake.ledger("run").await else { panic!("it was written to") };
        assert_eq!(difference, "it has no column `etag`");
    }
}
