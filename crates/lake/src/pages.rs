//! Columns as pages of Parquet, made from rows where they lie.
//!
//! Parquet's writer wants the rows of a file copied together first, and does for each value what it does whatever the
//! column is like; most of the time of writing a small file went into that. Here a value is looked at once, where it was
//! flattened to, and copied once, into its page. And as all values of a page are known before it is made, the encoding
//! follows from them.

mod bits;
mod booleans;
mod bounds;
mod dictionary;
mod levels;
mod lists;
mod numbers;
mod texts;

use arrow::array::{Array, AsArray as _, StringArray};
use arrow::datatypes::{DataType, TimeUnit};
use parquet::basic::Encoding;
use parquet::bloom_filter::Sbbf;
use parquet::column::page::Page;
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnDescPtr;

use crate::gather::Place;
use crate::pack::Chunk;
pub(crate) use bounds::Bounds;
use lists::Lists;
use texts::TextEncoder;

/// A column of Parquet, not compressed yet.
pub(crate) struct Column<'a> {
    pub(crate) chunk: Chunk,
    /// Least and greatest value, if somebody prunes by them.
    pub(crate) bounds: Option<Bounds<'a>>,
    pub(crate) nulls: usize,
}

/// Makes the columns of one file.
pub(crate) struct PageEncoder<'a> {
    places: &'a [Place],
    texts: TextEncoder<'a>,
}

/// What becomes a column: one page of data.
struct Encoded<'a> {
    /// The levels and behind them the values.
    page: Vec<u8>,
    encoding: Encoding,
    dictionary: Option<Page>,
    /// Values and nulls.
    entries: usize,
    nulls: usize,
    bounds: Option<Bounds<'a>>,
    bloom_filter: Option<Sbbf>,
}

impl<'a> PageEncoder<'a> {
    /// For the rows at `places`, which count the arrays that [`columns`](Self::columns) is given.
    pub(crate) fn new(places: &'a [Place]) -> Self {
        Self { places, texts: TextEncoder::default() }
    }

    /// The columns of Parquet, `leaves`, of the column whose values lie in `arrays`; `None` if they are too many bytes for one
    /// page, or of a type that no table has.
    ///
    /// # Errors
    /// A Bloom filter cannot be made as `properties` say.
    pub(crate) fn columns(
        &mut self,
        arrays: &[&'a dyn Array],
        leaves: &[ColumnDescPtr],
        properties: &WriterProperties,
    ) -> Result<Option<Vec<Column<'a>>>, ParquetError> {
        let Some(data_type) = arrays.first().map(|array| array.data_type()) else { return Ok(None) };
        let encoded = match (data_type, leaves) {
            (DataType::Utf8, [leaf]) => {
                let arrays: Vec<&StringArray> = arrays.iter().map(|array| array.as_string()).collect();
                self.texts.column(&arrays, self.places, leaf, properties)?
            }
            (DataType::Boolean, [leaf]) => Some(booleans::column(arrays, self.places, leaf, properties)),
            (DataType::Int64 | DataType::Timestamp(TimeUnit::Microsecond, _), [leaf]) => {
                Some(numbers::column(arrays, self.places, leaf, properties))
            }
            (DataType::List(_), leaves) if lists::is_known(data_type, leaves) => {
                return self.lists(arrays, leaves, properties);
            }
            _ => None,
        };
        Ok(encoded.zip(leaves.first()).map(|(encoded, leaf)| vec![encoded.column(leaf)]))
    }

    /// The members of lists of objects.
    fn lists(
        &mut self,
        arrays: &[&'a dyn Array],
        leaves: &[ColumnDescPtr],
        properties: &WriterProperties,
    ) -> Result<Option<Vec<Column<'a>>>, ParquetError> {
        let lists = Lists::of(arrays, self.places);
        let mut columns = Vec::with_capacity(leaves.len());
        for (member, leaf) in leaves.iter().enumerate() {
            let Some(encoded) = self.texts.member(&lists, member, leaf, properties)? else { return Ok(None) };
            columns.push(encoded.column(leaf));
        }
        Ok(Some(columns))
    }
}

impl<'a> Encoded<'a> {
    fn column(self, descriptor: &ColumnDescPtr) -> Column<'a> {
        let Self { page, encoding, dictionary, entries, nulls, bounds, bloom_filter } = self;
        let data = Page::DataPage {
            buf: page.into(),
            num_values: count(entries),
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let mut encodings = vec![Encoding::RLE, encoding];
        encodings.extend(dictionary.as_ref().map(|_| Encoding::PLAIN));
        let mut about = ColumnChunkMetaData::builder(descriptor.clone())
            .set_num_values(i64::from(count(entries)))
            .set_encodings(encodings);
        // what is empty should say that it is
        if bounds.is_some() || nulls == entries {
            about = about.set_statistics(bounds::statistics(bounds, nulls, descriptor.physical_type()));
        }
        let pages = dictionary.into_iter().chain([data]).collect();
        Column { chunk: Chunk { pages, about, bloom_filter }, bounds, nulls }
    }
}

/// Whether least and greatest value of a column are wanted.
fn is_bounded(column: &ColumnDescPtr, properties: &WriterProperties) -> bool {
    properties.statistics_enabled(column.path()) != EnabledStatistics::None
}

/// Whether no array has a value.
fn are_empty(arrays: &[&dyn Array]) -> bool {
    arrays.iter().all(|array| array.null_count() == array.len())
}

/// A number of rows or bytes of one page, which are far fewer than 2³².
fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
