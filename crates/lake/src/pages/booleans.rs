//! Columns of booleans: a bit for each value.

use arrow::array::{Array, AsArray as _, BooleanArray};
use parquet::basic::Encoding;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnDescPtr;

use super::{Bounds, Encoded, are_empty, bits, is_bounded, levels};
use crate::gather::Place;

/// The column whose values lie in `arrays`.
pub(super) fn column<'a>(
    arrays: &[&dyn Array],
    places: &[Place],
    column: &ColumnDescPtr,
    properties: &WriterProperties,
) -> Encoded<'a> {
    let (mut present, mut values) = (Vec::new(), Vec::new());
    if !are_empty(arrays) {
        let parts: Vec<&BooleanArray> = arrays.iter().map(|array| array.as_boolean()).collect();
        present.reserve(places.len());
        for (part, row) in places {
            let is_present = parts[*part].is_valid(*row);
            present.push(u32::from(is_present));
            if is_present {
                values.push(u32::from(parts[*part].value(*row)));
            }
        }
    }
    let mut page = levels::flat(&present, values.len(), places.len(), column);
    bits::plain(&values, &mut page);
    let bounds = if is_bounded(column, properties) {
        values.iter().min().zip(values.iter().max()).map(|(low, high)| Bounds::Booleans(*low == 1, *high == 1))
    } else {
        None
    };
    Encoded {
        page,
        encoding: Encoding::PLAIN,
        dictionary: None,
        entries: places.len(),
        nulls: places.len() - values.len(),
        bounds,
        bloom_filter: None,
    }
}
