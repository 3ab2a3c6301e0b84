//! `json_cast(json, 'ARRAY(ROW(name VARCHAR))')`: what Trino's `CAST(json AS …)` gives.
//!
//! A column at a time: the texts of all rows become the texts of a field's values, and these become its array. What is not of
//! the type that it is taken for is null, where Trino ends the query.

use std::sync::Arc;

use arrow::array::{ArrayRef, ListArray, MapArray, StringArray, StructArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{ScalarValue, internal_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use super::FunctionDoc;
use super::arguments::{Texts, result, rows, texts};
use super::json::{any_text, scalar_text};
use super::json_path;
use super::json_shape::Shape;

pub(super) const DOCS: &[FunctionDoc] = &[FunctionDoc {
    call: "json_cast(json, 'type')",
    meaning: "Trino's `CAST(json AS type)`: `ARRAY(…)`, `MAP(VARCHAR, …)` and `ROW(name type, …)` in each other; what is missing or \
              of another type is null",
}];

/// `json_cast(json, 'type')`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct JsonCast(Signature);

impl JsonCast {
    pub(super) fn new() -> Self {
        Self(Signature::exact(vec![DataType::Utf8, DataType::Utf8], Volatility::Immutable))
    }
}

fn shape(value: Option<&ScalarValue>) -> Result<Shape> {
    let Some(Some(text)) = value.and_then(ScalarValue::try_as_str) else {
        return plan_err!("json_cast takes a type in quotes: json_cast(json, 'ROW(name VARCHAR)')");
    };
    match Shape::parse(text) {
        Some(shape) => Ok(shape),
        None => plan_err!("JSON cannot be cast to `{text}`"),
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
        let shape = shape(args.scalar_arguments.get(1).copied().flatten())?;
        Ok(Arc::new(Field::new(self.name(), shape.data_type(), true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let json = texts(&args, 0)?;
        let shape = match texts(&args, 1)? {
            Texts::Same(text) => shape(Some(&ScalarValue::Utf8(text)))?,
            Texts::Each(_) => shape(None)?,
        };
        let values: Vec<Option<&str>> = (0..rows(&args)).map(|row| json.get(row)).collect();
        result(&args, array(&shape, &values)?)
    }
}

/// The values that texts of JSON are.
fn array(shape: &Shape, values: &[Option<&str>]) -> Result<ArrayRef> {
    match shape {
        Shape::Text => Ok(Arc::new(values.iter().map(|value| any_text((*value)?)).collect::<StringArray>())),
        Shape::Json => Ok(Arc::new(values.iter().copied().collect::<StringArray>())),
        Shape::Scalar(kind) => {
            let texts: StringArray = values.iter().map(|value| scalar_text((*value)?)).collect();
            Ok(cast_with_options(&texts, kind, &CastOptions { safe: true, ..CastOptions::default() })?)
        }
        Shape::List(element) => list(element, values),
        Shape::Map(value) => map(value, values),
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

fn map(value: &Shape, values: &[Option<&str>]) -> Result<ArrayRef> {
    let maps: Vec<_> = values.iter().map(|value| json_path::members((*value)?)).collect();
    let lengths = OffsetBuffer::from_lengths(maps.iter().map(|map| map.as_ref().map_or(0, Vec::len)));
    let nulls: NullBuffer = maps.iter().map(Option::is_some).collect();
    let members = || maps.iter().flatten().flatten();
    let keys: StringArray = members().map(|(name, _)| Some(name)).collect();
    let found: Vec<Option<&str>> = members().map(|(_, text)| Some(*text)).collect();
    let fields = Shape::entries(value);
    let entries = StructArray::try_new(fields, vec![Arc::new(keys), array(value, &found)?], None)?;
    let field = Arc::new(Field::new("entries", DataType::Struct(Shape::entries(value)), false));
    Ok(Arc::new(MapArray::try_new(field, lengths, entries, Some(nulls), false)?))
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
