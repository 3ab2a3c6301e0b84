//! Decides row by row what goes into a lake: conditions on the columns of batches that are on their way.

use std::sync::Arc;

use arrow::array::{Array as _, AsArray as _, BooleanArray, RecordBatch};
use arrow::compute::{filter_record_batch, prep_null_mask_filter};
use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::Volatility;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::prelude::{Expr, SessionContext, col, lit};
use milepost_schema::arrow::events_schema;
use milepost_schema::{ACCOUNT, EVENT_TIME, REGION};

use crate::diagnosis;
use crate::engine;
use crate::error::QueryError;
use crate::functions;

/// What a record has to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conditions {
    /// Not before this instant, in microseconds since 1970.
    pub from: Option<i64>,
    /// Before this instant.
    pub to: Option<i64>,
    /// In one of these accounts; any if there are none.
    pub accounts: Vec<String>,
    /// In one of these regions; any if there are none.
    pub regions: Vec<String>,
    /// An SQL condition on the columns of the lake.
    pub sql: Option<String>,
}

impl Conditions {
    /// Whether every record is let through.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Leaves rows out for which the conditions are not true.
#[derive(Debug)]
pub struct RowFilter {
    predicate: Arc<dyn PhysicalExpr>,
}

impl RowFilter {
    /// Prepares the conditions, all of which have to hold.
    ///
    /// # Errors
    /// [`QueryError::Wrong`] if the SQL condition is none.
    pub fn new(conditions: &Conditions) -> Result<Self, QueryError> {
        let context = SessionContext::new_with_config(engine::config(1));
        functions::register(&context);
        let wrong = |error| diagnosis::of_planning(&error, &[], false);
        let schema = DFSchema::try_from(events_schema()).map_err(wrong)?;
        let instant = |micros| lit(ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into())));
        let one_of = |column: &str, values: &[String]| {
            let values: Vec<Expr> = values.iter().map(lit).collect();
            (!values.is_empty()).then(|| col(column).in_list(values, false))
        };
        let mut all: Vec<Expr> = Vec::new();
        all.extend(conditions.from.map(|micros| col(EVENT_TIME).gt_eq(instant(micros))));
        all.extend(conditions.to.map(|micros| col(EVENT_TIME).lt(instant(micros))));
        all.extend(one_of(ACCOUNT, &conditions.accounts));
        all.extend(one_of(REGION, &conditions.regions));
        if let Some(sql) = conditions.sql.as_deref() {
            let condition = context.parse_sql_expr(sql, &schema).map_err(wrong)?;
            check_condition(&condition)?;
            all.push(condition);
        }
        let condition = all.into_iter().reduce(Expr::and).unwrap_or_else(|| lit(true));
        let condition = simplified(condition, &schema, &context).map_err(wrong)?;
        let predicate = context.create_physical_expr(condition, &schema).map_err(wrong)?;
        let kind = predicate.data_type(schema.as_arrow()).map_err(wrong)?;
        if kind != arrow::datatypes::DataType::Boolean {
            let message = format!("the condition is of type {kind}, not true or false");
            return Err(QueryError::Wrong { message, position: None, hint: None });
        }
        Ok(Self { predicate })
    }

    /// The rows for which the conditions are true. What is unknown (null) is not true.
    ///
    /// # Errors
    /// [`QueryError::Failed`] if a condition cannot be computed.
    pub fn apply(&self, batch: &RecordBatch) -> Result<RecordBatch, QueryError> {
        let failed = |error| diagnosis::of_running(&error);
        let truth =
            self.predicate.evaluate(batch).and_then(|value| value.into_array(batch.num_rows())).map_err(failed)?;
        let keep: &BooleanArray = truth.as_boolean();
        let keep = if keep.null_count() > 0 { prep_null_mask_filter(keep) } else { keep.clone() };
        filter_record_batch(batch, &keep).map_err(|error| failed(error.into()))
    }
}

/// The condition without functions that are only another way to write something, such as `coalesce`: no row sees those.
fn simplified(condition: Expr, schema: &DFSchema, context: &SessionContext) -> datafusion::error::Result<Expr> {
    let about = SimplifyContext::builder()
        .with_schema(Arc::new(schema.clone()))
        .with_config_options(Arc::clone(context.state().config_options()));
    let simplifier = ExprSimplifier::new(about.build());
    simplifier.simplify(simplifier.coerce(condition, schema)?)
}

/// Refuses what cannot decide about a record alone, or not in the same way in every run: what a run leaves out must be what
/// the condition's text says.
fn check_condition(condition: &Expr) -> Result<(), QueryError> {
    let mut wrong = None;
    let outcome = condition.apply(|part| {
        let found = match part {
            Expr::ScalarFunction(call) if call.func.signature().volatility != Volatility::Immutable => {
                let hint = "say the time with --from and --to, such as --from 7d".to_owned();
                Some((format!("`{}()` says something else in every run", call.func.name()), Some(hint)))
            }
            Expr::AggregateFunction(_) | Expr::WindowFunction(_) => {
                Some(("a condition is about one record: it cannot count or compare several".to_owned(), None))
            }
            Expr::Exists(_) | Expr::InSubquery(_) | Expr::ScalarSubquery(_) => {
                Some(("a condition is about one record: it cannot ask for others".to_owned(), None))
            }
            _ => None,
        };
        wrong = found;
        Ok(if wrong.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    outcome.map_err(|error| diagnosis::of_planning(&error, &[], false))?;
    match wrong {
        Some((message, hint)) => Err(QueryError::Wrong { message, position: None, hint }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::new_null_array;

    use super::*;

    fn batch(times: Vec<Option<i64>>, regions: Vec<Option<&str>>) -> RecordBatch {
        let schema = events_schema();
        let rows = times.len();
        let columns = schema.fields().iter().map(|field| match field.name().as_str() {
            EVENT_TIME => {
                Arc::new(arrow::array::TimestampMicrosecondArray::from(times.clone()).with_timezone("UTC")) as _
            }
            REGION => Arc::new(arrow::array::StringArray::from(regions.clone())) as _,
            _ => new_null_array(field.data_type(), rows),
        });
        RecordBatch::try_new(Arc::clone(&schema), columns.collect()).unwrap()
    }

    fn kept(conditions: Conditions) -> usize {
        let rows = batch(vec![Some(1), Some(2), Some(3), None], vec![Some("a"), Some("b"), None, Some("a")]);
        RowFilter::new(&conditions).unwrap().apply(&rows).unwrap().num_rows()
    }

    #[test]
    fn all_conditions_have_to_be_true() {
        assert_eq!(kept(Conditions::default()), 4);
        assert_eq!(kept(Conditions { from: Some(2), ..Conditions::default() }), 2);
        assert_eq!(kept(Conditions { from: Some(1), to: Some(3), ..Conditions::default() }), 2);
        assert_eq!(kept(Conditions { regions: vec!["a".to_owned(), "c".to_owned()], ..Conditions::default() }), 2);
        let sql = Some("region = 'b' OR event_time IS NULL".to_owned());
        assert_eq!(kept(Conditions { sql, ..Conditions::default() }), 2);
    }

    #[test]
    fn functions_that_stand_for_a_case_are_known() {
        let kept = |sql: &str| kept(Conditions { sql: Some(sql.to_owned()), ..Conditions::default() });
        assert_eq!(kept("coalesce(region, 'c') = 'c'"), 1);
        assert_eq!(kept("nullif(region, 'a') IS NULL"), 3);
        assert_eq!(kept("nvl(region, 'a') = 'a' AND date_trunc('hour', event_time) = TIMESTAMP '1970-01-01'"), 2);
    }

    #[test]
    fn a_wrong_condition_is_named() {
        let error = |sql: &str| {
            RowFilter::new(&Conditions { sql: Some(sql.to_owned()), ..Conditions::default() }).unwrap_err().to_string()
        };
        assert!(error("event_nam = 'x'").contains("there is no column `event_nam`"), "{}", error("event_nam = 'x'"));
        assert_eq!(error("event_time < now()"), "`now()` says something else in every run");
        assert!(error("count(*) > 1").starts_with("a condition is about one record"), "{}", error("count(*) > 1"));
        assert_eq!(error("event_name"), "the condition is of type Utf8, not true or false");
        assert!(error("event_name =").starts_with("cannot parse the query"), "{}", error("event_name ="));
    }
}
