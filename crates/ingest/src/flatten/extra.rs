//! Writes `extra`: the JSON object of what no column holds, with the same paths as in the record.

/// One row's leftovers. Objects on the way to a leftover are opened only when there is one.
#[derive(Debug, Default)]
pub(super) struct Extra {
    text: String,
    /// Names of the objects the flattener is in, outermost first, as JSON writes them, and behind the first `depth` of them
    /// those it was in, whose memory the next ones take over.
    path: Vec<String>,
    depth: usize,
    /// How many of those are open in `text`.
    open: usize,
    taken: bool,
}

impl Extra {
    /// Goes into the member `key`, an object. `key` is JSON text without its quotes.
    pub(super) fn enter(&mut self, key: &str) {
        if self.path.len() == self.depth {
            self.path.push(String::new());
        }
        self.path[self.depth].clear();
        self.path[self.depth].push_str(key);
        self.depth += 1;
    }

    /// Leaves the innermost object.
    pub(super) fn leave(&mut self) {
        self.depth -= 1;
        while self.open > self.depth {
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
        while self.open < self.depth {
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
        self.depth = 0;
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
