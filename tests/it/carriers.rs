//! Every shape in which records come is recognised by its bytes, taken in whole, and given back record for record.

use std::collections::BTreeSet;
use std::io::Write as _;

use serde_json::{Value, json};

use crate::context::{Context, gzip, log};
use crate::convert::exported;

/// Two records that differ from shape to shape, so that none is a duplicate of another's.
fn records(name: &str) -> Vec<Value> {
    let record = |n: u32| {
        json!({"eventVersion": "1.09", "eventTime": format!("2026-03-02T10:00:0{n}Z"), "eventSource": "s3.amazonaws.com",
            "eventName": "PutObject", "awsRegion": "eu-west-1", "recipientAccountId": "012345678901",
            "eventID": format!("{name}-{n}"), "requestParameters": {"key": "a \"b\" \u{e9}\n", "n": 1}, "responseElements": null})
    };
    vec![record(1), record(2)]
}

fn lines(records: &[Value]) -> String {
    records.iter().map(|record| format!("{record}\n")).collect()
}

fn text(record: &Value) -> Value {
    Value::from(record.to_string())
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |chunk: &[u8]| {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        let digits =
            (0..4).map(move |n| if n <= chunk.len() { DIGITS[(bits >> (18 - 6 * n)) as usize & 63] } else { b'=' });
        digits.collect::<Vec<u8>>()
    };
    String::from_utf8(bytes.chunks(3).flat_map(group).collect()).unwrap()
}

fn batch(records: &[Value]) -> Value {
    let events: Vec<Value> =
        records.iter().map(|record| json!({"id": "1", "timestamp": 1, "message": record.to_string()})).collect();
    json!({"messageType": "DATA_MESSAGE", "owner": "012345678901", "logGroup": "g", "logStream": "s", "logEvents": events})
}

fn bridge(record: &Value) -> Value {
    json!({"version": "0", "id": "i", "detail-type": "AWS API Call via CloudTrail", "source": "aws.s3", "account": "9",
        "time": "2026-03-02T10:00:00Z", "region": "us-east-1", "resources": [], "detail": record})
}

fn csv_cell(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// Every shape: its name in the ledger, and a file of it. The names of the files say nothing.
fn shapes() -> Vec<(&'static str, Vec<u8>)> {
    let of = |name: &'static str, make: &dyn Fn(&[Value]) -> String| (name, make(&records(name)).into_bytes());
    let two = |make: fn(&Value) -> Value| move |records: &[Value]| records.iter().map(make).collect::<Vec<_>>();
    vec![
        of("trail-log", &log),
        of("json-array", &|records| json!(records).to_string()),
        of("ndjson", &|records| lines(records).replace('\n', "\r\n")),
        of("concatenated-json", &|records| format!("{}{}", records[0], records[1])),
        of("eventbridge", &|records| json!(two(bridge)(records)).to_string()),
        of("cloudwatch-logs", &|records| batch(records).to_string()),
        of("cloudwatch-export", &|records| {
            records.iter().map(|record| format!("2026-03-02T10:00:00.000Z {record}\n")).collect()
        }),
        of("filter-log-events", &|records| {
            let events =
                two(|record| json!({"logStreamName": "s", "timestamp": 1, "message": record.to_string()}))(records);
            json!({"events": events, "searchedLogStreams": []}).to_string()
        }),
        of("lookup-events", &|records| {
            let events = two(|record| {
                json!({"EventId": record["eventID"], "EventName": "x", "ReadOnly": "true", "EventTime": 1424476529.0,
                    "Resources": [], "CloudTrailEvent": record.to_string()})
            })(records);
            serde_json::to_string_pretty(&json!({"Events": events, "NextToken": "t"})).unwrap()
        }),
        of("lake-result", &|records| {
            let rows = records.iter().map(|record| format!("{},{}\n", csv_cell("x, y"), csv_cell(&record.to_string())));
            format!("\"useridentity\",\"eventJson\"\n{}", rows.collect::<String>())
        }),
        ("event", records("event")[0].to_string().into_bytes()),
    ]
}

#[test]
fn every_shape_is_taken_in_and_given_back() {
    let context = Context::new();
    let mut expected = BTreeSet::new();
    for (at, (name, bytes)) in shapes().into_iter().enumerate() {
        context.write(&format!("in/{at}.dat"), bytes);
        let records = records(name);
        let count = if name == "event" { 1 } else { 2 };
        expected.extend(records[..count].iter().map(Value::to_string));
    }
    let summary = context.run(&["convert", "in", "--json"]).ended_with(0).json();
    assert_eq!(summary["records"]["written"], expected.len());
    assert_eq!(summary["records"]["rejected"], 0);
    for (name, _) in shapes() {
        let count = if name == "event" { 1 } else { 2 };
        assert_eq!(summary["carriers"][name], json!({"files": 1, "records": count}), "{name}");
    }
    assert_eq!(exported(&context, &[]), expected);
    let kinds = context.run(&["sql", "SELECT uri, carrier FROM files", "-F", "json"]).ended_with(0).json();
    for kind in kinds.as_array().unwrap() {
        let at: usize = kind["uri"].as_str().unwrap().rsplit_once('/').unwrap().1.replace(".dat", "").parse().unwrap();
        assert_eq!(kind["carrier"], shapes()[at].0);
    }
}

#[test]
fn every_wrapping_comes_off_and_every_archive_is_opened() {
    let context = Context::new();
    let of = |name: &str| log(&records(name)).into_bytes();
    let utf16 = |text: &[u8]| -> Vec<u8> {
        let text = std::str::from_utf8(text).unwrap();
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
    };
    context.write("in/gzip", gzip(&of("gzip")));
    context.write("in/double.json.gz", gzip(&gzip(&of("double"))));
    context.write("in/members", [gzip(&of("members")[..50]), gzip(&of("members")[50..])].concat());
    context.write("in/padded", [gzip(&of("padded")), vec![0; 512]].concat());
    context.write("in/zstd", zstd::encode_all(&of("zstd")[..], 3).unwrap());
    context.write("in/mark.json", [b"\xef\xbb\xbf", &of("mark")[..]].concat());
    context.write("in/utf16.json", utf16(&of("utf16")));
    context.write("in/base64", base64(&gzip(&of("base64"))));
    let lambda = json!({"awslogs": {"data": base64(&gzip(batch(&records("lambda")).to_string().as_bytes()))}});
    context.write("in/lambda", lambda.to_string());
    let firehose = |name: &str| gzip(batch(&records(name)).to_string().as_bytes());
    context.write("in/firehose", [firehose("firehose-a"), firehose("firehose-b")].concat());

    let tar = tar(&[
        ("AWSLogs/012345678901/CloudTrail/eu-west-1/2026/03/02/a.json.gz", gzip(&of("tar-a"))),
        ("notes.txt", b"hello".to_vec()),
        ("inner.zip", zip(&[("b.json", of("zip-in-tar"))])),
    ]);
    context.write("in/logs.tgz", gzip(&tar));
    context
        .write("in/logs.zip", zip(&[("x/y.json", of("zip")), ("__MACOSX/._y.json", b"\0\x05\x16\x07....".to_vec())]));

    let names = [
        "gzip",
        "double",
        "members",
        "padded",
        "zstd",
        "mark",
        "utf16",
        "base64",
        "lambda",
        "firehose-a",
        "firehose-b",
        "tar-a",
        "zip-in-tar",
        "zip",
    ];
    let expected: BTreeSet<String> =
        names.iter().flat_map(|name| records(name)).map(|record| record.to_string()).collect();
    let summary = context.run(&["convert", "in", "--json"]).ended_with(0).json();
    assert_eq!(summary["records"]["written"], expected.len());
    assert_eq!((&summary["files"]["archives"], &summary["files"]["other"]), (&json!(3), &json!(2)));
    assert_eq!(exported(&context, &[]), expected);

    let sql = "SELECT count(DISTINCT source_file) AS n FROM events WHERE source_file LIKE '%/in/logs.tgz!/%'";
    assert_eq!(context.run(&["sql", sql, "-F", "csv"]).ended_with(0).stdout, "n\n2\n");
    let note = context.run(&["sql", "SELECT note FROM files WHERE note IS NOT NULL ORDER BY uri", "-F", "csv"]);
    assert_eq!(note.ended_with(0).stdout, "note\n2 gzip members\n2 gzip members\n");
    // nothing is read twice, members included
    let again = context.run(&["convert", "in", "--json"]).ended_with(0).json();
    assert_eq!((&again["files"]["known"], &again["records"]["read"]), (&json!(12), &json!(0)));
}

pub(crate) fn zip(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn standard_input_is_a_source_like_any_other() {
    let context = Context::new();
    let input = lines(&records("stdin"));
    let run = || context.run_with(&["convert", "-", "--json"], &[], &input).ended_with(0).json();
    assert_eq!(run()["records"]["written"], 2);
    // the same again is known
    assert_eq!((&run()["files"]["known"], &run()["records"]["read"]), (&json!(1), &json!(0)));
    let uri = context.run(&["sql", "SELECT uri FROM files", "-F", "csv"]).ended_with(0).stdout;
    assert!(uri.starts_with("uri\nstdin:"), "{uri}");
    let output = context.run_with(&["convert", "-"], &[], "").ended_with(1);
    assert!(output.stderr.contains("error: there are no CloudTrail records in `-`"), "{}", output.stderr);
}

#[test]
fn kinds_are_decided_element_by_element() {
    let context = Context::new();
    let of = |name: &str| records(name)[0].clone();
    let mixed = json!([bridge(&of("a")), of("b"), text(&of("c")), batch(&records("d")), {"EventId": "1",
        "CloudTrailEvent": of("e").to_string()}, {"some": "thing"}, 7]);
    context.write("mixed.json", mixed.to_string());
    let output = context.run(&["convert", "mixed.json"]).ended_with(3);
    assert!(output.stderr.contains("records  8 read = 6 written + 0 duplicates + 2 rejected"), "{}", output.stderr);
    assert!(output.stderr.contains("cloudwatch-logs (2 records)"), "{}", output.stderr);
    let reasons = context.run(&["lake", "rejects", "-F", "ndjson"]).ended_with(0).stdout;
    assert!(reasons.contains("not a CloudTrail record") && reasons.contains("not a JSON object"), "{reasons}");
    assert_eq!(exported(&context, &[]).len(), 6);
}

#[test]
fn the_consoles_csv_becomes_records() {
    let context = Context::new();
    context.write(
        "event_history.csv",
        "User name,AWS access key,Event time,Event source,Event name,AWS region,Source IP address,User agent,Error code,\
         Resources,Request ID,Event ID,Read-only,Event type,Recipient Account Id,Event category\n\
         mira,AKIAEXAMPLEKEY000001,2024-05-30T12:34:56Z,s3.amazonaws.com,DeleteBucket,eu-west-1,192.0.2.1,\"curl, 8\",\
         AccessDenied,\"[{\"\"resourceType\"\":\"\"AWS::S3::Bucket\"\",\"\"resourceName\"\":\"\"b\"\"}]\",r-1,e-1,false,AwsApiCall,\
         012345678901,Management\n",
    );
    context.run(&["convert", "event_history.csv"]).ended_with(0);
    let expected = json!({"eventTime": "2024-05-30T12:34:56Z", "eventSource": "s3.amazonaws.com", "eventName": "DeleteBucket",
        "awsRegion": "eu-west-1", "sourceIPAddress": "192.0.2.1", "userAgent": "curl, 8", "errorCode": "AccessDenied",
        "resources": [{"resourceType": "AWS::S3::Bucket", "resourceName": "b"}], "requestID": "r-1", "eventID": "e-1",
        "readOnly": false, "eventType": "AwsApiCall", "recipientAccountId": "012345678901", "eventCategory": "Management",
        "userIdentity": {"userName": "mira", "accessKeyId": "AKIAEXAMPLEKEY000001"}});
    assert_eq!(exported(&context, &[]), [expected.to_string()].into());
}

#[test]
fn look_alikes_are_named_and_left_alone() {
    let context = Context::new();
    context.write("in/good.json", log(&records("good")));
    for (name, document) in [
        (
            "s3-notification",
            json!({"Records": [{"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
            "awsRegion": "r", "userIdentity": {"principalId": "p"}, "s3": {"object": {"key": "my+file%3Da.json.gz"}}}]}),
        ),
        ("sqs-message", json!({"Records": [{"messageId": "1", "body": "{}", "eventSource": "aws:sqs"}]})),
        ("sns-message", json!({"Type": "Notification", "MessageId": "1", "TopicArn": "t", "Message": "{}"})),
        ("delivery-notification", json!({"s3Bucket": "b", "s3ObjectKey": ["k1", "k2"]})),
        ("digest", json!({"awsAccountId": "1", "digestS3Object": "k", "digestEndTime": "t", "logFiles": []})),
        ("lake-sign-file", json!({"version": "1.0", "files": [{"fileHashValue": "h"}], "hashSignature": "s"})),
        ("insights-attribution", json!([{"attribute": "userAgent", "insight": [], "baseline": []}])),
        ("ocsf", json!({"class_uid": 6003, "api": {"operation": "PutObject"}, "metadata": {"product": {}}})),
        ("other-eventbridge", json!({"detail-type": "Object Created", "source": "aws.s3", "detail": {"bucket": {}}})),
        (
            "lambda-event",
            json!({"Records": [{"eventID": "1", "eventName": "INSERT", "eventVersion": "1.1",
            "eventSource": "aws:dynamodb", "awsRegion": "r", "dynamodb": {}}]}),
        ),
    ] {
        context.write(&format!("in/{name}"), document.to_string());
    }
    let summary = context.run(&["convert", "in", "--json"]).ended_with(0).json();
    assert_eq!(summary["records"]["read"], 2);
    assert_eq!((&summary["files"]["look_alikes"], &summary["files"]["digests"]), (&json!(9), &json!(1)));
    let files = context.run(&["sql", "SELECT uri, carrier FROM files WHERE carrier <> 'trail-log'", "-F", "json"]);
    for file in files.ended_with(0).json().as_array().unwrap() {
        let name = file["uri"].as_str().unwrap().rsplit_once('/').unwrap().1;
        assert_eq!(file["carrier"], name);
    }
    // alone they are an error that says what was found
    let output = context.run(&["convert", "in/sns-message", "--lake", "other"]).ended_with(1);
    assert!(output.stderr.contains("hint: there is 1 × an SNS message"), "{}", output.stderr);
}

#[test]
fn what_an_envelope_says_fills_in_for_the_record() {
    let context = Context::new();
    context.write("e.json", bridge(&json!({"eventVersion": "1.08", "eventName": "X", "eventID": "1"})).to_string());
    context.run(&["convert", "e.json"]).ended_with(0);
    let sql = "SELECT region, account, event_time, fallbacks FROM events";
    let row = context.run(&["sql", sql, "-F", "ndjson"]).ended_with(0).json();
    assert_eq!((&row["region"], &row["account"]), (&json!("us-east-1"), &json!("9")));
    let fallbacks = row["fallbacks"].to_string();
    for part in ["region", "account", "event_time", "envelope"] {
        assert!(fallbacks.contains(part), "{row}");
    }
    assert_eq!(
        exported(&context, &[]),
        [json!({"eventVersion": "1.08", "eventName": "X", "eventID": "1"}).to_string()].into()
    );
}

#[test]
fn a_damaged_member_costs_itself_and_is_tried_again() {
    let context = Context::new();
    let cut = gzip(log(&records("cut")).as_bytes());
    let members = [("good.json", log(&records("good")).into_bytes()), ("cut.json.gz", cut[..40].to_vec())];
    context.write("logs.zip", zip(&members));
    let output = context.run(&["convert", "logs.zip"]).ended_with(3);
    assert!(output.stderr.contains("logs.zip!/cut.json.gz: the gzip data ends too early"), "{}", output.stderr);
    assert!(output.stderr.contains("logs.zip: a member of the archive is damaged"), "{}", output.stderr);
    // what is sound is not read again
    let again = context.run(&["convert", "logs.zip", "--json"]).ended_with(3).json();
    assert_eq!((&again["files"]["known"], &again["records"]["read"]), (&json!(1), &json!(0)));
    context.write("cut.zip", &zip(&members)[..60]);
    let output = context.run(&["convert", "cut.zip"]).ended_with(1);
    assert!(output.stderr.contains("the zip archive is damaged"), "{}", output.stderr);
}

fn tar(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        tar.append_data(&mut header, name, &bytes[..]).unwrap();
    }
    tar.into_inner().unwrap()
}

#[test]
fn members_of_one_name_and_archives_on_end_lose_nothing() {
    let context = Context::new();
    let of = |name: &str| log(&records(name)).into_bytes();
    let first = tar(&[("a.json", of("one")), ("a.json", of("two"))]);
    context.write("in/a.tar", [first, tar(&[("a.json", of("three"))])].concat());
    context.write("in/z.json", of("four"));
    let summary = context.run(&["convert", "in", "--json"]).ended_with(0).json();
    assert_eq!(summary["records"]["written"], 8);
    let sql = "SELECT uri FROM files WHERE uri LIKE '%!/%' ORDER BY uri";
    let uris = context.run(&["sql", sql, "-F", "csv"]).ended_with(0).stdout;
    assert_eq!(uris, "uri\nin/a.tar!/a.json\nin/a.tar!/a.json#2\nin/a.tar!/a.json#3\n");
}

#[test]
fn nothing_of_a_damaged_tar_is_taken_in() {
    let context = Context::new();
    let of = |name: &str| lines(&records(name)).into_bytes();
    let whole = tar(&[("a.json", of("one")), ("b.json", of("two"))]);
    let mut flipped = gzip(&whole);
    let at = flipped.len() - 6;
    flipped[at] ^= 1;
    // the end is missing: between two files, at a line end inside of a file, or of the zeros
    let inside = 1536 + lines(&records("two")[..1]).len();
    for (name, bytes, reason) in [
        ("flipped", flipped, "the gzip data is damaged"),
        ("between", whole[..1024 + 512].to_vec(), "the tar archive is damaged: "),
        ("inside", whole[..inside + 512].to_vec(), "the tar archive is damaged: "),
        ("unended", whole[..2048 + 512].to_vec(), "the tar archive is damaged: "),
    ] {
        context.write(name, bytes);
        let output = context.run(&["convert", name]).ended_with(1);
        assert!(output.stderr.contains(reason), "{name}: {}", output.stderr);
        assert_eq!(exported(&context, &[]).len(), 0, "{name}");
    }
}
