//! `count(DISTINCT text)` of all rows, beside others of its kind.
//!
//! Each thread gathers the texts of its own rows, and one puts these together while the others have nothing left to do. So what
//! counts is how little work one text is: its hash is drawn once, and the table holds eight bytes of it, whatever its length.

use std::sync::Arc;

use ahash::RandomState;
use arrow::array::{Array as _, ArrayRef, AsArray as _, StringArray};
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::utils::SingleRowListArrayBuilder;
use datafusion::common::{ScalarValue, exec_datafusion_err, internal_datafusion_err};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::Accumulator;
use hashbrown::HashTable;

/// A text by half of its hash, and its number.
#[derive(Debug, Clone, Copy)]
struct Entry {
    hash: u32,
    number: u32,
}

impl Entry {
    /// The table takes its buckets from one end of a hash and what it compares first from the other.
    fn whole_hash(self) -> u64 {
        u64::from(self.hash) << 32 | u64::from(self.hash)
    }
}

/// Each text once.
#[derive(Debug)]
pub(super) struct TextSet {
    kind: DataType,
    hashes: RandomState,
    table: HashTable<Entry>,
    bytes: Vec<u8>,
    /// Where each text ends.
    ends: Vec<usize>,
}

impl TextSet {
    /// For texts of the type `kind`.
    pub(super) fn new(kind: &DataType) -> Self {
        let kind = kind.clone();
        Self { kind, hashes: RandomState::new(), table: HashTable::new(), bytes: Vec::new(), ends: Vec::new() }
    }

    fn add_all<'a>(&mut self, texts: impl Iterator<Item = &'a str>) -> Result<()> {
        // whoever did one thing does it again
        let mut before = None;
        for text in texts {
            if before != Some(text) {
                self.add(text.as_bytes())?;
                before = Some(text);
            }
        }
        Ok(())
    }

    fn add(&mut self, text: &[u8]) -> Result<()> {
        // one half is enough
        let hash = (self.hashes.hash_one(text) >> 32) as u32;
        let number = u32::try_from(self.ends.len()).map_err(|_| exec_datafusion_err!("too many distinct texts"))?;
        let entry = Entry { hash, number };
        let (bytes, ends) = (&self.bytes, &self.ends);
        let is_it = |other: &Entry| other.hash == hash && text_at(bytes, ends, other.number as usize) == text;
        let found = self.table.entry(entry.whole_hash(), is_it, |other| other.whole_hash());
        if let hashbrown::hash_table::Entry::Vacant(place) = found {
            place.insert(entry);
            self.bytes.extend_from_slice(text);
            self.ends.push(self.bytes.len());
        }
        Ok(())
    }

    fn add_array(&mut self, values: &ArrayRef) -> Result<()> {
        if let Some(texts) = values.as_string_opt::<i32>() {
            return self.add_all(texts.iter().flatten());
        }
        if let Some(texts) = values.as_string_view_opt() {
            return self.add_all(texts.iter().flatten());
        }
        let texts = cast(values, &DataType::LargeUtf8)?;
        self.add_all(texts.as_string::<i64>().iter().flatten())
    }
}

impl Accumulator for TextSet {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        values.first().map_or(Ok(()), |values| self.add_array(values))
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Int64(Some(self.ends.len() as i64)))
    }

    fn size(&self) -> usize {
        size_of_val(self)
            + self.table.allocation_size()
            + self.bytes.capacity()
            + self.ends.capacity() * size_of::<usize>()
    }

    /// The texts as one list. They are gone from here.
    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let (bytes, ends) = (std::mem::take(&mut self.bytes), std::mem::take(&mut self.ends));
        self.table = HashTable::new();
        let too_many = |_| DataFusionError::ResourcesExhausted("distinct texts of more than 2 GiB".to_owned());
        let offsets = std::iter::once(&0).chain(&ends).map(|end| i32::try_from(*end)).collect::<Result<Vec<_>, _>>();
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets.map_err(too_many)?));
        let texts: ArrayRef = Arc::new(StringArray::try_new(offsets, Buffer::from_vec(bytes), None)?);
        let texts = if texts.data_type() == &self.kind { texts } else { cast(&texts, &self.kind)? };
        Ok(vec![SingleRowListArrayBuilder::new(texts).build_list_scalar()])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let lists = states.first().ok_or_else(|| internal_datafusion_err!("there is no state"))?.as_list::<i32>();
        lists.iter().flatten().try_for_each(|texts| self.add_array(&texts))
    }
}

fn text_at<'a>(bytes: &'a [u8], ends: &[usize], number: usize) -> &'a [u8] {
    let start = if number == 0 { 0 } else { ends[number - 1] };
    &bytes[start..ends[number]]
}
