//! Tells by the names of its members what a JSON object is: a record, an envelope around records, or a look-alike.
//!
//! Decided for each element on its own, because one file can mix kinds.

use crate::carrier::Carrier;
use crate::scan::Member;

/// What an element of a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// A record.
    Record,
    /// Something with records in it.
    Envelope(Envelope),
    /// Something that is known not to be a record.
    LookAlike(Carrier),
    /// Something else.
    Unknown,
}

/// Something with records in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Envelope {
    /// `detail-type`, `source`, `detail`.
    EventBridge,
    /// `messageType`, `owner`, `logEvents`.
    LogBatch,
    /// `timestamp`, `message`.
    LogEvent,
    /// `EventId`, `CloudTrailEvent`.
    LookedUp,
    /// `awslogs.data`, base64 of gzip.
    LambdaLogs,
    /// `kinesis.data`, base64.
    Kinesis,
    /// `data` or `Data`, base64.
    Stream,
    /// `eventJson`, a string.
    LakeRow,
    /// An array in an array: cells, or a document.
    Cells,
    /// A message of a queue: a string that may hold records, or not; then it is this.
    Message(Carrier),
    /// A document where an element stands: a log file, an answer.
    Document,
    /// A record in the member `_source`, as search engines give it.
    Source,
    /// A string that holds JSON.
    Text,
    /// A line of text with JSON in it.
    TextLine,
    /// A line of a CSV file.
    CsvRow,
}

/// Where an element stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Place {
    /// In the array `Records` of the root object.
    Records,
    /// In the array `Events`.
    Lookup,
    /// In the array `events`.
    LogEvents,
    /// In the array `logEvents` of a message that breaks off.
    CutLogEvents,
    /// In the array `records`.
    Stream,
    /// In the array `QueryResultRows`.
    QueryRows,
    /// In the array `Messages`.
    Messages,
    /// In an array that is the document.
    Array,
    /// It is the document, or one of several on end.
    Top,
    /// It is the `detail` of an EventBridge envelope.
    Detail,
}

impl Place {
    /// The place that the elements of the root object's member `name` have, if it is one that holds elements.
    pub(crate) fn in_member(name: &[u8]) -> Option<Self> {
        match name {
            b"Records" => Some(Self::Records),
            b"Events" => Some(Self::Lookup),
            b"events" => Some(Self::LogEvents),
            b"records" => Some(Self::Stream),
            b"QueryResultRows" => Some(Self::QueryRows),
            b"Messages" => Some(Self::Messages),
            _ => None,
        }
    }

    /// What a document is whose records stand here.
    pub(crate) fn carrier(self) -> Carrier {
        match self {
            Self::Records => Carrier::TrailLog,
            Self::Lookup => Carrier::LookupEvents,
            Self::LogEvents => Carrier::FilterLogEvents,
            Self::Stream | Self::CutLogEvents => Carrier::CloudWatchLogs,
            Self::QueryRows => Carrier::LakeResult,
            Self::Messages => Carrier::QueueMessages,
            Self::Array => Carrier::JsonArray,
            Self::Top => Carrier::Event,
            Self::Detail => Carrier::EventBridge,
        }
    }
}

/// The members of one object.
#[derive(Clone, Copy)]
pub(crate) struct Object<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) members: &'a [Member],
}

impl<'a> Object<'a> {
    /// The member `name`, as JSON text; the last of several.
    pub(crate) fn value(&self, name: &str) -> Option<&'a [u8]> {
        value_of(self.bytes, self.members, name)
    }

    fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    fn has_all(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.has(name))
    }

    /// Whether the member is a string.
    fn has_text(&self, name: &str) -> bool {
        self.begins(name, b"\"")
    }

    fn begins(&self, name: &str, start: &[u8]) -> bool {
        self.value(name).is_some_and(|value| value.starts_with(start))
    }
}

/// The member `name` of the object whose members are `members`, as JSON text; the last of several.
pub(crate) fn value_of<'a>(bytes: &'a [u8], members: &[Member], name: &str) -> Option<&'a [u8]> {
    let mut members = members.iter().rev();
    let member = members.find(|member| &bytes[member.key.range()] == name.as_bytes())?;
    Some(&bytes[member.value.range()])
}

/// Members that records have and that next to nothing else has.
const OF_RECORDS: [&str; 16] = [
    "eventVersion",
    "eventName",
    "eventSource",
    "eventTime",
    "eventID",
    "eventType",
    "eventCategory",
    "userIdentity",
    "awsRegion",
    "recipientAccountId",
    "requestParameters",
    "responseElements",
    "sourceIPAddress",
    "insightDetails",
    "sharedEventID",
    "requestID",
];
/// Of those, how many make a record of an object that stands where anything may stand.
const ENOUGH: usize = 2;
/// Notifications have fewer members than this, so a longer object in `Records` needs no closer look.
const MANY_MEMBERS: usize = 16;

/// What the object is.
pub(crate) fn classify(object: Object<'_>, place: Place) -> What {
    if place == Place::Records && is_plainly_a_record(object) {
        return What::Record;
    }
    if let Some(envelope) = envelope(object) {
        return What::Envelope(envelope);
    }
    match look_alike(object) {
        Some(carrier @ (Carrier::SqsMessage | Carrier::SnsMessage)) => {
            return What::Envelope(Envelope::Message(carrier));
        }
        Some(carrier) => return What::LookAlike(carrier),
        None => {}
    }
    // at the top such an array has been entered before this is asked
    if !matches!(place, Place::Top | Place::Records) && holds_elements(object) && !is_record(object) {
        return What::Envelope(Envelope::Document);
    }
    // in the wrapper of a log file every object counts as a record, whatever it holds
    if place == Place::Records || is_record(object) { What::Record } else { What::Unknown }
}

fn is_plainly_a_record(object: Object<'_>) -> bool {
    object.members.len() > MANY_MEMBERS
        || (object.begins("eventVersion", b"\"1.") && !object.begins("eventSource", b"\"aws:"))
}

/// Whether an object that may be anything is a record.
fn is_record(object: Object<'_>) -> bool {
    OF_RECORDS.iter().filter(|name| object.has(name)).take(ENOUGH).count() == ENOUGH
}

/// What speaks for a record, gathered member by member.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Signs(u32);

impl Signs {
    /// Takes note of a member by its name.
    pub(crate) fn add(&mut self, name: &[u8]) {
        if let Some(at) = OF_RECORDS.iter().position(|known| known.as_bytes() == name) {
            self.0 |= 1 << at;
        }
    }

    /// Whether it is enough.
    pub(crate) fn make_a_record(self) -> bool {
        self.0.count_ones() as usize >= ENOUGH
    }
}

fn envelope(object: Object<'_>) -> Option<Envelope> {
    let found = if object.has_all(&["detail-type", "detail"]) {
        Envelope::EventBridge
    } else if object.has_all(&["messageType", "logEvents"]) {
        Envelope::LogBatch
    } else if object.has("CloudTrailEvent") {
        Envelope::LookedUp
    } else if object.begins("awslogs", b"{") {
        Envelope::LambdaLogs
    } else if object.begins("kinesis", b"{") {
        Envelope::Kinesis
    } else if object.has_text("recordId") && object.has_text("data")
        || object.has_text("Data") && object.has("SequenceNumber")
    {
        Envelope::Stream
    } else if object.has_text("eventJson") || object.has_text("eventjson") {
        Envelope::LakeRow
    } else if object.has_text("message")
        && (object.has("timestamp") || object.has("@timestamp"))
        && !object.has("eventVersion")
    {
        Envelope::LogEvent
    } else if object.has("_index") && object.begins("_source", b"{") {
        Envelope::Source
    } else {
        return None;
    };
    Some(found)
}

/// Whether the object has an array that holds elements.
fn holds_elements(object: Object<'_>) -> bool {
    object.members.iter().any(|member| {
        Place::in_member(&object.bytes[member.key.range()]).is_some()
            && object.bytes[member.value.range().start] == b'['
    })
}

fn look_alike(object: Object<'_>) -> Option<Carrier> {
    let source = |name: &str| object.begins("eventSource", name.as_bytes());
    let found = if source("\"aws:s3\"") && object.has("s3") {
        Carrier::S3Notification
    } else if object.begins("EventSource", b"\"aws:sns\"") || object.has_all(&["TopicArn", "MessageId", "Message"]) {
        Carrier::SnsMessage
    } else if object.has_all(&["messageId", "body"]) || object.has_all(&["MessageId", "ReceiptHandle"]) {
        Carrier::SqsMessage
    } else if source("\"aws:") && object.value("eventSource").is_some_and(|name| object.has(lambda_member(name))) {
        Carrier::LambdaEvent
    } else if object.has_all(&["s3Bucket", "s3ObjectKey"]) {
        Carrier::DeliveryNotification
    } else if object.has("digestS3Object") || object.has_all(&["digestEndTime", "logFiles"]) {
        Carrier::Digest
    } else if object.has("hashSignature") || object.has_all(&["files", "queryCompleteTime"]) {
        Carrier::LakeSignFile
    } else if object.has("class_uid") {
        Carrier::Ocsf
    } else if object.has("attribute") && (object.has("insight") || object.has("baseline")) {
        Carrier::InsightsAttribution
    } else {
        return None;
    };
    Some(found)
}

/// The member that holds what a service says, named as the service: `dynamodb` for `"aws:dynamodb"`.
fn lambda_member(source: &[u8]) -> &str {
    let name = source.strip_prefix(b"\"aws:").and_then(|name| name.strip_suffix(b"\""));
    name.and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan;

    fn what(json: &str, place: Place) -> What {
        let mut members = Vec::new();
        scan::members(json.as_bytes(), 0, 0, &mut members).unwrap();
        classify(Object { bytes: json.as_bytes(), members: &members }, place)
    }

    #[test]
    fn an_object_is_a_record_by_its_members() {
        for record in [
            r#"{"eventVersion":"1.08","eventName":"X"}"#,
            r#"{"insightDetails":{},"eventVersion":"1.07"}"#,
            r#"{"eventSource":"s3.amazonaws.com","eventName":"GetObject"}"#,
        ] {
            assert_eq!(what(record, Place::Top), What::Record);
        }
        for other in ["{}", r#"{"awsRegion":"us-east-1","x":1}"#, r#"{"message":"x"}"#] {
            assert_eq!(what(other, Place::Top), What::Unknown);
            assert_eq!(what(other, Place::Records), What::Record);
        }
    }

    #[test]
    fn what_only_looks_like_a_record_is_named() {
        for (json, carrier) in [
            (r#"{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":"r","s3":{}}"#, Carrier::S3Notification),
            (r#"{"eventVersion":"1.1","eventSource":"aws:dynamodb","dynamodb":{}}"#, Carrier::LambdaEvent),
            (r#"{"EventVersion":"1.0","EventSource":"aws:sns","Sns":{}}"#, Carrier::SnsMessage),
            (r#"{"Type":"Notification","MessageId":"1","TopicArn":"a","Message":"{}"}"#, Carrier::SnsMessage),
            (r#"{"messageId":"1","receiptHandle":"x","body":"{}"}"#, Carrier::SqsMessage),
            (r#"{"MessageId":"1","ReceiptHandle":"x","Body":"{}"}"#, Carrier::SqsMessage),
            (r#"{"s3Bucket":"b","s3ObjectKey":["k"]}"#, Carrier::DeliveryNotification),
            (r#"{"awsAccountId":"1","digestS3Object":"k","logFiles":[]}"#, Carrier::Digest),
            (r#"{"version":"1.0","files":[],"hashSignature":"x","queryCompleteTime":"t"}"#, Carrier::LakeSignFile),
            (r#"{"class_uid":6003,"api":{"operation":"X"}}"#, Carrier::Ocsf),
            (r#"{"attribute":"userAgent","insight":[],"baseline":[]}"#, Carrier::InsightsAttribution),
        ] {
            let expected = match carrier {
                Carrier::SqsMessage | Carrier::SnsMessage => What::Envelope(Envelope::Message(carrier)),
                carrier => What::LookAlike(carrier),
            };
            assert_eq!(what(json, Place::Records), expected, "{json}");
            assert_eq!(what(json, Place::Top), expected, "{json}");
        }
        // a source alone does not make a notification
        assert_eq!(what(r#"{"eventVersion":"1.08","eventSource":"aws:s3"}"#, Place::Records), What::Record);
    }
}
