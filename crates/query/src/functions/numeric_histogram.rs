//! Trino's aggregate `numeric_histogram(buckets, value[, weight])`: a map from centers to weights, after Ben-Haim and Tom-Tov.
//!
//! Each value is a bucket of its own until there are too many; then neighbours become one where the variance inside of the
//! buckets grows least by it. So few values are counted exactly, and memory is that of the buckets.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray as _, Float64Array, ListArray, MapArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type, Int64Type};
use datafusion::common::{ScalarValue, exec_err, internal_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, Signature, Volatility};

use super::FunctionDoc;
use super::map_shapes::entries;

pub(super) const DOC: FunctionDoc = FunctionDoc {
    call: "numeric_histogram(buckets, value[, weight])",
    meaning: "aggregate: about how the values are spread, as a map from the centers of so many buckets to their weights",
};

/// Buckets beyond those that are asked for, so that they are not put together with each value.
const SLACK: usize = 64;

/// The aggregate.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct NumericHistogram(Signature);

impl NumericHistogram {
    pub(super) fn new() -> Self {
        Self(Signature::user_defined(Volatility::Immutable))
    }
}

fn list_type() -> DataType {
    DataType::List(Arc::new(Field::new_list_field(DataType::Float64, true)))
}

fn map_type() -> DataType {
    DataType::Map(entries(&DataType::Float64, &DataType::Float64), false)
}

impl AggregateUDFImpl for NumericHistogram {
    fn name(&self) -> &str {
        "numeric_histogram"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let are_numbers = given.iter().all(|kind| kind.is_numeric() || kind.is_null());
        match given.len() {
            2 | 3 if are_numbers => Ok(std::iter::once(DataType::Int64)
                .chain(std::iter::repeat_n(DataType::Float64, given.len() - 1))
                .collect()),
            _ => plan_err!("numeric_histogram takes numbers: {}", DOC.call),
        }
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(map_type())
    }

    fn accumulator(&self, _: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Buckets::default()))
    }

    fn state_fields(&self, arguments: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let field = |name: &str, kind| Arc::new(Field::new(format!("{}[{name}]", arguments.name), kind, true));
        Ok(vec![field("centers", list_type()), field("weights", list_type()), field("most", DataType::Int64)])
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Bucket {
    center: f64,
    weight: f64,
}

impl Bucket {
    fn joined(self, other: Self) -> Self {
        let weight = self.weight + other.weight;
        Self { center: self.center + (other.center - self.center) * (other.weight / weight), weight }
    }

    /// What the variance inside of both becomes if they are one.
    fn loss(self, other: Self) -> f64 {
        let distance = other.center - self.center;
        distance * distance * (self.weight * other.weight / (self.weight + other.weight))
    }
}

#[derive(Debug, Default)]
struct Buckets {
    /// How many are asked for, once it is known.
    most: Option<usize>,
    /// By their centers.
    all: Vec<Bucket>,
}

impl Buckets {
    fn set_most(&mut self, asked: i64) -> Result<usize> {
        match (self.most, usize::try_from(asked)) {
            (Some(most), _) => Ok(most),
            (None, Ok(most)) if most > 1 => {
                self.most = Some(most);
                Ok(most)
            }
            _ => exec_err!("numeric_histogram makes two buckets or more, not {asked}"),
        }
    }

    fn add(&mut self, bucket: Bucket, most: usize) {
        if !(bucket.center.is_finite() && bucket.weight > 0.0) {
            return;
        }
        // so that zero is one value
        let bucket = Bucket { center: bucket.center + 0.0, ..bucket };
        match self.all.binary_search_by(|other| other.center.total_cmp(&bucket.center)) {
            Ok(at) => self.all[at].weight += bucket.weight,
            Err(at) => self.all.insert(at, bucket),
        }
        if self.all.len() > most.saturating_add(SLACK) {
            self.shrink(most);
        }
    }

    fn shrink(&mut self, most: usize) {
        while self.all.len() > most {
            let losses = self.all.windows(2).map(|pair| pair[0].loss(pair[1])).enumerate();
            let Some((at, _)) = losses.min_by(|one, other| one.1.total_cmp(&other.1)) else { return };
            let next = self.all.remove(at + 1);
            self.all[at] = self.all[at].joined(next);
        }
    }

    fn columns(&self) -> (ArrayRef, ArrayRef) {
        let column = |value: fn(&Bucket) -> f64| Arc::new(self.all.iter().map(value).collect::<Float64Array>());
        (column(|bucket| bucket.center), column(|bucket| bucket.weight))
    }
}

impl Accumulator for Buckets {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let [asked, values, weights @ ..] = values else { return internal_err!("a number of buckets and values") };
        let (asked, values) = (asked.as_primitive::<Int64Type>(), values.as_primitive::<Float64Type>());
        let weights = weights.first().map(|weights| weights.as_primitive::<Float64Type>());
        for row in 0..values.len() {
            let is_known = asked.is_valid(row) && weights.is_none_or(|weights| weights.is_valid(row));
            if is_known && values.is_valid(row) {
                let most = self.set_most(asked.value(row))?;
                let weight = weights.map_or(1.0, |weights| weights.value(row));
                self.add(Bucket { center: values.value(row), weight }, most);
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let [centers, weights, asked] = states else { return internal_err!("a state of buckets") };
        let (centers, weights) = (centers.as_list::<i32>(), weights.as_list::<i32>());
        for (row, asked) in asked.as_primitive::<Int64Type>().iter().enumerate() {
            // a thread that saw no value knows nothing
            let Some(asked) = asked else { continue };
            let most = self.set_most(asked)?;
            let (centers, weights) = (centers.value(row), weights.value(row));
            let pairs = centers.as_primitive::<Float64Type>().iter().zip(weights.as_primitive::<Float64Type>().iter());
            for (center, weight) in pairs {
                if let (Some(center), Some(weight)) = (center, weight) {
                    self.add(Bucket { center, weight }, most);
                }
            }
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let (centers, weights) = self.columns();
        let list = |array: ArrayRef| -> Result<ScalarValue> {
            let item = Arc::new(Field::new_list_field(DataType::Float64, true));
            let offsets = OffsetBuffer::from_lengths([array.len()]);
            Ok(ScalarValue::List(Arc::new(ListArray::try_new(item, offsets, array, None)?)))
        };
        let most = self.most.and_then(|most| i64::try_from(most).ok());
        Ok(vec![list(centers)?, list(weights)?, ScalarValue::Int64(most)])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        if let Some(most) = self.most {
            self.shrink(most);
        }
        if self.all.is_empty() {
            return ScalarValue::try_from(&map_type());
        }
        let (centers, weights) = self.columns();
        let field = entries(&DataType::Float64, &DataType::Float64);
        let DataType::Struct(fields) = field.data_type().clone() else { return internal_err!("entries are structs") };
        let offsets = OffsetBuffer::from_lengths([centers.len()]);
        let pairs = StructArray::try_new(fields, vec![centers, weights], None)?;
        Ok(ScalarValue::Map(Arc::new(MapArray::try_new(field, offsets, pairs, None, false)?)))
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.all.capacity() * size_of::<Bucket>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: impl IntoIterator<Item = f64>, most: usize) -> Buckets {
        let mut buckets = Buckets { most: Some(most), all: Vec::new() };
        values.into_iter().for_each(|center| buckets.add(Bucket { center, weight: 1.0 }, most));
        buckets
    }

    #[test]
    fn few_values_are_counted_and_near_ones_become_one() {
        let mut few = of([3.0, -0.0, 3.0, 0.0, f64::NAN], 4);
        few.shrink(4);
        assert_eq!(few.all, [Bucket { center: 0.0, weight: 2.0 }, Bucket { center: 3.0, weight: 2.0 }]);
        let mut near = of([1.0, 2.0, 10.0, 11.0, 100.0], 3);
        near.shrink(3);
        let centers: Vec<f64> = near.all.iter().map(|bucket| bucket.center).collect();
        assert_eq!(centers, [1.5, 10.5, 100.0]);
    }

    #[test]
    fn buckets_keep_weight_and_mean_whichever_thread_saw_what() {
        let values = (0..5000_u32).map(|at| f64::from(at * 7919 % 1000));
        let mut one = of(values.clone().take(2500), 10);
        let mut other = of(values.skip(2500), 10);
        let state: Vec<ArrayRef> = other.state().unwrap().into_iter().map(|value| value.to_array().unwrap()).collect();
        one.merge_batch(&state).unwrap();
        one.evaluate().unwrap();
        assert_eq!(one.all.len(), 10);
        let weight: f64 = one.all.iter().map(|bucket| bucket.weight).sum();
        let sum: f64 = one.all.iter().map(|bucket| bucket.center * bucket.weight).sum();
        assert!((weight - 5000.0).abs() < 1e-6 && (sum / weight - 499.5).abs() < 1e-6, "{:?}", one.all);
        // values that are spread evenly make buckets that are about as heavy
        assert!(one.all.iter().all(|bucket| (200.0..1000.0).contains(&bucket.weight)), "{:?}", one.all);
    }
}
