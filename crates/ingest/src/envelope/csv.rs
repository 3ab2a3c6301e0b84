//! Makes a record of a line of CSV.
//!
//! A Lake result carries the whole record in the column `eventJson`. The console's download has some of the members as cells;
//! the record is put together from them, cells that are empty left out.

use milepost_schema::write_json_string;

use crate::frame::{Header, cells};
use crate::scan;

/// Cells of the console's download and the members they come from. The names are compared without regard to case.
const CELLS: [(&str, Target); 17] = [
    ("User name", Target::Identity("userName")),
    ("AWS access key", Target::Identity("accessKeyId")),
    ("Event time", Target::Text("eventTime")),
    ("Event source", Target::Text("eventSource")),
    ("Event name", Target::Text("eventName")),
    ("AWS region", Target::Text("awsRegion")),
    ("Source IP address", Target::Text("sourceIPAddress")),
    ("User agent", Target::Text("userAgent")),
    ("Error code", Target::Text("errorCode")),
    ("Resources", Target::Json("resources")),
    ("Request ID", Target::Text("requestID")),
    ("Event ID", Target::Text("eventID")),
    ("Read-only", Target::Bool("readOnly")),
    ("Read only", Target::Bool("readOnly")),
    ("Event type", Target::Text("eventType")),
    ("Recipient Account Id", Target::Text("recipientAccountId")),
    ("Event category", Target::Text("eventCategory")),
];

#[derive(Clone, Copy)]
enum Target {
    /// A member of `userIdentity`.
    Identity(&'static str),
    Text(&'static str),
    /// Written as JSON if the cell is JSON.
    Json(&'static str),
    Bool(&'static str),
}

/// The record in a line, as JSON text.
pub(super) fn record(line: &str, header: &Header) -> Result<String, String> {
    let cells = cells(line.as_bytes()).ok_or("not a line of cells in UTF-8")?;
    if cells.len() != header.names.len() {
        return Err(format!("a line of {} cells under a header of {}", cells.len(), header.names.len()));
    }
    match header.json {
        Some(at) => Ok(cells[at].trim().to_owned()),
        None => Ok(put_together(&cells, header)),
    }
}

fn put_together(cells: &[String], header: &Header) -> String {
    let (mut members, mut identity) = (Vec::new(), Vec::new());
    for (name, cell) in header.names.iter().zip(cells).filter(|(_, cell)| !cell.is_empty()) {
        let known = CELLS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name.trim()));
        match known.map_or(Target::Text(""), |(_, target)| *target) {
            Target::Identity(member) => identity.push((member, string(cell))),
            Target::Text("") => members.push((name.as_str(), string(cell))),
            Target::Text(member) => members.push((member, string(cell))),
            Target::Json(member) => members.push((member, json(cell))),
            Target::Bool(member) if matches!(cell.as_str(), "true" | "false") => members.push((member, cell.clone())),
            Target::Bool(member) => members.push((member, string(cell))),
        }
    }
    if !identity.is_empty() {
        members.push(("userIdentity", object(&identity)));
    }
    object(&members)
}

fn string(cell: &str) -> String {
    let mut out = String::with_capacity(cell.len() + 2);
    write_json_string(&mut out, cell);
    out
}

fn json(cell: &str) -> String {
    let text = cell.trim();
    let is_container = text.starts_with(['[', '{']);
    let is_whole = scan::value(text.as_bytes(), 0, 0).is_ok_and(|value| value.end == text.len());
    if is_container && is_whole { text.to_owned() } else { string(cell) }
}

fn object(members: &[(&str, String)]) -> String {
    let mut out = String::from("{");
    for (name, value) in members {
        if out.len() > 1 {
            out.push(',');
        }
        write_json_string(&mut out, name);
        out.push(':');
        out.push_str(value);
    }
    out.push('}');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_console_becomes_a_record() {
        let names = ["User name", "AWS access key", "Event time", "Event name", "Resources", "Read-only", "New one"];
        let header = Header { names: names.map(str::to_owned).to_vec(), json: None };
        let line =
            r#"alice,,2024-05-30T12:34:56Z,"Put, ""x""","[{""resourceType"":""T"",""resourceName"":""n""}]",true,1"#;
        let expected = r#"{"eventTime":"2024-05-30T12:34:56Z","eventName":"Put, \"x\"","resources":[{"resourceType":"T","resourceName":"n"}],"readOnly":true,"New one":"1","userIdentity":{"userName":"alice"}}"#;
        assert_eq!(record(line, &header).unwrap(), expected);
        assert_eq!(record("a,b", &header).unwrap_err(), "a line of 2 cells under a header of 7");
    }
}
