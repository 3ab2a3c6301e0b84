//! Runs the SQL logic tests of `tests/slt` on the generated archive.

use std::path::Path;

use futures::TryStreamExt as _;
use milepost_lake::{AsOf, Lake};
use milepost_query::{Engine, Parameters, QueryError};
use milepost_store::StoreOptions;
use sqllogictest::{AsyncDB, DBOutput, DefaultColumnType};

use crate::context::shared;

struct Database(Engine);

#[async_trait::async_trait]
impl AsyncDB for Database {
    type Error = QueryError;
    type ColumnType = DefaultColumnType;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<Self::ColumnType>, Self::Error> {
        let answer = self.0.query(sql, &Parameters::new()).await?;
        let columns = answer.schema().fields().len();
        let batches: Vec<_> = answer.into_batches().try_collect().await?;
        let options = arrow_cast::display::FormatOptions::default().with_null("NULL");
        let mut rows = Vec::new();
        for batch in &batches {
            for row in 0..batch.num_rows() {
                let cell = |array| {
                    let formatter = arrow_cast::display::ArrayFormatter::try_new(array, &options).unwrap();
                    let text = formatter.value(row).to_string();
                    if text.is_empty() { "(empty)".to_owned() } else { text }
                };
                rows.push(batch.columns().iter().map(|array| cell(array.as_ref())).collect());
            }
        }
        Ok(DBOutput::Rows { types: vec![DefaultColumnType::Any; columns], rows })
    }

    async fn shutdown(&mut self) {}

    fn engine_name(&self) -> &str {
        "milepost"
    }
}

#[test]
fn every_file_of_slt_holds() {
    let lake = shared().lake();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/slt");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let mut runner = sqllogictest::Runner::new(|| async {
            Ok(Database(Engine::open(&Lake::open(&lake, &StoreOptions::default()).await?, AsOf::Newest, 2).await?))
        });
        runtime.block_on(runner.run_file_async(&file)).unwrap();
    }
}
