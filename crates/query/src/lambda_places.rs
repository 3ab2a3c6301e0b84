//! Keeps the parameters of lambdas apart from columns.
//!
//! DataFusion gives a lambda's parameter the place behind the columns of its input. When it then merges two projections, the
//! input has more columns, and the place is that of one of them: `filter(resources, r -> …)` on a view, with a WHERE and a
//! LIMIT, would end with an error. This rule runs last and moves parameters to places that no column has.

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult as _, TreeNode as _};
use datafusion::error::Result;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::LambdaVariable;
use datafusion::physical_expr::projection::ProjectionExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::projection::ProjectionExec;

/// Where parameters begin: far behind the columns of any table.
const FIRST_PLACE: usize = 1 << 24;

/// Moves the parameters of lambdas in projections.
#[derive(Debug)]
pub(crate) struct MoveLambdaParameters;

impl PhysicalOptimizerRule for MoveLambdaParameters {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|node| {
            let Some(projection) = node.downcast_ref::<ProjectionExec>() else { return Ok(Transformed::no(node)) };
            let mut is_moved = false;
            let mut exprs = Vec::with_capacity(projection.expr().len());
            for column in projection.expr() {
                let moved = moved(Arc::clone(&column.expr))?;
                is_moved |= moved.transformed;
                exprs.push(ProjectionExpr::new(moved.data, column.alias.clone()));
            }
            if !is_moved {
                return Ok(Transformed::no(node));
            }
            Ok(Transformed::yes(Arc::new(ProjectionExec::try_new(exprs, Arc::clone(projection.input()))?) as _))
        })
        .data()
    }

    fn name(&self) -> &'static str {
        "move_lambda_parameters"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

fn moved(expr: Arc<dyn PhysicalExpr>) -> Result<Transformed<Arc<dyn PhysicalExpr>>> {
    expr.transform_up(|part| match part.downcast_ref::<LambdaVariable>() {
        // the order of parameters stays, and those of lambdas in lambdas stay behind those around them
        Some(parameter) if parameter.index() < FIRST_PLACE => {
            let place = FIRST_PLACE + parameter.index();
            Ok(Transformed::yes(Arc::new(LambdaVariable::new(place, Arc::clone(parameter.field()))) as _))
        }
        _ => Ok(Transformed::no(part)),
    })
}
