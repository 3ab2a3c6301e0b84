//! What stands in brackets behind a value, where the type of the value says what it means: `x[1:6]` of a text is a part of
//! it, and `x[1]` of a row its first field.

use arrow::datatypes::DataType;
use datafusion::common::{DFSchema, ScalarValue, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawFieldAccessExpr};
use datafusion::logical_expr::{Expr, ExprSchemable as _, GetFieldAccess, lit};

use crate::functions;

/// What is said of the number of a field begins with this, and ends with the number.
pub(crate) const NO_SUCH_FIELD: &str = "a row of ";

/// Plans what DataFusion has for lists and names only.
#[derive(Debug)]
pub(crate) struct ByTypeOfValue;

impl ExprPlanner for ByTypeOfValue {
    fn plan_field_access(
        &self,
        access: RawFieldAccessExpr,
        schema: &DFSchema,
    ) -> Result<PlannerResult<RawFieldAccessExpr>> {
        let Ok(kind) = access.expr.get_type(schema) else { return Ok(PlannerResult::Original(access)) };
        match (&kind, &access.field_access) {
            (kind, GetFieldAccess::ListRange { start, stop, stride }) if is_text(kind) => {
                if **stride != lit(1_i64) {
                    return plan_err!("a part of a text has no steps: x[from:to]");
                }
                let [first, last] = [start, stop].map(|end| end.as_ref().clone());
                Ok(PlannerResult::Planned(functions::call("text_slice", vec![access.expr, first, last])?))
            }
            (DataType::Struct(fields), GetFieldAccess::ListIndex { key }) => {
                let Some(number) = number(key) else { return Ok(PlannerResult::Original(access)) };
                let at = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
                let Some(field) = at.and_then(|at| fields.get(at)) else {
                    return plan_err!("{NO_SUCH_FIELD}{} fields has no field {number}", fields.len());
                };
                let name = ScalarValue::from(field.name().as_str());
                let field_access = GetFieldAccess::NamedStructField { name };
                Ok(PlannerResult::Original(RawFieldAccessExpr { field_access, ..access }))
            }
            _ => Ok(PlannerResult::Original(access)),
        }
    }
}

fn is_text(kind: &DataType) -> bool {
    match kind {
        DataType::Dictionary(_, value) => value.is_string(),
        kind => kind.is_string(),
    }
}

fn number(key: &Expr) -> Option<i64> {
    match key {
        Expr::Literal(ScalarValue::Int64(number), _) => *number,
        _ => None,
    }
}
