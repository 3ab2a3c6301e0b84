//! Makes joins end when nobody wants their rows any more.
//!
//! An engine of tasks gives up a query when one of its steps waits. A join has no reason to wait: it may compare a thousand
//! million pairs between one batch of its input and the next, and if its condition finds none among them, not even its
//! output makes it stop. So joins are asked to let others have a turn as often as scans do, and their conditions end with an
//! error once the answer has been dropped.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Weak};

use arrow::array::RecordBatch;
use arrow::datatypes::{FieldRef, Schema};
use datafusion::common::tree_node::{Transformed, TransformedResult as _, TreeNode as _};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::joins::utils::JoinFilter;
use datafusion::physical_plan::joins::{
    CrossJoinExec, HashJoinExec, NestedLoopJoinExec, NestedLoopJoinExecBuilder, SortMergeJoinExec,
};

/// Held by whoever waits for an answer.
pub(crate) type Wanted = Arc<()>;

/// The plan with joins that end when what is given back with it is dropped.
pub(crate) fn cancellable(plan: Arc<dyn ExecutionPlan>) -> Result<(Arc<dyn ExecutionPlan>, Wanted)> {
    let wanted = Wanted::new(());
    let plan = plan.transform_up(|node| {
        let join = if let Some(join) = node.downcast_ref::<HashJoinExec>() {
            match join.filter() {
                Some(filter) => join.builder().with_filter(Some(checked(filter, &wanted))).build_exec()?,
                None => node,
            }
        } else if let Some(join) = node.downcast_ref::<NestedLoopJoinExec>() {
            match join.filter() {
                Some(filter) => {
                    let checked = checked(filter, &wanted);
                    Arc::new(NestedLoopJoinExecBuilder::from(join).with_filter(Some(checked)).build()?)
                }
                None => node,
            }
        } else if node.is::<CrossJoinExec>() || node.is::<SortMergeJoinExec>() {
            node
        } else {
            return Ok(Transformed::no(node));
        };
        Ok(Transformed::yes(Arc::new(CooperativeExec::new(join)) as Arc<dyn ExecutionPlan>))
    });
    Ok((plan.data()?, wanted))
}

fn checked(filter: &JoinFilter, wanted: &Wanted) -> JoinFilter {
    let condition = Arc::clone(filter.expression());
    let checked = Checked { condition, wanted: Arc::downgrade(wanted) };
    JoinFilter::new(Arc::new(checked), filter.column_indices().to_vec(), Arc::clone(filter.schema()))
}

/// A condition as long as its answer is wanted, and an error from then on.
#[derive(Debug)]
struct Checked {
    condition: Arc<dyn PhysicalExpr>,
    wanted: Weak<()>,
}

impl PartialEq for Checked {
    fn eq(&self, other: &Self) -> bool {
        self.condition.eq(&other.condition) && self.wanted.ptr_eq(&other.wanted)
    }
}

impl Eq for Checked {}

impl Hash for Checked {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.condition.hash(state);
    }
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.condition.fmt(f)
    }
}

impl PhysicalExpr for Checked {
    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        if self.wanted.strong_count() == 0 {
            return Err(DataFusionError::Execution("nobody waits for the answer any more".to_owned()));
        }
        self.condition.evaluate(batch)
    }

    fn return_field(&self, input_schema: &Schema) -> Result<FieldRef> {
        self.condition.return_field(input_schema)
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.condition]
    }

    fn with_new_children(self: Arc<Self>, mut children: Vec<Arc<dyn PhysicalExpr>>) -> Result<Arc<dyn PhysicalExpr>> {
        let condition = children.pop().unwrap_or_else(|| Arc::clone(&self.condition));
        Ok(Arc::new(Self { condition, wanted: Weak::clone(&self.wanted) }))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.condition.fmt_sql(f)
    }
}
