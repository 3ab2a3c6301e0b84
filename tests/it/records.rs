//! What becomes of a record: one golden row for every version of the format, every family of events, every documented
//! service; and the way back is always the record.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use milepost_schema::json_equal;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::context::{Context, real_seeds};

#[derive(serde::Deserialize)]
struct Named<'a> {
    name: String,
    #[serde(borrow)]
    record: &'a RawValue,
}

/// Converts each record of a file of `tests/records`, and gives the columns that its row has, derived ones included.
fn rows(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/records").join(file);
    let text = fs::read_to_string(path).unwrap();
    let named: Vec<Named<'_>> = serde_json::from_str(&text).unwrap();
    let context = Context::new();
    for one in &named {
        context.write(&format!("in/{}", one.name), one.record.get());
    }
    let summary = context.run(&["convert", "in", "--json"]).ended_with(0).json();
    assert_eq!(summary["records"]["written"], named.len());
    let mut out = String::new();
    for one in &named {
        let condition = format!("source_file LIKE '%/in/{}'", one.name);
        let back = context.run(&["export", "--where", &condition]).ended_with(0).stdout;
        assert!(json_equal(one.record.get(), back.trim()), "{}\n{back}", one.record);
        let sql = format!("SELECT * FROM events WHERE {condition}");
        let row = context.run(&["sql", &sql, "-F", "ndjson"]).ended_with(0).stdout;
        let mut columns: serde_json::Map<String, Value> = serde_json::from_str(&row).unwrap();
        columns.remove("source_file");
        writeln!(out, "{}", one.name).unwrap();
        for (column, value) in columns.iter().filter(|(_, value)| !value.is_null()) {
            writeln!(out, "  {column}: {value}").unwrap();
        }
    }
    out
}

#[test]
fn every_version_of_the_format_has_its_row() {
    insta::assert_snapshot!("versions", rows("versions.json"));
}

#[test]
fn every_family_of_events_has_its_row() {
    insta::assert_snapshot!("families", rows("families.json"));
}

#[test]
fn every_documented_service_has_its_row() {
    insta::assert_snapshot!("services", rows("services.json"));
}

/// The example records in the documents of the services, as they stand there between text.
#[test]
fn the_documents_examples_come_back_as_they_were() {
    let Some(folder) = real_seeds() else { return };
    let context = Context::new();
    let mut expected = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let mut done = 0;
        for (at, _) in text.match_indices('{') {
            let mut values = serde_json::Deserializer::from_str(&text[at..]).into_iter::<&RawValue>();
            let Some(Ok(document)) = values.next().filter(|_| at >= done) else { continue };
            done = at + document.get().len();
            let value: Value = serde_json::from_str(document.get()).unwrap();
            if value["Records"].is_array() || value["eventVersion"].is_string() {
                context.write(&format!("in/{stem}-{at}.json"), document.get());
                let records = value["Records"].as_array().cloned();
                expected.extend(records.unwrap_or(vec![value]).iter().map(Value::to_string));
            }
        }
    }
    assert_eq!(expected.len(), 9);
    let summary = context.run(&["convert", "in", "--json"]).ended_with(0).json();
    // the older and the newer document of one service show the same two records, the older without hosts
    assert_eq!(summary["records"]["read"], 9);
    let exported = crate::convert::exported(&context, &[]);
    assert_eq!(exported, expected.into_iter().collect());
    let sql =
        "SELECT count(*) AS n FROM events WHERE uses_root_or_iam_user IS NULL OR uses_temporary_credentials IS NULL
        OR made_by_aws_service IS NULL OR principal IS NULL OR identity_kind IS NULL";
    assert_eq!(context.run(&["sql", sql, "-F", "csv"]).ended_with(0).stdout, "n\n0\n");
}
