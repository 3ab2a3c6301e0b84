//! Frames texts of lines: exports of CloudWatch Logs, and CSV.

use std::sync::Arc;

use super::{Element, Framer, Frames, State, Step, Stepped};
use crate::carrier::Carrier;
use crate::classify::{Envelope, Place, What};
use crate::scan::ScanError;

/// Longest first line that is looked at.
const MAX_FIRST_LINE: usize = 64 * 1024;
/// Longest time at the start of a line: `2015-05-28T15:27:35.000000Z`.
const MAX_TIME: usize = 32;

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
        } else if ["eventversion", "useridentity", "eventname", "eventid"].iter().filter(|name| has(name)).count() >= 2
        {
            Some(Carrier::LakeResultWithoutJson)
        } else {
            None
        }
    }
}

/// The cells of a line of CSV. `None` if a cell is not UTF-8.
pub(crate) fn cells(line: &[u8]) -> Option<Vec<String>> {
    let mut reader = csv_core::Reader::new();
    let (mut text, mut ends) = (vec![0; line.len() + 1], vec![0; line.len() + 2]);
    let (mut read, mut written, mut cells) = (0, 0, 0);
    loop {
        let (outcome, in_len, out_len, end_len) =
            reader.read_record(&line[read..], &mut text[written..], &mut ends[cells..]);
        (read, written, cells) = (read + in_len, written + out_len, cells + end_len);
        match outcome {
            csv_core::ReadRecordResult::InputEmpty if read >= line.len() && in_len == 0 => break,
            csv_core::ReadRecordResult::InputEmpty => {}
            csv_core::ReadRecordResult::OutputFull | csv_core::ReadRecordResult::OutputEndsFull => return None,
            csv_core::ReadRecordResult::Record | csv_core::ReadRecordResult::End => break,
        }
    }
    let mut start = 0;
    let one = |end: &usize| {
        let cell = text.get(start..*end)?;
        start = *end;
        std::str::from_utf8(cell).ok().map(str::to_owned)
    };
    ends[..cells].iter().map(one).collect()
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
    pub(super) fn first_line(&mut self, bytes: &[u8], at: usize, last: bool) -> Stepped {
        let rest = &bytes[at..];
        let end = row_end(rest);
        if end.is_none() && !last && rest.len() < MAX_FIRST_LINE {
            return Err(ScanError::End);
        }
        let line = &rest[..end.unwrap_or(rest.len()).min(MAX_FIRST_LINE)];
        if json_of_line(line).is_some() {
            self.layout.form = Some(Carrier::CloudWatchExport);
            self.state = State::ExportLine;
            return Ok(Step::To(at));
        }
        let names = line.contains(&b',').then(|| cells(line)).flatten().unwrap_or_default();
        let json = names.iter().position(|name| name.trim().eq_ignore_ascii_case("eventjson"));
        let header = Header { names, json };
        // a result of one column has no comma
        let is_one_column = unquoted(line.trim_ascii()).eq_ignore_ascii_case(b"eventjson");
        let header = if is_one_column { Header { names: vec!["eventjson".to_owned()], json: Some(0) } } else { header };
        let kind = header.kind();
        self.layout.form = Some(kind.unwrap_or(Carrier::NotJson));
        self.header = Some(Arc::new(header));
        let has_rows = matches!(kind, Some(Carrier::ConsoleCsv | Carrier::LakeResult));
        self.state = if has_rows { State::CsvRow } else { State::Over };
        Ok(Step::To(at + end.map_or(rest.len(), |end| end + 1)))
    }

    /// Reads a line of a CloudWatch Logs export.
    pub(super) fn export_line(&mut self, bytes: &[u8], from: usize, last: bool, frames: &mut Frames) -> Stepped {
        let end = memchr::memchr(b'\n', &bytes[from..]).map(|len| from + len);
        if from >= bytes.len() && last {
            return Ok(Step::End);
        }
        let Some(end) = end.or(last.then_some(bytes.len())) else { return Err(ScanError::End) };
        line_element(bytes, (from, end), Envelope::ExportLine, frames);
        Ok(Step::To((end + 1).min(bytes.len())))
    }

    /// Reads a line of CSV, which may hold line ends in quotes.
    pub(super) fn csv_row(&mut self, bytes: &[u8], from: usize, last: bool, frames: &mut Frames) -> Stepped {
        frames.header.clone_from(&self.header);
        if from >= bytes.len() && last {
            return Ok(Step::End);
        }
        let end = match row_end(&bytes[from..]) {
            Some(len) => from + len,
            None if last && has_even_quotes(&bytes[from..]) => bytes.len(),
            None => return Err(ScanError::End),
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

/// Where the line end lies that is not in quotes.
fn row_end(bytes: &[u8]) -> Option<usize> {
    let mut quoted = false;
    memchr::memchr2_iter(b'"', b'\n', bytes).find(|at| {
        quoted ^= bytes[*at] == b'"';
        !quoted && bytes[*at] == b'\n'
    })
}

fn has_even_quotes(bytes: &[u8]) -> bool {
    memchr::memchr_iter(b'"', bytes).count().is_multiple_of(2)
}

/// Where the JSON of an export's line begins, behind its time and a blank.
pub(crate) fn json_of_line(line: &[u8]) -> Option<usize> {
    let blank = line.iter().take(MAX_TIME).position(|byte| *byte == b' ')?;
    let time = std::str::from_utf8(&line[..blank]).ok()?;
    let is_time = time.contains('T') && milepost_schema::time::parse(time).is_some();
    (is_time && matches!(line.get(blank + 1), Some(b'{'))).then_some(blank + 1)
}
