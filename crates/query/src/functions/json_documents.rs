//! An argument of JSON texts as the bodies of functions ask it for values, with what earlier calls have found out about it.
//!
//! Calls of one query share what they know by the array they are given: columns reach every call over a batch as the same
//! array. Each thread keeps the indexes of the arrays it saw last, as a batch is computed on one thread. An array is held
//! weakly, so that a batch goes when its query drops it; what is known of it goes when the thread next looks at any JSON.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::{Arc, Weak};

use arrow::array::{Array, ArrayRef};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};

use super::arguments::{Texts, texts};
use super::json_index::Index;
use super::json_path::{self, Rule, Step};

/// Arrays whose members a thread remembers: a query seldom looks into more than two or three columns in turn.
const MAX_KEPT: usize = 4;

thread_local! {
    /// The one used last is the last.
    static KEPT: RefCell<Vec<Kept>> = const { RefCell::new(Vec::new()) };
}

/// What is known of one array.
struct Kept {
    /// Its address is not given to another one while this is held.
    array: Weak<dyn Array>,
    index: Index,
}

impl Kept {
    /// What this thread knows of `array`; nobody else has it until it is dropped.
    fn take(array: &ArrayRef) -> Lent {
        let kept = KEPT.with_borrow_mut(|all| {
            let known = all.iter().position(|kept| std::ptr::addr_eq(kept.array.as_ptr(), Arc::as_ptr(array)));
            if let Some(at) = known {
                return all.remove(at);
            }
            // of those whose batch is gone one gives its memory, and the others go
            let mut index = Index::default();
            while let Some(at) = all.iter().position(|kept| kept.array.strong_count() == 0) {
                index = all.remove(at).index;
            }
            index.start(array.len());
            #[cfg(test)]
            tests::STARTED.set(tests::started() + 1);
            Self { array: Arc::downgrade(array), index }
        });
        Lent(Some(kept))
    }
}

/// What goes back to the thread's memory in the end.
struct Lent(Option<Kept>);

impl Drop for Lent {
    fn drop(&mut self) {
        let Some(kept) = self.0.take() else { return };
        // a thread that ends may have no memory any more
        let _ = KEPT.try_with(|all| {
            let Ok(mut all) = all.try_borrow_mut() else { return };
            if all.len() >= MAX_KEPT {
                all.remove(0);
            }
            all.push(kept);
        });
    }
}

/// A JSON text for each row.
pub(super) struct Documents {
    texts: Texts,
    /// Of a constant there is none.
    lent: Option<Lent>,
}

impl Documents {
    /// The argument at `index`.
    ///
    /// # Errors
    /// It is not text.
    pub(super) fn new(args: &ScalarFunctionArgs, index: usize) -> Result<Self> {
        let texts = texts(args, index)?;
        let lent = match args.args.get(index) {
            Some(ColumnarValue::Array(array)) => Some(Kept::take(array)),
            _ => None,
        };
        Ok(Self { texts, lent })
    }

    fn known(lent: &mut Option<Lent>) -> Option<&mut Index> {
        Some(&mut lent.as_mut()?.0.as_mut()?.index)
    }

    /// The text of a row.
    pub(super) fn text(&self, row: usize) -> Option<&str> {
        self.texts.get(row)
    }

    /// The value at `path` in the text of a row, as it is written.
    pub(super) fn find(&mut self, row: usize, path: &[Step], rule: Rule) -> Option<&str> {
        let text = self.texts.get(row)?;
        match Self::known(&mut self.lent) {
            Some(index) => index.find(row, text, path, rule),
            None => json_path::find_by(text, path, rule),
        }
    }

    /// The members of a row's object in their order, values as they are written; `None` if it is no valid object.
    pub(super) fn members(&mut self, row: usize) -> Option<Vec<(Cow<'_, str>, &str)>> {
        let text = self.texts.get(row)?;
        match Self::known(&mut self.lent) {
            Some(index) => index.members(row, text),
            None => json_path::members(text),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::cell::Cell;

    use arrow::array::StringArray;

    use super::*;

    thread_local! {
        pub(super) static STARTED: Cell<usize> = const { Cell::new(0) };
    }

    /// Arrays that this thread has begun to look into.
    pub(crate) fn started() -> usize {
        STARTED.get()
    }

    /// Bytes that this thread has walked over for the arrays that it remembers.
    pub(crate) fn walked() -> usize {
        KEPT.with_borrow(|all| all.iter().map(|kept| kept.index.walked).sum())
    }

    fn array(text: &str) -> ArrayRef {
        Arc::new(StringArray::from(vec![text; 3]))
    }

    fn kept() -> Vec<bool> {
        KEPT.with_borrow(|all| all.iter().map(|kept| kept.array.strong_count() > 0).collect())
    }

    #[test]
    fn an_array_is_known_again_and_forgotten_when_it_is_gone() {
        let before = started();
        let (one, other) = (array("{}"), array("{}"));
        drop(Kept::take(&one));
        drop(Kept::take(&other));
        drop(Kept::take(&one));
        assert_eq!(started() - before, 2);
        assert_eq!(kept(), [true, true]);
        drop(other);
        assert_eq!(kept(), [false, true]);
        let third = array("{}");
        drop(Kept::take(&third));
        assert_eq!(kept(), [true, true]);
        assert_eq!(started() - before, 3);
        // a slice is another array
        drop(Kept::take(&third.slice(1, 2)));
        assert_eq!(started() - before, 4);
    }

    #[test]
    fn a_thread_remembers_few() {
        let arrays: Vec<ArrayRef> = (0..10).map(|_| array("{}")).collect();
        arrays.iter().for_each(|array| drop(Kept::take(array)));
        assert_eq!(kept(), [true; MAX_KEPT]);
    }
}
