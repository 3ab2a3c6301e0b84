//! Writes `extra`: the JSON object of what no column holds, with the same paths as in the record.

/// One row's leftovers. Objects on the way to a leftover are opened only when there is one.
#[derive(Debug, Default)]
pub(super) struct Extra {
    text: String,
    /// Names of the objects the flattener is in, outermost first, as JSON writes them.
    path: Vec<String>,
    /// How many of those are open in `text`.
    open: usize,
    taken: bool,
}

impl Extra {
    /// Goes into the member `key`, an object. `key` is JSON text without its quotes.
    pub(super) fn enter(&mut self, key: &str) {
        self.path.push(key.to_owned());
    }

    /// Leaves the innermost object.
    pub(super) fn leave(&mut self) {
        self.path.pop();
        while self.open > self.path.len() {
            self.text.push('}');
            self.open -= 1;
        }
    }

    /// Adds a member of the object the flattener is in. `key` and `value` are JSON text, `key` without its quotes.
    pub(super) fn put(&mut self, key: &str, value: &str) {
        if self.taken {
            self.text.clear();
            self.taken = false;
        }
        if self.text.is_empty() {
            self.text.push('{');
        }
        while self.open < self.path.len() {
            member(&mut self.text, &self.path[self.open]);
            self.text.push('{');
            self.open += 1;
        }
        member(&mut self.text, key);
        self.text.push_str(value);
    }

    /// The finished object, or `None` if nothing was left over. The next `put` begins a new one.
    pub(super) fn take(&mut self) -> Option<&str> {
        while self.open > 0 {
            self.text.push('}');
            self.open -= 1;
        }
        self.path.clear();
        if self.taken || self.text.is_empty() {
            return None;
        }
        self.text.push('}');
        self.taken = true;
        Some(&self.text)
    }
}

fn member(text: &mut String, key: &str) {
    if !text.ends_with('{') {
        text.push(',');
    }
    text.push('"');
    text.push_str(key);
    text.push_str("\":");
}
