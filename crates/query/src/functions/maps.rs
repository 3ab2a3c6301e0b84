//! Aggregates that give a map: Trino's `histogram(x)`, `map_agg(key, value)` and `multimap_agg(key, value)`. And one that
//! counts as `histogram` does and gives a value: DuckDB's `mode(x)`.
//!
//! Their memory is that of the distinct keys of each group. Keys come out in order, so that equal questions get equal answers.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray as _, ListArray, MapArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{ScalarValue, internal_err};
use datafusion::error::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, Signature, Volatility};

use super::FunctionDoc;
use super::map_shapes::entries;

pub(super) const DOCS: [FunctionDoc; 4] = [
    FunctionDoc { call: "histogram(value)", meaning: "aggregate: how often each value occurs, as a map" },
    FunctionDoc {
        call: "mode(value)",
        meaning: "aggregate: the value that occurs most often; the smallest of several such, null for none",
    },
    FunctionDoc {
        call: "map_agg(key, value)",
        meaning: "aggregate: a map from keys to values; of several values of a key the smallest",
    },
    FunctionDoc {
        call: "multimap_agg(key, value)",
        meaning: "aggregate: a map from keys to lists of values, in order",
    },
];

/// What is kept of each key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kept {
    /// How often it occurs.
    Count,
    /// How often it occurs, and of all keys only the most frequent.
    Most,
    /// The smallest of its values.
    Value,
    /// All of its values, in order.
    All,
}

/// One of the aggregates.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ToMap {
    kept: Kept,
    signature: Signature,
}

impl ToMap {
    pub(super) fn new(kept: Kept) -> Self {
        let arguments = if matches!(kept, Kept::Count | Kept::Most) { 1 } else { 2 };
        Self { kept, signature: Signature::any(arguments, Volatility::Immutable) }
    }

    fn types(&self, arguments: &[DataType]) -> (DataType, DataType) {
        let key = arguments.first().cloned().unwrap_or(DataType::Null);
        let value = match self.kept {
            Kept::Count | Kept::Most => DataType::Int64,
            Kept::Value => arguments.get(1).cloned().unwrap_or(DataType::Null),
            Kept::All => list_of(arguments.get(1).cloned().unwrap_or(DataType::Null)),
        };
        (key, value)
    }
}

impl AggregateUDFImpl for ToMap {
    fn name(&self) -> &str {
        match self.kept {
            Kept::Count => "histogram",
            Kept::Most => "mode",
            Kept::Value => "map_agg",
            Kept::All => "multimap_agg",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        let (key, value) = self.types(arguments);
        if self.kept == Kept::Most {
            return Ok(key);
        }
        Ok(DataType::Map(entries(&key, &value), false))
    }

    fn accumulator(&self, arguments: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        let types: Vec<DataType> = arguments.expr_fields.iter().map(|field| field.data_type().clone()).collect();
        let (key, value) = self.types(&types);
        Ok(Box::new(Entries { kept: self.kept, key, value, found: HashMap::new() }))
    }

    fn state_fields(&self, arguments: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let types: Vec<DataType> = arguments.input_fields.iter().map(|field| field.data_type().clone()).collect();
        let (key, value) = self.types(&types);
        let list = |name: &str, item: DataType| {
            let item = Arc::new(Field::new_list_field(item, true));
            Arc::new(Field::new(format!("{}[{name}]", arguments.name), DataType::List(item), true))
        };
        Ok(vec![list("keys", key), list("values", value)])
    }
}

fn list_of(item: DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(item, true)))
}

#[derive(Debug)]
struct Entries {
    kept: Kept,
    key: DataType,
    value: DataType,
    /// One value each, unless all are kept.
    found: HashMap<ScalarValue, Vec<ScalarValue>>,
}

impl Entries {
    fn add(&mut self, key: ScalarValue, value: ScalarValue) -> Result<()> {
        if key.is_null() {
            return Ok(());
        }
        let values = self.found.entry(key).or_default();
        match (self.kept, values.last_mut()) {
            (Kept::All, _) | (_, None) => values.push(value),
            (Kept::Count | Kept::Most, Some(count)) => *count = count.add_checked(&value)?,
            (Kept::Value, Some(there)) => {
                let is_smaller = value.partial_cmp(there) == Some(Ordering::Less) && !value.is_null();
                if is_smaller || there.is_null() {
                    *there = value;
                }
            }
        }
        Ok(())
    }

    /// What stands beside a key.
    fn value(&self, values: &[ScalarValue]) -> Option<ScalarValue> {
        let DataType::List(item) = &self.value else { return values.first().cloned() };
        if self.kept != Kept::All {
            return values.first().cloned();
        }
        // threads hand them over in any order
        let mut values = values.to_vec();
        values.sort_by(|one, other| one.partial_cmp(other).unwrap_or(Ordering::Equal));
        Some(ScalarValue::List(ScalarValue::new_list_nullable(&values, item.data_type())))
    }

    /// The key of the greatest number, and of several the smallest.
    fn most(&self) -> Result<ScalarValue> {
        let count = |values: &[ScalarValue]| match values.first() {
            Some(ScalarValue::Int64(Some(count))) => *count,
            _ => 0,
        };
        let best = self.found.iter().max_by(|(one, ones), (other, others)| {
            let smaller = other.partial_cmp(one).unwrap_or(Ordering::Equal);
            count(ones).cmp(&count(others)).then(smaller)
        });
        best.map_or_else(|| ScalarValue::try_from(&self.key), |(key, _)| Ok(key.clone()))
    }

    /// Keys in order, and their values.
    fn sorted(&self) -> Result<(ArrayRef, ArrayRef)> {
        let mut pairs: Vec<(&ScalarValue, &Vec<ScalarValue>)> = self.found.iter().collect();
        pairs.sort_by(|one, other| one.0.partial_cmp(other.0).unwrap_or(Ordering::Equal));
        let array = |values: Vec<ScalarValue>, kind: &DataType| match values.is_empty() {
            true => Ok(arrow::array::new_empty_array(kind)),
            false => ScalarValue::iter_to_array(values),
        };
        let pair = |(key, values): (&ScalarValue, &Vec<ScalarValue>)| Some((key.clone(), self.value(values)?));
        let (keys, values) = pairs.into_iter().filter_map(pair).unzip();
        Ok((array(keys, &self.key)?, array(values, &self.value)?))
    }
}

impl Accumulator for Entries {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let Some(keys) = values.first() else { return internal_err!("an aggregate without arguments") };
        for row in 0..keys.len() {
            let value = match (self.kept, values.get(1)) {
                (Kept::Value | Kept::All, Some(values)) => ScalarValue::try_from_array(values, row)?,
                _ => ScalarValue::Int64(Some(1)),
            };
            self.add(ScalarValue::try_from_array(keys, row)?, value)?;
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let [keys, values] = states else { return internal_err!("a state of two lists") };
        let (Some(keys), Some(values)) = (keys.as_list_opt::<i32>(), values.as_list_opt::<i32>()) else {
            return internal_err!("a state is a list");
        };
        for (keys, values) in keys.iter().zip(values.iter()) {
            let (Some(keys), Some(values)) = (keys, values) else { continue };
            for row in 0..keys.len() {
                let key = ScalarValue::try_from_array(&keys, row)?;
                match ScalarValue::try_from_array(&values, row)? {
                    ScalarValue::List(all) if self.kept == Kept::All => {
                        for at in 0..all.values().len() {
                            self.add(key.clone(), ScalarValue::try_from_array(all.values(), at)?)?;
                        }
                    }
                    value => self.add(key, value)?,
                }
            }
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let (keys, values) = self.sorted()?;
        let list = |array: &ArrayRef| -> Result<ScalarValue> {
            let item = Arc::new(Field::new_list_field(array.data_type().clone(), true));
            let offsets = OffsetBuffer::from_lengths([array.len()]);
            Ok(ScalarValue::List(Arc::new(ListArray::try_new(item, offsets, Arc::clone(array), None)?)))
        };
        Ok(vec![list(&keys)?, list(&values)?])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        if self.kept == Kept::Most {
            return self.most();
        }
        let kind = DataType::Map(entries(&self.key, &self.value), false);
        if self.found.is_empty() {
            return ScalarValue::try_from(&kind);
        }
        let (keys, values) = self.sorted()?;
        let field = entries(&self.key, &self.value);
        let DataType::Struct(fields) = field.data_type().clone() else { return internal_err!("entries are structs") };
        let offsets = OffsetBuffer::from_lengths([keys.len()]);
        let pairs = StructArray::try_new(fields, vec![keys, values], None)?;
        Ok(ScalarValue::Map(Arc::new(MapArray::try_new(field, offsets, pairs, None, false)?)))
    }

    fn size(&self) -> usize {
        let entries: usize = self.found.iter().map(|(key, values)| key.size() + ScalarValue::size_of_vec(values)).sum();
        size_of_val(self) + entries
    }
}
