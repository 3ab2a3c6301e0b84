//! Where the Bloom filters of a data file lie, so that they can be asked without its footer.
//!
//! Whoever looks for one id asks every file that time and partition leave. A footer says of a hundred columns what is not
//! wanted, and reading it takes longer than all the rest; the log says where the filters are, and a filter is a kilobyte.

use std::ops::Range;

use bytes::Bytes;
use parquet::file::metadata::ParquetMetaData;

/// The tag of a file in the log: `event_id 4+1056 20000+1056;user_identity_access_key_id 1060+64`, for each column the
/// offset and length of its filter in every row group.
pub(crate) const BLOOM_FILTERS: &str = "milepost.bloomFilters";

/// The places of a file's filters, as they lie in the log.
#[derive(Debug, Clone, Default)]
pub(crate) struct FilterPlaces(Bytes);

impl FilterPlaces {
    /// Of the text of the tag.
    pub(crate) fn of(text: Bytes) -> Self {
        Self(text)
    }

    /// The filters of a column, one for each row group; `None` if the log does not say.
    pub(crate) fn of_column(&self, name: &str) -> Option<Vec<Range<u64>>> {
        let text = std::str::from_utf8(&self.0).ok()?;
        let (_, places) =
            text.split(';').filter_map(|column| column.split_once(' ')).find(|(found, _)| *found == name)?;
        places.split(' ').map(place).collect()
    }
}

fn place(text: &str) -> Option<Range<u64>> {
    let (offset, length) = text.split_once('+')?;
    let (offset, length) = (offset.parse::<u64>().ok()?, length.parse::<u64>().ok()?);
    Some(offset..offset.checked_add(length)?)
}

/// The text of the tag for a file with this footer; `None` if it has no filters.
pub(crate) fn tag_of(footer: &ParquetMetaData) -> Option<String> {
    let groups = footer.row_groups();
    let columns = groups.first()?.columns().iter().enumerate();
    let tag = |(at, column): (usize, &parquet::file::metadata::ColumnChunkMetaData)| {
        let places: Option<Vec<String>> = groups
            .iter()
            .map(|group| {
                let chunk = group.column(at);
                Some(format!("{}+{}", chunk.bloom_filter_offset()?, chunk.bloom_filter_length()?))
            })
            .collect();
        Some(format!("{} {}", column.column_path().string(), places?.join(" ")))
    };
    let tags: Vec<String> = columns.filter_map(tag).collect();
    (!tags.is_empty()).then(|| tags.join(";"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> FilterPlaces {
        FilterPlaces::of(Bytes::copy_from_slice(text.as_bytes()))
    }

    #[test]
    fn a_column_is_found_and_anything_odd_is_not() {
        let both = places("event_id 4+10 20+5;user_identity_access_key_id 14+6");
        assert_eq!(both.of_column("event_id"), Some(vec![4..14, 20..25]));
        assert_eq!(both.of_column("user_identity_access_key_id"), Some(std::iter::once(14..20).collect()));
        assert_eq!(both.of_column("event"), None);
        for odd in ["", "event_id", "event_id ", "event_id 4", "event_id 4+", "event_id -4+5", "event_id 4+5 x"] {
            assert_eq!(places(odd).of_column("event_id"), None, "{odd}");
        }
        assert_eq!(places(&format!("event_id {}+1", u64::MAX)).of_column("event_id"), None);
    }
}
