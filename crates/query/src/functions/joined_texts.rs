//! `a || b` as a function that says how long the texts will be before it puts them together.
//!
//! An operator is nothing that could be put behind a look at its sizes, and `s || s` in a `reduce` doubles its text with each step.
//! So the operator gives way to this function while the plan is analysed; its columns are called as before.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use datafusion::common::{DFSchema, Result, ScalarValue, plan_err};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::type_coercion::binary::BinaryTypeCoercer;
use datafusion::logical_expr::{
    BinaryExpr, ColumnarValue, Expr, ExprSchemable as _, Operator, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature, Volatility,
};
use datafusion::physical_expr::PhysicalExpr as _;
use datafusion::physical_expr::expressions::{self, Column};

use super::arguments::rows;
use super::bounded::check;
use super::sizes;

/// The function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct JoinedTexts {
    most_bytes: usize,
    signature: Signature,
}

impl JoinedTexts {
    /// The call in the place of an operator, unless that is wrong: then what is wrong is said of the operator.
    pub(super) fn instead_of(operator: &BinaryExpr, schema: &DFSchema, most_bytes: usize) -> Option<Expr> {
        let types = (operator.left.get_type(schema), operator.right.get_type(schema));
        // parameters of lambdas have no type yet
        if let (Ok(left), Ok(right)) = &types
            && coercer(left, right).get_input_types().is_err()
        {
            return None;
        }
        let function = Self { most_bytes, signature: Signature::user_defined(Volatility::Immutable) };
        let arguments = vec![operator.left.as_ref().clone(), operator.right.as_ref().clone()];
        let function = Arc::new(ScalarUDF::new_from_impl(function));
        Some(Expr::ScalarFunction(ScalarFunction::new_udf(function, arguments)))
    }
}

fn coercer<'a>(left: &'a DataType, right: &'a DataType) -> BinaryTypeCoercer<'a> {
    BinaryTypeCoercer::new(left, &Operator::StringConcat, right)
}

impl ScalarUDFImpl for JoinedTexts {
    fn name(&self) -> &'static str {
        "joined_texts"
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        let names: Vec<String> = args.iter().map(|arg| arg.schema_name().to_string()).collect();
        Ok(names.join(" || "))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let [left, right] = given else { return plan_err!("|| stands between two texts") };
        let (left, right) = coercer(left, right).get_input_types()?;
        Ok(vec![left, right])
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        let [left, right] = given else { return plan_err!("|| stands between two texts") };
        coercer(left, right).get_result_type()
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let types: Vec<DataType> = args.arg_fields.iter().map(|field| field.data_type().clone()).collect();
        let is_nullable = args.arg_fields.iter().any(|field| field.is_nullable());
        Ok(Arc::new(Field::new(self.name(), self.return_type(&types)?, is_nullable)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        check("||", sizes::concat(&args)?, self.most_bytes)?;
        let is_constant = args.args.iter().all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
        let sides = args.args.iter().map(|argument| argument.to_array(rows(&args))).collect::<Result<Vec<_>>>()?;
        let fields: Vec<Field> = sides.iter().map(|side| Field::new("side", side.data_type().clone(), true)).collect();
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), sides)?;
        let side = |at| Arc::new(Column::new("side", at));
        let joined = expressions::BinaryExpr::new(side(0), Operator::StringConcat, side(1)).evaluate(&batch)?;
        let joined = joined.into_array(batch.num_rows())?;
        Ok(match is_constant {
            true => ColumnarValue::Scalar(ScalarValue::try_from_array(&joined, 0)?),
            false => ColumnarValue::Array(joined),
        })
    }
}
