//! Leaves out data files that cannot hold an answer, by what the transaction log says of them: first by their partition,
//! then, of what that leaves, by the bounds of their times and of a few texts. No file is opened for it, and statistics of
//! files that their partition rules out are never read.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, Date32Array, RecordBatch, StringArray, UInt64Array};
use arrow::array::{TimestampMicrosecondArray, new_null_array};
use arrow::compute::{and, filter_record_batch};
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::cast::as_boolean_array;
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, DFSchema, ScalarValue};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::utils::conjunction;
use datafusion::physical_optimizer::pruning::{PruningPredicate, PruningPredicateBuilder};
use milepost_lake::{DataFile, Partition, Snapshot};
use milepost_schema::{ACCOUNT, DATE, EVENT_TIME, REGION};

/// Microseconds of a day.
const DAY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;

/// The data files of a table.
pub(crate) struct FileList {
    pub(crate) files: Vec<DataFile>,
    schema: SchemaRef,
    /// The values of partition columns, one row a file.
    partitions: RecordBatch,
}

/// Files that may hold an answer, and how many could be left out.
pub(crate) struct Kept<'a> {
    pub(crate) files: Vec<&'a DataFile>,
    pub(crate) pruned_by_partition: usize,
    pub(crate) pruned_by_statistics: usize,
    /// The condition, for whoever knows more of the files.
    pub(crate) predicate: Option<Arc<PruningPredicate>>,
}

impl FileList {
    /// The files of `snapshot`, a table with all columns of `schema`.
    ///
    /// # Errors
    /// None of a user's making.
    pub(crate) fn new(snapshot: Snapshot, schema: SchemaRef) -> Result<Self, DataFusionError> {
        let columns = snapshot.table.partition_columns();
        let fields: Vec<Field> = columns.iter().filter_map(|name| schema.field_with_name(name).ok().cloned()).collect();
        let arrays = fields.iter().map(|field| partition_array(&snapshot.files, field)).collect();
        let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(snapshot.files.len()));
        let partitions = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)?;
        Ok(Self { files: snapshot.files, schema, partitions })
    }

    /// The files that may hold rows for which all of `filters` are true.
    ///
    /// # Errors
    /// A filter cannot be evaluated.
    pub(crate) fn keep(&self, filters: &[Expr], state: &dyn Session) -> Result<Kept<'_>, DataFusionError> {
        let all = || self.files.iter().collect::<Vec<_>>();
        let Some(filter) = conjunction(filters.iter().cloned()) else {
            return Ok(Kept { files: all(), pruned_by_partition: 0, pruned_by_statistics: 0, predicate: None });
        };
        let predicate = state.create_physical_expr(filter, &DFSchema::try_from(Arc::clone(&self.schema))?)?;
        // one that says nothing about bounds keeps every file
        let predicate = PruningPredicateBuilder::new().with_file_schema(Arc::clone(&self.schema)).build(predicate);
        let by_partition = and(
            &self.keep_by_values(filters, state)?,
            &prune(predicate.as_deref(), &Partitions { values: &self.partitions })?,
        )?;
        let partitions = filter_record_batch(&self.partitions, &by_partition)?;
        let files: Vec<&DataFile> =
            self.files.iter().zip(by_partition.values()).filter_map(|(file, keep)| keep.then_some(file)).collect();
        let by_statistics = prune(predicate.as_deref(), &Statistics { files: &files, partitions: &partitions })?;
        let pruned_by_partition = self.files.len() - files.len();
        let kept: Vec<&DataFile> =
            files.iter().zip(by_statistics.values()).filter_map(|(file, keep)| keep.then_some(*file)).collect();
        Ok(Kept { pruned_by_partition, pruned_by_statistics: files.len() - kept.len(), files: kept, predicate })
    }

    /// Which files have partition values for which all of `filters` are true. Filters on other columns are left to others.
    ///
    /// Bounds say nothing of `to_char(date, '%d') = '10'`, but the value of each file's partition does.
    fn keep_by_values(&self, filters: &[Expr], state: &dyn Session) -> Result<BooleanArray, DataFusionError> {
        let schema = self.partitions.schema();
        let on_partitions = |filter: &&Expr| {
            let columns = filter.column_refs();
            let is_known = |column: &&Column| schema.field_with_name(&column.name).is_ok();
            !filter.is_volatile() && !columns.is_empty() && columns.iter().all(is_known)
        };
        let Some(filter) = conjunction(filters.iter().filter(on_partitions).cloned()) else {
            return Ok(BooleanArray::from(vec![true; self.files.len()]));
        };
        let predicate = state.create_physical_expr(filter, &DFSchema::try_from(self.partitions.schema())?)?;
        let truths = predicate.evaluate(&self.partitions)?.into_array(self.files.len())?;
        // what is unknown is not true, and no row of such a file is let through
        Ok(as_boolean_array(&truths)?.iter().map(|truth| Some(truth == Some(true))).collect())
    }
}

/// Which files may hold rows for which `predicate` is true, judged by `known`.
fn prune(predicate: Option<&PruningPredicate>, known: &dyn PruningStatistics) -> Result<BooleanArray, DataFusionError> {
    match predicate {
        Some(predicate) => Ok(BooleanArray::from(predicate.prune(known)?)),
        None => Ok(BooleanArray::from(vec![true; known.num_containers()])),
    }
}

fn partition_array(files: &[DataFile], field: &Field) -> ArrayRef {
    let partitions = || files.iter().map(|file| &file.partition);
    match field.name().as_str() {
        REGION => Arc::new(partitions().map(|partition| partition.region.as_deref()).collect::<StringArray>()),
        ACCOUNT => Arc::new(partitions().map(|partition| partition.account.as_deref()).collect::<StringArray>()),
        DATE => Arc::new(partitions().map(|partition| partition.day).collect::<Date32Array>()),
        _ => new_null_array(field.data_type(), files.len()),
    }
}

/// The value of a partition column.
pub(crate) fn partition_value(partition: &Partition, name: &str) -> ScalarValue {
    match name {
        REGION => ScalarValue::Utf8(partition.region.clone()),
        ACCOUNT => ScalarValue::Utf8(partition.account.clone()),
        DATE => ScalarValue::Date32(partition.day),
        _ => ScalarValue::Null,
    }
}

/// What the partitions of files say, each taken for one row.
struct Partitions<'a> {
    values: &'a RecordBatch,
}

impl Partitions<'_> {
    /// A partition holds the events of one day.
    fn days(&self, of_day: impl Fn(i64) -> i64) -> Option<ArrayRef> {
        let days = self.values.column_by_name(DATE)?.as_any().downcast_ref::<Date32Array>()?;
        let instants = days.iter().map(|day| day.map(|day| of_day(i64::from(day))));
        Some(Arc::new(instants.collect::<TimestampMicrosecondArray>().with_timezone("UTC")))
    }
}

impl PruningStatistics for Partitions<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        match column.name.as_str() {
            EVENT_TIME => self.days(|day| day * DAY_MICROS),
            name => self.values.column_by_name(name).cloned(),
        }
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        match column.name.as_str() {
            EVENT_TIME => self.days(|day| (day + 1) * DAY_MICROS - 1),
            name => self.values.column_by_name(name).cloned(),
        }
    }

    fn num_containers(&self) -> usize {
        self.values.num_rows()
    }

    fn null_counts(&self, column: &Column) -> Option<ArrayRef> {
        let values = self.values.column_by_name(&column.name)?;
        let counts = (0..values.len()).map(|at| Some(u64::from(values.is_null(at))));
        Some(Arc::new(counts.collect::<UInt64Array>()))
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        Some(Arc::new(UInt64Array::from(vec![1; self.values.num_rows()])))
    }

    fn contained(&self, column: &Column, values: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        let found = self.values.column_by_name(&column.name)?;
        let is_contained = |at| ScalarValue::try_from_array(found, at).ok().map(|value| values.contains(&value));
        Some((0..found.len()).map(is_contained).collect())
    }
}

/// What the log says of files.
struct Statistics<'a> {
    files: &'a [&'a DataFile],
    partitions: &'a RecordBatch,
}

#[derive(Clone, Copy)]
enum Bound {
    Least,
    Greatest,
}

impl Statistics<'_> {
    fn bounds(&self, column: &Column, bound: Bound) -> Option<ArrayRef> {
        if let Some(values) = self.partitions.column_by_name(&column.name) {
            return Some(Arc::clone(values));
        }
        if column.name == EVENT_TIME {
            let pick = |(least, greatest): (i64, i64)| match bound {
                Bound::Least => least,
                Bound::Greatest => greatest,
            };
            let instants = self.files.iter().map(|file| file.statistics().event_time.map(pick));
            return Some(Arc::new(instants.collect::<TimestampMicrosecondArray>().with_timezone("UTC")));
        }
        let text = |file: &'_ &DataFile| {
            let (least, greatest) = file.statistics().texts.get(&column.name)?;
            Some(match bound {
                Bound::Least => least.clone(),
                Bound::Greatest => greatest.clone(),
            })
        };
        let texts: StringArray = self.files.iter().map(text).collect();
        (texts.null_count() < texts.len()).then(|| Arc::new(texts) as ArrayRef)
    }
}

impl PruningStatistics for Statistics<'_> {
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
        if let Some(values) = self.partitions.column_by_name(&column.name) {
            let nulls = self
                .files
                .iter()
                .enumerate()
                .map(|(at, file)| if values.is_null(at) { file.statistics().rows } else { Some(0) });
            return Some(Arc::new(nulls.collect::<UInt64Array>()));
        }
        let nulls = self.files.iter().map(|file| file.statistics().event_time_nulls);
        (column.name == EVENT_TIME).then(|| Arc::new(nulls.collect::<UInt64Array>()) as ArrayRef)
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        Some(Arc::new(self.files.iter().map(|file| file.statistics().rows).collect::<UInt64Array>()))
    }

    fn contained(&self, column: &Column, values: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        Partitions { values: self.partitions }.contained(column, values)
    }
}
