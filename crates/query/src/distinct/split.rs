//! With little memory, `count(DISTINCT x), count(DISTINCT y)` of all rows: each by itself.
//!
//! Sets of one group cannot be spilled, groups can. DataFusion makes groups of the values of one `DISTINCT` column and counts
//! them; with two it keeps two sets. So each column is counted by a query of its own, over the same rows, which are read once
//! for each. That takes longer, and is done only where both sets might not fit.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::common::Column;
use datafusion::common::tree_node::Transformed;
use datafusion::error::Result;
use datafusion::logical_expr::expr::{AggregateFunction, AggregateFunctionParams};
use datafusion::logical_expr::{Aggregate, Expr, LogicalPlan, LogicalPlanBuilder};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};

/// Less than this is little memory: half a million ids take some tens of megabytes.
const LITTLE_MEMORY: usize = 512 << 20;

/// Parts aggregates of `DISTINCT` values of all rows.
#[derive(Debug)]
pub(crate) struct SplitDistinct {
    memory_bytes: usize,
}

impl SplitDistinct {
    /// For queries that may use this much.
    pub(crate) fn new(memory_bytes: usize) -> Self {
        Self { memory_bytes }
    }
}

impl OptimizerRule for SplitDistinct {
    fn name(&self) -> &'static str {
        "split_distinct"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn supports_rewrite(&self) -> bool {
        true
    }

    fn rewrite(&self, plan: LogicalPlan, _: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let LogicalPlan::Aggregate(aggregate) = plan else { return Ok(Transformed::no(plan)) };
        if self.memory_bytes >= LITTLE_MEMORY || !aggregate.group_expr.is_empty() {
            return Ok(Transformed::no(LogicalPlan::Aggregate(aggregate)));
        }
        match split(&aggregate)? {
            Some(plan) => Ok(Transformed::yes(plan)),
            None => Ok(Transformed::no(LogicalPlan::Aggregate(aggregate))),
        }
    }
}

/// One aggregate for each column whose distinct values are wanted, and one for the rest, side by side again.
fn split(aggregate: &Aggregate) -> Result<Option<LogicalPlan>> {
    let mut parts: BTreeMap<Option<String>, Vec<Expr>> = BTreeMap::new();
    for expr in &aggregate.aggr_expr {
        parts.entry(distinct_value(expr)).or_default().push(expr.clone());
    }
    if parts.keys().flatten().count() < 2 || !gives_the_same_again(&aggregate.input) {
        return Ok(None);
    }
    let part = |exprs| Aggregate::try_new(Arc::clone(&aggregate.input), Vec::new(), exprs).map(LogicalPlan::Aggregate);
    let mut parts = parts.into_values().map(part);
    let Some(first) = parts.next().transpose()? else { return Ok(None) };
    let joined = parts.try_fold(LogicalPlanBuilder::from(first), |joined, part| joined.cross_join(part?))?;
    let columns = aggregate.schema.iter().map(|(table, field)| Expr::Column(Column::from((table, field))));
    joined.project(columns)?.build().map(Some)
}

/// What an aggregate takes the distinct values of, if it is one that can be counted by groups.
fn distinct_value(expr: &Expr) -> Option<String> {
    let call = match expr {
        Expr::Alias(alias) => alias.expr.as_ref(),
        other => other,
    };
    let Expr::AggregateFunction(AggregateFunction { func, params }) = call else { return None };
    let AggregateFunctionParams { args, distinct: true, filter: None, order_by, .. } = params else { return None };
    match (func.name(), args.as_slice(), order_by.as_slice()) {
        ("count", [value], []) => Some(value.to_string()),
        _ => None,
    }
}

/// Whether the rows are those of a table, chosen and computed by what gives the same each time. More than that is not done twice.
fn gives_the_same_again(plan: &LogicalPlan) -> bool {
    let is_cheap = matches!(
        plan,
        LogicalPlan::TableScan(_) | LogicalPlan::Filter(_) | LogicalPlan::Projection(_) | LogicalPlan::SubqueryAlias(_)
    );
    is_cheap && !plan.expressions().iter().any(Expr::is_volatile) && plan.inputs().into_iter().all(gives_the_same_again)
}
