//! Rows of plain scans in the order of the files, however many threads read them.
//!
//! DataFusion merges the streams of its threads as their batches come, and lets threads take files from each other: the same
//! `SELECT … LIMIT 10` gives other rows each time. Where a plan only reads, filters and computes row by row, this rule keeps
//! each thread on its own neighbouring files and puts the streams one behind the other; the threads work ahead by a few
//! batches. Grouping and joining have no order to keep.

use std::fmt;
use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult as _, TreeNode as _, TreeNodeRecursion};
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::common::spawn_buffered;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::limit::LocalLimitExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::union::UnionExec;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties as _, Partitioning, PlanProperties,
    replace_children_if_necessary,
};
use futures::{StreamExt as _, stream};

/// Batches that a thread works ahead.
const BUFFERED_BATCHES: usize = 4;

/// Puts [`InOrderExec`] where streams of a plain scan meet.
#[derive(Debug)]
pub(crate) struct KeepScanOrder;

impl PhysicalOptimizerRule for KeepScanOrder {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let plan = plan.transform_up(|node| {
            let Some(merge) = node.downcast_ref::<CoalescePartitionsExec>() else { return Ok(Transformed::no(node)) };
            Ok(match in_order(merge.input())? {
                Some(input) => Transformed::yes(joined(input, merge.fetch())),
                None => Transformed::no(node),
            })
        });
        let plan = plan.data()?;
        // what has several streams at the top is merged when it runs
        if plan.output_partitioning().partition_count() > 1
            && let Some(input) = in_order(&plan)?
        {
            return Ok(joined(input, None));
        }
        Ok(plan)
    }

    fn name(&self) -> &'static str {
        "keep_scan_order"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

fn joined(input: Arc<dyn ExecutionPlan>, fetch: Option<usize>) -> Arc<dyn ExecutionPlan> {
    Arc::new(InOrderExec::new(input, fetch))
}

/// The plan with rows in the order of its files, if it is one whose rows can be.
fn in_order(plan: &Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    if let Some(source) = plan.downcast_ref::<DataSourceExec>() {
        // nothing to change is an order kept already
        return Ok(Some(source.with_preserve_order(true).unwrap_or_else(|| Arc::clone(plan))));
    }
    if let Some(spread) = plan.downcast_ref::<RepartitionExec>() {
        // it only spreads the work of what follows, at the cost of the order
        let spreads = matches!(spread.partitioning(), Partitioning::RoundRobinBatch(_));
        return if spreads { in_order(spread.input()) } else { Ok(None) };
    }
    let keeps = plan.is::<FilterExec>()
        || plan.is::<ProjectionExec>()
        || plan.is::<CooperativeExec>()
        || plan.is::<LocalLimitExec>()
        || plan.is::<UnionExec>();
    if !keeps {
        return Ok(None);
    }
    let mut children = Vec::new();
    for child in plan.children() {
        match in_order(child)? {
            Some(child) => children.push(child),
            None => return Ok(None),
        }
    }
    replace_children_if_necessary(Arc::clone(plan), children).map(Some)
}

/// Puts the streams of its input one behind the other.
#[derive(Debug)]
struct InOrderExec {
    input: Arc<dyn ExecutionPlan>,
    fetch: Option<usize>,
    properties: Arc<PlanProperties>,
}

impl InOrderExec {
    fn new(input: Arc<dyn ExecutionPlan>, fetch: Option<usize>) -> Self {
        // they are those of the merge that it stands for
        let merge = CoalescePartitionsExec::new(Arc::clone(&input));
        Self { input, fetch, properties: Arc::clone(merge.properties()) }
    }
}

impl DisplayAs for InOrderExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fetch {
            Some(fetch) => write!(f, "InOrderExec: fetch={fetch}"),
            None => f.write_str("InOrderExec"),
        }
    }
}

impl ExecutionPlan for InOrderExec {
    fn name(&self) -> &'static str {
        "InOrderExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, mut children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(joined(children.swap_remove(0), self.fetch))
    }

    fn execute(&self, _: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let partitions = self.input.output_partitioning().partition_count();
        let streams = (0..partitions).map(|at| {
            let stream = self.input.execute(at, Arc::clone(&context))?;
            Ok(spawn_buffered(stream, BUFFERED_BATCHES))
        });
        let streams = streams.collect::<Result<Vec<_>>>()?;
        let rows = stream::iter(streams).flatten();
        // ends as soon as enough rows have come: nothing is read for rows that nobody wants
        let rows = stream::try_unfold((rows, self.fetch.unwrap_or(usize::MAX)), |(mut rows, left)| async move {
            if left == 0 {
                return Ok(None);
            }
            let Some(batch) = rows.next().await.transpose()? else { return Ok(None) };
            let wanted = batch.num_rows().min(left);
            Ok(Some((batch.slice(0, wanted), (rows, left - wanted))))
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.input.schema(), rows)))
    }
}
