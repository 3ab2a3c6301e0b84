//! The table of columns as a tree of JSON members: which member of which object fills which column.
//!
//! Built once from [`milepost_schema::COLUMNS`]; looking a name up costs one hash of three bytes and most often one comparison.

use std::sync::LazyLock;

use milepost_schema::{COLUMNS, Kind};

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
    /// Numbers of `children`, each in the slot that [`slot_of`] its name says or the next free one behind it.
    slots: Box<[Option<u8>]>,
}

/// Number of slots; a power of two well above the 35 members of the largest object.
const SLOTS: usize = 128;

fn slot_of(name: &[u8]) -> usize {
    let (first, last) = (name.first().copied().unwrap_or(0), name.last().copied().unwrap_or(0));
    let middle = name.get(name.len() / 2).copied().unwrap_or(0);
    (name.len() * 7 + usize::from(first) * 31 + usize::from(last) * 17 + usize::from(middle) * 5) % SLOTS
}

impl Object {
    /// The number of the member called `name`.
    pub(crate) fn number(&self, name: &[u8]) -> Option<u8> {
        let mut slot = slot_of(name);
        loop {
            let number = self.slots[slot]?;
            if self.children[usize::from(number)].0.as_bytes() == name {
                return Some(number);
            }
            slot = (slot + 1) % SLOTS;
        }
    }

    /// What the member of this number is.
    pub(crate) fn child(&self, number: u8) -> Child {
        self.children[usize::from(number)].1
    }

    fn fill_slots(&mut self) {
        self.slots = vec![None; SLOTS].into();
        for (number, (name, _)) in (0_u8..).zip(&self.children) {
            let mut slot = slot_of(name.as_bytes());
            while self.slots[slot].is_some() {
                slot = (slot + 1) % SLOTS;
            }
            self.slots[slot] = Some(number);
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
        tree.objects.iter_mut().for_each(Object::fill_slots);
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

/// The tree of the table of columns.
pub(crate) static TREE: LazyLock<Tree> = LazyLock::new(Tree::build);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_object_has_more_members_than_the_flattener_has_bits() {
        assert!(TREE.objects.iter().all(|object| object.children.len() <= crate::flatten::MAX_KNOWN));
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
