//! The TOML of a header, and where its parts stand in the file.
//!
//! The TOML is the file's leading comment without its marks; a place in it is given as line and column of the file.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What opens a line of a header.
const MARK: &str = "--";

/// A line and a column in it, from 1; columns count characters.
pub(crate) type Place = (usize, usize);

/// The TOML of a header.
#[derive(Debug)]
pub(crate) struct HeaderText {
    toml: String,
    /// Bytes that stand before the TOML of each line.
    marks: Vec<usize>,
}

/// One step from a part of a header to a part of it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step<'a> {
    /// The value of that key.
    Key(&'a str),
    /// That element of an array, from 0.
    Item(usize),
}

impl HeaderText {
    /// The header of a file; nothing if it does not begin with a comment.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let mut toml = String::new();
        let mut marks = Vec::new();
        for line in text.lines() {
            let Some(rest) = line.strip_prefix(MARK) else { break };
            let rest = rest.strip_prefix(' ').unwrap_or(rest);
            marks.push(line.len() - rest.len());
            toml.push_str(rest);
            toml.push('\n');
        }
        (!marks.is_empty()).then_some(Self { toml, marks })
    }

    /// The TOML.
    pub(crate) fn toml(&self) -> &str {
        &self.toml
    }

    /// Where the byte at `offset` of the TOML stands in the file.
    pub(crate) fn place(&self, offset: usize) -> Place {
        let before = self.toml.get(..offset).unwrap_or(&self.toml);
        let line = before.matches('\n').count().min(self.marks.len().saturating_sub(1));
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count();
        (line + 1, self.marks[line] + column + 1)
    }

    /// Where the query begins: on the line after the header.
    pub(crate) fn end(&self) -> Place {
        (self.marks.len() + 1, 1)
    }

    /// Where the part at the end of `path` stands, or what of the way to it there is.
    pub(crate) fn find(&self, path: &[Step<'_>]) -> Place {
        let (root, _) = DeTable::parse_recoverable(&self.toml);
        let span = root.get_ref();
        self.place(within(span, path).map_or(0, |span| span.start))
    }
}

fn within(table: &DeTable<'_>, path: &[Step<'_>]) -> Option<Range<usize>> {
    let (Step::Key(key), rest) = path.split_first().map(|(first, rest)| (*first, rest))? else { return None };
    let (_, value) = table.iter().find(|(name, _)| name.get_ref() == key)?;
    Some(below(value, rest))
}

fn below(value: &Spanned<DeValue<'_>>, path: &[Step<'_>]) -> Range<usize> {
    let further = match (value.get_ref(), path.split_first()) {
        (DeValue::Table(table), _) => within(table, path),
        (DeValue::Array(items), Some((Step::Item(number), rest))) => items.get(*number).map(|item| below(item, rest)),
        _ => None,
    };
    further.unwrap_or_else(|| value.span())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_in_the_file() {
        let text = "-- name = \"ü\"\n--  columns = [\"a\", \"b\"]\n-- [params.p]\n--default = 5\n--\n-- [alert]\n-- keys = [\n--   \"k\",\n-- ]\nSELECT 1";
        let header = HeaderText::of(text).unwrap();
        let key = Step::Key;
        for (path, place) in [
            (&[key("name")][..], (1, 11)),
            (&[key("columns"), Step::Item(1)], (2, 21)),
            (&[key("params"), key("p"), key("default")], (4, 13)),
            (&[key("alert"), key("keys"), Step::Item(0)], (8, 6)),
            // what is not there is looked for at what would hold it
            (&[key("alert"), key("when")], (6, 4)),
            (&[key("chart"), key("x")], (1, 4)),
        ] {
            assert_eq!(header.find(path), place, "{path:?}");
        }
        assert!(HeaderText::of("SELECT 1").is_none());
    }
}
