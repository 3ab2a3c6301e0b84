//! Columns of whole numbers and of instants: the differences of neighbours, or the values as they are.

use arrow::array::{Array, AsArray as _};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use parquet::basic::Encoding;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnDescPtr;

use super::{Bounds, Encoded, are_empty, bits, is_bounded, levels};
use crate::gather::Place;

/// One array, taken apart.
struct Part<'a> {
    values: &'a [i64],
    nulls: Option<&'a NullBuffer>,
}

/// The column whose values lie in `arrays`.
pub(super) fn column<'a>(
    arrays: &[&dyn Array],
    places: &[Place],
    column: &ColumnDescPtr,
    properties: &WriterProperties,
) -> Encoded<'a> {
    let (mut present, mut values) = (Vec::new(), Vec::new());
    if !are_empty(arrays) {
        let parts: Vec<Part<'_>> = arrays.iter().map(|array| Part::of(*array)).collect();
        present.reserve(places.len());
        values.reserve(places.len());
        for (part, row) in places {
            let Part { values: all, nulls } = &parts[*part];
            let is_present = nulls.is_none_or(|nulls| nulls.is_valid(*row));
            present.push(u32::from(is_present));
            if is_present {
                values.push(all[*row]);
            }
        }
    }
    let mut page = levels::flat(&present, values.len(), places.len(), column);
    let encoding = encoding_of(&values, column, properties);
    if encoding == Encoding::DELTA_BINARY_PACKED {
        bits::deltas(&values, &mut page);
    } else {
        page.reserve(size_of_val(values.as_slice()));
        values.iter().for_each(|value| page.extend_from_slice(&value.to_le_bytes()));
    }
    let bounds = if is_bounded(column, properties) {
        values.iter().min().zip(values.iter().max()).map(|(low, high)| Bounds::Numbers(*low, *high))
    } else {
        None
    };
    Encoded {
        page,
        encoding,
        dictionary: None,
        entries: places.len(),
        nulls: places.len() - values.len(),
        bounds,
        bloom_filter: None,
    }
}

/// Numbers that are neither in order nor near each other are left as they are.
fn encoding_of(values: &[i64], column: &ColumnDescPtr, properties: &WriterProperties) -> Encoding {
    let path = column.path();
    let is_scattered = !properties.dictionary_enabled(path) && properties.encoding(path).is_none();
    if is_scattered || values.is_empty() { Encoding::PLAIN } else { Encoding::DELTA_BINARY_PACKED }
}

impl<'a> Part<'a> {
    /// Of an array of whole numbers or of microseconds.
    fn of(array: &'a dyn Array) -> Self {
        let instants = array.as_primitive_opt::<TimestampMicrosecondType>().map(|array| &**array.values());
        let values = instants.unwrap_or_else(|| array.as_primitive::<Int64Type>().values());
        Self { values, nulls: array.nulls() }
    }
}
