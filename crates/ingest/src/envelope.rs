//! Opens envelopes: goes through the elements of a piece of text and hands out the records in them, each as plain JSON text.
//!
//! An envelope may hold a text that holds envelopes again (a log batch of EventBridge messages), so opening goes round, up to
//! [`MAX_DEPTH`] times. What an envelope says about account, region and time goes along as a [`Hints`], for records that do
//! not say it themselves.

mod csv;
mod values;

use milepost_schema::time;

use crate::carrier::Carrier;
use crate::classify::{self, Envelope, Object, Place, What};
use crate::flatten::{Hints, unescape};
use crate::frame::{Element, Framer, Frames, JsonInLine, Progress, json_of_line};
use crate::read::Piece;
use crate::scan::{self, Member, Notes, Span};
use crate::tree::At;
use crate::unpack;
use values::{elements_of, instant, member_of, plain_string};

/// How often an envelope may lie in another.
const MAX_DEPTH: usize = 4;
/// Largest text in base64 that is unpacked. CloudWatch Logs sends at most 1 MB of it, inflated ten times that.
const MAX_UNPACKED_BYTES: usize = 64 * 1024 * 1024;

/// One thing found in a text.
pub(crate) struct Item<'a> {
    /// Offset in the unpacked text, of the element it is or lies in.
    pub(crate) offset: u64,
    /// The shape it came in.
    pub(crate) carrier: Carrier,
    pub(crate) found: Found<'a>,
}

pub(crate) enum Found<'a> {
    /// A record: its own text, a text that it is part of and the spans of its members in that, those of known objects inside of
    /// it, and what lay around it.
    Record { raw: &'a str, text: &'a str, members: &'a [Member], nested: &'a [Member], hints: Hints<'a> },
    /// What should have been a record and is none.
    Bad { raw: &'a [u8], reason: String },
    /// What looks like a record and is none.
    LookAlike { raw: &'a [u8], kind: Carrier },
    /// Something else.
    Unknown { raw: &'a [u8], reason: &'static str },
    /// An envelope without records.
    Nothing,
}

/// Takes what is found.
pub(crate) type Take<'a> = &'a mut dyn FnMut(Item<'_>);

/// Opens envelopes; keeps its buffers from one to the next.
#[derive(Debug, Default)]
pub(crate) struct Opener {
    spare_frames: Vec<Frames>,
    spare_texts: Vec<String>,
}

/// Where opening has come to.
#[derive(Clone, Copy)]
struct Around<'a> {
    offset: u64,
    /// The outermost envelope.
    carrier: Option<Carrier>,
    hints: Hints<'a>,
    depth: usize,
}

impl<'a> Around<'a> {
    /// Goes into an envelope of the kind `carrier`.
    fn into(self, carrier: Carrier) -> Self {
        Self { carrier: Some(self.carrier.unwrap_or(carrier)), ..self }
    }

    fn item<'b>(self, place: Place, found: Found<'b>) -> Item<'b> {
        Item { offset: self.offset, carrier: self.carrier.unwrap_or(place.carrier()), found }
    }
}

const UNKNOWN: &str = "not a CloudTrail record";
const NOT_AN_OBJECT: &str = "not a JSON object";

impl Opener {
    /// Hands out what the elements of `piece` hold, in their order.
    pub(crate) fn piece(&mut self, piece: &Piece<'_>, take: Take<'_>) {
        let around = Around { offset: piece.offset, carrier: None, hints: Hints::default(), depth: 0 };
        self.frames(piece.bytes, piece.frames, around, take);
    }

    /// Hands out what `frames` found in `bytes`.
    fn frames(&mut self, bytes: &[u8], frames: &Frames, around: Around<'_>, take: Take<'_>) {
        let end = frames.elements.last().map_or(0, |element| element.end);
        let whole = std::str::from_utf8(&bytes[..end]).ok();
        let at = |start: usize| if around.depth == 0 { around.offset + start as u64 } else { around.offset };
        let mut bad = frames.bad.iter().peekable();
        for element in &frames.elements {
            while let Some(bad) = bad.next_if(|bad| bad.start < element.start) {
                let found = Found::Bad { raw: &bytes[bad.start..bad.end], reason: bad.reason.clone() };
                take(Around { offset: at(bad.start), ..around }.item(bad.place, found));
            }
            let around = Around { offset: at(element.start), ..around };
            let members = &frames.notes.members[element.members.0..element.members.1];
            match whole {
                Some(text) => self.element((text, members), element, frames, around, take),
                None => self.element_alone((bytes, members), element, frames, around, take),
            }
        }
        for bad in bad {
            let found = Found::Bad { raw: &bytes[bad.start..bad.end], reason: bad.reason.clone() };
            take(Around { offset: at(bad.start), ..around }.item(bad.place, found));
        }
    }

    /// Takes one element of a text that is not UTF-8 throughout.
    fn element_alone(
        &mut self,
        (bytes, members): (&[u8], &[Member]),
        element: &Element,
        frames: &Frames,
        around: Around<'_>,
        take: Take<'_>,
    ) {
        let raw = &bytes[element.start..element.end];
        let text = match std::str::from_utf8(raw) {
            Ok(text) => text,
            Err(error) => {
                let reason = format!("not valid UTF-8 at byte {} of the record", error.valid_up_to());
                return take(around.item(element.place, Found::Bad { raw, reason }));
            }
        };
        let mut members = members.to_vec();
        for member in &mut members {
            (member.key, member.value) = (member.key.back_by(element.start), member.value.back_by(element.start));
            // what was noted of objects inside counts from elsewhere
            member.inner = Span::default();
        }
        let alone = Element { start: 0, end: raw.len(), ..*element };
        self.element((text, &members), &alone, frames, around, take);
    }

    /// Hands out what one element holds. Spans of `members` count from the start of `text`.
    fn element(
        &mut self,
        (text, members): (&str, &[Member]),
        element: &Element,
        frames: &Frames,
        around: Around<'_>,
        take: Take<'_>,
    ) {
        let raw = &text[element.start..element.end];
        let found = match element.what {
            What::Record => Found::Record { raw, text, members, nested: &frames.notes.nested, hints: around.hints },
            What::LookAlike(kind) => Found::LookAlike { raw: raw.as_bytes(), kind },
            What::Unknown if matches!(raw, "{}" | "[]") => Found::Nothing,
            What::Unknown if raw.starts_with('{') => Found::Unknown { raw: raw.as_bytes(), reason: UNKNOWN },
            What::Unknown => Found::Unknown { raw: raw.as_bytes(), reason: NOT_AN_OBJECT },
            What::Envelope(_) if around.depth == MAX_DEPTH => {
                let reason = format!("wrapped more than {MAX_DEPTH} times");
                Found::Bad { raw: raw.as_bytes(), reason }
            }
            What::Envelope(Envelope::CsvRow) => return self.csv_row(raw, frames, around, take),
            What::Envelope(envelope) => {
                let object = Object { bytes: text.as_bytes(), members };
                return self.envelope(envelope, raw, object, (element.place, around), take);
            }
        };
        take(around.item(element.place, found));
    }

    fn envelope(
        &mut self,
        envelope: Envelope,
        raw: &str,
        object: Object<'_>,
        (place, around): (Place, Around<'_>),
        take: Take<'_>,
    ) {
        let value = |name: &str| object.value(name).and_then(|value| std::str::from_utf8(value).ok());
        match envelope {
            Envelope::EventBridge => self.event_bridge(raw, object, around.into(Carrier::EventBridge), take),
            Envelope::LogBatch => self.log_batch(raw, object, around.into(Carrier::CloudWatchLogs), take),
            Envelope::LogEvent => {
                let is_cut = place == Place::CutLogEvents;
                let carrier = if is_cut { Carrier::CloudWatchLogs } else { Carrier::FilterLogEvents };
                let hints = Hints { time: value("timestamp").and_then(instant), ..around.hints };
                let around = Around { hints, ..around.into(carrier) };
                self.text_value(value("message"), raw, around, take);
            }
            Envelope::LookedUp => {
                let hints = Hints { time: value("EventTime").and_then(instant), ..around.hints };
                let around = Around { hints, ..around.into(Carrier::LookupEvents) };
                self.text_value(value("CloudTrailEvent"), raw, around, take);
            }
            Envelope::LakeRow => {
                let json = value("eventJson").or_else(|| value("eventjson"));
                self.text_value(json, raw, around.into(Carrier::LakeResult), take);
            }
            Envelope::Cells => self.cells(raw, (place, around), take),
            Envelope::Message(kind) => self.message(kind, raw, object, around, take),
            Envelope::Document => self.document(raw, raw, around, take),
            Envelope::Source => self.text_value(value("_source"), raw, around.into(place.carrier()), take),
            Envelope::LambdaLogs => {
                let data = value("awslogs").and_then(|awslogs| member_of(awslogs, "data"));
                self.base64_value(data, raw, around.into(Carrier::CloudWatchLogs), take);
            }
            Envelope::Kinesis => {
                let data = value("kinesis").and_then(|kinesis| member_of(kinesis, "data"));
                self.base64_value(data, raw, around.into(Carrier::CloudWatchLogs), take);
            }
            Envelope::Stream => {
                let data = value("data").or_else(|| value("Data"));
                self.base64_value(data, raw, around.into(Carrier::CloudWatchLogs), take);
            }
            Envelope::Text => self.text_value(Some(raw), raw, around.into(place.carrier()), take),
            Envelope::TextLine => self.text_line(raw, around, take),
            // opened where the header is known
            Envelope::CsvRow => {}
        }
    }

    fn event_bridge(&mut self, raw: &str, object: Object<'_>, around: Around<'_>, take: Take<'_>) {
        let text = |name: &str| object.value(name).and_then(plain_string);
        let hints = Hints {
            account: text("account").or(around.hints.account),
            region: text("region").or(around.hints.region),
            time: text("time").and_then(time::parse).or(around.hints.time),
        };
        let detail = object.value("detail").and_then(|detail| std::str::from_utf8(detail).ok()).unwrap_or_default();
        let mut notes = Notes::default();
        let is_object = scan::record(detail.as_bytes(), 0, 0, At::root(), &mut notes).is_ok();
        let inner = Object { bytes: detail.as_bytes(), members: &notes.members };
        let found = if is_object && classify::classify(inner, Place::Detail) == What::Record {
            Found::Record { raw: detail, text: detail, members: &notes.members, nested: &notes.nested, hints }
        } else {
            Found::LookAlike { raw: raw.as_bytes(), kind: Carrier::OtherEventBridge }
        };
        take(around.item(Place::Detail, found));
    }

    /// A message of a subscription: log events with a record each, or word that the subscription works.
    fn log_batch(&mut self, raw: &str, object: Object<'_>, around: Around<'_>, take: Take<'_>) {
        let text = |name: &str| object.value(name).and_then(|value| std::str::from_utf8(value).ok());
        let account = object.value("owner").and_then(plain_string).filter(|owner| *owner != "CloudwatchLogs");
        let list = text("logEvents").unwrap_or_default();
        let events = elements_of(list);
        if text("messageType") == Some("\"CONTROL_MESSAGE\"") || (events.is_empty() && list.starts_with('[')) {
            return take(around.item(Place::LogEvents, Found::Nothing));
        }
        if events.is_empty() {
            let reason = "its `logEvents` is no array".to_owned();
            return take(around.item(Place::LogEvents, Found::Bad { raw: raw.as_bytes(), reason }));
        }
        for (event, members) in events {
            let event_object = Object { bytes: event.as_bytes(), members: &members };
            let value = |name: &str| event_object.value(name).and_then(|value| std::str::from_utf8(value).ok());
            let hints = Hints { account, time: value("timestamp").and_then(instant), ..around.hints };
            self.text_value(value("message"), event, Around { hints, ..around }, take);
        }
    }

    /// An array in an array: the cells of a query's result, or a document of its own.
    fn cells(&mut self, raw: &str, (place, around): (Place, Around<'_>), take: Take<'_>) {
        let cells = elements_of(raw);
        if cells.is_empty() {
            return take(around.item(place, Found::Nothing));
        }
        let member = |name| cells.iter().find_map(|(cell, _)| member_of(cell, name));
        if let Some(json) = member("eventJson").or_else(|| member("eventjson")) {
            return self.text_value(Some(json), raw, around.into(Carrier::LakeResult), take);
        }
        if cells.iter().any(|(cell, _)| cell.starts_with(['{', '['])) {
            return self.document(raw, raw, around, take);
        }
        // of plain cells, only texts that hold an object can be records
        let mut texts = cells.iter().map(|(cell, _)| *cell).filter(|cell| cell.starts_with("\"{")).peekable();
        if texts.peek().is_none() {
            let found = Found::Unknown { raw: raw.as_bytes(), reason: NOT_AN_OBJECT };
            return take(around.item(place, found));
        }
        for text in texts {
            self.text_value(Some(text), raw, around.into(place.carrier()), take);
        }
    }

    /// A message of a queue. If there is no record in it, it is nothing but a message.
    fn message(&mut self, kind: Carrier, raw: &str, object: Object<'_>, around: Around<'_>, take: Take<'_>) {
        let text = |name: &str| object.value(name).and_then(|value| std::str::from_utf8(value).ok());
        let body = ["body", "Body", "Message"].into_iter().find_map(text);
        let body = body.or_else(|| text("Sns").and_then(|sns| member_of(sns, "Message")));
        let body = body.filter(|body| body.starts_with('"'));
        let around = around.into(Carrier::QueueMessages);
        let mut records = 0_u64;
        if body.is_some() {
            self.text_value(body, raw, around, &mut |item| {
                records += u64::from(matches!(item.found, Found::Record { .. }));
            });
        }
        if records > 0 {
            self.text_value(body, raw, around, take);
        } else {
            take(around.item(Place::Messages, Found::LookAlike { raw: raw.as_bytes(), kind }));
        }
    }

    /// A line of text with JSON in it, which may be all of the line; more text may follow.
    fn text_line(&mut self, raw: &str, around: Around<'_>, take: Take<'_>) {
        if raw.trim_start().starts_with(['{', '[', '"']) {
            return self.document(raw, raw, around.into(Carrier::Ndjson), take);
        }
        let Some(JsonInLine { at, is_export, .. }) = json_of_line(raw.as_bytes()) else {
            let found = Found::Unknown { raw: raw.as_bytes(), reason: "a line without a JSON object" };
            return take(around.into(Carrier::TextLines).item(Place::Top, found));
        };
        let carrier = if is_export { Carrier::CloudWatchExport } else { Carrier::TextLines };
        let first_word = raw[..at].split_ascii_whitespace().next().unwrap_or_default();
        let hints = Hints { time: time::parse(first_word), ..around.hints };
        let end = scan::value(raw.as_bytes(), at, 0).map_or(raw.len(), |value| value.end);
        let json = if is_export { &raw[at..] } else { &raw[at..end] };
        self.document(json, raw, Around { hints, ..around.into(carrier) }, take);
    }

    /// Goes into a JSON string that holds a document, or an object that stands where the string should.
    fn text_value(&mut self, value: Option<&str>, raw: &str, around: Around<'_>, take: Take<'_>) {
        match value {
            Some(value) if value.starts_with('{') => self.document(value, raw, around, take),
            Some(value) if value.starts_with('"') => {
                let mut text = self.spare_texts.pop().unwrap_or_default();
                text.clear();
                if unescape(&value[1..value.len() - 1], &mut text) {
                    self.document(&text, raw, around, take);
                } else {
                    let reason = "its text is not valid Unicode".to_owned();
                    take(around.item(Place::Top, Found::Bad { raw: raw.as_bytes(), reason }));
                }
                self.spare_texts.push(text);
            }
            _ => take(around.item(Place::Top, Found::Unknown { raw: raw.as_bytes(), reason: UNKNOWN })),
        }
    }

    /// Goes into a JSON string of base64, mostly of gzip.
    fn base64_value(&mut self, value: Option<&str>, raw: &str, around: Around<'_>, take: Take<'_>) {
        let decoded = value.and_then(|value| plain_string(value.as_bytes())).and_then(unpack::decode_base64);
        let Some(bytes) = decoded else {
            let reason = "its data is not base64".to_owned();
            return take(around.item(Place::Top, Found::Bad { raw: raw.as_bytes(), reason }));
        };
        let text = unpack::unpack_bytes(&bytes, MAX_UNPACKED_BYTES).map_err(|error| error.to_string());
        let text = text.and_then(|text| String::from_utf8(text).map_err(|_| "not valid UTF-8".to_owned()));
        match text {
            Ok(text) => self.document(&text, raw, around, take),
            Err(error) => {
                let reason = format!("its data cannot be unpacked: {error}");
                take(around.item(Place::Top, Found::Bad { raw: raw.as_bytes(), reason }));
            }
        }
    }

    /// Goes into a text in an envelope. `raw` is the envelope, for what is not even a document.
    fn document(&mut self, text: &str, raw: &str, around: Around<'_>, take: Take<'_>) {
        let mut frames = self.spare_frames.pop().unwrap_or_default();
        let mut framer = Framer::new();
        let inner = Around { depth: around.depth + 1, ..around };
        let (mut from, mut found) = (0, 0);
        loop {
            frames.clear();
            let rest = &text.as_bytes()[from..];
            let progress = framer.feed(rest, true, &mut frames);
            self.frames(rest, &frames, inner, take);
            found += frames.elements.len() + frames.bad.len();
            match progress {
                // more elements than are framed at once
                Ok(Progress::Consumed(at)) if at > 0 => from += at,
                Ok(_) if found == 0 && is_empty(text, &framer) => {
                    take(around.item(Place::Top, Found::Nothing));
                    break;
                }
                Ok(_) if found == 0 => {
                    take(around.item(Place::Top, Found::Unknown { raw: raw.as_bytes(), reason: UNKNOWN }));
                    break;
                }
                Ok(_) => break,
                Err(broken) => {
                    let reason = format!("{} at byte {} of its text", broken.what, from + broken.at);
                    take(around.item(Place::Top, Found::Bad { raw: rest, reason }));
                    break;
                }
            }
        }
        self.spare_frames.push(frames);
    }

    fn csv_row(&mut self, raw: &str, frames: &Frames, around: Around<'_>, take: Take<'_>) {
        let Some(header) = frames.header.as_deref() else { return };
        let carrier = if header.json.is_some() { Carrier::LakeResult } else { Carrier::ConsoleCsv };
        let around = around.into(carrier);
        match csv::record(raw, header) {
            Ok(json) => self.document(&json, raw, around, take),
            Err(reason) => take(around.item(Place::Top, Found::Bad { raw: raw.as_bytes(), reason })),
        }
    }
}

/// Whether a text is JSON with nothing in it.
fn is_empty(text: &str, framer: &Framer) -> bool {
    !framer.layout().places.is_empty() || matches!(text.trim(), "{}" | "[]")
}
