use std::io::Write as _;

use milepost_schema::json_equal;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::blob::Blob;
use crate::carrier::Carrier;
use crate::envelope::Found;
use crate::unpack::{self, GzipMembers, Unpacked};

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// What a text came to.
#[derive(Debug, PartialEq)]
struct Outcome {
    records: Vec<String>,
    rejected: Vec<String>,
    carrier: Result<Carrier, String>,
    damage: Option<String>,
}

/// Reads `bytes` through a window of `window` bytes.
fn read_as(bytes: &[u8], window: usize, salvage: bool) -> Outcome {
    let blob = Blob::Memory(bytes.into());
    let open = || match unpack::open(&blob, &GzipMembers::default())? {
        Unpacked::Text(text) => Ok(text),
        _ => Err(io::Error::other("an archive")),
    };
    let (mut reader, mut opener) = (Reader::with_window(window), Opener::default());
    let (mut records, mut rejected) = (Vec::new(), Vec::new());
    let survey = match reader.survey(&open, &mut opener, salvage) {
        Ok(survey) => survey,
        Err(damage) => return Outcome { records, rejected, carrier: Err(damage.reason), damage: None },
    };
    reader
        .give(&survey, &open, &mut |piece| {
            opener.piece(piece, &mut |item| match item.found {
                Found::Record { text, members, .. } => {
                    let (first, last) = (members.first(), members.last());
                    let span = first.zip(last).map_or("", |(a, b)| &text[a.key.range().start - 1..b.value.range().end]);
                    records.push(span.to_owned());
                }
                Found::Nothing => {}
                Found::Bad { reason, .. } => rejected.push(reason),
                Found::LookAlike { kind, .. } => rejected.push(kind.name().to_owned()),
                Found::Unknown { reason, .. } => rejected.push(reason.to_owned()),
            });
        })
        .unwrap();
    let damage = survey.damage.map(|damage| damage.reason);
    Outcome { records, rejected, carrier: Ok(survey.verdict.carrier), damage }
}

fn read(bytes: &[u8], window: usize) -> (Vec<String>, Result<Carrier, String>) {
    let outcome = read_as(bytes, window, false);
    (outcome.records, outcome.carrier)
}

fn log(records: usize) -> String {
    let records: Vec<_> = (0..records).map(|n| format!("{{\"eventID\":\"{n}\"}}")).collect();
    format!("{{\"Records\":[{}]}}", records.join(","))
}

#[test]
fn plain_and_gzip_of_any_size_read_alike() {
    let text = log(50);
    for bytes in [text.clone().into_bytes(), gzip(text.as_bytes()), [BYTE_ORDER_MARK, text.as_bytes()].concat()] {
        for window in [8, 64, 1 << 20] {
            let (records, outcome) = read(&bytes, window);
            assert_eq!((records.len(), outcome), (50, Ok(Carrier::TrailLog)), "window {window}");
        }
    }
}

#[test]
fn several_gzip_members_are_one_text() {
    let text = log(4);
    let (head, tail) = text.as_bytes().split_at(20);
    assert_eq!(read(&[gzip(head), gzip(tail)].concat(), 1 << 20).0.len(), 4);
}

#[test]
fn nothing_of_a_damaged_source_is_handed_over() {
    let text = log(50);
    let packed = gzip(text.as_bytes());
    for window in [64, 1 << 20] {
        let (records, outcome) = read(&packed[..packed.len() / 2], window);
        assert_eq!((records.len(), outcome.unwrap_err().as_str()), (0, "the gzip data ends too early"));
        let (records, outcome) = read(&text.as_bytes()[..text.len() - 5], window);
        assert_eq!((records.len(), outcome.unwrap_err().as_str()), (0, "the text ends inside the document"));
    }
}

#[test]
fn what_is_sound_of_a_damaged_source_is_salvaged_on_request() {
    let text = log(50);
    let packed = gzip(text.as_bytes());
    for window in [64, 1 << 20] {
        let cut = read_as(&packed[..packed.len() - 40], window, true);
        assert!((1..50).contains(&cut.records.len()), "{cut:?}");
        assert_eq!(cut.damage.as_deref(), Some("the gzip data ends too early"));
        let cut = read_as(&text.as_bytes()[..text.len() - 5], window, true);
        assert_eq!(cut.records.len(), 49);
        assert_eq!(cut.damage.as_deref(), Some("the text ends inside the document"));
        // where there is no record there is nothing to salvage
        let cut = read_as(&gzip(b"hello")[..15], window, true);
        assert_eq!(cut.carrier.unwrap_err(), "the gzip data ends too early");
    }
    assert_eq!(read_as(text.as_bytes(), 64, true).damage, None);
    // of an envelope that breaks off, the records that are complete
    let event =
        |n: u32| json!({"id": n, "timestamp": 1, "message": json!({"eventVersion": "1.08", "eventID": n}).to_string()});
    let batch = json!({"logGroup": "g", "logEvents": [event(1), event(2), event(3)], "messageType": "DATA_MESSAGE"})
        .to_string();
    let two = |text: &str| format!("{text}\n{text}");
    for window in [64, 1 << 20] {
        for (text, records) in [(batch.clone(), 2), (two(&batch), 5), (format!("[{batch},{batch}]"), 5)] {
            let cut = text.rfind("\"timestamp\"").unwrap();
            let outcome = read_as(&text.as_bytes()[..cut], window, true);
            assert_eq!((outcome.carrier, outcome.records.len()), (Ok(Carrier::CloudWatchLogs), records), "{text}");
            assert_eq!(read_as(&text.as_bytes()[..cut], window, false).records.len(), 0);
        }
    }
}

#[test]
fn a_damaged_gzip_body_is_damage() {
    let mut packed = gzip(log(500).as_bytes());
    let middle = packed.len() / 2;
    for byte in &mut packed[middle..middle + 16] {
        *byte ^= 0x55;
    }
    let (records, outcome) = read(&packed, 1 << 20);
    assert_eq!(records.len(), 0);
    assert!(outcome.is_err());
}

const EVENT: &str = r#"{"eventVersion":"1.08","eventName":"A"}"#;

/// Each text, its carrier, its number of records and what is rejected of it.
#[test]
fn every_carrier_is_told_by_its_bytes() {
    use base64::Engine as _;
    let text = |json: &str| serde_json::Value::from(json).to_string();
    let message = text(EVENT);
    let batch = format!(
        r#"{{"messageType":"DATA_MESSAGE","owner":"111122223333","logEvents":[{{"id":"1","timestamp":1,"message":{message}}},{{"id":"2","timestamp":1,"message":{message}}}]}}"#
    );
    let data = base64::engine::general_purpose::STANDARD.encode(gzip(batch.as_bytes()));
    let bridge =
        format!(r#"{{"version":"0","source":"aws.s3","detail-type":"AWS API Call via CloudTrail","detail":{EVENT}}}"#);
    let looked_up = format!(r#"{{"EventId":"1","EventTime":1424476529.0,"CloudTrailEvent":{message}}}"#);
    for (input, carrier, records) in [
        (format!(r#"{{"Records":[{EVENT}]}}"#), Carrier::TrailLog, 1),
        (EVENT.to_owned(), Carrier::Event, 1),
        (format!("[{EVENT},{EVENT}]"), Carrier::JsonArray, 2),
        (format!("{EVENT}\n\n{EVENT}\r\n{EVENT}"), Carrier::Ndjson, 3),
        (format!("{EVENT}{EVENT} {EVENT}"), Carrier::ConcatenatedJson, 3),
        (format!("{{\n \"eventVersion\":\"1\",\n\"eventName\":1}}\n{EVENT}"), Carrier::Ndjson, 2),
        (bridge.clone(), Carrier::EventBridge, 1),
        (format!("[{bridge},{bridge}]"), Carrier::EventBridge, 2),
        (batch.clone(), Carrier::CloudWatchLogs, 2),
        (format!("{batch}{batch}"), Carrier::CloudWatchLogs, 4),
        (format!(r#"{{"awslogs":{{"data":"{data}"}}}}"#), Carrier::CloudWatchLogs, 2),
        (format!(r#"{{"Records":[{{"kinesis":{{"data":"{data}"}}}}]}}"#), Carrier::CloudWatchLogs, 2),
        (format!(r#"{{"records":[{{"recordId":"1","data":"{data}"}}]}}"#), Carrier::CloudWatchLogs, 2),
        (data.clone(), Carrier::CloudWatchLogs, 2),
        (r#"{"messageType":"CONTROL_MESSAGE","owner":"CloudwatchLogs","logEvents":[{"id":"","timestamp":1,"message":"CWL"}]}"#.to_owned(), Carrier::CloudWatchLogs, 0),
        (format!("2015-05-28T15:27:35.000Z {EVENT}\n2015-05-28T15:27:36.000Z {EVENT}\n"), Carrier::CloudWatchExport, 2),
        (format!(r#"{{"events":[{{"logStreamName":"x","timestamp":1,"message":{message},"ingestionTime":2}}],"nextToken":"t"}}"#), Carrier::FilterLogEvents, 1),
        (format!(r#"{{"Events":[{looked_up},{looked_up}],"NextToken":"x"}}"#), Carrier::LookupEvents, 2),
        (format!(r#"{{"Events":[{EVENT}]}}"#), Carrier::LookupEvents, 1),
        (format!("[{looked_up}]"), Carrier::LookupEvents, 1),
        (format!("[{message},{message}]"), Carrier::JsonArray, 2),
        (format!("{message}\n{message}\n"), Carrier::Ndjson, 2),
        (format!(r#"{{"QueryResultRows":[[{{"eventID":"1"}},{{"eventJson":{message}}}]]}}"#), Carrier::LakeResult, 1),
        (format!("eventid,eventJson\n1,\"{0}\"\n2,\"{0}\"\n", EVENT.replace('"', "\"\"")), Carrier::LakeResult, 2),
        (format!("eventjson\n\"{}\"", EVENT.replace('"', "\"\"")), Carrier::LakeResult, 1),
        ("\"eventversion\",\"eventname\"\n1.08,A\n".to_owned(), Carrier::LakeResultWithoutJson, 0),
        ("User name,Event time,Event name\nalice,2024-05-30T12:34:56Z,\"A, B\"\n".to_owned(), Carrier::ConsoleCsv, 1),
        (format!("[{bridge},{EVENT}]"), Carrier::Mixed, 2),
        (format!(r#"{{"Records":[{EVENT},{{"kinesis":{{"data":"{data}"}}}}]}}"#), Carrier::Mixed, 3),
        (format!("EVENTS\tAKIA1\t{EVENT}\te-1\nEVENTS\tAKIA1\t{EVENT}\te-2\n"), Carrier::TextLines, 2),
        (format!("2024-01-01T00:00:00.123000+00:00 stream/a {EVENT}\n"), Carrier::TextLines, 1),
        (format!("id-1\t{EVENT}\n"), Carrier::TextLines, 1),
        (format!(r#"[{{"Events":[{looked_up}]}},{{"Events":[{looked_up},{looked_up}]}}]"#), Carrier::LookupEvents, 3),
        (format!(r#"[{{"Records":[{EVENT}]}},{{"Records":[{EVENT}]}}]"#), Carrier::TrailLog, 2),
        (format!(r#"[[{{"eventID":"1"}},{{"eventJson":{message}}}],[{{"eventJson":{message}}}]]"#), Carrier::LakeResult, 2),
        (format!(r#"[["id",{message}],["id",{message}]]"#), Carrier::JsonArray, 2),
        (format!("[[{EVENT}],[{EVENT}]]"), Carrier::JsonArray, 2),
        (format!(r#"{{"Records":[{{"messageId":"m","body":{},"eventSource":"aws:sqs"}}]}}"#, text(&bridge)), Carrier::QueueMessages, 1),
        (format!(r#"{{"Messages":[{{"MessageId":"m","ReceiptHandle":"r","Body":{}}}]}}"#, text(&bridge)), Carrier::QueueMessages, 1),
        (format!(r#"{{"Type":"Notification","MessageId":"m","TopicArn":"t","Message":{message}}}"#), Carrier::QueueMessages, 1),
        (format!(r#"{{"@timestamp":"2024-01-01T00:00:00Z","message":{message}}}"#), Carrier::FilterLogEvents, 1),
        (format!(r#"{{"_index":"i","_id":"1","_source":{EVENT}}}"#), Carrier::Event, 1),
        (format!("EVENTS\t{EVENT}\n{EVENT}\n"), Carrier::Mixed, 2),
        (format!("{EVENT}\nEVENTS\t{EVENT}\nEVENTS\t{EVENT}\n"), Carrier::Mixed, 3),
        (format!("2024-01-01T00:00:00 stream {bridge}\n"), Carrier::TextLines, 1),
        (format!("EVENTS\t{{\"a\":1}}\t{EVENT}\r\n"), Carrier::TextLines, 1),
        (format!("EVENTS\t{EVENT}\n{{\"eventVersion\": \"1\", \"requestParameters\": {EVENT}}}\n"), Carrier::Mixed, 2),
        (format!(r#"[{{"Records":[{EVENT}]}},{{"Records":[]}},{{"Events":[]}},{{}},[],{{"events":[]}}]"#), Carrier::TrailLog, 1),
        (r#"{"Events":[]}"#.to_owned(), Carrier::LookupEvents, 0),
        (r#"{"events":[],"searchedLogStreams":[]}"#.to_owned(), Carrier::FilterLogEvents, 0),
        (format!("\u{feff}{EVENT}\n\u{feff}{EVENT}\n\u{1a}"), Carrier::Ndjson, 2),
        (r#"{"Type":"Notification","MessageId":"m","TopicArn":"t","Message":"{\"s3Bucket\":\"b\"}"}"#.to_owned(), Carrier::SnsMessage, 0),
        (String::new(), Carrier::Empty, 0),
        (" \r\n\0\0".to_owned(), Carrier::Empty, 0),
        ("{}".to_owned(), Carrier::Empty, 0),
        ("[]".to_owned(), Carrier::Empty, 0),
        (r#"{"Records":[]}"#.to_owned(), Carrier::TrailLog, 0),
        (r#"{"awsAccountId":"1","digestS3Object":"k","logFiles":[]}"#.to_owned(), Carrier::Digest, 0),
        (r#"{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","s3":{}}]}"#.to_owned(), Carrier::S3Notification, 0),
        (r#"{"s3Bucket":"b","s3ObjectKey":["k"]}"#.to_owned(), Carrier::DeliveryNotification, 0),
        (r#"{"class_uid":1}"#.to_owned(), Carrier::Ocsf, 0),
        (r#"{"detail-type":"Object Created","source":"aws.s3","detail":{"bucket":{}}}"#.to_owned(), Carrier::OtherEventBridge, 0),
        (r#"{"configurationItems":[]}"#.to_owned(), Carrier::OtherJson, 0),
        ("[1]".to_owned(), Carrier::OtherJson, 0),
        ("{\"a\":1}\n{\"a\":2}\n".to_owned(), Carrier::OtherJson, 0),
        ("http 2018-07-02T22:23:00.186641Z app/my".to_owned(), Carrier::NotJson, 0),
        ("2018-07-02T22:23:00.186641Z hello\n".to_owned(), Carrier::NotJson, 0),
        ("a,b\n1,2\n".to_owned(), Carrier::NotJson, 0),
    ] {
        for window in [64, 1 << 20] {
            let outcome = read_as(input.as_bytes(), window, false);
            assert_eq!((outcome.carrier.as_ref(), outcome.records.len()), (Ok(&carrier), records), "{input}\n{outcome:?}");
            if outcome.records.is_empty() {
                continue;
            }
            assert_eq!(outcome.rejected, [""; 0], "{input}");
        }
    }
}

#[test]
fn what_is_no_record_is_rejected_beside_records_only() {
    let others = r#"{"a":1},7,{"class_uid":1},{"n":NaN}"#;
    let outcome = read_as(format!("[{EVENT},{others}]").as_bytes(), 1 << 20, false);
    assert_eq!(outcome.carrier, Ok(Carrier::JsonArray));
    let reasons = [
        "not a CloudTrail record",
        "not a JSON object",
        "ocsf",
        "not valid JSON: expected a value at byte 5 of the record",
    ];
    assert_eq!(outcome.rejected, reasons);
    let outcome = read_as(format!("[{others}]").as_bytes(), 1 << 20, false);
    assert_eq!(outcome.carrier, Ok(Carrier::OtherJson));
}

#[test]
fn a_bad_line_costs_itself_alone() {
    for (lines, records, rejected) in [
        (format!("{EVENT}\n{{\"a\":}}\n{EVENT}\n"), 2, 1),
        (format!("{EVENT}\n{{\"a\":\"\n{EVENT}\n"), 2, 1),
        (format!("{{\"a\n{EVENT}\n{EVENT}"), 2, 1),
        (format!("{EVENT}\nnonsense }} \" here\n{EVENT}\n"), 2, 1),
        (format!("{{\n\"eventVersion\":\"1\",\"eventName\":2\n}}\n{{\n\"a\":NaN\n}}\n{EVENT}"), 2, 1),
        (format!("{{\"Records\":[{EVENT}]}} trailing words"), 1, 1),
        (format!("{EVENT}\n{{\"bad\":\n{EVENT}"), 2, 1),
        (format!("{EVENT}\n{{\"resources\": [\n{EVENT}\n"), 2, 1),
        (format!("{EVENT}\n[2024-01-01] log line\n{EVENT}\n"), 2, 1),
        (format!("{EVENT}\n[\n{EVENT}\n{EVENT}\n"), 3, 1),
        (format!("{EVENT}\n\"abc\n{EVENT}\n{EVENT}\n"), 3, 1),
        (format!("None\n{EVENT}\nNone\n{EVENT}\n"), 2, 2),
        (format!("\"\n{EVENT}\n{EVENT}\n"), 2, 1),
        (format!("a,b,\"c\n{EVENT}\n{EVENT}\n"), 2, 1),
        (format!("2024-01-01T00:00:00 s START\n2024-01-01T00:00:00 s {EVENT}\n"), 1, 1),
        (format!("INFO\t{{\"a\":\"b\"}}\nINFO\t{EVENT}\n"), 1, 1),
        (format!("2024-01-01T00:00:00Z {{\"a\":\n{EVENT}\n"), 1, 1),
        (format!("{EVENT}\n[{EVENT},{EVENT}]\n{{\"Records\":[{EVENT}]}}\n"), 4, 0),
    ] {
        for window in [64, 1 << 20] {
            let outcome = read_as(lines.as_bytes(), window, false);
            assert_eq!((outcome.records.len(), outcome.rejected.len()), (records, rejected), "{lines}\n{outcome:?}");
        }
    }
    // of lines of another service, none is ours
    assert_eq!(read(b"start\n{\"a\":1}\n{\"a\":\n", 1 << 20).1, Ok(Carrier::NotJson));
    // a torn record beside other lines is not passed over
    let torn = read_as(b"{\"a\":1}\n{\"eventVersion\":\"1.08\",\n{\"a\":2}\n", 1 << 20, false);
    assert_eq!(torn.rejected.len(), 3, "{torn:?}");
    // cut inside the last line: damaged, as any text that breaks off
    let cut = format!("EV\t{EVENT}\nEV\t{}", &EVENT[..20]);
    assert_eq!(read(cut.as_bytes(), 1 << 20).1.unwrap_err(), "the text ends inside the document");
    let cut = format!("{EVENT}\n{}", &EVENT[..20]);
    assert_eq!(read(cut.as_bytes(), 1 << 20).1.unwrap_err(), "the text ends inside the document");
    assert_eq!(read_as(cut.as_bytes(), 1 << 20, true).records, [&EVENT[1..EVENT.len() - 1]]);
}

#[test]
fn envelopes_in_envelopes_are_opened_up_to_a_depth() {
    let mut text = EVENT.to_owned();
    for depth in 1..=6 {
        text = serde_json::json!({"timestamp": 1, "message": text}).to_string();
        let outcome = read_as(text.as_bytes(), 1 << 20, false);
        if depth <= 4 {
            assert_eq!((outcome.carrier, outcome.records.len()), (Ok(Carrier::FilterLogEvents), 1), "{depth}");
        } else {
            assert_eq!(outcome.records.len(), 0);
        }
    }
}

#[test]
fn a_record_beyond_the_bound_is_damage_and_another_kind_is_left_alone() {
    let long = "x".repeat(MAX_RECORD_BYTES);
    let log = format!("{{\"Records\":[{EVENT},{{\"eventID\":\"{long}\"}}]}}");
    let outcome = read_as(log.as_bytes(), WINDOW_BYTES, false);
    assert_eq!((outcome.records.len(), outcome.carrier.unwrap_err().as_str()), (0, "a record is larger than 128 MiB"));
    let other = format!("{{\"fileVersion\":\"1\",\"text\":\"{long}\"}}");
    assert_eq!(read(other.as_bytes(), WINDOW_BYTES).1, Ok(Carrier::OtherJson));
}

/// Members with any text and numbers, beside those that make it a record.
fn any_record() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<String>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(Value::Null),
        Just(json!({})),
        prop::collection::vec(any::<String>(), 0..3).prop_map(Value::from),
    ];
    prop::collection::btree_map("[a-zA-Z:.\\\\\"\u{e9}]{0,8}", leaf, 0..6).prop_map(|members| {
        let mut record: serde_json::Map<String, Value> = members.into_iter().collect();
        record.insert("eventVersion".to_owned(), json!("1.09"));
        record.insert("eventName".to_owned(), json!("X"));
        Value::Object(record)
    })
}

type Wrap = fn(&[Value]) -> String;

/// A file of each shape around some records.
const WRAPS: [(Carrier, Wrap); 9] = [
    (Carrier::TrailLog, |records| json!({"Records": records}).to_string()),
    (Carrier::JsonArray, |records| serde_json::to_string_pretty(&records).unwrap()),
    (Carrier::Ndjson, |records| records.iter().map(|record| format!("{record}\r\n")).collect()),
    (Carrier::ConcatenatedJson, |records| records.iter().map(Value::to_string).collect()),
    (Carrier::EventBridge, |records| {
        let wrap = |record: &Value| json!({"detail-type": "x", "detail": record, "source": "aws.s3"}).to_string();
        records.iter().map(wrap).collect()
    }),
    (Carrier::CloudWatchLogs, |records| {
        let events: Vec<Value> =
            records.iter().map(|record| json!({"timestamp": 1, "message": record.to_string()})).collect();
        json!({"messageType": "DATA_MESSAGE", "owner": "1", "logEvents": events}).to_string()
    }),
    (Carrier::LookupEvents, |records| {
        let events: Vec<Value> = records.iter().map(|record| json!({"CloudTrailEvent": record.to_string()})).collect();
        json!({"Events": events}).to_string()
    }),
    (Carrier::CloudWatchExport, |records| {
        records.iter().map(|record| format!("2026-03-02T10:00:00.000Z {record}\n")).collect()
    }),
    (Carrier::LakeResult, |records| {
        let row = |record: &Value| format!("1,\"{}\"\n", record.to_string().replace('"', "\"\""));
        format!("eventid,eventjson\n{}", records.iter().map(row).collect::<String>())
    }),
];

proptest! {
    #[test]
    fn any_record_comes_out_of_any_carrier_as_it_went_in(records in prop::collection::vec(any_record(), 2..4), small: bool) {
        for (carrier, wrap) in WRAPS {
            let outcome = read_as(wrap(&records).as_bytes(), if small { 64 } else { 1 << 20 }, false);
            prop_assert_eq!(outcome.carrier, Ok(carrier));
            prop_assert_eq!(outcome.rejected.len(), 0);
            prop_assert_eq!(outcome.records.len(), records.len());
            for (found, record) in outcome.records.iter().zip(&records) {
                prop_assert!(json_equal(&format!("{{{found}}}"), &record.to_string()), "{:?}: {}", carrier, found);
            }
        }
    }
}
