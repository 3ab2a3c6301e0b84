//! Puts expressions that cost less in the places of ones that mean the same.
//!
//! - A text that is compared with the empty text is so compared letter by letter, of which there are none, in every row. Its
//!   length says it too, without the texts being looked at.
//! - Patterns of `ILIKE` and `~` are [read once](crate::functions::is_like) and not for every batch.
//! - Some functions have a [shorter way](crate::functions::shortcut) for what they are mostly asked.

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::common::{DFSchema, DFSchemaRef, ScalarValue};
use datafusion::error::Result;
use datafusion::logical_expr::expr::{BinaryExpr, Like, ScalarFunction};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{Expr, ExprSchemable as _, LogicalPlan, Operator, lit, when};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};
use datafusion::prelude::octet_length;

use crate::functions;

/// Puts cheaper expressions in the places of others.
#[derive(Debug)]
pub(crate) struct Cheaper {
    /// Most that a function may make of values at once.
    most_bytes: usize,
}

impl Cheaper {
    pub(crate) fn new(most_bytes: usize) -> Self {
        Self { most_bytes }
    }
}

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
            let cheaper = expr.transform_up(|part| cheaper(part, &schema, self.most_bytes))?;
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

fn cheaper(expr: Expr, schema: &DFSchema, most_bytes: usize) -> Result<Transformed<Expr>> {
    let found = match &expr {
        Expr::BinaryExpr(binary) => of_comparison(binary, schema).or_else(|| of_match(binary, schema)),
        Expr::Like(like) => of_like(like, schema),
        Expr::ScalarFunction(call) => of_nullif(call, schema)?.or_else(|| of_call(call, most_bytes)),
        _ => None,
    };
    Ok(found.map_or_else(|| Transformed::no(expr), Transformed::yes))
}

/// `text = ''` and `text <> ''`.
fn of_comparison(BinaryExpr { left, op, right }: &BinaryExpr, schema: &DFSchema) -> Option<Expr> {
    let text = match (op, is_empty_text(left), is_empty_text(right)) {
        (Operator::Eq | Operator::NotEq, false, true) => left,
        (Operator::Eq | Operator::NotEq, true, false) => right,
        _ => return None,
    };
    is_text(text, schema).then(|| length_is(text.as_ref().clone(), *op))
}

/// `text ~ 'pattern'`.
fn of_match(BinaryExpr { left, op, right }: &BinaryExpr, schema: &DFSchema) -> Option<Expr> {
    let (ignores_case, is_negated) = match op {
        Operator::RegexMatch => (false, false),
        Operator::RegexIMatch => (true, false),
        Operator::RegexNotMatch => (false, true),
        Operator::RegexNotIMatch => (true, true),
        _ => return None,
    };
    let pattern = constant(right).filter(|_| is_text(left, schema))?;
    functions::is_match(left.as_ref().clone(), pattern, ignores_case, is_negated)
}

/// `text ILIKE 'pattern'`.
fn of_like(like: &Like, schema: &DFSchema) -> Option<Expr> {
    let is_wanted = like.case_insensitive && like.escape_char.is_none() && is_text(&like.expr, schema);
    let pattern = constant(&like.pattern).filter(|_| is_wanted)?;
    functions::is_like(like.expr.as_ref().clone(), pattern, like.negated)
}

/// `nullif(text, '')`.
fn of_nullif(call: &ScalarFunction, schema: &DFSchema) -> Result<Option<Expr>> {
    match (call.func.name(), call.args.as_slice()) {
        ("nullif", [text, unwanted]) if is_empty_text(unwanted) && is_text(text, schema) => {
            when(length_is(text.clone(), Operator::NotEq), text.clone()).end().map(Some)
        }
        _ => Ok(None),
    }
}

fn of_call(call: &ScalarFunction, most_bytes: usize) -> Option<Expr> {
    let func = functions::shortcut(&call.func, most_bytes)?;
    Some(Expr::ScalarFunction(ScalarFunction { func, args: call.args.clone() }))
}

/// `length = 0`, or its contrary.
fn length_is(text: Expr, op: Operator) -> Expr {
    Expr::BinaryExpr(BinaryExpr::new(Box::new(octet_length(text)), op, Box::new(lit(0_i32))))
}

fn is_empty_text(expr: &Expr) -> bool {
    constant(expr).is_some_and(str::is_empty)
}

fn constant(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Literal(ScalarValue::Utf8(Some(text)), _) => Some(text),
        _ => None,
    }
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
