//! The table of columns as a tree of JSON members: which member of which object fills which column.
//!
//! Built once from [`milepost_schema::COLUMNS`]; looking a name up costs a hash of its ends and most often one comparison of
//! them.

use std::sync::LazyLock;

use milepost_schema::{COLUMNS, Kind};

use crate::scan::Known;

/// What a known member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Child {
    /// The value of a column.
    Column { index: usize, kind: Kind },
    /// An object whose members are known; an index for [`Tree::object`].
    Object(usize),
}

/// The known members of one object.
#[derive(Debug, Default)]
pub(crate) struct Object {
    children: Vec<(&'static str, Child)>,
    /// How each of them is written: its name in quotes, and a colon.
    heads: Vec<Box<[u8]>>,
    /// Numbers of `children` and their names, each in the slot that [`Ends::slot`] says or the next free one behind it.
    slots: Box<[Option<(Ends, u8)>]>,
}

/// Number of slots; a power of two well above the 35 members of the largest object.
const SLOTS: usize = 128;
/// Names up to this length are told apart by their ends.
const TOLD_BY_ENDS: usize = 16;

/// A name by its length, its first and its last eight bytes, which overlap in most names: those are compared without a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ends {
    len: usize,
    first: u64,
    last: u64,
}

impl Ends {
    fn of(name: &[u8]) -> Self {
        let (first, last) = if let (Some(first), Some(last)) = (name.first_chunk(), name.last_chunk()) {
            (u64::from_le_bytes(*first), u64::from_le_bytes(*last))
        } else if let (Some(first), Some(last)) = (name.first_chunk(), name.last_chunk()) {
            (u64::from(u32::from_le_bytes(*first)), u64::from(u32::from_le_bytes(*last)))
        } else {
            (name.iter().fold(0, |packed, byte| packed << 8 | u64::from(*byte)), 0)
        };
        Self { len: name.len(), first, last }
    }

    fn slot(self) -> usize {
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
        const SHIFT: u32 = u64::BITS - SLOTS.ilog2();
        let mixed = self.first ^ self.last.rotate_left(29) ^ self.len as u64;
        usize::try_from(mixed.wrapping_mul(ODD) >> SHIFT).unwrap_or(0)
    }
}

impl Object {
    /// The number of the member called `name`.
    pub(crate) fn number(&self, name: &[u8]) -> Option<u8> {
        let ends = Ends::of(name);
        let mut slot = ends.slot();
        loop {
            let (known, number) = self.slots[slot]?;
            let is_same =
                known == ends && (ends.len <= TOLD_BY_ENDS || self.children[usize::from(number)].0.as_bytes() == name);
            if is_same {
                return Some(number);
            }
            slot = (slot + 1) % SLOTS;
        }
    }

    /// What the member of this number is.
    pub(crate) fn child(&self, number: u8) -> Child {
        self.children[usize::from(number)].1
    }

    fn prepare(&mut self) {
        self.heads = self.children.iter().map(|(name, _)| format!("\"{name}\":").into_bytes().into()).collect();
        self.slots = vec![None; SLOTS].into();
        for (number, (name, _)) in (0_u8..).zip(&self.children) {
            let ends = Ends::of(name.as_bytes());
            let mut slot = ends.slot();
            while self.slots[slot].is_some() {
                slot = (slot + 1) % SLOTS;
            }
            self.slots[slot] = Some((ends, number));
        }
    }
}

/// All objects with known members; the record itself is object 0.
#[derive(Debug)]
pub(crate) struct Tree {
    objects: Vec<Object>,
}

impl Tree {
    pub(crate) const ROOT: usize = 0;

    pub(crate) fn object(&self, index: usize) -> &Object {
        &self.objects[index]
    }

    fn build() -> Self {
        let mut tree = Self { objects: vec![Object::default()] };
        for (index, column) in COLUMNS.iter().enumerate() {
            if let Some((name, parents)) = column.path.split_last() {
                let parent = parents.iter().fold(Self::ROOT, |object, name| tree.descend(object, name));
                tree.objects[parent].children.push((name, Child::Column { index, kind: column.kind }));
            }
        }
        tree.objects.iter_mut().for_each(Object::prepare);
        tree
    }

    fn descend(&mut self, object: usize, name: &'static str) -> usize {
        let known = self.objects[object].children.iter().find_map(|(known, child)| match child {
            Child::Object(index) if *known == name => Some(*index),
            _ => None,
        });
        known.unwrap_or_else(|| {
            self.objects.push(Object::default());
            let index = self.objects.len() - 1;
            self.objects[object].children.push((name, Child::Object(index)));
            index
        })
    }
}

/// An object of [`TREE`], and its index there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At(&'static Object, usize);

impl At {
    /// The record itself.
    pub(crate) fn root() -> Self {
        Self::object(Tree::ROOT)
    }

    fn object(index: usize) -> Self {
        Self(TREE.object(index), index)
    }
}

impl Known for At {
    fn index(self) -> usize {
        self.1
    }

    fn number(self, name: &[u8]) -> Option<u8> {
        self.0.number(name)
    }

    fn head(self, number: u8) -> Option<&'static [u8]> {
        self.0.heads.get(usize::from(number)).map(|head| &**head)
    }

    fn inner(self, number: u8) -> Option<Self> {
        match self.0.child(number) {
            Child::Object(inner) => Some(Self::object(inner)),
            Child::Column { .. } => None,
        }
    }
}

/// The tree of the table of columns.
pub(crate) static TREE: LazyLock<Tree> = LazyLock::new(Tree::build);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_object_has_more_members_than_the_flattener_has_bits() {
        assert!(TREE.objects.iter().all(|object| object.children.len() <= u64::BITS as usize));
    }

    #[test]
    fn every_column_with_a_path_is_found_by_it() {
        for (index, column) in COLUMNS.iter().enumerate().filter(|(_, column)| !column.path.is_empty()) {
            let mut object = Tree::ROOT;
            for (step, name) in column.path.iter().enumerate() {
                let known = TREE.object(object);
                match known.child(known.number(name.as_bytes()).unwrap()) {
                    Child::Object(inner) => object = inner,
                    Child::Column { index: found, .. } => {
                        assert_eq!((found, step + 1), (index, column.path.len()));
                    }
                }
            }
        }
        assert_eq!(TREE.object(Tree::ROOT).number(b"eventname"), None);
    }
}
