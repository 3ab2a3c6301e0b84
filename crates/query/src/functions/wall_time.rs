//! `wall_time(time)`: what the clock of a time's own zone shows, as Trino's `CAST(… AS TIMESTAMP)` has it.
//!
//! DataFusion's cast takes the zone off and leaves the time in UTC. What is in UTC already, or is no time, goes through.

use arrow::datatypes::DataType;
use datafusion::common::plan_err;
use datafusion::error::Result;
use datafusion::functions::datetime::to_local_time;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

/// `wall_time(time)`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct WallTime(Signature);

impl WallTime {
    pub(super) fn new() -> Self {
        Self(Signature::user_defined(Volatility::Immutable))
    }
}

/// Whether there is a zone that is not UTC.
fn is_elsewhere(kind: &DataType) -> bool {
    matches!(kind, DataType::Timestamp(_, Some(zone)) if !matches!(zone.as_ref(), "UTC" | "+00:00"))
}

impl ScalarUDFImpl for WallTime {
    fn name(&self) -> &'static str {
        "wall_time"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        match given {
            [one] => Ok(vec![one.clone()]),
            _ => plan_err!("wall_time takes one time"),
        }
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        match given {
            [kind @ DataType::Timestamp(unit, _)] if is_elsewhere(kind) => Ok(DataType::Timestamp(*unit, None)),
            [other] => Ok(other.clone()),
            _ => plan_err!("wall_time takes one time"),
        }
    }

    fn invoke_with_args(&self, mut args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match args.args.pop() {
            Some(given) if is_elsewhere(&given.data_type()) => {
                args.args.push(given);
                to_local_time().invoke_with_args(args)
            }
            Some(given) => Ok(given),
            None => plan_err!("wall_time takes one time"),
        }
    }

    /// Nothing is left of it where there is no zone, so that conditions on times leave files out as ever.
    fn simplify(&self, args: Vec<Expr>, context: &SimplifyContext) -> Result<ExprSimplifyResult> {
        match args.as_slice() {
            [given] if !is_elsewhere(&context.get_data_type(given)?) => {
                Ok(ExprSimplifyResult::Simplified(given.clone()))
            }
            _ => Ok(ExprSimplifyResult::Original(args)),
        }
    }
}
