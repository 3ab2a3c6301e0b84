//! `json_cast(json, 'ARRAY(ROW(name VARCHAR))')`: what Trino's `CAST(json AS …)` gives.
//!
//! A column at a time: the texts of all rows become the texts of a field's values, and these become its array. What is not of
//! the type that it is taken for is null, where Trino ends the query.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, ListArray, MapArray, StringArray, StructArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{ScalarValue, internal_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use super::FunctionDoc;
use super::arguments::{Texts, result, rows, texts};
use super::json::{self, any_text};
use super::json_path;
use super::json_scalars::{self, Scalar};
use super::shape::Shape;

pub(super) const DOCS: &[FunctionDoc] = &[FunctionDoc {
    call: "json_cast(json, 'type')",
    meaning: "Trino's `CAST(json AS type)`: numbers, booleans, `ARRAY(…)`, `MAP(VARCHAR, …)` and `ROW(name type, …)` in each other; \
              what is missing or cannot be cast is null",
}];

/// `json_cast(json, 'type')`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct JsonCast(Signature);

impl JsonCast {
    pub(super) fn new() -> Self {
        Self(Signature::exact(vec![DataType::Utf8, DataType::Utf8], Volatility::Immutable))
    }
}

/// The type that an argument says.
pub(super) fn shape(function: &str, value: Option<&ScalarValue>) -> Result<Shape> {
    let Some(Some(text)) = value.and_then(ScalarValue::try_as_str) else {
        return plan_err!("{function} takes a type in quotes: {function}(value, 'ROW(name VARCHAR)')");
    };
    match Shape::parse(text) {
        Ok(shape) => Ok(shape),
        Err(wrong) => plan_err!("{} in the type '{text}'", wrong.reason),
    }
}

/// The type that the second argument of a call is.
pub(super) fn constant_shape(function: &str, args: &ScalarFunctionArgs) -> Result<Shape> {
    match texts(args, 1)? {
        Texts::Same(text) => shape(function, Some(&ScalarValue::Utf8(text))),
        Texts::Each(_) => shape(function, None),
    }
}

impl ScalarUDFImpl for JsonCast {
    fn name(&self) -> &'static str {
        "json_cast"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        internal_err!("the type of json_cast is in its arguments")
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let shape = shape(self.name(), args.scalar_arguments.get(1).copied().flatten())?;
        Ok(Arc::new(Field::new(self.name(), shape.data_type(), true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        of_json(&args, &constant_shape(self.name(), &args)?)
    }
}

/// The values that the texts of JSON in the first argument are.
pub(super) fn of_json(args: &ScalarFunctionArgs, shape: &Shape) -> Result<ColumnarValue> {
    match shape {
        Shape::List(of) if **of == Shape::Json => json::json_array(args),
        Shape::List(of) if **of == Shape::Text => json::json_texts(args),
        // these go on from what other calls have found in the column
        Shape::Map(key, of) if **key == Shape::Text && matches!(**of, Shape::Text | Shape::Json) => {
            json::json_map(args)
        }
        _ => {
            let json = texts(args, 0)?;
            let values: Vec<Option<&str>> = (0..rows(args)).map(|row| json.get(row)).collect();
            result(args, array(shape, &values)?)
        }
    }
}

/// The values that texts of JSON are.
pub(super) fn array(shape: &Shape, values: &[Option<&str>]) -> Result<ArrayRef> {
    match shape {
        Shape::Text => Ok(Arc::new(values.iter().map(|value| any_text((*value)?)).collect::<StringArray>())),
        Shape::Json => Ok(Arc::new(values.iter().copied().collect::<StringArray>())),
        Shape::Scalar(kind) => json_scalars::array(kind, values.iter().map(|value| Scalar::of((*value)?))),
        Shape::List(element) => list(element, values),
        Shape::Map(key, value) => map(key, value, values),
        Shape::Row(fields) => row(fields, values),
    }
}

fn list(element: &Shape, values: &[Option<&str>]) -> Result<ArrayRef> {
    let lists: Vec<Option<Vec<&str>>> = values.iter().map(|value| json_path::elements((*value)?)).collect();
    let lengths = OffsetBuffer::from_lengths(lists.iter().map(|list| list.as_ref().map_or(0, Vec::len)));
    let nulls: NullBuffer = lists.iter().map(Option::is_some).collect();
    let elements: Vec<Option<&str>> = lists.iter().flatten().flatten().map(|text| Some(*text)).collect();
    let field = Arc::new(Field::new_list_field(element.data_type(), true));
    Ok(Arc::new(ListArray::try_new(field, lengths, array(element, &elements)?, Some(nulls))?))
}

/// Names and values of an object.
type Members<'a> = Vec<(Cow<'a, str>, &'a str)>;

fn map(key: &Shape, value: &Shape, values: &[Option<&str>]) -> Result<ArrayRef> {
    let mut maps: Vec<Option<Members>> = values.iter().map(|value| json_path::members((*value)?)).collect();
    let mut keys = names(key, &maps)?;
    if keys.null_count() > 0 {
        // an object with a name that is no such key is no such map
        let mut at = 0;
        for map in &mut maps {
            let length = map.as_ref().map_or(0, Vec::len);
            if keys.slice(at, length).null_count() > 0 {
                *map = None;
            }
            at += length;
        }
        keys = names(key, &maps)?;
    }
    let lengths = OffsetBuffer::from_lengths(maps.iter().map(|map| map.as_ref().map_or(0, Vec::len)));
    let nulls: NullBuffer = maps.iter().map(Option::is_some).collect();
    let found: Vec<Option<&str>> = maps.iter().flatten().flatten().map(|(_, text)| Some(*text)).collect();
    let entries = StructArray::try_new(Shape::entries(key, value), vec![keys, array(value, &found)?], None)?;
    let field = Arc::new(Field::new("entries", DataType::Struct(Shape::entries(key, value)), false));
    Ok(Arc::new(MapArray::try_new(field, lengths, entries, Some(nulls), false)?))
}

/// The names of all objects as keys.
fn names(key: &Shape, maps: &[Option<Members>]) -> Result<ArrayRef> {
    let names = maps.iter().flatten().flatten().map(|(name, _)| name.as_ref());
    match key {
        Shape::Scalar(kind) => json_scalars::array(kind, names.map(|name| Some(Scalar::Text(Cow::Borrowed(name))))),
        _ => Ok(Arc::new(names.map(Some).collect::<StringArray>())),
    }
}

/// Of an object the members called so in any case, of an array its elements in their order.
fn row(fields: &[(String, Shape)], values: &[Option<&str>]) -> Result<ArrayRef> {
    let mut columns: Vec<Vec<Option<&str>>> = vec![Vec::with_capacity(values.len()); fields.len()];
    let mut is_there = Vec::with_capacity(values.len());
    for value in values {
        columns.iter_mut().for_each(|column| column.push(None));
        let mut put = |at: usize, text| {
            if let Some(place @ None) = columns.get_mut(at).and_then(|column| column.last_mut()) {
                *place = Some(text);
            }
        };
        let members = value.and_then(json_path::members);
        let elements = value.and_then(json_path::elements);
        is_there.push(members.is_some() || elements.is_some());
        for (name, text) in members.into_iter().flatten() {
            if let Some(at) = fields.iter().position(|(field, _)| field.eq_ignore_ascii_case(&name)) {
                put(at, text);
            }
        }
        elements.into_iter().flatten().enumerate().for_each(|(at, text)| put(at, text));
    }
    let arrays = fields.iter().zip(&columns).map(|((_, shape), column)| array(shape, column));
    let arrays = arrays.collect::<Result<Vec<_>>>()?;
    let nulls: NullBuffer = is_there.into_iter().collect();
    Ok(Arc::new(StructArray::try_new_with_length(Shape::fields(fields), arrays, Some(nulls), values.len())?))
}
