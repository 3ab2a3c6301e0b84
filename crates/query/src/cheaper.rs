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
        if matches!(plan, LogicalPlan::TableScan(_)) {
            // these leave files out, and are no more than that: rows are filtered above
            return Ok(Transformed::no(plan));
        }
        let around = Around {
            schema: below(&plan),
            leaves_out: matches!(plan, LogicalPlan::Filter(_) | LogicalPlan::Join(_)),
            most_bytes: self.most_bytes,
        };
        let names = NamePreserver::new(&plan);
        plan.map_expressions(|expr| {
            if matches!(expr, Expr::GroupingSet(_)) {
                // with another name it would be none
                return Ok(Transformed::no(expr));
            }
            let name = names.save(&expr);
            let cheaper = expr.transform_up(|part| around.cheaper(part))?;
            Ok(cheaper.update_data(|expr| name.restore(expr)))
        })
    }
}

/// The columns that a plan's expressions name.
fn below(plan: &LogicalPlan) -> DFSchemaRef {
    match plan.inputs().as_slice() {
        [input] => DFSchemaRef::clone(input.schema()),
        inputs => {
            let mut all = DFSchema::empty();
            inputs.iter().for_each(|input| all.merge(input.schema()));
            all.into()
        }
    }
}

/// What an expression stands in.
struct Around {
    schema: DFSchemaRef,
    /// Row groups are left out by its comparisons.
    leaves_out: bool,
    most_bytes: usize,
}

impl Around {
    fn cheaper(&self, expr: Expr) -> Result<Transformed<Expr>> {
        let found = match &expr {
            Expr::BinaryExpr(binary) => self.of_comparison(binary).or_else(|| self.of_match(binary)),
            Expr::Like(like) => self.of_like(like),
            Expr::ScalarFunction(call) => self.of_nullif(call)?.or_else(|| self.of_call(call)),
            _ => None,
        };
        Ok(found.map_or_else(|| Transformed::no(expr), Transformed::yes))
    }

    /// `text = ''` and `text <> ''`. Of these, the second leaves hardly anything out.
    fn of_comparison(&self, BinaryExpr { left, op, right }: &BinaryExpr) -> Option<Expr> {
        let is_wanted = match op {
            Operator::NotEq => true,
            Operator::Eq => !self.leaves_out,
            _ => false,
        };
        let text = match (is_empty_text(left), is_empty_text(right)) {
            (false, true) => left,
            (true, false) => right,
            _ => return None,
        };
        (is_wanted && self.is_text(text)).then(|| length_is(text.as_ref().clone(), *op))
    }

    /// `text ~ 'pattern'`.
    fn of_match(&self, BinaryExpr { left, op, right }: &BinaryExpr) -> Option<Expr> {
        let (ignores_case, is_negated) = match op {
            Operator::RegexMatch => (false, false),
            Operator::RegexIMatch => (true, false),
            Operator::RegexNotMatch => (false, true),
            Operator::RegexNotIMatch => (true, true),
            _ => return None,
        };
        let pattern = constant(right).filter(|_| self.is_text(left))?;
        functions::is_match(left.as_ref().clone(), pattern, ignores_case, is_negated)
    }

    /// `text ILIKE 'pattern'`.
    fn of_like(&self, like: &Like) -> Option<Expr> {
        let is_wanted = like.case_insensitive && like.escape_char.is_none() && self.is_text(&like.expr);
        let pattern = constant(&like.pattern).filter(|_| is_wanted)?;
        functions::is_like(like.expr.as_ref().clone(), pattern, like.negated)
    }

    /// `nullif(column, '')`; anything else would be computed twice.
    fn of_nullif(&self, call: &ScalarFunction) -> Result<Option<Expr>> {
        match (call.func.name(), call.args.as_slice()) {
            ("nullif", [text @ Expr::Column(_), unwanted]) if is_empty_text(unwanted) && self.is_text(text) => {
                when(length_is(text.clone(), Operator::NotEq), text.clone()).end().map(Some)
            }
            _ => Ok(None),
        }
    }

    fn of_call(&self, call: &ScalarFunction) -> Option<Expr> {
        let func = functions::shortcut(&call.func, self.most_bytes)?;
        Some(Expr::ScalarFunction(ScalarFunction { func, args: call.args.clone() }))
    }

    fn is_text(&self, expr: &Expr) -> bool {
        expr.get_type(self.schema.as_ref()).is_ok_and(|kind| kind == DataType::Utf8)
    }
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
        let plan = plan("SELECT error_code = '' AS a FROM events WHERE '' <> user_agent AND event_name = ''").await;
        assert!(plan.contains("octet_length(events.error_code) = Int32(0) AS a"), "{plan}");
        assert!(plan.contains("octet_length(lake.events.user_agent) != Int32(0)"), "{plan}");
        // files are left out by it
        assert!(plan.contains("lake.events.event_name = Utf8(\"\")"), "{plan}");
    }

    #[tokio::test]
    async fn only_columns_are_asked_twice_whether_they_are_empty() {
        let plan = plan("SELECT nullif(error_code, ''), nullif(upper(user_agent), '') FROM events").await;
        assert!(plan.contains("THEN events.error_code END AS nullif(error_code, '')"), "{plan}");
        assert!(plan.contains("nullif(upper(events.user_agent), Utf8(\"\"))"), "{plan}");
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
