//! What must not come into the lake does not, anywhere in it.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::context::{Context, files_below, log};

const SECRET: &str = "FQoGZXIvYXdzEXAMPLETOKEN";
const KEY: (&str, &str) = ("REDACTION_KEY", "0123456789abcdef0123");
const RULES: &str = "key_env = \"REDACTION_KEY\"\n\
    [[rule]]\npath = \"/responseElements/credentials/sessionToken\"\naction = \"drop\"\n\
    [[rule]]\npath = \"/requestParameters/**/password\"\naction = \"blank\"\n\
    [[rule]]\ncolumn = \"source_ip_address\"\naction = \"hash\"\n";

/// Whether a file below `folder` has `text` in its name or its bytes. What is compressed is read back through `sql`.
fn holds(folder: &Path, text: &str) -> bool {
    files_below(folder).iter().any(|path| {
        let bytes = fs::read(path).unwrap();
        path.to_string_lossy().contains(text) || bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

fn converted() -> Context {
    let context = Context::new();
    let record = |id: u32, address: &str| {
        json!({"eventVersion": "1.09", "eventID": id.to_string(), "eventTime": "2026-03-02T00:00:00Z", "sourceIPAddress": address,
            "requestParameters": {"user": {"password": SECRET}, "n": 1},
            "responseElements": {"credentials": {"sessionToken": SECRET, "accessKeyId": "ASIA1"}}})
    };
    let mut text = log(&[record(1, "192.0.2.1"), record(2, "192.0.2.1"), record(3, "192.0.2.2")]);
    text.truncate(text.len() - 2);
    text.push_str(&format!(",{{\"eventID\":\"4\",\"broken\":\"{SECRET}\",}}]}}"));
    context.write("logs/a.json", text);
    context.write("rules.toml", RULES);
    context.run_with(&["convert", "logs", "--redact", "rules.toml"], &[KEY], "").ended_with(3);
    context
}

#[test]
fn nothing_of_a_redacted_value_is_left_in_the_lake() {
    let context = converted();
    assert!(!holds(&context.path("lake"), SECRET));
    for table in ["events", "files", "rejects", "runs"] {
        let rows = context.run(&["sql", &format!("SELECT * FROM {table}"), "-F", "ndjson"]).ended_with(0).stdout;
        assert!(!rows.contains(SECRET) && !rows.contains("192.0.2.1") && !rows.contains(KEY.1), "{rows}");
    }
    let records = context.run(&["export"]).ended_with(0).stdout;
    assert!(records.contains(r#""credentials":{"accessKeyId":"ASIA1"}"#), "{records}");
    assert!(records.contains(r#""requestParameters":{"n":1,"user":{"password":""}}"#), "{records}");
    let reject = context.run(&["lake", "rejects", "-F", "ndjson"]).ended_with(0).json();
    assert_eq!((&reject["record_number"], &reject["raw"]), (&json!(3), &json!(null)));
}

#[test]
fn equal_values_still_join_and_what_went_is_recorded() {
    let context = converted();
    let sql =
        "SELECT source_ip_address AS ip, count(*) AS n, min(redacted) AS redacted FROM events GROUP BY 1 ORDER BY n";
    let rows = context.run(&["sql", sql, "-F", "json"]).ended_with(0).json();
    assert_eq!((&rows[0]["n"], &rows[1]["n"]), (&json!(1), &json!(2)));
    for row in rows.as_array().unwrap() {
        assert!(row["ip"].as_str().unwrap().starts_with("hmac:"), "{row}");
        let redacted = row["redacted"].to_string();
        for pointer in
            ["/sourceIPAddress", "/requestParameters/**/password", "/responseElements/credentials/sessionToken"]
        {
            assert!(redacted.contains(pointer), "{row}");
        }
    }
    let run = context.run(&["sql", "SELECT arguments FROM runs", "-F", "ndjson"]).ended_with(0).stdout;
    assert!(run.contains("rules.toml"), "{run}");
}

#[test]
fn markers_that_aws_writes_stay_as_they_are() {
    let context = Context::new();
    let record = json!({"eventVersion": "1.09", "eventName": "x", "requestParameters": {"a": "HIDDEN_DUE_TO_SECURITY_REASONS",
        "b": "<sensitiveDataRemoved>", "c": "***"}});
    context.write("a.json", record.to_string());
    context.run(&["convert", "a.json"]).ended_with(0);
    assert_eq!(crate::convert::exported(&context, &[]), [record.to_string()].into());
}

#[test]
fn rules_that_cannot_be_used_stop_the_run_before_it_reads() {
    let context = Context::new();
    context.write("a.json", log(&[]));
    context.write("rules.toml", RULES);
    let output = context.run(&["convert", "a.json", "--redact", "rules.toml"]).ended_with(1);
    let expected = "error: the redaction rules in `rules.toml` cannot be used\n\
        caused by: the variable `REDACTION_KEY`, which should hold the key, is not set\n";
    assert_eq!(output.stderr, expected);
    context.write("rules.toml", "[[rule]]\npath = \"/a\"\naction = \"burn\"\n");
    let output = context.run(&["convert", "a.json", "--redact", "rules.toml"]).ended_with(1);
    assert!(output.stderr.contains("caused by: line 3: unknown variant `burn`"), "{}", output.stderr);
    context.run(&["convert", "a.json", "--redact", "none.toml"]).ended_with(1);
    assert!(!context.path("lake").exists());
}
