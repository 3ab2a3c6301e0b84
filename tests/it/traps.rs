//! Everything that breaks readers of CloudTrail, and what becomes of it here: a row that comes back as it was, or a reject with
//! its text. docs/input.md has the table.

use std::io::Write as _;

use milepost_schema::json_equal;
use serde_json::{Value, json};

use crate::context::{Context, log};

/// What becomes of one file.
enum Outcome {
    /// Rows, which give these records back.
    Rows(&'static [&'static str]),
    /// Rows that come back, and rejects of these reasons with these texts.
    Rejected(&'static [&'static str], &'static [(&'static str, &'static str)]),
    /// The whole file is damaged, for this reason.
    Damaged(&'static str),
}
use Outcome::{Damaged, Rejected, Rows};

const OK: &str = r#"{"eventVersion":"1.09","eventName":"ok"}"#;

/// A log file with `records` between good ones.
fn around(record: &[u8]) -> Vec<u8> {
    [b"{\"Records\":[", record, b",", OK.as_bytes(), b"]}"].concat()
}

fn traps() -> Vec<(&'static str, Vec<u8>, Outcome)> {
    const NAN: &str = r#"{"eventID":"1","requestParameters":{"n":NaN}}"#;
    const INFINITY: &str = r#"{"eventID":"1","n":-Infinity}"#;
    const NUMBERS: &str =
        r#"{"requestParameters":{"a":9007199254740993,"b":1E-5,"c":0.0,"d":1e400,"e":-0},"eventName":"n","x":1e400}"#;
    const CASE: &str = r#"{"eventName":"n","requestParameters":{"tag":1,"Tag":[{"a":1}],"Tagging":{},"tagging":""}}"#;
    const DOUBLE: &str = r#"{"eventName":"a","eventName":"b","requestParameters":{"k":1,"k":2},"x":1,"x":2}"#;
    const SURROGATE: &str = r#"{"eventName":"n","userAgent":"\ud83d","requestParameters":{"k":"\ude00"}}"#;
    const NUL: &str = r#"{"eventName":"a\u0000b","userAgent":"\u0007\u001b[31m"}"#;
    const EMPTIES: &str = r#"{"errorCode":"","errorMessage":null,"userIdentity":{"sessionContext":{"sessionIssuer":{}}},"requestParameters":{},"responseElements":null,"resources":[]}"#;
    const NON_ASCII: &str = r#"{"eventName":"n","userAgent":"Ärger 事件 🎉"}"#;
    const ODD_KEYS: &str = r#"{"eventName":"n","requestParameters":{"x-amz-id-2":1,"graph.facebook.com":2,"aws:PrincipalTag/a b":3,"":4}}"#;
    const COMMA: &str = r#"{"eventID":"1",}"#;
    vec![
        (
            "NaN",
            around(NAN.as_bytes()),
            Rejected(&[OK], &[("not valid JSON: expected a value at byte 40 of the record", NAN)]),
        ),
        (
            "Infinity",
            around(INFINITY.as_bytes()),
            Rejected(&[OK], &[("not valid JSON: expected a digit at byte 20 of the record", INFINITY)]),
        ),
        ("numbers", around(NUMBERS.as_bytes()), Rows(&[NUMBERS, OK])),
        ("keys equal but for case", around(CASE.as_bytes()), Rows(&[CASE, OK])),
        ("repeated keys", around(DOUBLE.as_bytes()), Rows(&[DOUBLE, OK])),
        ("lone surrogates", around(SURROGATE.as_bytes()), Rows(&[SURROGATE, OK])),
        ("NUL and control characters", around(NUL.as_bytes()), Rows(&[NUL, OK])),
        ("null, absent, empty text, empty object", around(EMPTIES.as_bytes()), Rows(&[EMPTIES, OK])),
        ("not ASCII", around(NON_ASCII.as_bytes()), Rows(&[NON_ASCII, OK])),
        ("odd keys", around(ODD_KEYS.as_bytes()), Rows(&[ODD_KEYS, OK])),
        (
            "a comma too many",
            around(COMMA.as_bytes()),
            Rejected(&[OK], &[("not valid JSON: expected a string at byte 15 of the record", COMMA)]),
        ),
        (
            "invalid UTF-8",
            around(b"{\"userAgent\":\"\xff\"}"),
            Rejected(&[OK], &[("not valid UTF-8 at byte 14 of the record", "{\"userAgent\":\"\u{fffd}\"}")]),
        ),
        (
            "a raw control character",
            around(b"{\"userAgent\":\"\x01\"}"),
            Rejected(
                &[OK],
                &[(
                    "not valid JSON: expected no control character in a string at byte 14 of the record",
                    "{\"userAgent\":\"\u{1}\"}",
                )],
            ),
        ),
        (
            "half a pair as a name",
            around(br#"{"\ud83d":1}"#),
            Rejected(&[OK], &[("a member's name is not valid Unicode", r#"{"\ud83d":1}"#)]),
        ),
        ("no object", around(b"7"), Rejected(&[OK], &[("not a JSON object", "7")])),
        ("a byte order mark", [b"\xef\xbb\xbf", &around(OK.as_bytes())[..]].concat(), Rows(&[OK, OK])),
        ("CRLF", format!("{{\"Records\":[\r\n{OK}\r\n]}}\r\n").into_bytes(), Rows(&[OK])),
        ("padding of zeros", [&around(OK.as_bytes())[..], &[0; 100]].concat(), Rows(&[OK, OK])),
        (
            "words behind the end",
            [&around(OK.as_bytes())[..], b" bye"].concat(),
            Rejected(
                &[OK, OK],
                &[("not valid JSON: expected `{`, `[` or the end of the text at byte 0 of the record", "bye")],
            ),
        ),
        ("cut off", around(OK.as_bytes())[..60].to_vec(), Damaged("the text ends inside the document")),
        (
            "no comma between records",
            format!("{{\"Records\":[{OK}{OK}]}}").into_bytes(),
            Damaged("not valid JSON: expected `,` or `]`"),
        ),
        (
            "a name without quotes",
            format!("{{Records:[{OK}]}}").into_bytes(),
            Damaged("not valid JSON: expected a string at byte 1 of the record"),
        ),
    ]
}

#[test]
fn every_trap_has_its_outcome() {
    for (name, bytes, outcome) in traps() {
        let context = Context::new();
        context.write("trap.json", &bytes);
        let output = context.run(&["convert", "trap.json", "--json"]);
        let (rows, rejects): (&[&str], &[(&str, &str)]) = match outcome {
            Rows(rows) => (rows, &[]),
            Rejected(rows, rejects) => (rows, rejects),
            Damaged(reason) => {
                let output = output.ended_with(1);
                assert!(output.stderr.contains(reason), "{name}: {}", output.stderr);
                let rejects = context.run(&["lake", "rejects", "-F", "json"]).ended_with(0).json();
                assert_eq!(
                    (&rejects[0]["reason"], &rejects[0]["record_number"]),
                    (&json!(reason), &Value::Null),
                    "{name}"
                );
                continue;
            }
        };
        assert!([0, 3].contains(&output.code), "{name}: {}", output.stderr);
        let back = context.run(&["export"]).ended_with(0).stdout;
        let mut back: Vec<&str> = back.lines().collect();
        for row in rows {
            // the same record twice in one file is a duplicate
            let found = back.iter().position(|record| json_equal(record, row));
            match found {
                Some(at) => drop(back.remove(at)),
                None => {
                    assert!(rows.iter().filter(|other| *other == row).count() > 1, "{name}: {row} is not in {back:?}");
                }
            }
        }
        assert_eq!(back, [""; 0], "{name}: rows of which nothing was said");
        let found = context.run(&["lake", "rejects", "-F", "json"]).ended_with(0).json();
        let found: Vec<(&str, &str)> = found
            .as_array()
            .unwrap()
            .iter()
            .map(|reject| (reject["reason"].as_str().unwrap(), reject["raw"].as_str().unwrap()))
            .collect();
        assert_eq!(found, rejects, "{name}");
    }
}

#[test]
fn nesting_has_a_limit_and_what_is_deeper_is_kept_as_a_reject() {
    let context = Context::new();
    let deep = |levels: usize| format!(r#"{{"a":{}{}}}"#, "[".repeat(levels), "]".repeat(levels));
    // the file's own two levels and the record's count too
    context.write("deep.json", format!("{{\"Records\":[{},{},{}]}}", deep(253), deep(254), deep(50_000)));
    let summary = context.run(&["convert", "deep.json", "--json"]).ended_with(3).json();
    assert_eq!((&summary["records"]["written"], &summary["records"]["rejected"]), (&json!(1), &json!(2)));
    let rejects = context.run(&["lake", "rejects", "-F", "json"]).ended_with(0).json();
    assert_eq!(rejects[0]["reason"], "nested deeper than 256 levels");
    assert_eq!(rejects[1]["raw"], deep(50_000));
    assert_eq!(context.run(&["export"]).ended_with(0).stdout.trim(), deep(253));
}

/// One line of 300 MB, more than a window and more than any `--memory` of this run.
#[test]
fn a_huge_single_line_is_read_in_pieces() {
    let context = Context::new();
    let mut file = std::io::BufWriter::new(std::fs::File::create(context.path("huge")).unwrap());
    let text = "x".repeat(500_000);
    file.write_all(b"{\"Records\":[").unwrap();
    for id in 0..600 {
        let comma = if id > 0 { "," } else { "" };
        write!(file, "{comma}{{\"eventID\":\"{id}\",\"requestParameters\":{{\"text\":\"{text}\"}}}}").unwrap();
    }
    file.write_all(b"]}").unwrap();
    drop(file);
    let summary = context.run(&["convert", "huge", "--memory", "100MB", "--json"]).ended_with(0).json();
    assert_eq!(summary["records"]["written"], 600);
    assert!(summary["bytes"]["text"].as_u64().unwrap() > 300_000_000);
    let sql = "SELECT count(DISTINCT event_id) AS n, min(length(request_parameters)) AS l FROM events";
    assert_eq!(context.run(&["sql", sql, "-F", "csv"]).ended_with(0).stdout, "n,l\n600,500011\n");
}

#[test]
fn hostile_text_reaches_a_terminal_only_escaped() {
    let context = Context::new();
    context.write("logs/\u{1b}[31mred.json", "{\"Records\":[");
    context.write("logs/a.json", log(&[json!({"eventID": "1"})]));
    let output = context.run(&["convert", "logs"]).ended_with(3);
    assert!(output.stderr.contains("damaged") && !output.stderr.contains('\u{1b}'), "{:?}", output.stderr);
}
