//! Large constants that become columns are [looked at](crate::functions::same_value) before each batch has them in every row.
//!
//! The look at the size of calls ([`EngineOptions::value_bytes`](crate::options::EngineOptions::value_bytes)) comes too early
//! for them: a call of constants is made once, while the query is planned, and its value is copied for each row later.

use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::error::Result;
use datafusion::logical_expr::expr::Case;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};

use crate::functions::same_value;

/// Puts a look at the size before large constants.
#[derive(Debug)]
pub(crate) struct BoundConstants {
    most_bytes: usize,
    batch_rows: usize,
}

impl BoundConstants {
    /// No constant may take more than `most_bytes` in a batch, which has up to `batch_rows`.
    pub(crate) fn new(most_bytes: usize, batch_rows: usize) -> Self {
        Self { most_bytes, batch_rows: batch_rows.max(1) }
    }

    /// The expression with each constant that it copies for every row behind the look at its size.
    fn bounded(&self, expr: Expr) -> Result<Transformed<Expr>> {
        let of_branches = expr.transform_down(|part| match part {
            Expr::Case(mut case) => {
                let has_large = branches(&mut case).any(|branch| self.is_large(branch));
                branches(&mut case).for_each(|branch| *branch = self.looked_at(std::mem::take(branch)));
                Ok(Transformed::new_transformed(Expr::Case(case), has_large))
            }
            other => Ok(Transformed::no(other)),
        })?;
        Ok(match self.is_large(&of_branches.data) {
            true => Transformed::yes(self.looked_at(of_branches.data)),
            false => of_branches,
        })
    }

    fn is_large(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Alias(alias) => self.is_large(&alias.expr),
            Expr::Literal(value, _) => value.size() > self.most_bytes / self.batch_rows,
            _ => false,
        }
    }

    fn looked_at(&self, expr: Expr) -> Expr {
        if self.is_large(&expr) { same_value(expr.unalias(), self.most_bytes) } else { expr }
    }
}

/// What a CASE gives.
fn branches(case: &mut Case) -> impl Iterator<Item = &mut Expr> {
    let given = case.when_then_expr.iter_mut().map(|(_, given)| given.as_mut());
    given.chain(case.else_expr.as_deref_mut())
}

impl OptimizerRule for BoundConstants {
    fn name(&self) -> &'static str {
        "bound_constants"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn supports_rewrite(&self) -> bool {
        true
    }

    fn rewrite(&self, plan: LogicalPlan, _: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        if !matches!(plan, LogicalPlan::Projection(_)) {
            return Ok(Transformed::no(plan));
        }
        let names = NamePreserver::new_for_projection();
        plan.map_expressions(|expr| {
            let name = names.save(&expr);
            Ok(self.bounded(expr)?.update_data(|expr| name.restore(expr)))
        })
    }
}
