//! A table of the lake as DataFusion sees it: one snapshot, scanned as Parquet files.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use chrono::DateTime;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{DFSchema, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use milepost_lake::{DataFile, Snapshot};
use milepost_schema::EVENT_TIME;

use crate::pruning::{Known, keep, keep_by_values, partition_value};
use crate::scans::{PlannedScan, ScanLog};

/// One table at one version.
pub(crate) struct SnapshotTable {
    snapshot: Snapshot,
    schema: SchemaRef,
    store_url: ObjectStoreUrl,
}

impl SnapshotTable {
    /// The table of `snapshot`, whose store is registered under `store_url`.
    pub(crate) fn new(mut snapshot: Snapshot, store_url: ObjectStoreUrl) -> Self {
        // by partition, then by what is in them: names are random, and the same input shall be read in the same order
        snapshot.files.sort_by_cached_key(|file| {
            let folder = file.path.as_ref().rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned());
            (folder, file.statistics.event_time, file.statistics.rows, file.size_bytes, file.path.to_string())
        });
        Self { schema: snapshot.table.schema(), snapshot, store_url }
    }

    /// Its data files.
    pub(crate) fn files(&self) -> &[DataFile] {
        &self.snapshot.files
    }

    fn partition_columns(&self) -> &'static [&'static str] {
        self.snapshot.table.partition_columns()
    }

    fn partitioned_file(&self, file: &DataFile) -> PartitionedFile {
        let mut found = PartitionedFile::new(String::new(), file.size_bytes);
        found.object_meta.location = file.path.clone();
        found.object_meta.last_modified = DateTime::from_timestamp_millis(file.modified_millis).unwrap_or_default();
        found.partition_values = self
            .partition_columns()
            .iter()
            .filter_map(|name| self.schema.field_with_name(name).ok())
            .map(|field| partition_value(file, field.name(), field.data_type()))
            .collect();
        found
    }

    /// How many rows the files hold, if the log says so of each.
    fn statistics(&self, files: &[&DataFile]) -> Statistics {
        let mut statistics = Statistics::new_unknown(&self.schema);
        let rows: Option<u64> = files.iter().map(|file| file.statistics.rows).sum();
        if let Some(rows) = rows.and_then(|rows| usize::try_from(rows).ok()) {
            statistics.num_rows = Precision::Exact(rows);
        }
        statistics
    }

    fn kept_files(&self, state: &dyn Session, filters: &[Expr]) -> Result<Vec<&DataFile>> {
        let files = &self.snapshot.files;
        let Some(filter) = conjunction(filters.iter().cloned()) else {
            return Ok(files.iter().collect());
        };
        let schema = DFSchema::try_from(Arc::clone(&self.schema))?;
        let predicate = state.create_physical_expr(filter, &schema)?;
        let by_bounds = keep(files, &self.schema, self.partition_columns(), &predicate, Known::All)?;
        let by_values = keep_by_values(files, &self.schema, self.partition_columns(), filters, state)?;
        let kept = by_bounds.into_iter().zip(by_values).map(|(bounds, values)| bounds && values);
        Ok(files.iter().zip(kept).filter_map(|(file, keep)| keep.then_some(file)).collect())
    }

    /// Notes for whoever asked what is left out, and by what.
    fn note(&self, state: &dyn Session, filters: &[Expr], kept: &[&DataFile]) -> Result<()> {
        let Some(log) = state.config().get_extension::<ScanLog>() else { return Ok(()) };
        let files = &self.snapshot.files;
        let mut by_partition = 0;
        if let Some(filter) = conjunction(filters.iter().cloned()).filter(|_| kept.len() < files.len()) {
            let schema = DFSchema::try_from(Arc::clone(&self.schema))?;
            let predicate = state.create_physical_expr(filter, &schema)?;
            let by_bounds = keep(files, &self.schema, self.partition_columns(), &predicate, Known::Partitions)?;
            let by_values = keep_by_values(files, &self.schema, self.partition_columns(), filters, state)?;
            by_partition =
                by_bounds.into_iter().zip(by_values).filter(|(bounds, values)| !(*bounds && *values)).count();
        }
        let bounds = |expr: &Expr| expr.column_refs().iter().any(|column| self.bounds_files(&column.name));
        log.add(PlannedScan {
            files: files.len(),
            bytes: files.iter().map(|file| file.size_bytes).sum(),
            pruned_by_partition: by_partition,
            pruned_by_statistics: (files.len() - kept.len()).saturating_sub(by_partition),
            bytes_left: kept.iter().map(|file| file.size_bytes).sum(),
            is_bounded: self.partition_columns().is_empty() || filters.iter().any(bounds),
        });
        Ok(())
    }

    fn bounds_files(&self, column: &str) -> bool {
        column == EVENT_TIME || self.partition_columns().contains(&column)
    }
}

impl fmt::Debug for SnapshotTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SnapshotTable")
            .field("table", &self.snapshot.table)
            .field("version", &self.snapshot.version)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl TableProvider for SnapshotTable {
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
        let files = self.kept_files(state, filters)?;
        self.note(state, filters, &files)?;
        if files.is_empty() {
            let schema = match projection {
                Some(columns) => Arc::new(self.schema.project(columns)?),
                None => Arc::clone(&self.schema),
            };
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        let statistics = self.statistics(&files);
        let groups = groups(files.iter().map(|file| self.partitioned_file(file)).collect(), state);
        let partition_fields = self
            .partition_columns()
            .iter()
            .map(|name| self.schema.field_with_name(name).map(|field| Arc::new(field.clone())))
            .collect::<Result<Vec<_>, _>>()
            .map_err(DataFusionError::from)?;
        let table_schema =
            TableSchema::builder(self.snapshot.table.file_schema()).with_table_partition_cols(partition_fields).build();
        let options = state.config_options().execution.parquet.clone();
        let source =
            ParquetSource::new(table_schema).with_table_parquet_options(datafusion::config::TableParquetOptions {
                global: options,
                ..Default::default()
            });
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
