//! A table of the lake as DataFusion sees it: one version of it, scanned as Parquet files.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use chrono::DateTime;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Statistics;
use datafusion::common::stats::Precision;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use milepost_lake::{DataFile, TableName, TableVersion};
use milepost_schema::EVENT_TIME;
use tokio::sync::OnceCell;

use crate::bloom_filters;
use crate::implied::with_partitions;
use crate::local_files::LocalFiles;
use crate::pruning::{FileList, Kept, partition_value};
use crate::scans::{PlannedScan, ScanLog};

/// One table at one version. Its log is read when a query first scans it.
pub(crate) struct LakeTable {
    table: TableName,
    version: TableVersion,
    schema: SchemaRef,
    store_url: ObjectStoreUrl,
    files: OnceCell<FileList>,
}

impl LakeTable {
    /// The table at `version`, whose store is registered under `store_url`.
    pub(crate) fn new(table: TableName, version: TableVersion, store_url: ObjectStoreUrl) -> Self {
        Self { table, version, schema: table.schema(), store_url, files: OnceCell::new() }
    }

    /// Its data files.
    ///
    /// # Errors
    /// A [`LakeError`](milepost_lake::LakeError), shared and external: the log cannot be read.
    pub(crate) async fn files(&self) -> Result<&FileList> {
        let read = || async {
            let snapshot =
                self.version.snapshot().await.map_err(|error| DataFusionError::External(Box::new(Arc::new(error))))?;
            FileList::new(snapshot, Arc::clone(&self.schema))
        };
        self.files.get_or_try_init(read).await
    }

    fn partition_columns(&self) -> &'static [&'static str] {
        self.table.partition_columns()
    }

    fn partitioned_file(&self, file: &DataFile) -> PartitionedFile {
        let mut found = PartitionedFile::new(String::new(), file.size_bytes);
        found.object_meta.location = file.path.clone();
        found.object_meta.last_modified = DateTime::from_timestamp_millis(file.modified_millis).unwrap_or_default();
        found.partition_values =
            self.partition_columns().iter().map(|name| partition_value(&file.partition, name)).collect();
        found
    }

    /// How many rows the files hold, if the log says so of each.
    fn statistics(&self, files: &[&DataFile]) -> Statistics {
        let mut statistics = Statistics::new_unknown(&self.schema);
        let rows: Option<u64> = files.iter().map(|file| file.statistics().rows).sum();
        if let Some(rows) = rows.and_then(|rows| usize::try_from(rows).ok()) {
            statistics.num_rows = Precision::Exact(rows);
        }
        statistics
    }

    /// Notes for whoever asked what is left out, and by what.
    fn note(&self, state: &dyn Session, filters: &[Expr], all: &[DataFile], kept: &Kept<'_>) {
        let Some(log) = state.config().get_extension::<ScanLog>() else { return };
        let bounds = |expr: &Expr| expr.column_refs().iter().any(|column| self.bounds_files(&column.name));
        log.add(PlannedScan {
            files: all.len(),
            bytes: all.iter().map(|file| file.size_bytes).sum(),
            pruned_by_partition: kept.pruned_by_partition,
            pruned_by_statistics: kept.pruned_by_statistics,
            bytes_left: kept.files.iter().map(|file| file.size_bytes).sum(),
            is_bounded: self.partition_columns().is_empty() || filters.iter().any(bounds),
        });
    }

    fn bounds_files(&self, column: &str) -> bool {
        column == EVENT_TIME || self.partition_columns().contains(&column)
    }
}

/// By partition, then by what is in them: names are random, and the same input shall be read in the same order.
fn sort(files: &mut [&DataFile]) {
    let folder = |file: &DataFile| file.path.as_ref().rsplit_once('/').map_or(0, |(folder, _)| folder.len());
    files.sort_by(|one, other| {
        let (one_path, other_path) = (one.path.as_ref(), other.path.as_ref());
        let key = |file: &DataFile| (file.statistics().event_time, file.statistics().rows, file.size_bytes);
        one_path[..folder(one)]
            .cmp(&other_path[..folder(other)])
            .then_with(|| key(one).cmp(&key(other)))
            .then_with(|| one_path.cmp(other_path))
    });
}

impl fmt::Debug for LakeTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LakeTable")
            .field("table", &self.table)
            .field("version", &self.version.version())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl TableProvider for LakeTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        // files and row groups are left out by them; rows are still checked
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let list = self.files().await?;
        let filters: Vec<Expr> = filters.iter().cloned().map(with_partitions).collect();
        let mut kept = list.keep(&filters, state)?;
        if let Some(predicate) = &kept.predicate {
            let before = kept.files.len();
            kept.files = bloom_filters::keep(kept.files, predicate, &self.version).await?;
            kept.pruned_by_statistics += before - kept.files.len();
        }
        self.note(state, &filters, &list.files, &kept);
        let mut files = kept.files;
        if files.is_empty() {
            let schema = match projection {
                Some(columns) => Arc::new(self.schema.project(columns)?),
                None => Arc::clone(&self.schema),
            };
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        sort(&mut files);
        let statistics = self.statistics(&files);
        let groups = groups(files.iter().map(|file| self.partitioned_file(file)).collect(), state);
        let partition_fields = self
            .partition_columns()
            .iter()
            .map(|name| self.schema.field_with_name(name).map(|field| Arc::new(field.clone())))
            .collect::<Result<Vec<_>, _>>()
            .map_err(DataFusionError::from)?;
        let table_schema =
            TableSchema::builder(self.table.file_schema()).with_table_partition_cols(partition_fields).build();
        let options = state.config_options().execution.parquet.clone();
        let mut source =
            ParquetSource::new(table_schema).with_table_parquet_options(datafusion::config::TableParquetOptions {
                global: options,
                ..Default::default()
            });
        if let Some(files) = self.version.folder().and_then(LocalFiles::new) {
            source = source.with_parquet_file_reader_factory(Arc::new(files));
        }
        let config = FileScanConfigBuilder::new(self.store_url.clone(), Arc::new(source))
            .with_file_groups(groups)
            .with_statistics(statistics)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

/// Neighbouring files together, in as many groups of about the same size as there are threads.
fn groups(files: Vec<PartitionedFile>, state: &dyn Session) -> Vec<FileGroup> {
    let wanted = state.config().target_partitions().clamp(1, files.len());
    let total: u64 = files.iter().map(|file| file.object_meta.size).sum();
    let share = total.div_ceil(wanted as u64).max(1);
    let mut groups: Vec<Vec<PartitionedFile>> = vec![Vec::new()];
    let mut bytes = 0;
    for file in files {
        if bytes >= share && groups.len() < wanted {
            groups.push(Vec::new());
            bytes = 0;
        }
        bytes += file.object_meta.size;
        if let Some(group) = groups.last_mut() {
            group.push(file);
        }
    }
    groups.into_iter().map(FileGroup::new).collect()
}
