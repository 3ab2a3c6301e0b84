//! What could not become a row: where it is told, and how it comes in later.

use std::fs;

use serde_json::{Value, json};

use crate::context::{Context, gzip, log};

fn rejects(context: &Context) -> Vec<Value> {
    context.run(&["lake", "rejects", "-F", "json"]).ended_with(0).json().as_array().unwrap().clone()
}

fn record(id: u32) -> Value {
    json!({"eventVersion": "1.09", "eventID": id.to_string(), "eventTime": "2026-03-02T00:00:00Z"})
}

#[test]
fn a_mended_file_takes_its_rejects_away() {
    let context = Context::new();
    context.write("a.json", "{\"Records\":[{\"eventID\":\"1\"},{\"eventID\":\"2\",}]}");
    context.run(&["convert", "a.json"]).ended_with(3);
    let found = rejects(&context);
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0]["record_number"], &found[0]["byte_offset"]), (&json!(1), &json!(28)));
    assert_eq!(found[0]["raw"], "{\"eventID\":\"2\",}");
    assert_eq!(found[0]["source_file"], "a.json");
    // unchanged it is not read again, and what is wrong stays on show
    context.run(&["convert", "a.json"]).ended_with(0);
    assert_eq!(rejects(&context).len(), 1);
    context.write("a.json", "{\"Records\":[{\"eventID\":\"1\"},{\"eventID\":\"2\"}]}");
    let summary = context.run(&["convert", "a.json", "--json"]).ended_with(0).json();
    assert_eq!((&summary["records"]["written"], &summary["records"]["duplicates"]), (&json!(1), &json!(1)));
    assert_eq!(rejects(&context), [Value::Null; 0]);
}

#[test]
fn a_damaged_file_is_on_show_once_until_it_is_mended() {
    let context = Context::new();
    let packed = gzip(log(&[record(1), record(2)]).as_bytes());
    context.write("logs/cut.json.gz", &packed[..packed.len() - 9]);
    context.write("logs/good.json", log(&[record(3)]));
    for _ in 0..3 {
        context.run(&["convert", "logs"]).ended_with(3);
        let found = rejects(&context);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((&found[0]["record_number"], &found[0]["raw"]), (&Value::Null, &Value::Null));
        assert_eq!(found[0]["reason"], "the gzip data ends too early");
    }
    let source = context.run(&["lake", "rejects", "--source", "other", "-F", "json"]).ended_with(0).json();
    assert_eq!(source, json!([]));
    context.write("logs/cut.json.gz", packed);
    context.run(&["convert", "logs"]).ended_with(0);
    assert_eq!(rejects(&context), [Value::Null; 0]);
}

#[test]
fn salvage_takes_the_complete_records_and_says_so() {
    let context = Context::new();
    let text = log(&[record(1), record(2), record(3)]);
    context.write("cut.json", &text[..text.len() - 10]);
    context.run(&["convert", "cut.json"]).ended_with(1);
    assert_eq!(rejects(&context)[0]["reason"], "the text ends inside the document");
    let summary = context.run(&["convert", "cut.json", "--salvage", "--json"]).ended_with(3).json();
    assert_eq!((&summary["records"]["written"], &summary["files"]["salvaged"]), (&json!(2), &json!(1)));
    assert_eq!(summary["damaged"][0]["salvaged"], true);
    assert_eq!(rejects(&context)[0]["reason"], "salvaged: the text ends inside the document");
    let note = context.run(&["sql", "SELECT note FROM files", "-F", "csv"]).ended_with(0).stdout;
    assert_eq!(note, "note\nsalvaged: the text ends inside the document\n");
    // it is in the ledger now, until it changes
    let again = context.run(&["convert", "cut.json", "--json"]).ended_with(0).json();
    assert_eq!(again["files"]["known"], 1);
    context.write("cut.json", text);
    let whole = context.run(&["convert", "cut.json", "--json"]).ended_with(0).json();
    assert_eq!((&whole["records"]["written"], &whole["records"]["duplicates"]), (&json!(1), &json!(2)));
    assert_eq!(rejects(&context), [Value::Null; 0]);
}

#[test]
fn a_crash_between_rejects_and_ledger_doubles_nothing_on_show() {
    let context = Context::new();
    context.write("a.json", "{\"Records\":[{\"eventID\":\"1\"},7]}");
    context.run(&["convert", "a.json"]).ended_with(3);
    fs::remove_dir_all(context.path("lake/files")).unwrap();
    context.run(&["convert", "a.json"]).ended_with(3);
    assert_eq!(rejects(&context).len(), 1);
}

#[test]
fn drifting_members_are_listed_by_version_and_service() {
    let context = Context::new();
    let of = |id: u32, version: &str, more: Value| {
        let mut record = json!({"eventVersion": version, "eventSource": "s3.amazonaws.com", "eventID": id.to_string()});
        record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        record
    };
    context.write(
        "a.json",
        log(&[
            of(1, "1.12", json!({"tomorrow": 1})),
            of(2, "1.12", json!({"tomorrow": {}, "responseElements": null})),
            of(3, "1.12", json!({"tomorrow": "x"})),
            of(4, "1.09", json!({"readOnly": "true", "userIdentity": {"new": 1}})),
        ]),
    );
    context.run(&["convert", "a.json"]).ended_with(0);
    let found = context.run(&["lake", "info", "--fields", "-F", "csv"]).ended_with(0).stdout;
    let lines: Vec<&str> = found.lines().map(|line| line.rsplit_once(',').unwrap().0).collect();
    let expected = [
        "field,drift,event_version,event_source,records",
        "readOnly,form,1.09,s3.amazonaws.com,1",
        "tomorrow,unknown,1.12,s3.amazonaws.com,2",
        "userIdentity.new,unknown,1.09,s3.amazonaws.com,1",
    ];
    assert_eq!(lines, expected);
    assert!(found.lines().nth(1).unwrap().ends_with(",a.json"), "{found}");
    let info = context.run(&["lake", "info", "-F", "json"]).ended_with(0).json();
    assert_eq!((&info[0]["table"], &info[0]["rows"], &info[0]["partitions"]), (&json!("events"), &json!(4), &json!(1)));
}
