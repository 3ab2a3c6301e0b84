//! One large value for every row of a batch, with a look at what they come to before they are made.
//!
//! `range(0, 100000)` is one value as long as a query is planned, and DataFusion copies it for each row where it becomes a
//! column. Such constants are put behind this function, which is never called but where they are copied.

use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{Result, internal_err};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::bounded::check;

/// Its name, as plans have it.
const NAME: &str = "same_value";

/// The function.
#[derive(Debug, PartialEq, Eq, Hash)]
struct SameValue {
    most_bytes: usize,
    signature: Signature,
}

/// The column that has `value` in each row, of which no batch takes more than `most_bytes`.
pub(crate) fn same_value(value: Expr, most_bytes: usize) -> Expr {
    // what is volatile is not made a constant again
    let signature = Signature::any(1, Volatility::Volatile);
    ScalarUDF::new_from_impl(SameValue { most_bytes, signature }).call(vec![value])
}

impl ScalarUDFImpl for SameValue {
    fn name(&self) -> &'static str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        internal_err!("the field is that of the value")
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        match args.arg_fields {
            [field] => Ok(FieldRef::clone(field)),
            _ => internal_err!("{NAME} has one argument"),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match args.args.as_slice() {
            [ColumnarValue::Scalar(value)] => {
                check("constant", value.size().saturating_mul(args.number_rows), self.most_bytes)?;
                Ok(ColumnarValue::Array(value.to_array_of_size(args.number_rows)?))
            }
            [ColumnarValue::Array(values)] => Ok(ColumnarValue::Array(values.clone())),
            _ => internal_err!("{NAME} has one argument"),
        }
    }
}
