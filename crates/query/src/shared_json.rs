//! Calls of JSON functions share what they find out about a batch.
//!
//! Our own functions do so by themselves. Those behind PostgreSQL's operators are of another crate, which folds them into each
//! other while a query is planned; so ours take their places behind that.

use arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::error::Result;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Expr, ExprSchemable as _, LogicalPlan, cast};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};
use datafusion::sql::sqlparser::ast::BinaryOperator;

use crate::functions;

/// Puts functions that share what they find in the places of those that do not.
#[derive(Debug)]
pub(crate) struct ShareJson;

impl OptimizerRule for ShareJson {
    fn name(&self) -> &'static str {
        "share_json"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn supports_rewrite(&self) -> bool {
        true
    }

    fn rewrite(&self, plan: LogicalPlan, _: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        // names and types stay, so columns do
        plan.map_expressions(|expr| {
            expr.transform_up(|expr| {
                Ok(match expr {
                    Expr::ScalarFunction(call) => match functions::shared_json(&call.func) {
                        Some(func) => Transformed::yes(Expr::ScalarFunction(ScalarFunction { func, ..call })),
                        None => Transformed::no(Expr::ScalarFunction(call)),
                    },
                    other => Transformed::no(other),
                })
            })
        })
    }
}

/// Takes texts out of their dictionary before JSON operators: what they give of a dictionary, nothing else takes.
#[derive(Debug)]
pub(crate) struct PlainJson;

impl ExprPlanner for PlainJson {
    fn plan_binary_op(&self, mut expr: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        let is_json = matches!(
            expr.op,
            BinaryOperator::Arrow
                | BinaryOperator::LongArrow
                | BinaryOperator::HashArrow
                | BinaryOperator::HashLongArrow
                | BinaryOperator::Question
        );
        if is_json
            && let Ok(DataType::Dictionary(_, value)) = expr.left.get_type(schema)
            && value.is_string()
        {
            expr.left = cast(expr.left, DataType::Utf8);
        }
        Ok(PlannerResult::Original(expr))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, AsArray as _, RecordBatch, StringArray, new_null_array};
    use arrow::datatypes::FieldRef;
    use datafusion::catalog::MemTable;
    use datafusion::common::ScalarValue;
    use futures::TryStreamExt as _;
    use milepost_lake::TableName;

    use crate::engine::{CATALOG, Engine};
    use crate::functions::json_calls;
    use crate::parameters::Parameters;

    const ROWS: usize = 8192;
    const BATCHES: usize = 3;

    fn texts(number: usize) -> ArrayRef {
        let text = |row: usize| match row % 4 {
            0 => format!(r#"{{"application-id":"{number}","Name":"n\"{row}","Schedule":{{"a":1}}}}"#),
            1 => format!(r#"{{"a":"{row}","b":{{"c":2}},"d":[1,2]}}"#),
            2 => "{}".to_owned(),
            _ => format!(r#"{{"page-size":{row},"token":"t","rest":"{}"}}"#, "x".repeat(200)),
        };
        Arc::new(StringArray::from_iter_values((0..ROWS).map(text)))
    }

    /// An engine over events of Pinpoint, in batches that come as they are.
    async fn engine() -> Engine {
        let schema = TableName::Events.schema();
        let batch = |number: usize| {
            let column = |field: &FieldRef| match field.name().as_str() {
                "event_source" => ScalarValue::from("pinpoint.amazonaws.com").to_array_of_size(ROWS).unwrap(),
                "request_parameters" | "response_elements" => texts(number),
                _ if field.is_nullable() => new_null_array(field.data_type(), ROWS),
                _ => ScalarValue::new_default(field.data_type()).unwrap().to_array_of_size(ROWS).unwrap(),
            };
            let columns = schema.fields().iter().map(column).collect();
            RecordBatch::try_new(Arc::clone(&schema), columns).unwrap()
        };
        let engine = Engine::empty().await.unwrap();
        let below = engine.context().catalog(CATALOG).unwrap().schema("lake").unwrap();
        below.deregister_table("events").unwrap();
        let table = MemTable::try_new(Arc::clone(&schema), vec![(0..BATCHES).map(batch).collect()]).unwrap();
        below.register_table("events".to_owned(), Arc::new(table)).unwrap();
        engine
    }

    /// How often the texts of an array were begun with, and how many bytes were read, for a query over all batches.
    fn read(sql: &str) -> (usize, usize) {
        // one thread, as what is known is the thread's, and so are the counts
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let engine = engine().await;
            let before = json_calls::started();
            let answer = engine.query(sql, &Parameters::new()).await.unwrap();
            let batches: Vec<RecordBatch> = answer.into_batches().try_collect().await.unwrap();
            assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), ROWS * BATCHES);
            (json_calls::started() - before, json_calls::walked())
        })
    }

    fn bytes() -> usize {
        (0..BATCHES).map(|number| texts(number).as_string::<i32>().values().len()).sum()
    }

    #[test]
    fn a_view_of_fifty_parameters_reads_each_text_once() {
        let (started, walked) = read("SELECT * FROM pinpoint_events");
        assert_eq!(started, BATCHES);
        // all of it, but for the brackets
        assert!(walked > bytes() * 9 / 10 && walked <= bytes(), "{walked} of {}", bytes());
    }

    #[test]
    fn operators_and_functions_of_any_engine_share_what_they_read() {
        let (started, walked) = read(
            "SELECT request_parameters->>'a', request_parameters->>'b', json_extract_scalar(request_parameters, '$.c'),
                request_parameters->'b'->>'c', request_parameters->'d'->0, json_contains(request_parameters, 'e'),
                request_parameters #>> ARRAY['b', 'f'], (request_parameters->'page-size')::bigint,
                request_parameters.\"application-id\", json_keys(request_parameters), json_length(request_parameters, 'b'),
                json_map(request_parameters)
            FROM events",
        );
        assert_eq!(started, BATCHES);
        // the objects at `b` are read for their members too
        assert!(walked > bytes() * 9 / 10 && walked <= bytes() * 21 / 20, "{walked} of {}", bytes());
    }

    #[test]
    fn columns_are_read_apart_and_conditions_before() {
        let (started, _) = read("SELECT request_parameters->>'a', response_elements->>'a' FROM events");
        assert_eq!(started, 2 * BATCHES);
        let (started, _) = read(
            "SELECT request_parameters->>'a', request_parameters->>'b' FROM events WHERE json_keys(request_parameters) IS NOT NULL",
        );
        assert!(started <= 2 * BATCHES, "{started}");
    }
}
