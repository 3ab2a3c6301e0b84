//! Frames texts of lines: exports of CloudWatch Logs and other lines with a record in each, and CSV.

use std::sync::Arc;

use super::{BadElement, Element, Framer, Frames, State, Step, Stepped};
use crate::carrier::Carrier;
use crate::classify::{self, Envelope, Object, Place, What};
use crate::scan::{self, ScanError};

/// How much of a text is looked at to tell what it is.
const MAX_SAMPLE: usize = 64 * 1024;
/// Objects in a line that are looked at.
const MAX_CANDIDATES: usize = 8;
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
    /// Decides by its first lines what a text that does not begin as JSON is.
    pub(super) fn first_line(&mut self, bytes: &[u8], at: usize, last: bool, frames: &mut Frames) -> Stepped {
        let rest = &bytes[at..];
        if !last && rest.len() < MAX_SAMPLE {
            return Err(ScanError::End);
        }
        let sample = &rest[..rest.len().min(MAX_SAMPLE)];
        if let Some((header, kind)) = csv_header(sample) {
            let end = match row_end(rest) {
                RowEnd::At(end) => end + 1,
                RowEnd::Beyond | RowEnd::InQuotes => rest.len(),
            };
            self.layout.form = Some(kind);
            self.header = Some(Arc::new(header));
            let has_rows = matches!(kind, Carrier::ConsoleCsv | Carrier::LakeResult);
            self.state = if has_rows { State::CsvRow } else { State::Over };
            return Ok(Step::To(at + end));
        }
        let mut lines = sample.split(|byte| *byte == b'\n');
        let first = lines.next().unwrap_or_default();
        // one line of something else before lines, or pages, of JSON
        if !first.contains(&b'{') && lines.clone().find(|line| !line.trim_ascii().is_empty()).is_some_and(begins_json) {
            self.layout.form = Some(Carrier::NotJson);
            let (end, reason) = (at + first.len(), "not JSON".to_owned());
            frames.bad.push(BadElement { start: at, end, place: Place::Top, reason });
            self.layout.values += 1;
            self.state = State::Value;
            return Ok(Step::To(end));
        }
        let with_record =
            std::iter::once(first).chain(lines).find_map(|line| json_of_line(line).filter(|json| json.holds));
        let export = json_of_line(first).filter(|json| json.is_export);
        self.layout.form = Some(match (export, with_record) {
            (Some(_), _) => Carrier::CloudWatchExport,
            (None, Some(_)) => Carrier::TextLines,
            (None, None) => Carrier::NotJson,
        });
        let has_lines = export.is_some() || with_record.is_some();
        self.state = if has_lines { State::TextLine } else { State::Over };
        Ok(Step::To(at))
    }

    /// Reads a line of text with a record in it.
    pub(super) fn text_line(&mut self, bytes: &[u8], from: usize, last: bool, frames: &mut Frames) -> Stepped {
        let end = memchr::memchr(b'\n', &bytes[from..]).map(|len| from + len);
        if from >= bytes.len() && last {
            return Ok(Step::End);
        }
        let end = match end {
            Some(end) => end,
            None if last && !is_cut(&bytes[from..]) => bytes.len(),
            None => return Err(ScanError::End),
        };
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

pub(super) fn line_element(bytes: &[u8], (start, end): (usize, usize), envelope: Envelope, frames: &mut Frames) {
    let line = &bytes[start..end];
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.iter().all(|byte| matches!(byte, b' ' | b'\t' | 0)) {
        return;
    }
    let members = (frames.notes.members.len(), frames.notes.members.len());
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

fn begins_json(line: &[u8]) -> bool {
    line.trim_ascii_start().starts_with(b"{")
}

/// The header of a CSV file of a known kind, if the text begins with one.
fn csv_header(sample: &[u8]) -> Option<(Header, Carrier)> {
    let line = match row_end(sample) {
        RowEnd::At(end) => &sample[..end],
        RowEnd::Beyond => sample,
        RowEnd::InQuotes => return None,
    };
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    // a result of one column has no comma
    if unquoted(line.trim_ascii()).eq_ignore_ascii_case(b"eventjson") {
        return Some((Header { names: vec!["eventjson".to_owned()], json: Some(0) }, Carrier::LakeResult));
    }
    // lines that end in nothing but a carriage return have not been written for decades
    if !line.contains(&b',') || line.contains(&b'\r') {
        return None;
    }
    let names = cells(line)?;
    let json = names.iter().position(|name| name.trim().eq_ignore_ascii_case("eventjson"));
    let header = Header { names, json };
    let kind = header.kind()?;
    Some((header, kind))
}

/// A JSON object in a line of text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JsonInLine {
    /// Where it begins.
    pub(crate) at: usize,
    /// Nothing but a time stands before it, as in an export of CloudWatch Logs.
    pub(crate) is_export: bool,
    /// It is a record, or holds records.
    pub(crate) holds: bool,
}

/// The JSON object in a line of text, behind a blank or a tab; of several the first that is a record or holds records.
pub(crate) fn json_of_line(line: &[u8]) -> Option<JsonInLine> {
    let starts = memchr::memchr_iter(b'{', &line[..line.len().min(MAX_PREFIX)]);
    let starts = starts
        .filter(|at| *at > 0 && matches!(line[at - 1], b' ' | b'\t') && matches!(line.get(at + 1), Some(b'"' | b' ')));
    let found = |at: usize| {
        let prefix = std::str::from_utf8(&line[..at - 1]).unwrap_or_default();
        let is_export = prefix.contains('T') && milepost_schema::time::parse(prefix).is_some();
        JsonInLine { at, is_export, holds: holds_records(&line[at..]) }
    };
    let mut candidates = starts.take(MAX_CANDIDATES).map(found).peekable();
    let first = candidates.peek().copied();
    candidates.find(|json| json.holds).or(first)
}

/// Whether a record begins here, or something with records in it.
fn holds_records(json: &[u8]) -> bool {
    let mut members = Vec::new();
    scan::members(json, 0, 0, &mut members).is_ok()
        && matches!(
            classify::classify(Object { bytes: json, members: &members }, Place::Top),
            What::Record | What::Envelope(_)
        )
}

/// Whether the object in a line that is all there is of it breaks off.
fn is_cut(line: &[u8]) -> bool {
    let at = if begins_json(line) { Some(scan::skip_space(line, 0)) } else { json_of_line(line).map(|json| json.at) };
    at.is_some_and(|at| scan::value(line, at, 0).err() == Some(ScanError::End))
}
