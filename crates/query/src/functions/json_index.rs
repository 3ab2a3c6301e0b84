//! What is known of the objects of one column of one batch: their members, as far as anybody has looked for one.
//!
//! A query that asks for twenty members of `request_parameters` is twenty calls, one after the other, over the same batch. The
//! first one walks from member to member until it has found its own and notes what it has passed; the next one looks there and
//! walks on from where the last one stopped. So no byte of a text is parsed twice, a single call reads no more than it needs,
//! and objects inside of objects are treated alike.
//!
//! Notes belong to the array (`json_documents` keeps them): 28 bytes a member and 16 an object, and of no more than
//! [`MAX_MEMBERS`] members. What lies behind is sought in the text each time.

use std::borrow::Cow;
use std::ops::Range;

use super::json_members::{Next, next};
use super::json_path::{self, Rule, Step};

/// Members that are noted of one batch: 14 MiB. A batch has 8192 rows, so this is 64 members each.
const MAX_MEMBERS: usize = 512 * 1024;

/// A place in the text of a row; texts of an array have no more than 2³¹ bytes.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: u32,
    end: u32,
}

impl Span {
    fn of(range: Range<usize>) -> Option<Self> {
        Some(Self { start: u32::try_from(range.start).ok()?, end: u32::try_from(range.end).ok()? })
    }

    fn in_text(self, text: &str) -> &str {
        &text[self.start as usize..self.end as usize]
    }
}

/// A number of an object or a member.
type Number = u32;
const NONE: Number = Number::MAX;

#[derive(Debug)]
struct Member {
    name: Span,
    value: Span,
    has_escapes: bool,
    /// The next one of the same object.
    next: Number,
    /// The object that its value is, once somebody has looked into it.
    inside: Number,
}

impl Member {
    fn name<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let written = self.name.in_text(text);
        if self.has_escapes { json_path::string(written).unwrap_or_default() } else { Cow::Borrowed(written) }
    }

    fn is_called(&self, name: &str, text: &str) -> bool {
        let written = self.name.in_text(text);
        if self.has_escapes { self.name(text) == name } else { written == name }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Untouched,
    Begun,
    /// All members are known.
    Ended,
    /// It is no object, or broken behind the members that are known.
    Broken,
}

#[derive(Debug, Clone, Copy)]
struct Object {
    first: Number,
    last: Number,
    /// Where it goes on.
    at: u32,
    progress: Progress,
}

impl Object {
    fn beginning_at(at: u32) -> Self {
        Self { first: NONE, last: NONE, at, progress: Progress::Untouched }
    }
}

/// There is no room for another member.
struct Full;

/// The objects of the rows of one array, and those inside of them.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// One a row, then those inside of others.
    objects: Vec<Object>,
    members: Vec<Member>,
    /// Bytes of text that were walked over.
    #[cfg(test)]
    pub(super) walked: usize,
}

impl Index {
    /// Forgets all and begins with other rows; memory is used again.
    pub(super) fn start(&mut self, rows: usize) {
        self.members.clear();
        self.objects.clear();
        self.objects.resize(rows, Object::beginning_at(0));
        #[cfg(test)]
        {
            self.walked = 0;
        }
    }

    /// The value at `path` in the text of a row, as [`json_path::find_by`] finds it.
    pub(super) fn find<'t>(&mut self, row: usize, text: &'t str, path: &[Step], rule: Rule) -> Option<&'t str> {
        self.seek(row, text, path, rule).unwrap_or_else(|Full| json_path::find_by(text, path, rule))
    }

    fn seek<'t>(&mut self, row: usize, text: &'t str, path: &[Step], rule: Rule) -> Result<Option<&'t str>, Full> {
        let (mut object, mut value) = (row, text);
        for (at, step) in path.iter().enumerate() {
            let Step::Member(name) = step else { return Ok(json_path::find_by(value, &path[at..], rule)) };
            let Some(member) = self.member(object, text, name, rule)? else {
                // an array has no members, but may have what is asked for
                let has_numbers = rule == Rule::Postgres && json_path::is_array(value);
                return Ok(if has_numbers { json_path::find_by(value, &path[at..], rule) } else { None });
            };
            value = self.members[member].value.in_text(text);
            if at + 1 < path.len() {
                object = self.inside(member)?;
            }
        }
        Ok(Some(value))
    }

    /// The members of a row's object, as [`json_path::members`] gives them.
    pub(super) fn members<'t>(&mut self, row: usize, text: &'t str) -> Option<Vec<(Cow<'t, str>, &'t str)>> {
        loop {
            match self.advance(row, text) {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(Full) => return json_path::members(text),
            }
        }
        let is_whole = self.objects[row].progress == Progress::Ended;
        is_whole.then(|| self.known(row).map(|member| (member.name(text), member.value.in_text(text))).collect())
    }

    fn member(&mut self, object: usize, text: &str, name: &str, rule: Rule) -> Result<Option<usize>, Full> {
        let mut at = self.objects[object].first;
        while at != NONE {
            let member = &self.members[at as usize];
            if member.is_called(name, text) {
                return Ok(Some(at as usize));
            }
            at = member.next;
        }
        while let Some(at) = self.advance(object, text)? {
            if self.members[at].is_called(name, text) {
                return Ok(Some(at));
            }
        }
        if rule != Rule::AnyCase || self.objects[object].progress != Progress::Ended {
            return Ok(None);
        }
        let mut at = self.objects[object].first;
        while at != NONE {
            let member = &self.members[at as usize];
            if member.name(text).eq_ignore_ascii_case(name) {
                return Ok(Some(at as usize));
            }
            at = member.next;
        }
        Ok(None)
    }

    fn known(&self, object: usize) -> impl Iterator<Item = &Member> {
        let first = self.members.get(self.objects[object].first as usize);
        std::iter::successors(first, |member| self.members.get(member.next as usize))
    }

    /// Notes the next member of an object; `None` if there is none.
    fn advance(&mut self, object: usize, text: &str) -> Result<Option<usize>, Full> {
        let Object { first, last, at, progress } = self.objects[object];
        if matches!(progress, Progress::Ended | Progress::Broken) {
            return Ok(None);
        }
        if self.members.len() >= MAX_MEMBERS {
            return Err(Full);
        }
        let place = match next(text, at as usize, progress == Progress::Untouched) {
            Next::Member(place) => place,
            end => {
                self.objects[object].progress = if end == Next::End { Progress::Ended } else { Progress::Broken };
                return Ok(None);
            }
        };
        let (Some(name), Some(value)) = (Span::of(place.name), Span::of(place.value)) else { return Err(Full) };
        #[cfg(test)]
        {
            self.walked += (value.end - at) as usize;
        }
        let number = u32::try_from(self.members.len()).map_err(|_| Full)?;
        self.members.push(Member { name, value, has_escapes: place.has_escapes, next: NONE, inside: NONE });
        if let Some(last) = self.members.get_mut(last as usize) {
            last.next = number;
        }
        let first = if first == NONE { number } else { first };
        self.objects[object] = Object { first, last: number, at: value.end, progress: Progress::Begun };
        Ok(Some(number as usize))
    }

    /// The object that a member's value is.
    fn inside(&mut self, member: usize) -> Result<usize, Full> {
        let known = self.members[member].inside;
        if known != NONE {
            return Ok(known as usize);
        }
        let number = u32::try_from(self.objects.len()).map_err(|_| Full)?;
        self.objects.push(Object::beginning_at(self.members[member].value.start));
        self.members[member].inside = number;
        Ok(number as usize)
    }
}

#[cfg(test)]
mod tests;
