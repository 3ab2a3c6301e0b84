//! Trino's `approx_percentile(x, share)`: DataFusion's digest, whose answer is of the type of the values: a whole number of
//! whole numbers.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{ScalarValue, internal_err, plan_err};
use datafusion::error::Result;
use datafusion::functions_aggregate::approx_percentile_cont::approx_percentile_cont_udaf;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, Signature, Volatility};

use super::FunctionDoc;
use super::rounded::rounded;

pub(super) const DOC: FunctionDoc = FunctionDoc {
    call: "approx_percentile(value, share)",
    meaning: "aggregate: about the value below which a share of all values lies; a whole number of whole numbers",
};

/// The aggregate.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ApproxPercentile(Signature);

impl ApproxPercentile {
    pub(super) fn new() -> Self {
        Self(Signature::user_defined(Volatility::Immutable))
    }
}

fn double(name: &str) -> FieldRef {
    Arc::new(Field::new(name, DataType::Float64, true))
}

impl AggregateUDFImpl for ApproxPercentile {
    fn name(&self) -> &'static str {
        "approx_percentile"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        match given {
            [value, share] if share.is_numeric() => {
                let value = match value {
                    kind if kind.is_integer() => DataType::Int64,
                    kind if kind.is_numeric() || kind.is_null() => DataType::Float64,
                    _ => return plan_err!("approx_percentile takes numbers: {}", DOC.call),
                };
                Ok(vec![value, DataType::Float64])
            }
            _ => plan_err!("approx_percentile takes a number and a share from 0 to 1: {}", DOC.call),
        }
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        match given.first() {
            Some(kind) => Ok(kind.clone()),
            None => internal_err!("approx_percentile without a value"),
        }
    }

    fn accumulator(&self, arguments: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        let kind = arguments.return_field.data_type().clone();
        let fields = [double("value"), double("share")];
        let arguments = AccumulatorArgs { expr_fields: &fields, return_field: double("percentile"), ..arguments };
        Ok(Box::new(OfType { digest: approx_percentile_cont_udaf().accumulator(arguments)?, kind }))
    }

    fn state_fields(&self, arguments: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let fields = [double("value"), double("share")];
        let arguments = StateFieldsArgs { input_fields: &fields, return_field: double("percentile"), ..arguments };
        approx_percentile_cont_udaf().state_fields(arguments)
    }
}

/// A digest of doubles for values of another type.
#[derive(Debug)]
struct OfType {
    digest: Box<dyn Accumulator>,
    kind: DataType,
}

impl Accumulator for OfType {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let doubles = values.iter().map(|values| Ok(cast(values, &DataType::Float64)?)).collect::<Result<Vec<_>>>()?;
        self.digest.update_batch(&doubles)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.digest.merge_batch(states)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.digest.state()
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let found = self.digest.evaluate()?.to_array()?;
        let found = if self.kind.is_integer() { rounded(&found)? } else { found };
        ScalarValue::try_from_array(&cast(&found, &self.kind)?, 0)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.digest.size()
    }
}
