//! Maps out of others: `map_from_entries` and `map_concat`, as Trino has them.

use std::sync::Arc;

use arrow::array::MutableArrayData;
use arrow::array::{Array as _, ArrayRef, AsArray as _, MapArray, StructArray, make_array};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::{exec_err, internal_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use super::FunctionDoc;
use super::arguments::{array, result, rows};

#[rustfmt::skip]
pub(super) const DOCS: [FunctionDoc; 2] = [
    FunctionDoc { call: "map_from_entries(list)", meaning: "a map of a list of pairs" },
    FunctionDoc { call: "map_concat(map, …)", meaning: "one map of several; of several values of a key the last map's" },
];

/// One of the two.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct MapShape {
    concat: bool,
    signature: Signature,
}

impl MapShape {
    pub(super) fn both() -> [Self; 2] {
        [false, true].map(|concat| Self { concat, signature: Signature::user_defined(Volatility::Immutable) })
    }
}

/// The field of a map's entries.
pub(super) fn entries(key: &DataType, value: &DataType) -> FieldRef {
    let fields = vec![Field::new("key", key.clone(), false), Field::new("value", value.clone(), true)];
    Arc::new(Field::new("entries", DataType::Struct(Fields::from(fields)), false))
}

impl ScalarUDFImpl for MapShape {
    fn name(&self) -> &'static str {
        if self.concat { "map_concat" } else { "map_from_entries" }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        match given {
            [DataType::List(_)] if !self.concat => Ok(given.to_vec()),
            [first @ DataType::Map(_, _), rest @ ..] if self.concat => {
                match rest.iter().all(|other| matches!(other, DataType::Map(_, _)) || other.is_null()) {
                    true => Ok(vec![first.clone(); given.len()]),
                    false => plan_err!("map_concat takes maps"),
                }
            }
            _ if self.concat => plan_err!("map_concat takes maps"),
            _ => plan_err!("map_from_entries takes a list of pairs"),
        }
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        match given {
            [DataType::List(pair), ..] => match pair.data_type() {
                DataType::Struct(fields) if fields.len() == 2 => {
                    Ok(DataType::Map(entries(fields[0].data_type(), fields[1].data_type()), false))
                }
                _ => plan_err!("map_from_entries takes a list of pairs"),
            },
            [map @ DataType::Map(_, _), ..] => Ok(map.clone()),
            _ => plan_err!("{} takes other values", self.name()),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let map = if self.concat { concat(&args)? } else { from_entries(&array(&args, 0)?)? };
        result(&args, map)
    }
}

fn from_entries(list: &ArrayRef) -> Result<ArrayRef> {
    let Some(list) = list.as_list_opt::<i32>() else { return internal_err!("a list of pairs") };
    let pairs: &StructArray = list.values().as_struct();
    let [keys, values] = pairs.columns() else { return internal_err!("pairs have two fields") };
    // pairs that are null are none
    if keys.logical_null_count() > 0 || pairs.null_count() > 0 {
        return exec_err!("a key of a map cannot be null");
    }
    let field = entries(keys.data_type(), values.data_type());
    let DataType::Struct(fields) = field.data_type() else { return internal_err!("entries are structs") };
    let pairs = StructArray::try_new(fields.clone(), vec![Arc::clone(keys), Arc::clone(values)], None)?;
    Ok(Arc::new(MapArray::try_new(field, list.offsets().clone(), pairs, list.nulls().cloned(), false)?))
}

fn concat(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let arrays = (0..args.args.len()).map(|at| array(args, at)).collect::<Result<Vec<_>>>()?;
    let maps: Vec<&MapArray> = arrays.iter().filter_map(|array| array.as_map_opt()).collect();
    let Some(first) = maps.first() else { return internal_err!("no map") };
    let texts =
        maps.iter().map(|map| arrow::compute::cast(map.keys(), &DataType::Utf8)).collect::<Result<Vec<_>, _>>()?;
    let pairs: Vec<_> = maps.iter().map(|map| map.entries().to_data()).collect();
    let mut all = MutableArrayData::new(pairs.iter().collect(), false, 0);
    let (mut lengths, mut valid) = (Vec::new(), Vec::new());
    for row in 0..rows(args) {
        let is_valid = maps.len() == arrays.len() && maps.iter().all(|map| map.is_valid(row));
        let kept = if is_valid { last_of_each(&maps, &texts, row) } else { Vec::new() };
        for (map, entry) in &kept {
            all.try_extend(*map, *entry, entry + 1)?;
        }
        lengths.push(kept.len());
        valid.push(is_valid);
    }
    let DataType::Map(field, _) = first.data_type() else { return internal_err!("no map") };
    let pairs = make_array(all.freeze()).as_struct().clone();
    let offsets = OffsetBuffer::from_lengths(lengths);
    Ok(Arc::new(MapArray::try_new(Arc::clone(field), offsets, pairs, Some(NullBuffer::from(valid)), false)?))
}

/// Which map's which entry stays of a row.
fn last_of_each(maps: &[&MapArray], texts: &[ArrayRef], row: usize) -> Vec<(usize, usize)> {
    let mut kept: Vec<(&str, usize, usize)> = Vec::new();
    for (at, (map, keys)) in maps.iter().zip(texts).enumerate() {
        let offsets = map.value_offsets();
        let (Ok(start), Ok(end)) = (usize::try_from(offsets[row]), usize::try_from(offsets[row + 1])) else { continue };
        for entry in start..end {
            let key = keys.as_string::<i32>().value(entry);
            match kept.iter_mut().find(|(known, _, _)| *known == key) {
                Some(there) => (there.1, there.2) = (at, entry),
                None => kept.push((key, at, entry)),
            }
        }
    }
    kept.into_iter().map(|(_, map, entry)| (map, entry)).collect()
}
