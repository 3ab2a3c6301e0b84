//! `count(DISTINCT x)` and `array_agg(DISTINCT x)` over many groups, several of them in one query.
//!
//! DataFusion keeps a set of its own for each group and aggregate: a quarter of a million of them for the sessions of one week,
//! which take seconds and gigabytes. With one such aggregate it groups twice instead; with two it cannot. Here, all groups of
//! an aggregate share one table of pairs of group and value. Texts of a single group have a [set](texts) that is made for them.

mod groups;
mod one;
mod split;
mod texts;
mod values;

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::DFSchemaRef;
use datafusion::common::tree_node::Transformed;
use datafusion::error::Result;
use datafusion::logical_expr::expr::{AggregateFunction, AggregateFunctionParams};
use datafusion::logical_expr::{Aggregate, AggregateUDF, Expr, ExprSchemable as _, LogicalPlan};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};

pub(crate) use split::SplitDistinct;
use values::{DistinctValues, Gives};

/// Puts aggregates that share a table in the places of those that keep a set for each group.
#[derive(Debug)]
pub(crate) struct ShareDistinct;

impl OptimizerRule for ShareDistinct {
    fn name(&self) -> &'static str {
        "share_distinct"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn supports_rewrite(&self) -> bool {
        true
    }

    fn rewrite(&self, plan: LogicalPlan, _: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let LogicalPlan::Aggregate(mut aggregate) = plan else { return Ok(Transformed::no(plan)) };
        let is_one_group = aggregate.group_expr.is_empty();
        // one set alone is grouped by DataFusion, which its threads do side by side
        if is_one_group && aggregate.aggr_expr.iter().filter(|expr| is_distinct(expr)).count() < 2 {
            return Ok(Transformed::no(LogicalPlan::Aggregate(aggregate)));
        }
        let input = Arc::clone(aggregate.input.schema());
        let mut is_changed = false;
        for expr in &mut aggregate.aggr_expr {
            is_changed |= share(expr, &input, is_one_group)?;
        }
        if !is_changed {
            return Ok(Transformed::no(LogicalPlan::Aggregate(aggregate)));
        }
        let Aggregate { input, group_expr, aggr_expr, .. } = aggregate;
        Ok(Transformed::yes(LogicalPlan::Aggregate(Aggregate::try_new(input, group_expr, aggr_expr)?)))
    }
}

fn is_distinct(expr: &Expr) -> bool {
    match expr {
        Expr::Alias(alias) => is_distinct(&alias.expr),
        Expr::AggregateFunction(call) => call.params.distinct,
        _ => false,
    }
}

/// Replaces the function of an aggregate, if it is one of those and there is a better one. Its name stays.
fn share(expr: &mut Expr, input: &DFSchemaRef, is_one_group: bool) -> Result<bool> {
    let call = match expr {
        Expr::Alias(alias) => alias.expr.as_mut(),
        other => other,
    };
    let Expr::AggregateFunction(AggregateFunction { func, params }) = call else { return Ok(false) };
    let AggregateFunctionParams { args, distinct: true, order_by, .. } = &*params else { return Ok(false) };
    let ([value], []) = (args.as_slice(), order_by.as_slice()) else { return Ok(false) };
    let gives = match func.name() {
        "count" => Gives::Count,
        "array_agg" => Gives::List,
        _ => return Ok(false),
    };
    let kind = value.get_type(input.as_ref())?;
    let is_better = if is_one_group { gives == Gives::Count && kind.is_string() } else { is_shared(&kind, gives) };
    if !is_better {
        return Ok(false);
    }
    *func = Arc::new(AggregateUDF::new_from_impl(DistinctValues::new(gives, Arc::clone(func))));
    params.distinct = false;
    Ok(true)
}

/// Whether values of this type may be told apart by their bytes, and nothing better is at hand: whole numbers are counted well.
fn is_shared(kind: &DataType, gives: Gives) -> bool {
    let is_counted_well = gives == Gives::Count && kind.is_integer();
    let is_plain = kind.is_integer()
        || matches!(kind, DataType::Boolean | DataType::Date32 | DataType::Timestamp(..))
        || matches!(kind, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Binary);
    is_plain && !is_counted_well
}

#[cfg(test)]
mod tests;
