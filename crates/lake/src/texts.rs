//! Columns of text as pages of Parquet, made from rows where they lie.
//!
//! Nearly all columns are text, and most of the time of writing a small file went into copying its rows together, and into
//! what Parquet's writer does for each value whatever its column is like. Here a value is looked at once, where it was
//! flattened to, and copied once, into its page. And as all values of a page are known before it is made, the encoding
//! follows from them: a dictionary where values repeat, and else their lengths and then their bytes.

mod bits;
mod bounds;
mod dictionary;

use arrow::array::{Array as _, StringArray};
use arrow::buffer::NullBuffer;
use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::bloom_filter::Sbbf;
use parquet::column::page::Page;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ColumnChunkMetaDataBuilder};
use parquet::file::properties::{BloomFilterProperties, EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnDescPtr;

use crate::gather::Place;
use dictionary::Dictionary;

/// Most that the values of one page may have together, in bytes.
const MAX_PAGE_BYTES: usize = 16 * 1024 * 1024;
/// A dictionary pays if of a hundred values at most so many differ. What is repeated costs little without one, too, as
/// compression finds it; and beside a dictionary every value costs its number, which hardly compresses.
const DISTINCT_OF_HUNDRED: usize = 66;

/// A column, not compressed yet.
pub(crate) struct TextColumn<'a> {
    /// A dictionary, if there is one, and one page of data.
    pub(crate) pages: Vec<Page>,
    /// What the footer says of it, but for where it lies.
    pub(crate) about: ColumnChunkMetaDataBuilder,
    pub(crate) bloom_filter: Option<Sbbf>,
    /// Least and greatest value, if somebody prunes by them.
    pub(crate) bounds: Option<(&'a [u8], &'a [u8])>,
    pub(crate) nulls: usize,
}

/// Makes the columns of one file.
pub(crate) struct TextEncoder<'a> {
    places: &'a [Place],
    dictionary: Dictionary<'a>,
    /// The values of the column at hand that are not null.
    values: Vec<&'a [u8]>,
    /// For each row whether there is one.
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
    /// For the rows at `places`, which count the arrays that [`column`](Self::column) is given.
    pub(crate) fn new(places: &'a [Place]) -> Self {
        let dictionary = Dictionary::for_rows(places.len());
        Self { places, dictionary, values: Vec::new(), present: Vec::new(), numbers: Vec::new() }
    }

    /// The column whose values lie in `arrays`; `None` if they are too many bytes for one page.
    pub(crate) fn column(
        &mut self,
        arrays: &[&'a StringArray],
        column: &ColumnDescPtr,
        properties: &WriterProperties,
    ) -> Result<Option<TextColumn<'a>>, ParquetError> {
        if self.gather(arrays) > MAX_PAGE_BYTES {
            return Ok(None);
        }
        let (rows, nulls) = (self.places.len(), self.places.len() - self.values.len());
        let path = column.path();
        let mut page = Vec::new();
        if column.max_def_level() > 0 {
            self.write_levels(&mut page);
        }
        let numbered = properties.dictionary_enabled(path) && self.number();
        let (dictionary, encoding) = if self.values.is_empty() {
            (None, Encoding::PLAIN)
        } else if numbered {
            (Some(self.write_dictionary(&mut page)), Encoding::RLE_DICTIONARY)
        } else {
            self.write_texts(&mut page);
            (None, Encoding::DELTA_LENGTH_BYTE_ARRAY)
        };
        let data = Page::DataPage {
            buf: page.into(),
            num_values: count(rows),
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let mut encodings = vec![Encoding::RLE, encoding];
        encodings.extend(dictionary.as_ref().map(|_| Encoding::PLAIN));
        let mut about = ColumnChunkMetaData::builder(column.clone())
            .set_num_values(i64::from(count(rows)))
            .set_encodings(encodings);
        let distinct = if numbered { self.dictionary.texts() } else { &self.values };
        let bounds = match properties.statistics_enabled(path) {
            EnabledStatistics::None => None,
            _ => bounds::of(distinct),
        };
        // what is empty should say that it is
        if bounds.is_some() || nulls == rows {
            about = about.set_statistics(bounds::statistics(bounds, nulls));
        }
        let bloom_filter = properties.bloom_filter_properties(path);
        let bloom_filter = bloom_filter.map(|filter| bloom_filter_of(distinct, filter)).transpose()?;
        Ok(Some(TextColumn {
            pages: dictionary.into_iter().chain([data]).collect(),
            about,
            bloom_filter,
            bounds,
            nulls,
        }))
    }

    /// Finds the values of a column; gives the bytes that they have together.
    fn gather(&mut self, arrays: &[&'a StringArray]) -> usize {
        self.values.clear();
        self.present.clear();
        if arrays.iter().all(|array| array.null_count() == array.len()) {
            return 0;
        }
        let parts: Vec<Part<'a>> = arrays.iter().copied().map(Part::of).collect();
        let mut bytes = 0;
        for (part, row) in self.places {
            let value = parts[*part].value(*row);
            self.present.push(u32::from(value.is_some()));
            if let Some(value) = value {
                bytes += value.len();
                self.values.push(value);
            }
        }
        bytes
    }

    /// Appends for each row whether it has a value, behind the length of that.
    fn write_levels(&self, page: &mut Vec<u8>) {
        let start = page.len();
        page.extend_from_slice(&[0; 4]);
        match self.values.len() {
            0 => bits::repeated(0, self.places.len(), 1, page),
            all if all == self.places.len() => bits::repeated(1, all, 1, page),
            _ => bits::hybrid(&self.present, 1, page),
        }
        let length = count(page.len() - start - 4);
        page[start..start + 4].copy_from_slice(&length.to_le_bytes());
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
        let lengths: Vec<u32> = self.values.iter().map(|value| count(value.len())).collect();
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

    fn value(&self, row: usize) -> Option<&'a [u8]> {
        if self.nulls.is_some_and(|nulls| nulls.is_null(row)) {
            return None;
        }
        // Arrow's offsets are never negative
        Some(&self.bytes[self.offsets[row] as usize..self.offsets[row + 1] as usize])
    }
}

fn bloom_filter_of(values: &[&[u8]], properties: &BloomFilterProperties) -> Result<Sbbf, ParquetError> {
    let mut filter = Sbbf::new_with_ndv_fpp(properties.ndv(), properties.fpp())?;
    values.iter().for_each(|value| filter.insert(*value));
    // it was made for as many values as there are rows
    filter.fold_to_target_fpp(properties.fpp());
    Ok(filter)
}

/// A number of rows or bytes of one page, which are far fewer than 2³².
fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
