//! Field access on the structs of views becomes access to our columns.
//!
//! `useridentity.arn` of a view is a field of a struct that is put together from columns. Taken for what it is, it would hide
//! the column from all that leaves files and row groups out; so the column itself is put in its place, and likewise for the
//! question whether such a struct is null. The rule runs behind those that push conditions down through views, and these run
//! again when it has changed something.

use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::error::Result;
use datafusion::functions::core::expr_fn::get_field_path;
use datafusion::functions::core::getfield::GetFieldFunc;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::utils::{conjunction, disjunction};
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};

use crate::functions::STRUCT_OR_NULL;

/// Folds field access on `struct_or_null`.
#[derive(Debug)]
pub(crate) struct FoldStructs;

impl OptimizerRule for FoldStructs {
    fn name(&self) -> &'static str {
        "fold_structs_of_views"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn supports_rewrite(&self) -> bool {
        true
    }

    fn rewrite(&self, plan: LogicalPlan, _: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        // what a step calls the columns that it makes stays, whatever they are made from
        let makes_columns =
            matches!(plan, LogicalPlan::Projection(_) | LogicalPlan::Aggregate(_) | LogicalPlan::Window(_));
        plan.map_expressions(|expr| {
            if !makes_columns {
                return expr.transform_up(|expr| Ok(fold(expr)));
            }
            let name = expr.schema_name().to_string();
            let folded = expr.transform_up(|expr| Ok(fold(expr)))?;
            Ok(folded.update_data(|expr| match expr {
                Expr::Alias(_) | Expr::Column(_) => expr,
                other if other.schema_name().to_string() == name => other,
                other => other.alias(name),
            }))
        })
    }
}

fn fold(expr: Expr) -> Transformed<Expr> {
    match &expr {
        Expr::ScalarFunction(ScalarFunction { func, args }) if func.inner().is::<GetFieldFunc>() => match field(args) {
            Some(value) => Transformed::yes(value),
            None => Transformed::no(expr),
        },
        Expr::IsNull(inner) => match values(inner) {
            Some(values) => {
                replaced(expr.clone(), conjunction(values.into_iter().map(|value| fold(value.is_null()).data)))
            }
            None => Transformed::no(expr),
        },
        Expr::IsNotNull(inner) => match values(inner) {
            Some(values) => {
                replaced(expr.clone(), disjunction(values.into_iter().map(|value| fold(value.is_not_null()).data)))
            }
            None => Transformed::no(expr),
        },
        _ => Transformed::no(expr),
    }
}

fn replaced(expr: Expr, folded: Option<Expr>) -> Transformed<Expr> {
    match folded {
        Some(folded) => Transformed::yes(folded),
        None => Transformed::no(expr),
    }
}

/// `get_field(struct_or_null('a', x, …), 'a', …)` is `x`, or a field of it.
fn field(args: &[Expr]) -> Option<Expr> {
    let [object, path @ ..] = args else { return None };
    let mut value = object.clone();
    let mut rest = path;
    while let [name, behind @ ..] = rest {
        let Some(found) = member(&value, text(name)?) else { break };
        value = found;
        rest = behind;
    }
    if rest.len() == path.len() {
        return None;
    }
    if rest.is_empty() {
        return Some(value);
    }
    Some(get_field_path(value, rest.to_vec()))
}

fn member(object: &Expr, name: &str) -> Option<Expr> {
    let pairs = pairs(object)?;
    pairs.chunks_exact(2).find(|pair| text(&pair[0]) == Some(name)).map(|pair| pair[1].clone())
}

/// The values of a struct that is put together from columns.
fn values(object: &Expr) -> Option<Vec<Expr>> {
    Some(pairs(object)?.chunks_exact(2).map(|pair| pair[1].clone()).collect())
}

fn pairs(object: &Expr) -> Option<&[Expr]> {
    match object {
        Expr::Alias(alias) => pairs(&alias.expr),
        Expr::ScalarFunction(ScalarFunction { func, args }) if func.name() == STRUCT_OR_NULL => Some(args),
        _ => None,
    }
}

fn text(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Literal(value, _) => value.try_as_str().flatten(),
        _ => None,
    }
}
