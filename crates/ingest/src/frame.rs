//! Finds the elements in a text: records, envelopes around records, and what stands where records were expected.
//!
//! A [`Framer`] is fed the text in pieces and gives back, for every piece, where the complete elements in it lie. The shape of
//! the text is told by its first bytes: JSON values (one, several on end, or in the arrays of [`Place`]), lines of text
//! with a record in each, or CSV. An element that is not valid JSON is stepped over by its brackets or its line and filed
//! as bad, alone. Memory: one element, however long the text.

mod json;
mod lines;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::carrier::Carrier;
use crate::classify::{Place, What};
use crate::scan::{self, Notes, ScanError};
pub(crate) use lines::{Header, JsonInLine, cells, json_of_line};

/// Where one element lies in the piece that was fed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Element {
    /// First byte of the element.
    pub(crate) start: usize,
    /// End of the element.
    pub(crate) end: usize,
    /// Its members, as a range of those in [`Frames::notes`]; none if it is no object.
    pub(crate) members: (usize, usize),
    /// Where it stands in its document.
    pub(crate) place: Place,
    /// What it is.
    pub(crate) what: What,
}

/// An element that cannot be read.
#[derive(Debug, Clone)]
pub(crate) struct BadElement {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) place: Place,
    pub(crate) reason: String,
}

/// What one piece of text held. Reused from piece to piece.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    pub(crate) elements: Vec<Element>,
    /// Members of the elements, and of the known objects inside of them.
    pub(crate) notes: Notes,
    pub(crate) bad: Vec<BadElement>,
    /// Names of the cells, if the elements are lines of a CSV file.
    pub(crate) header: Option<Arc<Header>>,
}

/// Elements and members found at once. Real text of one window stays far below; text of nothing but `{}` would otherwise
/// take a hundred times its size in notes.
const MAX_ELEMENTS: usize = 256 * 1024;
const MAX_MEMBERS: usize = 4 * 1024 * 1024;

impl Frames {
    fn is_full(&self) -> bool {
        let (members, nested) = self.notes.len();
        self.elements.len() + self.bad.len() >= MAX_ELEMENTS || members + nested >= MAX_MEMBERS
    }

    pub(crate) fn clear(&mut self) {
        self.elements.clear();
        self.notes.clear();
        self.bad.clear();
        self.header = None;
    }
}

/// The text cannot be read on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broken {
    /// Offset in the piece that was fed.
    pub(crate) at: usize,
    pub(crate) what: String,
}

/// How far a piece was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Everything before this offset is done; feed the rest again with more behind it.
    Consumed(usize),
    /// The text is complete.
    Done,
}

/// How a text is laid out, as far as it was read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layout {
    /// What the text is, where its form alone decides that: not JSON, a CSV of a known kind.
    pub(crate) form: Option<Carrier>,
    /// Values of the text that are not inside of another, empty ones left out.
    pub(crate) values: u64,
    /// A line end stands between two of them.
    pub(crate) by_line: bool,
    /// Arrays with elements that were entered.
    pub(crate) places: BTreeSet<Place>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first byte that says what the text is.
    Start,
    /// Before a value of the text, or its end.
    Value,
    /// Before an element of an array; `first` right behind the bracket.
    Element { first: bool, place: Place, in_object: bool },
    /// In the root object, behind an array with elements.
    Members,
    /// Before a line of text with a record in it.
    TextLine,
    /// Before a line of a CSV file.
    CsvRow,
    /// Nothing more is of interest.
    Over,
}

/// Reads one text, piece by piece.
#[derive(Debug)]
pub(crate) struct Framer {
    state: State,
    layout: Layout,
    /// A value of the text spans several lines, so lines do not part values.
    spans_lines: bool,
    /// Every value so far was one line: what begins in a line ends in it.
    one_a_line: bool,
    header: Option<Arc<Header>>,
    /// Where in the piece that was fed last what is not complete begins.
    unfinished: usize,
}

/// What one step came to: on to a place in the piece, or the end of the text.
enum Step {
    To(usize),
    End,
}

type Stepped = Result<Step, ScanError>;

impl Framer {
    pub(crate) fn new() -> Self {
        Self {
            state: State::Start,
            layout: Layout::default(),
            spans_lines: false,
            one_a_line: true,
            header: None,
            unfinished: 0,
        }
    }

    /// How the text is laid out, as far as it was read.
    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Gives up a text of which nothing has been found yet; says no if there has.
    pub(crate) fn give_up(&mut self) -> bool {
        let is_lost = self.layout.values == 0 && self.layout.form.is_none();
        if is_lost {
            self.layout.form = Some(Carrier::OtherJson);
        }
        is_lost
    }

    /// Reads as much of `bytes` as is complete and appends what it finds to `frames`. `last` says no more will follow.
    ///
    /// # Errors
    /// [`Broken`] if the text cannot be read on, or ends too early with `last` set. What was found before is in `frames`.
    pub(crate) fn feed(&mut self, bytes: &[u8], last: bool, frames: &mut Frames) -> Result<Progress, Broken> {
        let mut done = 0;
        frames.header.clone_from(&self.header);
        loop {
            if frames.is_full() {
                return Ok(Progress::Consumed(done));
            }
            let step = match self.state {
                State::Start => self.start(bytes, done, last, frames),
                State::Value => self.value(bytes, done, last, frames),
                State::Element { first, place, in_object } => {
                    self.element(bytes, done, (first, place, in_object), frames)
                }
                State::Members => self.members(bytes, done),
                State::TextLine => self.text_line(bytes, done, last, frames),
                State::CsvRow => self.csv_row(bytes, done, last, frames),
                State::Over => Ok(Step::End),
            };
            match step {
                Ok(Step::To(at)) => done = at,
                Ok(Step::End) => return Ok(Progress::Done),
                Err(error) => {
                    self.unfinished = done;
                    let is_open = error == ScanError::End && !last;
                    return if is_open { Ok(Progress::Consumed(done)) } else { Err(broken(error, bytes.len())) };
                }
            }
        }
    }

    /// Looks at the first bytes and decides what the text is.
    fn start(&mut self, bytes: &[u8], from: usize, last: bool, frames: &mut Frames) -> Stepped {
        let at = skip_blank(bytes, from);
        let Some(first) = bytes.get(at) else {
            if last {
                self.layout.form = Some(Carrier::Empty);
            }
            return if last { Ok(Step::End) } else { Err(ScanError::End) };
        };
        let is_json = match first {
            b'{' | b'[' => true,
            // a JSON string, or the first cell of a CSV file
            b'"' => match scan::string(bytes, at) {
                Ok(text) if text.end == bytes.len() && !last => return Err(ScanError::End),
                Ok(text) => !lines::is_quoted_header(bytes, at, text.end),
                Err(ScanError::End) if !last => return Err(ScanError::End),
                Err(_) => false,
            },
            _ => false,
        };
        if is_json {
            self.state = State::Value;
            return Ok(Step::To(at));
        }
        self.first_line(bytes, at, last, frames)
    }
}

/// Position of the first byte at or behind `pos` that is neither white space nor what texts are padded, joined or ended with:
/// zeros, byte order marks, DOS's end-of-file.
fn skip_blank(bytes: &[u8], mut pos: usize) -> usize {
    loop {
        pos = scan::skip_space(bytes, pos);
        match bytes.get(pos..).unwrap_or_default() {
            [0 | 0x1a, ..] => pos += 1,
            [0xef, 0xbb, 0xbf, ..] => pos += 3,
            _ => return pos,
        }
    }
}

const TOO_LONG: &str = "longer than four gigabytes";

/// What is wrong, with the offset counted from `origin`.
fn describe(error: ScanError, origin: usize) -> String {
    match error {
        ScanError::End => "the text ends inside it".to_owned(),
        ScanError::Syntax { at, expected } => {
            format!("not valid JSON: expected {expected} at byte {} of the record", at.saturating_sub(origin))
        }
        ScanError::Depth { .. } => format!("nested deeper than {} levels", scan::MAX_DEPTH),
        ScanError::Members { .. } => format!("more than {} members in one object", scan::MAX_MEMBERS),
        ScanError::Length { .. } => TOO_LONG.to_owned(),
    }
}

fn broken(error: ScanError, len: usize) -> Broken {
    match error {
        ScanError::End => Broken { at: len, what: "the text ends inside the document".to_owned() },
        ScanError::Syntax { at, expected } => Broken { at, what: format!("not valid JSON: expected {expected}") },
        ScanError::Depth { at } => Broken { at, what: format!("nested deeper than {} levels", scan::MAX_DEPTH) },
        ScanError::Members { at } => {
            Broken { at, what: format!("more than {} members in one object", scan::MAX_MEMBERS) }
        }
        ScanError::Length { at } => Broken { at, what: TOO_LONG.to_owned() },
    }
}

#[cfg(test)]
mod tests;
