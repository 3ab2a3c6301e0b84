//! Frames JSON: values on end, and the arrays that hold elements.

use super::lines::{json_of_line, line_element};
use super::{BadElement, Element, Framer, Frames, State, Step, Stepped, describe, skip_blank};
use crate::classify::{self, Envelope, Object, Place, Signs, What};
use crate::flatten::unescape;
use crate::scan::{self, Known as _, Member, ScanError, Span};
use crate::tree::At;

/// Longest bad value of several lines that is stepped over by its brackets.
const MAX_BAD_BYTES: usize = 4 * 1024 * 1024;

/// How many containers are open around an element.
fn open_around(place: Place, in_object: bool) -> usize {
    match (place, in_object) {
        (Place::Top, _) => 0,
        (_, false) => 1,
        (_, true) => 2,
    }
}

impl Framer {
    /// Reads a value of the text that is not inside of another.
    pub(super) fn value(&mut self, bytes: &[u8], from: usize, last: bool, frames: &mut Frames) -> Stepped {
        let at = skip_blank(bytes, from);
        let Some(first) = bytes.get(at) else {
            return if last { Ok(Step::End) } else { Err(ScanError::End) };
        };
        let on_a_new_line = self.layout.values > 0 && bytes[from..at].contains(&b'\n');
        if on_a_new_line
            && self.one_a_line
            && let Some(end) = self.bad_line(bytes, at, frames)
        {
            self.layout.by_line = true;
            return Ok(Step::To(end));
        }
        let found = match first {
            b'{' => self.root_object(bytes, at, frames),
            b'[' => {
                self.enter(Place::Array, false);
                Ok(Step::To(at + 1))
            }
            b'"' => scan::string(bytes, at).map(|text| {
                file(frames, (at, text.end), Place::Top, What::Envelope(Envelope::Text));
                self.layout.values += 1;
                Step::To(text.end)
            }),
            _ => Err(ScanError::Syntax { at, expected: "`{`, `[` or the end of the text" }),
        };
        let step = match found {
            Err(ScanError::End) => return Err(ScanError::End),
            Err(error) => Step::To(self.step_over(bytes, at, error, last, frames)?),
            Ok(step) => step,
        };
        self.layout.by_line |= on_a_new_line;
        Ok(step)
    }

    /// Where every value is a line, files a line that holds none as bad and gives its end. A line that is still to come, or
    /// that may be cut off with the text, is left alone.
    fn bad_line(&mut self, bytes: &[u8], at: usize, frames: &mut Frames) -> Option<usize> {
        let line_end = at + memchr::memchr(b'\n', &bytes[at..])?;
        let line = &bytes[..line_end];
        let is_closed = match bytes[at] {
            b'"' => scan::string(line, at).is_ok(),
            b'{' => scan::balanced_end(line, at).is_some(),
            // brackets are common in text, too: what is no array must at least begin as one of records
            b'[' => {
                let begins = matches!(line.get(scan::skip_space(line, at + 1)), Some(b'{' | b'[' | b'"'));
                scan::value(line, at, 0).is_ok() || (begins && scan::balanced_end(line, at).is_some())
            }
            _ => false,
        };
        if is_closed {
            return None;
        }
        if json_of_line(&line[at..]).is_some_and(|json| json.holds) {
            line_element(bytes, (at, line_end), Envelope::TextLine, frames);
            self.layout.values += 1;
            return Some(line_end);
        }
        let reason = match scan::value(line, at, 0) {
            Err(ScanError::End) => "the line ends inside of it".to_owned(),
            Err(error) => describe(error, at),
            Ok(_) => "not a JSON object".to_owned(),
        };
        frames.bad.push(BadElement { start: at, end: line_end, place: Place::Top, reason });
        self.layout.values += 1;
        Some(line_end)
    }

    /// Reads an object of the text: an array with elements in it is entered, else the object is an element.
    fn root_object(&mut self, bytes: &[u8], at: usize, frames: &mut Frames) -> Stepped {
        let noted = frames.notes.len();
        let outcome = self.walk_object(bytes, at, noted.0, frames);
        if outcome.is_err() {
            frames.notes.truncate(noted);
        }
        outcome
    }

    fn walk_object(&mut self, bytes: &[u8], start: usize, first: usize, frames: &mut Frames) -> Stepped {
        let mut at = scan::skip_space(bytes, start + 1);
        if bytes.get(at) == Some(&b'}') {
            return Ok(Step::To(at + 1));
        }
        let mut signs = Signs::default();
        loop {
            let (member, value_at) = name(bytes, at)?;
            if let Some(place) = array_of_elements(bytes, &member, value_at)?
                && !signs.make_a_record()
            {
                frames.notes.members.truncate(first);
                self.enter(place, true);
                return Ok(Step::To(value_at + 1));
            }
            let key = &bytes[member.key.range()];
            signs.add(key);
            if frames.notes.members.len() - first == scan::MAX_MEMBERS {
                return Err(ScanError::Members { at });
            }
            let number = if member.key_escaped { None } else { At::root().number(key) };
            let (value, inner) = scan::member_value(bytes, value_at, 1, (At::root(), number), &mut frames.notes)?;
            frames.notes.members.push(Member {
                value: Span::new(value_at, value.end)?,
                value_spaced: value.spaced,
                value_escaped: value.escaped,
                number,
                inner,
                ..member
            });
            at = scan::skip_space(bytes, value.end);
            match bytes.get(at) {
                Some(b',') => at = scan::skip_space(bytes, at + 1),
                Some(b'}') => break,
                Some(_) => return Err(ScanError::Syntax { at, expected: "`,` or `}`" }),
                None => return Err(ScanError::End),
            }
        }
        let what = classify::classify(Object { bytes, members: &frames.notes.members[first..] }, Place::Top);
        let members = (first, frames.notes.members.len());
        frames.elements.push(Element { start, end: at + 1, members, place: Place::Top, what });
        self.layout.values += 1;
        let spans_lines = memchr::memchr(b'\n', &bytes[start..at]).is_some();
        self.spans_lines |= spans_lines;
        self.one_a_line &= !spans_lines;
        Ok(Step::To(at + 1))
    }

    fn enter(&mut self, place: Place, in_object: bool) {
        self.layout.places.insert(place);
        // a line of a log file among others is checked as a line; the first may be as long as it likes
        self.one_a_line &= self.layout.by_line;
        self.layout.values += 1;
        self.state = State::Element { first: true, place, in_object };
    }

    /// Reads an element of an array.
    pub(super) fn element(
        &mut self,
        bytes: &[u8],
        from: usize,
        (first, place, in_object): (bool, Place, bool),
        frames: &mut Frames,
    ) -> Stepped {
        let mut at = scan::skip_space(bytes, from);
        match bytes.get(at) {
            None => return Err(ScanError::End),
            Some(b']') => {
                self.state = if in_object { State::Members } else { State::Value };
                return Ok(Step::To(at + 1));
            }
            Some(b',') if !first => at = scan::skip_space(bytes, at + 1),
            Some(_) if !first => return Err(ScanError::Syntax { at, expected: "`,` or `]`" }),
            Some(_) => {}
        }
        let open = open_around(place, in_object);
        let end = match bytes.get(at) {
            None => return Err(ScanError::End),
            Some(b'{') => object_element(bytes, at, open, place, frames)?,
            Some(_) => other_element(bytes, at, open, place, frames)?,
        };
        self.state = State::Element { first: false, place, in_object };
        Ok(Step::To(end))
    }

    /// Files what is complete of the envelope that the text breaks off in: the log events of a subscription's message.
    /// `bytes` are those that were fed last.
    pub(crate) fn salvage(&mut self, bytes: &[u8], frames: &mut Frames) {
        let mut at = skip_blank(bytes, self.unfinished);
        match self.state {
            State::Value => {}
            State::Element { first, .. } if first || bytes.get(at) != Some(&b',') => {}
            State::Element { .. } => at = scan::skip_space(bytes, at + 1),
            _ => return,
        }
        if let Some(events) = log_events(bytes, at) {
            let mut at = scan::skip_space(bytes, events + 1);
            while bytes.get(at) == Some(&b'{') {
                let Ok(end) = object_element(bytes, at, 2, Place::CutLogEvents, frames) else { return };
                at = scan::skip_space(bytes, end);
                at = scan::skip_space(bytes, at + usize::from(bytes.get(at) == Some(&b',')));
            }
        }
    }

    /// Reads what follows in the root object behind an array with elements; there may be another one.
    pub(super) fn members(&mut self, bytes: &[u8], from: usize) -> Stepped {
        let mut at = scan::skip_space(bytes, from);
        match bytes.get(at) {
            Some(b'}') => {
                self.state = State::Value;
                return Ok(Step::To(at + 1));
            }
            Some(b',') => at = scan::skip_space(bytes, at + 1),
            Some(_) => return Err(ScanError::Syntax { at, expected: "`,` or `}`" }),
            None => return Err(ScanError::End),
        }
        let (member, value_at) = name(bytes, at)?;
        if let Some(place) = array_of_elements(bytes, &member, value_at)? {
            self.layout.places.insert(place);
            self.state = State::Element { first: true, place, in_object: true };
            return Ok(Step::To(value_at + 1));
        }
        Ok(Step::To(scan::value(bytes, value_at, 1)?.end))
    }

    /// Files the value at `at`, which is not valid, as bad and gives its end: its closing bracket, if that can be trusted, else
    /// the end of its line. Where neither is to be had, the text cannot be read on.
    fn step_over(
        &mut self,
        bytes: &[u8],
        at: usize,
        error: ScanError,
        last: bool,
        frames: &mut Frames,
    ) -> Result<usize, ScanError> {
        let line = memchr::memchr(b'\n', &bytes[at..]).map(|len| at + len);
        let Some(line_end) = line.or(last.then_some(bytes.len())) else { return Err(ScanError::End) };
        let is_container = matches!(bytes[at], b'{' | b'[');
        let search_end = if self.spans_lines { bytes.len().min(at + MAX_BAD_BYTES) } else { line_end };
        let bracket = is_container.then(|| scan::balanced_end(&bytes[..search_end], at)).flatten();
        // where brackets failed once, lines are all there is to go by
        self.spans_lines &= bracket.is_some();
        let end = match bracket {
            Some(end) if end <= line_end || self.spans_lines => end,
            _ if self.layout.values > 0 => line_end,
            _ if skip_blank(bytes, line_end) == bytes.len() && !last => return Err(ScanError::End),
            // several lines, and nothing yet that says each stands for itself
            _ if matches!(bytes.get(skip_blank(bytes, line_end)), Some(b'{')) => line_end,
            _ => return Err(error),
        };
        frames.bad.push(BadElement { start: at, end, place: Place::Top, reason: describe(error, at) });
        self.layout.values += 1;
        Ok(end)
    }
}

/// Where the array `logEvents` begins in the object at `at`, which need not be complete.
fn log_events(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = scan::skip_space(bytes, at + usize::from(bytes.get(at) == Some(&b'{')));
    loop {
        let (member, value_at) = name(bytes, at).ok()?;
        if &bytes[member.key.range()] == b"logEvents" && bytes.get(value_at) == Some(&b'[') {
            return Some(value_at);
        }
        at = scan::skip_space(bytes, scan::value(bytes, value_at, 1).ok()?.end);
        if bytes.get(at) != Some(&b',') {
            return None;
        }
        at = scan::skip_space(bytes, at + 1);
    }
}

/// Scans a member's name and colon; gives the name's span and the start of the value.
fn name(bytes: &[u8], at: usize) -> Result<(Member, usize), ScanError> {
    let name = scan::string(bytes, at)?;
    let colon = scan::skip_space(bytes, name.end);
    match bytes.get(colon) {
        Some(b':') => {}
        Some(_) => return Err(ScanError::Syntax { at: colon, expected: "`:`" }),
        None => return Err(ScanError::End),
    }
    let member = Member {
        key: Span::new(at + 1, name.end - 1)?,
        value: Span::default(),
        key_escaped: name.escaped,
        value_spaced: false,
        value_escaped: false,
        number: None,
        inner: Span::default(),
    };
    Ok((member, scan::skip_space(bytes, colon + 1)))
}

/// The place of the elements in this member, if it is an array that holds elements.
fn array_of_elements(bytes: &[u8], member: &Member, value_at: usize) -> Result<Option<Place>, ScanError> {
    let raw = &bytes[member.key.range()];
    let mut name = String::new();
    let plain = if member.key_escaped {
        match std::str::from_utf8(raw) {
            Ok(raw) if unescape(raw, &mut name) => name.as_bytes(),
            _ => return Ok(None),
        }
    } else {
        raw
    };
    let Some(place) = Place::in_member(plain) else { return Ok(None) };
    match bytes.get(value_at) {
        None => Err(ScanError::End),
        Some(b'[') => Ok(Some(place)),
        Some(_) => Ok(None),
    }
}

fn file(frames: &mut Frames, (start, end): (usize, usize), place: Place, what: What) {
    let members = (frames.notes.members.len(), frames.notes.members.len());
    frames.elements.push(Element { start, end, members, place, what });
}

/// Scans the object at `at` and files it, as an element or as a bad one; gives its end.
fn object_element(bytes: &[u8], at: usize, open: usize, place: Place, frames: &mut Frames) -> Result<usize, ScanError> {
    let noted = frames.notes.len();
    let first = noted.0;
    match scan::record(bytes, at, open, At::root(), &mut frames.notes) {
        Ok(end) => {
            let what = classify::classify(Object { bytes, members: &frames.notes.members[first..] }, place);
            frames.elements.push(Element { start: at, end, members: (first, frames.notes.members.len()), place, what });
            Ok(end)
        }
        Err(error) => {
            frames.notes.truncate(noted);
            if error == ScanError::End {
                return Err(error);
            }
            let end = scan::balanced_end(bytes, at).ok_or(ScanError::End)?;
            frames.bad.push(BadElement { start: at, end, place, reason: describe(error, at) });
            Ok(end)
        }
    }
}

/// Scans the value at `at`, which is no object, and files it; gives its end.
fn other_element(bytes: &[u8], at: usize, open: usize, place: Place, frames: &mut Frames) -> Result<usize, ScanError> {
    let bad = |frames: &mut Frames, end: usize, reason: String| {
        frames.bad.push(BadElement { start: at, end, place, reason });
        Ok(end)
    };
    match scan::value(bytes, at, open) {
        Ok(value) if place == Place::Records => bad(frames, value.end, "not a JSON object".to_owned()),
        Ok(value) => {
            let what = match bytes[at] {
                b'"' => What::Envelope(Envelope::Text),
                b'[' => What::Envelope(Envelope::Cells),
                _ => What::Unknown,
            };
            file(frames, (at, value.end), place, what);
            Ok(value.end)
        }
        Err(ScanError::End) => Err(ScanError::End),
        Err(error) => match scan::balanced_end(bytes, at) {
            Some(end) if end > at => bad(frames, end, describe(error, at)),
            Some(_) => Err(error),
            None => Err(ScanError::End),
        },
    }
}
