//! `struct_or_null('name', value, …)`: the objects of other tables, put together from our columns.
//!
//! A record without a session context has no such object there, and `useridentity.sessioncontext IS NULL` is how people ask
//! for it. So a struct of which every field is null is null itself, which `named_struct` cannot be.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, StructArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::{ScalarValue, internal_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use super::arguments::{array, result};

/// Its name.
pub(crate) const STRUCT_OR_NULL: &str = "struct_or_null";

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct StructOrNull(Signature);

impl StructOrNull {
    pub(super) fn new() -> Self {
        Self(Signature::variadic_any(Volatility::Immutable))
    }
}

impl ScalarUDFImpl for StructOrNull {
    fn name(&self) -> &'static str {
        STRUCT_OR_NULL
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        internal_err!("the type follows from the names")
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let mut fields = Vec::with_capacity(args.arg_fields.len() / 2);
        for (name, value) in args.scalar_arguments.iter().zip(args.arg_fields.iter().skip(1)).step_by(2) {
            let Some(name) = name.and_then(ScalarValue::try_as_str).flatten() else {
                return plan_err!("a field's name is a text");
            };
            fields.push(Field::new(name, value.data_type().clone(), true));
        }
        Ok(Arc::new(Field::new(STRUCT_OR_NULL, DataType::Struct(fields.into()), true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let DataType::Struct(fields) = args.return_field.data_type().clone() else {
            return internal_err!("not a struct");
        };
        let columns = (1..args.args.len()).step_by(2).map(|at| array(&args, at)).collect::<Result<Vec<_>>>()?;
        result(&args, Arc::new(put_together(fields, columns, args.number_rows)?))
    }
}

fn put_together(fields: Fields, columns: Vec<ArrayRef>, rows: usize) -> Result<StructArray> {
    let rows = columns.first().map_or(rows, |column| column.len());
    let mut is_there = BooleanBuffer::new_unset(rows);
    for column in &columns {
        let has_value = column.logical_nulls().map_or_else(|| BooleanBuffer::new_set(rows), NullBuffer::into_inner);
        is_there = &is_there | &has_value;
    }
    Ok(StructArray::try_new(fields, columns, Some(NullBuffer::new(is_there)))?)
}
