//! Puts expressions that cost less in the places of ones that mean the same.
//!
//! - A text that is compared with the empty text is so compared letter by letter, of which there are none, in every row. Its
//!   length says it too, without the texts being looked at.
//! - Some functions have a [shorter way](crate::functions::shortcut) for what they are mostly asked.

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::common::{DFSchema, DFSchemaRef, ScalarValue};
use datafusion::error::Result;
use datafusion::logical_expr::expr::{BinaryExpr, ScalarFunction};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{Expr, ExprSchemable as _, LogicalPlan, Operator, lit, when};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};
use datafusion::prelude::octet_length;

use crate::functions;

/// Puts cheaper expressions in the places of others.
#[derive(Debug)]
pub(crate) struct Cheaper;

impl OptimizerRule for Cheaper {
    fn name(&self) -> &'static str {
        "cheaper"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn supports_rewrite(&self) -> bool {
        true
    }

    fn rewrite(&self, plan: LogicalPlan, _: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let schema = below(&plan)?;
        let names = NamePreserver::new(&plan);
        plan.map_expressions(|expr| {
            let name = names.save(&expr);
            let cheaper = expr.transform_up(|part| cheaper(part, &schema))?;
            Ok(cheaper.update_data(|expr| name.restore(expr)))
        })
    }
}

/// The columns that a plan's expressions name.
fn below(plan: &LogicalPlan) -> Result<DFSchemaRef> {
    let mut all = DFSchema::empty();
    for input in plan.inputs() {
        all.merge(input.schema());
    }
    if let LogicalPlan::TableScan(scan) = plan {
        all.merge(&DFSchema::try_from_qualified_schema(scan.table_name.clone(), &scan.source.schema())?);
    }
    Ok(all.into())
}

fn cheaper(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op: op @ (Operator::Eq | Operator::NotEq), right }) => {
            let text = match (is_empty_text(&left), is_empty_text(&right)) {
                (false, true) => &left,
                (true, false) => &right,
                _ => return Ok(Transformed::no(Expr::BinaryExpr(BinaryExpr { left, op, right }))),
            };
            if !is_text(text, schema) {
                return Ok(Transformed::no(Expr::BinaryExpr(BinaryExpr { left, op, right })));
            }
            Ok(Transformed::yes(length_is(text.as_ref().clone(), op)))
        }
        Expr::ScalarFunction(call) => of_call(call, schema),
        other => Ok(Transformed::no(other)),
    }
}

fn of_call(call: ScalarFunction, schema: &DFSchema) -> Result<Transformed<Expr>> {
    if let ("nullif", [text, unwanted]) = (call.func.name(), call.args.as_slice())
        && is_empty_text(unwanted)
        && is_text(text, schema)
    {
        let filled = length_is(text.clone(), Operator::NotEq);
        return when(filled, text.clone()).end().map(Transformed::yes);
    }
    Ok(match functions::shortcut(&call.func) {
        Some(func) => Transformed::yes(Expr::ScalarFunction(ScalarFunction { func, ..call })),
        None => Transformed::no(Expr::ScalarFunction(call)),
    })
}

/// `length = 0`, or its contrary.
fn length_is(text: Expr, op: Operator) -> Expr {
    Expr::BinaryExpr(BinaryExpr::new(Box::new(octet_length(text)), op, Box::new(lit(0_i32))))
}

fn is_empty_text(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(ScalarValue::Utf8(Some(text)), _) if text.is_empty())
}

fn is_text(expr: &Expr, schema: &DFSchema) -> bool {
    expr.get_type(schema).is_ok_and(|kind| kind == DataType::Utf8)
}

#[cfg(test)]
mod tests {
    use crate::engine::Engine;
    use crate::parameters::Parameters;

    /// The plan of a query in which the rule had its say.
    async fn plan(sql: &str) -> String {
        let engine = Engine::empty().await.unwrap();
        let plan = engine.plan(sql, &Parameters::new()).await.unwrap();
        engine.context().state().optimize(&plan).unwrap().display_indent().to_string()
    }

    #[tokio::test]
    async fn what_is_compared_with_nothing_is_measured() {
        let plan = plan("SELECT error_code <> '' AS a, nullif(error_code, '') FROM events WHERE '' = user_agent").await;
        assert!(plan.contains("octet_length(events.error_code) != Int32(0)"), "{plan}");
        assert!(plan.contains("octet_length(lake.events.user_agent) = Int32(0)"), "{plan}");
        assert!(plan.contains("THEN events.error_code END AS nullif(error_code, '')"), "{plan}");
        assert!(!plan.contains("Utf8(\"\")"), "{plan}");
    }

    #[tokio::test]
    async fn names_of_columns_stay() {
        let engine = Engine::empty().await.unwrap();
        let sql =
            "SELECT error_code = '', count(*) FILTER (WHERE user_agent <> '') FROM events GROUP BY error_code = ''";
        let plan = engine.plan(sql, &Parameters::new()).await.unwrap();
        let optimized = engine.context().state().optimize(&plan).unwrap();
        assert_eq!(plan.schema().as_arrow(), optimized.schema().as_arrow());
    }
}
