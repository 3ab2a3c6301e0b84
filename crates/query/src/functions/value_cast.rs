//! `cast_as(value, 'ROW(name VARCHAR)')` and `try_cast_as`: casts to lists, maps and rows, whatever the value is.
//!
//! The parser cannot know whether `CAST(x AS ARRAY(BIGINT))` is of JSON or of a list; here the type of the value says so. Text
//! is JSON, as everywhere here, and read as `json_cast` does. Lists, maps and structs are cast part by part, as in Trino: the
//! fields of rows by their places, and a part that does not fit ends the query, or is null for `TRY_CAST`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray as _, ListArray, MapArray, StructArray, UInt32Array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{CastOptions, cast_with_options, take};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{exec_datafusion_err, internal_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use super::FunctionDoc;
use super::arguments::{array, result};
use super::shape::Shape;
use super::{json_cast, rounded, structs};
use crate::typing::type_in_words;

pub(super) const DOCS: [FunctionDoc; 2] = [
    FunctionDoc {
        call: "cast_as(value, 'type')",
        meaning: "Trino's `CAST(value AS type)` to `ARRAY(…)`, `MAP(…)` and `ROW(…)`: of text as `json_cast`, of lists, maps and structs \
                  part by part",
    },
    FunctionDoc {
        call: "try_cast_as(value, 'type')",
        meaning: "as `cast_as`, but null for parts of lists, maps and structs that do not fit",
    },
];

/// One of the two.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct CastAs {
    /// Whether what does not fit is null.
    is_forgiving: bool,
    signature: Signature,
}

impl CastAs {
    pub(super) fn both() -> [Self; 2] {
        [false, true]
            .map(|is_forgiving| Self { is_forgiving, signature: Signature::user_defined(Volatility::Immutable) })
    }
}

impl ScalarUDFImpl for CastAs {
    fn name(&self) -> &'static str {
        if self.is_forgiving { "try_cast_as" } else { "cast_as" }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let [value, _] = given else {
            return plan_err!("{0} takes a value and a type: {0}(value, 'ARRAY(BIGINT)')", self.name());
        };
        Ok(vec![plain(value), DataType::Utf8])
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        internal_err!("the type is in the arguments")
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let written = args.scalar_arguments.get(1).copied().flatten();
        let shape = json_cast::shape(self.name(), written)?;
        if let (Some(value), Some(written)) = (args.arg_fields.first(), written)
            && let Err(reason) = can_be(value.data_type(), &shape)
        {
            return plan_err!(
                "the value cannot be cast to `{}`: {reason}",
                written.try_as_str().flatten().unwrap_or_default()
            );
        }
        Ok(Arc::new(Field::new(self.name(), shape.data_type(), true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let shape = json_cast::constant_shape(self.name(), &args)?;
        match args.args.first() {
            Some(value) if value.data_type().is_string() => json_cast::of_json(&args, &shape),
            _ => {
                let options = CastOptions { safe: self.is_forgiving, ..CastOptions::default() };
                result(&args, converted(&array(&args, 0)?, &shape, &options)?)
            }
        }
    }
}

/// The type with one kind of text and one kind of list.
fn plain(kind: &DataType) -> DataType {
    match kind {
        DataType::Dictionary(_, value) => plain(value),
        kind if kind.is_string() || kind.is_null() => DataType::Utf8,
        DataType::LargeList(of) | DataType::FixedSizeList(of, _) | DataType::ListView(of) => {
            DataType::List(Arc::clone(of))
        }
        other => other.clone(),
    }
}

/// Whether values of a type can be cast; if not, why.
fn can_be(kind: &DataType, shape: &Shape) -> Result<(), String> {
    match (plain(kind), shape) {
        // JSON, or no value at all
        (DataType::Utf8, _) | (_, Shape::Text | Shape::Json) => Ok(()),
        (DataType::List(of), Shape::List(element)) => can_be(of.data_type(), element),
        (DataType::Map(entries, _), Shape::Map(key, value)) => match entries.data_type() {
            DataType::Struct(fields) if fields.len() == 2 => {
                can_be(fields[0].data_type(), key)?;
                can_be(fields[1].data_type(), value)
            }
            _ => Err("its entries are no pairs".to_owned()),
        },
        (DataType::Struct(given), Shape::Row(fields)) if given.len() == fields.len() => {
            given.iter().zip(fields).try_for_each(|(field, (_, shape))| can_be(field.data_type(), shape))
        }
        (DataType::Struct(given), Shape::Row(fields)) => {
            Err(format!("a struct of {} fields is no ROW of {}", given.len(), fields.len()))
        }
        (kind, Shape::Scalar(wanted)) if !kind.is_nested() && arrow::compute::can_cast_types(&kind, wanted) => Ok(()),
        (kind, shape) => {
            Err(format!("{} is not taken for {}", type_in_words(&kind), type_in_words(&shape.data_type())))
        }
    }
}

fn converted(values: &ArrayRef, shape: &Shape, options: &CastOptions) -> Result<ArrayRef> {
    let kind = plain(values.data_type());
    let values = if kind == *values.data_type() { values } else { &cast_with_options(values, &kind, options)? };
    match (&kind, shape) {
        (DataType::Utf8, Shape::Text | Shape::Json) => Ok(Arc::clone(values)),
        (DataType::Utf8, shape) if shape.is_nested() => {
            let texts: Vec<Option<&str>> = values.as_string::<i32>().iter().collect();
            json_cast::array(shape, &texts)
        }
        (kind, Shape::Text) if !kind.is_nested() => Ok(cast_with_options(values, &DataType::Utf8, options)?),
        (_, Shape::Text | Shape::Json) => structs::json_of(values),
        (_, Shape::Scalar(wanted)) if wanted.is_integer() => {
            Ok(cast_with_options(&rounded::rounded(values)?, wanted, options)?)
        }
        (_, Shape::Scalar(wanted)) => Ok(cast_with_options(values, wanted, options)?),
        (DataType::List(_), Shape::List(element)) => list(values.as_list(), element, options),
        (DataType::Map(_, _), Shape::Map(key, value)) => map(values.as_map(), key, value, options),
        (DataType::Struct(_), Shape::Row(fields)) => row(values.as_struct(), fields, options),
        _ => internal_err!("a value that cannot be cast"),
    }
}

fn list(lists: &ListArray, element: &Shape, options: &CastOptions) -> Result<ArrayRef> {
    let (lengths, places) = elements(lists.offsets(), lists)?;
    let values = converted(&take(lists.values(), &places, None)?, element, options)?;
    let field = Arc::new(Field::new_list_field(element.data_type(), true));
    Ok(Arc::new(ListArray::try_new(field, lengths, values, lists.nulls().cloned())?))
}

fn map(maps: &MapArray, key: &Shape, value: &Shape, options: &CastOptions) -> Result<ArrayRef> {
    let (lengths, places) = elements(maps.offsets(), maps)?;
    let part = |values: &ArrayRef, shape: &Shape| converted(&take(values, &places, None)?, shape, options);
    let (keys, values) = (part(maps.keys(), key)?, part(maps.values(), value)?);
    if keys.null_count() > 0 {
        return Err(exec_datafusion_err!("a key of the map does not fit into its new type"));
    }
    let entries = StructArray::try_new(Shape::entries(key, value), vec![keys, values], None)?;
    let field = Arc::new(Field::new("entries", DataType::Struct(Shape::entries(key, value)), false));
    Ok(Arc::new(MapArray::try_new(field, lengths, entries, maps.nulls().cloned(), false)?))
}

fn row(structs: &StructArray, fields: &[(String, Shape)], options: &CastOptions) -> Result<ArrayRef> {
    let columns = structs.columns().iter().zip(fields).map(|(column, (_, shape))| converted(column, shape, options));
    let columns = columns.collect::<Result<Vec<_>>>()?;
    let (fields, nulls) = (Shape::fields(fields), structs.nulls().cloned());
    Ok(Arc::new(StructArray::try_new_with_length(fields, columns, nulls, structs.len())?))
}

/// How many values each row has, and where they are. What lies behind nulls is nobody's, and must not fail.
fn elements(offsets: &OffsetBuffer<i32>, rows: &dyn Array) -> Result<(OffsetBuffer<i32>, UInt32Array)> {
    let range = |row: usize| if rows.is_valid(row) { offsets[row]..offsets[row + 1] } else { 0..0 };
    let lengths = OffsetBuffer::from_lengths((0..rows.len()).map(|row| range(row).len()));
    let places = (0..rows.len()).flat_map(range).map(u32::try_from).collect::<Result<Vec<u32>, _>>();
    match places {
        Ok(places) => Ok((lengths, UInt32Array::from(places))),
        Err(_) => internal_err!("a list begins before its values"),
    }
}
