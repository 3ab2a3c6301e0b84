//! Trino's `checksum(x)`: the same eight bytes for the same values in any order.
//!
//! The XXH64 of each value times a prime, summed up; a null counts as the prime. So sums of parts can be added, and they are
//! those of Athena for texts, numbers, booleans and times.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray as _};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Field, FieldRef, Float32Type, Float64Type, Int64Type, TimeUnit,
    TimestampMicrosecondType, UInt64Type,
};
use datafusion::common::{ScalarValue, internal_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, Signature, Volatility};
use twox_hash::XxHash64;

use super::FunctionDoc;
use crate::typing::type_in_words;

pub(super) const DOC: FunctionDoc = FunctionDoc {
    call: "checksum(value)",
    meaning: "aggregate: Trino's sum of the hashes of values, eight bytes; the same in any order, null for no rows",
};

/// What each hash is multiplied with, and what a null counts as.
const PRIME: u64 = 0x9e37_79b1_85eb_ca87;

/// The aggregate.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Checksum(Signature);

impl Checksum {
    pub(super) fn new() -> Self {
        Self(Signature::user_defined(Volatility::Immutable))
    }
}

impl AggregateUDFImpl for Checksum {
    fn name(&self) -> &'static str {
        "checksum"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let [kind] = given else { return plan_err!("checksum takes one value: {}", DOC.call) };
        match hashed_as(kind) {
            Some(kind) => Ok(vec![kind]),
            None => {
                plan_err!("checksum does not take a value that is {}: to_json(x) makes text of it", type_in_words(kind))
            }
        }
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Binary)
    }

    fn accumulator(&self, _: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Sum(None)))
    }

    fn state_fields(&self, arguments: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(format!("{}[sum]", arguments.name), DataType::UInt64, true))])
    }
}

/// The type that values are hashed as.
fn hashed_as(kind: &DataType) -> Option<DataType> {
    Some(match kind {
        DataType::Dictionary(_, value) => hashed_as(value)?,
        DataType::Null | DataType::Boolean | DataType::Float32 | DataType::Float64 | DataType::Binary => kind.clone(),
        kind if kind.is_string() => DataType::Utf8,
        kind if kind.is_integer() => DataType::Int64,
        DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => DataType::Binary,
        DataType::Date32 | DataType::Date64 => DataType::Date32,
        DataType::Timestamp(_, zone) => DataType::Timestamp(TimeUnit::Microsecond, zone.clone()),
        // as large as a number of 64 bits holds
        DataType::Decimal128(digits, _) if *digits <= 18 => kind.clone(),
        _ => return None,
    })
}

/// The sum, once there was a row.
#[derive(Debug)]
struct Sum(Option<u64>);

impl Sum {
    fn add(&mut self, more: u64) {
        self.0 = Some(self.0.unwrap_or(0).wrapping_add(more));
    }

    fn add_all(&mut self, values: impl Iterator<Item = Option<u64>>) {
        for hash in values {
            self.add(hash.map_or(PRIME, |hash| hash.wrapping_mul(PRIME)));
        }
    }
}

fn of_bytes(bytes: &[u8]) -> u64 {
    XxHash64::oneshot(0, bytes)
}

fn of_number(number: i64) -> u64 {
    of_bytes(&number.to_le_bytes())
}

impl Accumulator for Sum {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let Some(values) = values.first() else { return internal_err!("an aggregate without arguments") };
        match values.data_type() {
            DataType::Null => self.add_all((0..values.len()).map(|_| None)),
            DataType::Utf8 => {
                self.add_all(values.as_string::<i32>().iter().map(|text| text.map(str::as_bytes).map(of_bytes)));
            }
            DataType::Binary => self.add_all(values.as_binary::<i32>().iter().map(|bytes| bytes.map(of_bytes))),
            DataType::Boolean => {
                self.add_all(values.as_boolean().iter().map(|truth| truth.map(|truth| of_number(i64::from(truth)))));
            }
            DataType::Int64 => {
                self.add_all(values.as_primitive::<Int64Type>().iter().map(|number| number.map(of_number)));
            }
            DataType::Date32 => {
                let days = values.as_primitive::<Date32Type>().iter();
                self.add_all(days.map(|day| day.map(|day| of_number(i64::from(day)))));
            }
            DataType::Timestamp(_, _) => {
                self.add_all(values.as_primitive::<TimestampMicrosecondType>().iter().map(|time| time.map(of_number)));
            }
            DataType::Float64 => {
                let numbers = values.as_primitive::<Float64Type>().iter();
                // zero is one value
                self.add_all(numbers.map(|number| number.map(|number| of_bytes(&(number + 0.0).to_le_bytes()))));
            }
            DataType::Float32 => {
                let numbers = values.as_primitive::<Float32Type>().iter();
                let bits = |number: f32| of_number(i64::from((number + 0.0).to_bits().cast_signed()));
                self.add_all(numbers.map(|number| number.map(bits)));
            }
            DataType::Decimal128(_, _) => {
                let units = values.as_primitive::<Decimal128Type>().iter();
                self.add_all(units.map(|units| i64::try_from(units?).ok().map(of_number)));
            }
            _ => return internal_err!("a value that has no checksum"),
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let Some(sums) = states.first().and_then(|sums| sums.as_primitive_opt::<UInt64Type>()) else {
            return internal_err!("a state is a number");
        };
        sums.iter().flatten().for_each(|sum| self.add(sum));
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::UInt64(self.0)])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Binary(self.0.map(|sum| sum.to_le_bytes().to_vec())))
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int64Array, StringArray};

    use super::*;

    #[test]
    fn the_order_and_the_parts_do_not_matter() {
        let sum = |parts: &[ArrayRef]| {
            let mut sums: Vec<Sum> = Vec::new();
            for part in parts {
                let mut sum = Sum(None);
                sum.update_batch(&[Arc::clone(part)]).unwrap();
                sums.push(sum);
            }
            let mut all = Sum(None);
            for sum in &mut sums {
                let state = sum.state().unwrap().remove(0).to_array().unwrap();
                all.merge_batch(&[state]).unwrap();
            }
            all.0
        };
        let texts = |texts: &[Option<&str>]| Arc::new(StringArray::from(texts.to_vec())) as ArrayRef;
        let whole = sum(&[texts(&[Some("a"), None, Some("b")])]);
        assert_eq!(whole, sum(&[texts(&[Some("b")]), texts(&[None, Some("a")])]));
        assert_ne!(whole, sum(&[texts(&[Some("a"), Some("b")])]));
        // the hash of no bytes is known
        assert_eq!(sum(&[texts(&[Some("")])]), Some(0xef46_db37_51d8_e999_u64.wrapping_mul(PRIME)));
        assert_eq!(sum(&[texts(&[None])]), Some(PRIME));
        assert_eq!(sum(&[]), None);
        let numbers = Arc::new(Int64Array::from(vec![1, 2])) as ArrayRef;
        assert_eq!(sum(&[numbers]), Some(of_number(1).wrapping_add(of_number(2)).wrapping_mul(PRIME)));
    }
}
