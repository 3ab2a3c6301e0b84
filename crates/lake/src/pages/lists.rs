//! Columns of lists of objects: each member of the objects is a column, whose levels say where a list begins and how far the
//! way to a value goes.

use arrow::array::{Array, AsArray as _, ListArray, StringArray, StructArray};
use arrow::datatypes::DataType;
use parquet::schema::types::ColumnDescPtr;

use super::levels;
use crate::gather::Place;

/// How far the way goes: there is no list, an empty one, an element that is null, an object, and the member in it.
const NO_LIST: u32 = 0;
const EMPTY: u32 = 1;
const NO_OBJECT: u32 = 2;
const OBJECT: u32 = 3;
const MEMBER: u32 = 4;

/// Where the objects of a column are, and which rows have none.
pub(super) struct Lists<'a> {
    objects: Vec<&'a StructArray>,
    /// For each entry whether it continues the list of the one before.
    continues: Vec<u32>,
    /// For each entry how far the way goes, to an object at most.
    depths: Vec<u32>,
    /// The objects that are there.
    elements: Vec<Place>,
}

/// Whether the lists are of objects with texts, and all of that may be null.
pub(super) fn is_known(data_type: &DataType, leaves: &[ColumnDescPtr]) -> bool {
    let DataType::List(element) = data_type else { return false };
    let DataType::Struct(members) = element.data_type() else { return false };
    let are_deep = leaves.iter().all(|leaf| leaf.max_def_level() == 4 && leaf.max_rep_level() == 1);
    members.len() == leaves.len() && members.iter().all(|member| *member.data_type() == DataType::Utf8) && are_deep
}

impl<'a> Lists<'a> {
    /// The lists at `places` of `arrays`.
    pub(super) fn of(arrays: &[&'a dyn Array], places: &[Place]) -> Self {
        let parts: Vec<&'a ListArray> = arrays.iter().map(|array| array.as_list::<i32>()).collect();
        let objects: Vec<&'a StructArray> = parts.iter().map(|part| part.values().as_struct()).collect();
        let mut lists = Self { objects, continues: Vec::new(), depths: Vec::new(), elements: Vec::new() };
        for place in places {
            lists.add(parts[place.0], *place);
        }
        lists
    }

    fn add(&mut self, part: &ListArray, (number, row): Place) {
        let offsets = part.value_offsets();
        if part.is_null(row) || offsets[row] == offsets[row + 1] {
            self.continues.push(0);
            self.depths.push(if part.is_null(row) { NO_LIST } else { EMPTY });
            return;
        }
        // Arrow's offsets are never negative
        let (first, end) = (offsets[row] as usize, offsets[row + 1] as usize);
        for element in first..end {
            self.continues.push(u32::from(element > first));
            let is_object = self.objects[number].is_valid(element);
            self.depths.push(if is_object { OBJECT } else { NO_OBJECT });
            if is_object {
                self.elements.push((number, element));
            }
        }
    }

    /// Values and what is there instead of them.
    pub(super) fn entries(&self) -> usize {
        self.depths.len()
    }

    /// Where the objects are in the arrays of their members.
    pub(super) fn elements(&self) -> &[Place] {
        &self.elements
    }

    /// A member of the objects.
    pub(super) fn member(&self, member: usize) -> Vec<&'a StringArray> {
        self.objects.iter().map(|part| part.column(member).as_string()).collect()
    }

    /// The levels of a member that those objects have of which `present` says so; none if it is empty.
    pub(super) fn levels(&self, present: &[u32]) -> Vec<u8> {
        let mut present = present.iter();
        let level = |depth: &u32| if *depth == OBJECT && present.next() == Some(&1) { MEMBER } else { *depth };
        let depths: Vec<u32> = self.depths.iter().map(level).collect();
        let mut page = Vec::new();
        levels::append(&self.continues, 1, &mut page);
        levels::append(&depths, MEMBER, &mut page);
        page
    }
}
