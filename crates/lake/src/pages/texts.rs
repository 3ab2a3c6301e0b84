//! Columns of text: a dictionary where values repeat, and else their lengths and then their bytes.

use arrow::array::{Array, StringArray};
use arrow::buffer::NullBuffer;
use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::bloom_filter::Sbbf;
use parquet::column::page::Page;
use parquet::errors::ParquetError;
use parquet::file::properties::{BloomFilterProperties, WriterProperties};
use parquet::schema::types::ColumnDescPtr;

use super::dictionary::Dictionary;
use super::lists::Lists;
use super::{Encoded, bits, bounds, count, is_bounded, levels};
use crate::gather::Place;

/// Most that the values of one page may have together, in bytes.
const MAX_PAGE_BYTES: usize = 16 * 1024 * 1024;
/// A dictionary pays if of a hundred values at most so many differ. What is repeated costs little without one, too, as
/// compression finds it; and beside a dictionary every value costs its number, which hardly compresses.
const DISTINCT_OF_HUNDRED: usize = 66;

/// Makes columns of text, one after the other.
#[derive(Default)]
pub(super) struct TextEncoder<'a> {
    dictionary: Dictionary<'a>,
    /// The values of the column at hand that are not null.
    values: Vec<&'a [u8]>,
    /// For each place whether there is one; nothing if there is none at all.
    present: Vec<u32>,
    numbers: Vec<u32>,
}

/// One array, taken apart.
struct Part<'a> {
    offsets: &'a [i32],
    bytes: &'a [u8],
    nulls: Option<&'a NullBuffer>,
}

impl<'a> TextEncoder<'a> {
    /// The column whose values lie at `places` of `arrays`; `None` if they are too many bytes for one page.
    pub(super) fn column(
        &mut self,
        arrays: &[&'a StringArray],
        places: &[Place],
        column: &ColumnDescPtr,
        properties: &WriterProperties,
    ) -> Result<Option<Encoded<'a>>, ParquetError> {
        if self.gather(arrays, places) > MAX_PAGE_BYTES {
            return Ok(None);
        }
        let levels = levels::flat(&self.present, self.values.len(), places.len(), column);
        self.encoded(levels, places.len(), column, properties).map(Some)
    }

    /// A member of the objects in lists; `None` if its values are too many bytes for one page.
    pub(super) fn member(
        &mut self,
        lists: &Lists<'a>,
        member: usize,
        column: &ColumnDescPtr,
        properties: &WriterProperties,
    ) -> Result<Option<Encoded<'a>>, ParquetError> {
        if self.gather(&lists.member(member), lists.elements()) > MAX_PAGE_BYTES {
            return Ok(None);
        }
        self.encoded(lists.levels(&self.present), lists.entries(), column, properties).map(Some)
    }

    /// The column of the values at hand, whose page begins with levels.
    fn encoded(
        &mut self,
        mut page: Vec<u8>,
        entries: usize,
        column: &ColumnDescPtr,
        properties: &WriterProperties,
    ) -> Result<Encoded<'a>, ParquetError> {
        let path = column.path();
        let numbered = properties.dictionary_enabled(path) && self.number();
        let (dictionary, encoding) = if self.values.is_empty() {
            (None, Encoding::PLAIN)
        } else if numbered {
            (Some(self.write_dictionary(&mut page)), Encoding::RLE_DICTIONARY)
        } else {
            self.write_texts(&mut page);
            (None, Encoding::DELTA_LENGTH_BYTE_ARRAY)
        };
        let distinct = if numbered { self.dictionary.texts() } else { &self.values };
        let bounds = if is_bounded(column, properties) { bounds::of_texts(distinct) } else { None };
        let filter = properties.bloom_filter_properties(path);
        let bloom_filter = filter.map(|filter| bloom_filter_of(distinct, filter)).transpose()?;
        let nulls = entries - self.values.len();
        Ok(Encoded { page, encoding, dictionary, entries, nulls, bounds, bloom_filter })
    }

    /// Finds the values of a column; gives the bytes that they have together.
    fn gather(&mut self, arrays: &[&'a StringArray], places: &[Place]) -> usize {
        self.values.clear();
        self.present.clear();
        if arrays.iter().all(|array| array.null_count() == array.len()) {
            return 0;
        }
        let parts: Vec<Part<'a>> = arrays.iter().copied().map(Part::of).collect();
        self.present.reserve(places.len());
        // most rows lie beside each other
        for places in places.chunk_by(|a, b| a.0 == b.0) {
            let Some(part) = places.first().map(|place| &parts[place.0]) else { continue };
            let rows = places.iter().map(|place| place.1);
            match part.nulls {
                None => {
                    self.present.extend(rows.clone().map(|_| 1));
                    self.values.extend(rows.map(|row| part.value(row)));
                }
                Some(nulls) => {
                    let first = self.present.len();
                    self.present.extend(rows.clone().map(|row| u32::from(nulls.is_valid(row))));
                    let present = rows.zip(&self.present[first..]).filter(|(_, present)| **present == 1);
                    self.values.extend(present.map(|(row, _)| part.value(row)));
                }
            }
        }
        self.values.iter().map(|value| value.len()).sum()
    }

    /// Numbers the values by a dictionary, and says whether that pays.
    fn number(&mut self) -> bool {
        self.numbers.clear();
        self.dictionary.number(&self.values, &mut self.numbers);
        self.dictionary.texts().len() * 100 <= self.values.len() * DISTINCT_OF_HUNDRED
    }

    /// Appends the values' numbers; gives the dictionary they refer to.
    fn write_dictionary(&self, page: &mut Vec<u8>) -> Page {
        let texts = self.dictionary.texts();
        let width = bits::width_of(count(texts.len().saturating_sub(1)));
        page.push(width);
        bits::hybrid(&self.numbers, width, page);
        let mut plain = Vec::with_capacity(texts.iter().map(|text| 4 + text.len()).sum());
        for text in texts {
            plain.extend_from_slice(&count(text.len()).to_le_bytes());
            plain.extend_from_slice(text);
        }
        Page::DictionaryPage {
            buf: Bytes::from(plain),
            num_values: count(texts.len()),
            encoding: Encoding::PLAIN,
            is_sorted: false,
        }
    }

    /// Appends the values' lengths, and then the values.
    fn write_texts(&self, page: &mut Vec<u8>) {
        let lengths: Vec<i64> = self.values.iter().map(|value| i64::from(count(value.len()))).collect();
        bits::deltas(&lengths, page);
        page.reserve(self.values.iter().map(|value| value.len()).sum());
        for value in &self.values {
            page.extend_from_slice(value);
        }
    }
}

impl<'a> Part<'a> {
    fn of(array: &'a StringArray) -> Self {
        Self { offsets: array.value_offsets(), bytes: array.value_data(), nulls: array.nulls() }
    }

    fn value(&self, row: usize) -> &'a [u8] {
        // Arrow's offsets are never negative
        &self.bytes[self.offsets[row] as usize..self.offsets[row + 1] as usize]
    }
}

fn bloom_filter_of(values: &[&[u8]], properties: &BloomFilterProperties) -> Result<Sbbf, ParquetError> {
    let mut filter = Sbbf::new_with_ndv_fpp(properties.ndv(), properties.fpp())?;
    values.iter().for_each(|value| filter.insert(*value));
    // it was made for as many values as there are rows
    filter.fold_to_target_fpp(properties.fpp());
    Ok(filter)
}
