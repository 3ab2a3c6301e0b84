//! Writes a record again without what the rules take out.

use std::borrow::Cow;

use milepost_schema::write_json_string;

use super::{Action, Rules, Step};
use crate::flatten::unescape;
use crate::scan::{self, Member};

/// A record after the rules, if they took something out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Redacted {
    pub(crate) text: String,
    /// Which rules took out how many values, as a JSON object.
    pub(crate) counts: String,
    /// Root members that were taken out: nothing else may stand in for them.
    pub(crate) members: Vec<String>,
}

/// A rule on its way down: which one, and the step it has come to.
type Active = (usize, usize);

impl Rules {
    /// Applies the rules to the object at `text`. `None` if they take nothing out. Of repeated members each is looked at.
    pub(crate) fn apply(&self, text: &str, members: &[Member]) -> Option<Redacted> {
        let mut writer = Writer {
            rules: self,
            out: String::with_capacity(text.len()),
            depth: 0,
            taken: vec![0; self.rules.len()],
            members: Vec::new(),
        };
        let active: Vec<Active> = (0..self.rules.len()).map(|rule| (rule, 0)).collect();
        writer.object(text, members, &active);
        if writer.taken.iter().all(|count| *count == 0) {
            return None;
        }
        let mut counts = String::from("{");
        for (rule, count) in self.rules.iter().zip(&writer.taken).filter(|(_, count)| **count > 0) {
            if counts.len() > 1 {
                counts.push(',');
            }
            write_json_string(&mut counts, &rule.pointer);
            counts.push_str(&format!(":{count}"));
        }
        counts.push('}');
        Some(Redacted { text: writer.out, counts, members: writer.members })
    }
}

struct Writer<'a> {
    rules: &'a Rules,
    out: String,
    /// Objects and arrays around the value at hand.
    depth: usize,
    /// Values that each rule took out.
    taken: Vec<u64>,
    members: Vec<String>,
}

impl Writer<'_> {
    fn object(&mut self, text: &str, members: &[Member], active: &[Active]) {
        self.out.push('{');
        let empty = self.out.len();
        for member in members {
            let raw = &text[member.key.range()];
            let name = decoded(raw);
            let mark = self.out.len();
            if mark > empty {
                self.out.push(',');
            }
            for part in ["\"", raw, "\":"] {
                self.out.push_str(part);
            }
            if !self.step(&name, &text[member.value.range()], active) {
                self.out.truncate(mark);
            }
        }
        self.out.push('}');
    }

    fn array(&mut self, text: &str, active: &[Active]) {
        self.out.push('[');
        let bytes = text.as_bytes();
        let mut at = scan::skip_space(bytes, 1);
        let (empty, mut number) = (self.out.len(), 0);
        while let Ok(value) = scan::value(bytes, at, 0) {
            let mark = self.out.len();
            if mark > empty {
                self.out.push(',');
            }
            if !self.step(&number.to_string(), &text[at..value.end], active) {
                self.out.truncate(mark);
            }
            number += 1;
            at = scan::skip_space(bytes, value.end);
            if bytes.get(at) == Some(&b',') {
                at = scan::skip_space(bytes, at + 1);
            }
        }
        self.out.push(']');
    }

    /// Writes the value of the member or element `name`; `false` if it is to be dropped.
    fn step(&mut self, name: &str, value: &str, active: &[Active]) -> bool {
        let mut inner = Vec::new();
        let mut action = None;
        for (rule, step) in active {
            self.follow(*rule, *step, name, &mut inner, &mut action);
        }
        match action {
            None => {
                self.depth += 1;
                self.value(value, &inner);
                self.depth -= 1;
            }
            Some(rule) => {
                self.taken[rule] += 1;
                if self.depth == 0 {
                    self.members.push(name.to_owned());
                }
                match self.rules.rules[rule].action {
                    Action::Drop => return false,
                    Action::Blank => self.out.push_str("\"\""),
                    Action::Hash => {
                        let hash = self.rules.hash(value);
                        write_json_string(&mut self.out, &hash);
                    }
                }
            }
        }
        true
    }

    /// Takes one rule a step further: it ends here, goes on below, or does neither.
    fn follow(&self, rule: usize, step: usize, name: &str, inner: &mut Vec<Active>, action: &mut Option<usize>) {
        let path = &self.rules.rules[rule].path;
        let fits = match &path[step] {
            Step::Name(wanted) => wanted == name,
            Step::Any => true,
            Step::Deep => {
                // no step, or one more
                self.follow(rule, step + 1, name, inner, action);
                keep(inner, (rule, step));
                return;
            }
        };
        if fits && step + 1 == path.len() {
            action.get_or_insert(rule);
        } else if fits {
            keep(inner, (rule, step + 1));
        }
    }

    fn value(&mut self, value: &str, active: &[Active]) {
        match value.as_bytes().first() {
            Some(b'{') if !active.is_empty() => {
                let mut members = Vec::new();
                if scan::members(value.as_bytes(), 0, 0, &mut members).is_ok() {
                    return self.object(value, &members, active);
                }
            }
            Some(b'[') if !active.is_empty() => return self.array(value, active),
            _ => {}
        }
        self.out.push_str(value);
    }
}

fn keep(active: &mut Vec<Active>, one: Active) {
    if !active.contains(&one) {
        active.push(one);
    }
}

fn decoded(raw: &str) -> Cow<'_, str> {
    if !raw.contains('\\') {
        return Cow::Borrowed(raw);
    }
    let mut name = String::new();
    // a name that is no Unicode fits no rule; flattening rejects its record
    unescape(raw, &mut name);
    Cow::Owned(name)
}
