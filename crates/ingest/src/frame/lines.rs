//! Frames texts of lines: exports of CloudWatch Logs and other lines with a record in each, and CSV.

use std::sync::Arc;

use super::{BadElement, Element, Framer, Frames, State, Step, Stepped, skip_blank};
use crate::carrier::Carrier;
use crate::classify::{Envelope, Place, Signs, What};
use crate::scan::{self, ScanError};

/// Longest first line that is looked at.
const MAX_FIRST_LINE: usize = 64 * 1024;
/// Longest text before the record in a line.
const MAX_PREFIX: usize = 1024;

/// The first line of a CSV file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// Names of the cells.
    pub(crate) names: Vec<String>,
    /// The cell that holds the record as JSON.
    pub(crate) json: Option<usize>,
}

impl Header {
    /// What kind of file begins with this line, if it is one that is known.
    fn kind(&self) -> Option<Carrier> {
        let has = |name: &str| self.names.iter().any(|found| found.trim().eq_ignore_ascii_case(name));
        if self.json.is_some() {
            Some(Carrier::LakeResult)
        } else if has("Event name") && has("Event time") {
            Some(Carrier::ConsoleCsv)
        } else if ["eventversion", "useridentity", "eventname", "eventid", "eventtime", "eventsource"]
            .iter()
            .filter(|name| has(name))
            .count()
            >= 2
        {
            Some(Carrier::LakeResultWithoutJson)
        } else {
            None
        }
    }
}

/// The cells of a line of CSV. `None` if a cell is not UTF-8, or the line is not one line of cells.
pub(crate) fn cells(line: &[u8]) -> Option<Vec<String>> {
    let mut reader = csv_core::ReaderBuilder::new().terminator(csv_core::Terminator::Any(b'\n')).build();
    let most = memchr::memchr_iter(b',', line).count() + 2;
    let (mut text, mut ends) = (vec![0; line.len() + 1], vec![0; most]);
    let (outcome, read, written, found) = reader.read_record(line, &mut text, &mut ends);
    if outcome != csv_core::ReadRecordResult::InputEmpty || read != line.len() {
        return None;
    }
    // nothing more: the record ends
    let (outcome, _, _, last) = reader.read_record(&[], &mut text[written..], &mut ends[found..]);
    if outcome != csv_core::ReadRecordResult::Record {
        return None;
    }
    let mut start = 0;
    let one = |end: &usize| {
        let cell = text.get(start..*end)?;
        start = *end;
        std::str::from_utf8(cell).ok().map(str::to_owned)
    };
    ends[..found + last].iter().map(one).collect()
}

/// Whether the string from `start` to `end` is the first cell of a CSV header.
pub(super) fn is_quoted_header(bytes: &[u8], start: usize, end: usize) -> bool {
    let rest = &bytes[end..];
    rest.trim_ascii_start().starts_with(b",") || unquoted(&bytes[start..end]).eq_ignore_ascii_case(b"eventjson")
}

fn unquoted(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or(text)
}

impl Framer {
    /// Decides by its first line what a text that is not JSON is.
    pub(super) fn first_line(&mut self, bytes: &[u8], at: usize, last: bool, frames: &mut Frames) -> Stepped {
        let rest = &bytes[at..];
        let end = match row_end(rest) {
            RowEnd::At(end) => Some(end),
            _ if !last && rest.len() < MAX_FIRST_LINE => return Err(ScanError::End),
            _ => None,
        };
        let line = &rest[..end.unwrap_or(rest.len()).min(MAX_FIRST_LINE)];
        if let Some((json, is_export)) = json_of_line(line)
            && (is_export || holds_record(&line[json..]))
        {
            self.layout.form = Some(if is_export { Carrier::CloudWatchExport } else { Carrier::TextLines });
            self.state = State::TextLine;
            return Ok(Step::To(at));
        }
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        // lines that end in nothing but a carriage return have not been written for decades
        let may_be_csv = line.contains(&b',') && !line.contains(&b'\r');
        let names = may_be_csv.then(|| cells(line)).flatten().unwrap_or_default();
        let json = names.iter().position(|name| name.trim().eq_ignore_ascii_case("eventjson"));
        let header = Header { names, json };
        // a result of one column has no comma
        let is_one_column = unquoted(line.trim_ascii()).eq_ignore_ascii_case(b"eventjson");
        let header = if is_one_column { Header { names: vec!["eventjson".to_owned()], json: Some(0) } } else { header };
        let kind = header.kind();
        self.layout.form = Some(kind.unwrap_or(Carrier::NotJson));
        if kind.is_none()
            && let Some(len) = end
        {
            let next = at + len + 1;
            // one line of something else before lines of JSON
            if bytes.get(skip_blank(bytes, next)) == Some(&b'{') {
                let reason = "not JSON".to_owned();
                frames.bad.push(BadElement { start: at, end: at + len, place: Place::Top, reason });
                self.layout.values += 1;
                self.state = State::Value;
                return Ok(Step::To(at + len));
            }
            if skip_blank(bytes, next) == bytes.len() && !last && rest.len() < MAX_FIRST_LINE {
                return Err(ScanError::End);
            }
        }
        self.header = Some(Arc::new(header));
        let has_rows = matches!(kind, Some(Carrier::ConsoleCsv | Carrier::LakeResult));
        self.state = if has_rows { State::CsvRow } else { State::Over };
        Ok(Step::To(at + end.map_or(rest.len(), |end| end + 1)))
    }

    /// Reads a line of text with a record in it.
    pub(super) fn text_line(&mut self, bytes: &[u8], from: usize, last: bool, frames: &mut Frames) -> Stepped {
        let end = memchr::memchr(b'\n', &bytes[from..]).map(|len| from + len);
        if from >= bytes.len() && last {
            return Ok(Step::End);
        }
        let Some(end) = end.or(last.then_some(bytes.len())) else { return Err(ScanError::End) };
        line_element(bytes, (from, end), Envelope::TextLine, frames);
        Ok(Step::To((end + 1).min(bytes.len())))
    }

    /// Reads a line of CSV, which may hold line ends in quotes.
    pub(super) fn csv_row(&mut self, bytes: &[u8], from: usize, last: bool, frames: &mut Frames) -> Stepped {
        frames.header.clone_from(&self.header);
        if from >= bytes.len() && last {
            return Ok(Step::End);
        }
        let end = match row_end(&bytes[from..]) {
            RowEnd::At(len) => from + len,
            RowEnd::Beyond if last => bytes.len(),
            RowEnd::Beyond | RowEnd::InQuotes => return Err(ScanError::End),
        };
        line_element(bytes, (from, end), Envelope::CsvRow, frames);
        Ok(Step::To((end + 1).min(bytes.len())))
    }
}

fn line_element(bytes: &[u8], (start, end): (usize, usize), envelope: Envelope, frames: &mut Frames) {
    let line = &bytes[start..end];
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.iter().all(|byte| matches!(byte, b' ' | b'\t' | 0)) {
        return;
    }
    let members = (frames.members.len(), frames.members.len());
    let what = What::Envelope(envelope);
    frames.elements.push(Element { start, end: start + line.len(), members, place: Place::Top, what });
}

/// Where a line of CSV ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RowEnd {
    /// At this line end.
    At(usize),
    /// Behind the bytes, which may be all there are.
    Beyond,
    /// Behind the bytes, which end inside of quotes.
    InQuotes,
}

/// Looks for the line end that is not in quotes. A quote counts at the start of a cell only; inside of one, two stand for one.
fn row_end(bytes: &[u8]) -> RowEnd {
    let (mut at, mut at_cell_start) = (0, true);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\n' => return RowEnd::At(at),
            b'"' if at_cell_start => match closing_quote(bytes, at + 1) {
                Some(close) => at = close,
                None => return RowEnd::InQuotes,
            },
            _ => {}
        }
        at_cell_start = *byte == b',';
        at += 1;
    }
    RowEnd::Beyond
}

/// The quote that ends a cell whose text begins at `from`. One that ends the bytes may be the first of two.
fn closing_quote(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr::memchr(b'"', bytes.get(at..)?)?;
        if bytes.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

/// Where the JSON object in a line of text begins, behind a blank or a tab, and whether nothing but a time stands before it,
/// as in an export of CloudWatch Logs.
pub(crate) fn json_of_line(line: &[u8]) -> Option<(usize, bool)> {
    let starts = memchr::memchr_iter(b'{', &line[..line.len().min(MAX_PREFIX)]);
    let at = starts
        .filter(|at| *at > 0)
        .find(|at| matches!(line[at - 1], b' ' | b'\t') && matches!(line.get(at + 1), Some(b'"' | b' ')))?;
    let prefix = std::str::from_utf8(&line[..at - 1]).ok()?;
    let is_time = prefix.contains('T') && milepost_schema::time::parse(prefix).is_some();
    Some((at, is_time))
}

/// Whether a record begins here.
fn holds_record(json: &[u8]) -> bool {
    let (mut members, mut signs) = (Vec::new(), Signs::default());
    let is_object = scan::members(json, 0, 0, &mut members).is_ok();
    for member in &members {
        signs.add(&json[member.key_start..member.key_end]);
    }
    is_object && signs.make_a_record()
}
