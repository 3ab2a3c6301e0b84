//! Trino's `greatest` and `least`: null if any of the values is null, where DataFusion steps over nulls.

use arrow::array::Array as _;
use arrow::buffer::NullBuffer;
use arrow::compute::nullif;
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::functions::core::{greatest, least};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use std::sync::Arc;

use super::FunctionDoc;
use super::arguments::result;

pub(super) const DOCS: [FunctionDoc; 2] = [
    FunctionDoc { call: "greatest_or_null(x, …)", meaning: "Trino's `greatest`: null if one of the values is" },
    FunctionDoc { call: "least_or_null(x, …)", meaning: "Trino's `least`: null if one of the values is" },
];

/// One of the two.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct OrNull {
    name: &'static str,
    of: Arc<ScalarUDF>,
    signature: Signature,
}

impl OrNull {
    pub(super) fn both() -> [Self; 2] {
        [("greatest_or_null", greatest()), ("least_or_null", least())].map(|(name, of)| Self {
            name,
            of,
            signature: Signature::user_defined(Volatility::Immutable),
        })
    }
}

impl ScalarUDFImpl for OrNull {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        self.of.coerce_types(given)
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        self.of.return_type(given)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = args.args.iter().map(|value| value.to_array(args.number_rows)).collect::<Result<Vec<_>>>()?;
        let nulls = arrays.iter().fold(None, |all: Option<NullBuffer>, array| {
            NullBuffer::union(all.as_ref(), array.logical_nulls().as_ref())
        });
        let picked = self.of.invoke_with_args(args.clone())?.to_array(args.number_rows)?;
        let Some(nulls) = nulls else { return result(&args, picked) };
        let is_null = arrow::array::BooleanArray::new(!nulls.inner(), None);
        result(&args, nullif(&picked, &is_null)?)
    }
}
