//! Keeps columns that a list of names renames apart from those of the table below: `t(event_id, j) AS (SELECT …)`.
//!
//! DataFusion moves `j ->> 'x'` into the projection of the renamed columns, and takes there the table's own columns along. If
//! one of them is called as a renamed one, the name of `t` then makes two columns `t.event_id` of them, and the query ends with
//! an error. This rule gives the renamed columns the name `t` at once, so that there is nothing left to name anew.

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::Transformed;
use datafusion::logical_expr::{Expr, LogicalPlan, Projection, SubqueryAlias};
use datafusion::optimizer::AnalyzerRule;

/// Gives renamed columns the name of their table.
#[derive(Debug)]
pub(crate) struct QualifyRenamed;

impl AnalyzerRule for QualifyRenamed {
    fn name(&self) -> &'static str {
        "qualify_renamed_columns"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        let qualified = |node| {
            Ok(match qualified(&node)? {
                Some(projection) => Transformed::yes(projection),
                None => Transformed::no(node),
            })
        };
        plan.transform_down_with_subqueries(qualified).map(|plan| plan.data)
    }
}

/// The projection below an alias, with the alias in the names of its columns.
fn qualified(node: &LogicalPlan) -> Result<Option<LogicalPlan>> {
    let LogicalPlan::SubqueryAlias(SubqueryAlias { input, alias, .. }) = node else { return Ok(None) };
    let LogicalPlan::Projection(projection) = input.as_ref() else { return Ok(None) };
    let below = projection.input.schema();
    let is_taken = |expr: &Expr| match expr {
        Expr::Alias(renamed) => below.has_column_with_unqualified_name(&renamed.name),
        _ => false,
    };
    // all of them are columns, or the names would come from a view, whose columns nobody pushes anything through
    if !projection.expr.iter().all(is_column) || !projection.expr.iter().any(is_taken) {
        return Ok(None);
    }
    let names = node.schema().fields().iter().map(|field| field.name());
    let columns = projection.expr.iter().zip(names);
    let columns = columns.map(|(expr, name)| expr.clone().unalias().alias_qualified(Some(alias.clone()), name));
    let projection = Projection::try_new(columns.collect(), projection.input.clone())?;
    Ok(Some(LogicalPlan::Projection(projection)))
}

fn is_column(expr: &Expr) -> bool {
    matches!(expr.clone().unalias(), Expr::Column(_))
}
