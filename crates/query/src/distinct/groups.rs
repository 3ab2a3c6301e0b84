//! The distinct values of all groups, as one table of pairs of group and value.

use std::sync::Arc;

use arrow::array::{
    Array as _, ArrayRef, AsArray as _, BooleanArray, Int64Array, ListArray, UInt32Array, UInt64Array, new_empty_array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::{and, filter, is_not_null, prep_null_mask_filter, take};
use arrow::datatypes::{ArrowNativeType as _, DataType, Field, Schema, UInt64Type};
use datafusion::common::{internal_datafusion_err, internal_err};
use datafusion::error::Result;
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};
use datafusion::physical_plan::aggregates::group_values::{GroupValues, new_group_values};
use datafusion::physical_plan::aggregates::order::GroupOrdering;

use super::values::Gives;

/// Each pair once.
pub(super) struct Pairs {
    gives: Gives,
    kind: DataType,
    /// Whether a null is a value like others.
    keeps_nulls: bool,
    pairs: Box<dyn GroupValues>,
    /// Groups that there are; those behind the last one with a value count, too.
    groups: usize,
    /// Where the table says which pair each row has; nobody asks.
    numbers: Vec<usize>,
}

fn table_of(kind: &DataType) -> Result<Box<dyn GroupValues>> {
    let fields = vec![Field::new("group", DataType::UInt64, false), Field::new("value", kind.clone(), true)];
    new_group_values(Arc::new(Schema::new(fields)), &GroupOrdering::None)
}

impl Pairs {
    pub(super) fn try_new(gives: Gives, kind: &DataType, keeps_nulls: bool) -> Result<Self> {
        let pairs = table_of(kind)?;
        Ok(Self { gives, kind: kind.clone(), keeps_nulls, pairs, groups: 0, numbers: Vec::new() })
    }

    /// Makes sure that so many groups are known of, if only as such without a value.
    pub(super) fn expect(&mut self, groups: usize) {
        self.groups = self.groups.max(groups);
    }

    fn add(&mut self, groups: ArrayRef, values: ArrayRef) -> Result<()> {
        if groups.is_empty() {
            return Ok(());
        }
        self.pairs.intern(&[groups, values], &mut self.numbers)
    }

    /// Which rows count: those that the filter lets through and, where a null is no value, have one. `None` if all do.
    fn counted(&self, values: &ArrayRef, chosen: Option<&BooleanArray>) -> Result<Option<BooleanArray>> {
        // a condition that is unknown does not let through
        let chosen = chosen.map(|chosen| match chosen.null_count() {
            0 => chosen.clone(),
            _ => prep_null_mask_filter(chosen),
        });
        let with_value = (!self.keeps_nulls && values.null_count() > 0).then(|| is_not_null(values)).transpose()?;
        Ok(match (chosen, with_value) {
            (Some(chosen), Some(with_value)) => Some(and(&chosen, &with_value)?),
            (one, other) => one.or(other),
        })
    }

    /// Takes all pairs, as a column of groups and one of values.
    fn take(&mut self) -> Result<(ArrayRef, ArrayRef)> {
        let mut pairs = std::mem::replace(&mut self.pairs, table_of(&self.kind)?);
        if pairs.is_empty() {
            return Ok((numbered(&[]), new_empty_array(&self.kind)));
        }
        let columns = <[ArrayRef; 2]>::try_from(pairs.emit(EmitTo::All)?);
        let [groups, values] = columns.map_err(|_| internal_datafusion_err!("pairs are of two columns"))?;
        Ok((groups, values))
    }

    /// Takes the pairs of the groups to be emitted: for each pair its group, and its value; and how many groups these are.
    fn emit(&mut self, emit_to: EmitTo) -> Result<(Vec<usize>, ArrayRef, usize)> {
        let (groups, values) = self.take()?;
        let groups = groups.as_primitive::<UInt64Type>();
        let EmitTo::First(emitted) = emit_to else {
            let count = std::mem::take(&mut self.groups);
            return Ok((indices(groups)?, values, count));
        };
        let bound = emitted as u64;
        let goes: BooleanArray = groups.values().iter().map(|group| Some(*group < bound)).collect();
        let stays: BooleanArray = groups.values().iter().map(|group| Some(*group >= bound)).collect();
        let staying = filter(groups, &stays)?;
        let moved: UInt64Array = staying.as_primitive::<UInt64Type>().unary(|group| group - bound);
        self.add(Arc::new(moved), filter(&values, &stays)?)?;
        self.groups -= emitted.min(self.groups);
        let going = filter(groups, &goes)?;
        Ok((indices(going.as_primitive())?, filter(&values, &goes)?, emitted))
    }

    /// The values of each emitted group as a list; null if it has none.
    fn lists(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let (groups, values, count) = self.emit(emit_to)?;
        let mut lengths = vec![0_usize; count];
        for group in &groups {
            lengths[*group] += 1;
        }
        let mut next = Vec::with_capacity(count);
        lengths.iter().fold(0, |start, length| {
            next.push(start);
            start + length
        });
        // where each value goes, so that those of a group stand side by side
        let mut order = vec![0_u32; groups.len()];
        for (at, group) in (0_u32..).zip(&groups) {
            order[next[*group]] = at;
            next[*group] += 1;
        }
        let values = take(&values, &UInt32Array::from(order), None)?;
        let with_values = NullBuffer::from_iter(lengths.iter().map(|length| *length > 0));
        list_of(&self.kind, OffsetBuffer::from_lengths(lengths), values, with_values)
    }
}

fn indices(groups: &UInt64Array) -> Result<Vec<usize>> {
    let index =
        |group: &u64| usize::try_from(*group).map_err(|_| internal_datafusion_err!("group {group} is too large"));
    groups.values().iter().map(index).collect()
}

fn list_of(kind: &DataType, offsets: OffsetBuffer<i32>, values: ArrayRef, with_values: NullBuffer) -> Result<ArrayRef> {
    let item = Arc::new(Field::new_list_field(kind.clone(), true));
    Ok(Arc::new(ListArray::try_new(item, offsets, values, Some(with_values))?))
}

fn numbered(groups: &[usize]) -> ArrayRef {
    Arc::new(groups.iter().map(|group| *group as u64).collect::<UInt64Array>())
}

impl GroupsAccumulator for Pairs {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.groups = total_num_groups;
        let (groups, values) = (numbered(group_indices), &values[0]);
        match self.counted(values, opt_filter)? {
            Some(counted) => self.add(filter(&groups, &counted)?, filter(values, &counted)?),
            None => self.add(groups, Arc::clone(values)),
        }
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        if self.gives == Gives::List {
            return self.lists(emit_to);
        }
        let (groups, _, count) = self.emit(emit_to)?;
        let mut counts = vec![0_i64; count];
        for group in groups {
            counts[group] += 1;
        }
        Ok(Arc::new(Int64Array::from(counts)))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.lists(emit_to)?])
    }

    fn merge_batch(&mut self, values: &[ArrayRef], group_indices: &[usize], total_num_groups: usize) -> Result<()> {
        self.groups = total_num_groups;
        let lists = values[0].as_list::<i32>();
        let (first, mut end) = (lists.value_offsets()[0].as_usize(), lists.value_offsets()[0].as_usize());
        let (mut groups, mut is_hidden) = (Vec::new(), false);
        for (row, group) in group_indices.iter().enumerate() {
            let length = lists.value_length(row).as_usize();
            end += length;
            groups.resize(groups.len() + length, *group);
            is_hidden |= length > 0 && lists.is_null(row);
        }
        if is_hidden {
            return internal_err!("a list that is null holds values");
        }
        self.add(numbered(&groups), lists.values().slice(first, end - first))
    }

    /// Each row as a list of one value.
    fn convert_to_state(&self, values: &[ArrayRef], opt_filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let values = &values[0];
        let counted = self.counted(values, opt_filter)?;
        let counts = |row: usize| counted.as_ref().is_none_or(|counted| counted.value(row));
        let offsets = OffsetBuffer::from_lengths((0..values.len()).map(|row| usize::from(counts(row))));
        let with_values = NullBuffer::from_iter((0..values.len()).map(counts));
        let kept = match &counted {
            Some(counted) => filter(values, counted)?,
            None => Arc::clone(values),
        };
        Ok(vec![list_of(&self.kind, offsets, kept, with_values)?])
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.pairs.size() + self.numbers.capacity() * size_of::<usize>()
    }
}
