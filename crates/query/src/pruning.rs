//! Leaves out data files that cannot hold an answer, by what the transaction log says of them: their partition, and the
//! bounds of their times and of a few texts. No file is opened for it.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::DFSchema;
use datafusion::common::cast::as_boolean_array;
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, ScalarValue};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::utils::conjunction;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use milepost_lake::DataFile;
use milepost_schema::{EVENT_TIME, time};

/// What files are judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// Everything that the log says of them.
    All,
    /// Their partition alone.
    Partitions,
}

/// Which of `files` may hold rows for which `predicate` is true.
///
/// # Errors
/// The predicate cannot be evaluated, which is a bug.
pub(crate) fn keep(
    files: &[DataFile],
    schema: &SchemaRef,
    partition_columns: &'static [&'static str],
    predicate: &Arc<dyn PhysicalExpr>,
    known: Known,
) -> Result<Vec<bool>, DataFusionError> {
    let builder = PruningPredicateBuilder::new().with_file_schema(Arc::clone(schema));
    let Some(pruning) = builder.build(Arc::clone(predicate)) else {
        // a predicate that says nothing about bounds keeps every file
        return Ok(vec![true; files.len()]);
    };
    pruning.prune(&LogStatistics { files, schema, partition_columns, known })
}

/// Which of `files` have partition values for which all of `filters` are true. Filters on other columns are left to others.
///
/// Bounds say nothing of `to_char(date, '%d') = '10'`, but the value of each file's partition does.
///
/// # Errors
/// A filter cannot be evaluated.
pub(crate) fn keep_by_values(
    files: &[DataFile],
    schema: &SchemaRef,
    partition_columns: &'static [&'static str],
    filters: &[Expr],
    state: &dyn Session,
) -> Result<Vec<bool>, DataFusionError> {
    let on_partitions = |filter: &&Expr| {
        let columns = filter.column_refs();
        let is_stable = !filter.is_volatile();
        is_stable
            && !columns.is_empty()
            && columns.iter().all(|column| partition_columns.contains(&column.name.as_str()))
    };
    let Some(filter) = conjunction(filters.iter().filter(on_partitions).cloned()) else {
        return Ok(vec![true; files.len()]);
    };
    let fields: Vec<Field> =
        partition_columns.iter().filter_map(|name| schema.field_with_name(name).ok().cloned()).collect();
    let values = |field: &Field| {
        ScalarValue::iter_to_array(files.iter().map(|file| partition_value(file, field.name(), field.data_type())))
    };
    let columns = fields.iter().map(values).collect::<Result<Vec<_>, _>>()?;
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?;
    let predicate = state.create_physical_expr(filter, &DFSchema::try_from(batch.schema())?)?;
    let truths = predicate.evaluate(&batch)?.into_array(files.len())?;
    // what is unknown is not true, and no row of such a file is let through
    Ok(as_boolean_array(&truths)?.iter().map(|truth| truth == Some(true)).collect())
}

/// The value of a partition column, typed.
pub(crate) fn partition_value(file: &DataFile, name: &str, data_type: &DataType) -> ScalarValue {
    let text = file.partition_values.get(name).cloned().flatten();
    match data_type {
        DataType::Date32 => ScalarValue::Date32(text.as_deref().and_then(time::parse_day)),
        _ => ScalarValue::Utf8(text),
    }
}

struct LogStatistics<'a> {
    files: &'a [DataFile],
    schema: &'a SchemaRef,
    partition_columns: &'static [&'static str],
    known: Known,
}

#[derive(Clone, Copy)]
enum Bound {
    Least,
    Greatest,
}

impl LogStatistics<'_> {
    fn is_partition(&self, column: &Column) -> bool {
        self.partition_columns.contains(&column.name.as_str())
    }

    fn bounds(&self, column: &Column, bound: Bound) -> Option<ArrayRef> {
        if self.known == Known::Partitions && !self.is_partition(column) {
            return None;
        }
        let data_type = self.schema.field_with_name(&column.name).ok()?.data_type();
        let pick = |(least, greatest)| match bound {
            Bound::Least => least,
            Bound::Greatest => greatest,
        };
        let values = self.files.iter().map(|file| {
            if self.is_partition(column) {
                partition_value(file, &column.name, data_type)
            } else if column.name == EVENT_TIME {
                ScalarValue::TimestampMicrosecond(file.statistics.event_time.map(pick), Some("UTC".into()))
            } else {
                let text = |(least, greatest): &(String, String)| match bound {
                    Bound::Least => least.clone(),
                    Bound::Greatest => greatest.clone(),
                };
                ScalarValue::Utf8(file.statistics.texts.get(&column.name).map(text))
            }
        });
        let known = self.is_partition(column)
            || column.name == EVENT_TIME
            || self.files.iter().any(|file| file.statistics.texts.contains_key(&column.name));
        known.then(|| ScalarValue::iter_to_array(values).ok()).flatten()
    }
}

impl PruningStatistics for LogStatistics<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds(column, Bound::Least)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds(column, Bound::Greatest)
    }

    fn num_containers(&self) -> usize {
        self.files.len()
    }

    fn null_counts(&self, column: &Column) -> Option<ArrayRef> {
        if self.known == Known::Partitions && !self.is_partition(column) {
            return None;
        }
        let counts: UInt64Array = self
            .files
            .iter()
            .map(|file| {
                if self.is_partition(column) {
                    let is_null = file.partition_values.get(&column.name).is_none_or(Option::is_none);
                    if is_null { file.statistics.rows } else { Some(0) }
                } else if column.name == EVENT_TIME {
                    file.statistics.event_time_nulls
                } else {
                    None
                }
            })
            .collect();
        Some(Arc::new(counts))
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        Some(Arc::new(self.files.iter().map(|file| file.statistics.rows).collect::<UInt64Array>()))
    }

    fn contained(&self, column: &Column, values: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        if !self.is_partition(column) {
            return None;
        }
        let data_type = self.schema.field_with_name(&column.name).ok()?.data_type();
        Some(
            self.files
                .iter()
                .map(|file| Some(values.contains(&partition_value(file, &column.name, data_type))))
                .collect(),
        )
    }
}
