use arrow_array::cast::AsArray;
use arrow_array::types::{TimestampMicrosecondType, UInt64Type};
use milepost_schema::arrow::FINGERPRINT;
use milepost_schema::rebuild::Rebuilder;
use milepost_schema::{COLUMNS, json_equal};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::scan::Notes;
use crate::tree::At;

fn flatten(record: &str) -> Result<RecordBatch, String> {
    let mut notes = Notes::default();
    scan::record(record.as_bytes(), 0, 0, At::root(), &mut notes).map_err(|error| format!("{error:?}"))?;
    flatten_noted(record, &notes.members, &notes.nested)
}

/// The row without its fingerprint, which each flattener draws anew.
fn flatten_noted(text: &str, members: &[Member], nested: &[Member]) -> Result<RecordBatch, String> {
    let mut flattener = Flattener::new(RandomState::new());
    let origin = Origin { source_file: "a.json".to_owned(), region: None, account: Some("111122223333".to_owned()) };
    flattener.push(Record { text, members, nested, hints: Hints::default(), redacted: None }, &origin)?;
    let mut batch = flattener.take().map_err(|error| error.to_string())?;
    batch.remove_column(COLUMNS.len());
    Ok(batch)
}

#[test]
fn one_text_has_one_fingerprint_in_all_flatteners_of_a_run() {
    let (state, other_state) = (RandomState::with_seeds(1, 2, 3, 4), RandomState::with_seeds(5, 6, 7, 8));
    let texts = [r#"{"eventID":"1"}"#, r#" {"eventID":"1"} "#, r#"{"eventID":"2"}"#, "{}", r#"{"eventID": "1"}"#];
    let prints = |state: &RandomState| {
        let mut flattener = Flattener::new(state.clone());
        for text in texts {
            let mut members = Vec::new();
            scan::members(text.as_bytes(), text.find('{').unwrap(), 0, &mut members).unwrap();
            let record = Record { text, members: &members, nested: &[], hints: Hints::default(), redacted: None };
            flattener.push(record, &Origin::default()).unwrap();
        }
        let batch = flattener.take().unwrap();
        let prints = batch.column_by_name(FINGERPRINT).unwrap().as_primitive::<UInt64Type>();
        prints.values().to_vec()
    };
    let found = prints(&state);
    assert_eq!(found, prints(&state));
    assert_ne!(found, prints(&other_state));
    assert_eq!(found[0], found[1], "what is around a record does not count");
    let different: std::collections::HashSet<&u64> = found.iter().collect();
    assert_eq!(different.len(), texts.len() - 1);
}

fn round_trip(record: &str) -> String {
    let batch = flatten(record).unwrap();
    let mut out = String::new();
    Rebuilder::new(&batch).unwrap().write(0, &mut out).unwrap();
    out
}

fn text_of(batch: &RecordBatch, column: &str) -> Option<String> {
    let array = batch.column_by_name(column).unwrap();
    let text = arrow_cast::display::array_value_to_string(array, 0).unwrap();
    (!arrow_array::Array::is_null(array, 0)).then_some(text)
}

/// A value of any JSON type, often of the kind that real records hold.
fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        prop::sample::select(vec!["true", "False", "2023-07-10T11:42:31Z", "20131102T010628Z", "us-east-1", ""])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-zA-Z:.]{0,8}", inner.clone(), 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
            prop::collection::vec(resource(inner), 0..3).prop_map(Value::from),
        ]
    })
}

fn resource(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    let key = prop::sample::select(vec!["ARN", "arn", "ARNPrefix", "accountId", "type", "other"]);
    prop::collection::btree_map(key.prop_map(str::to_owned), prop_oneof![".{0,6}".prop_map(Value::from), inner], 0..4)
        .prop_map(|map| Value::Object(map.into_iter().collect()))
}

/// Puts a value at a path; says no if something that is no object is in the way.
fn put(record: &mut Value, path: &[&str], value: Value) {
    let Some((key, rest)) = path.split_first() else { return };
    let Some(object) = record.as_object_mut() else { return };
    if rest.is_empty() {
        object.insert((*key).to_owned(), value);
    } else {
        put(object.entry(*key).or_insert_with(|| json!({})), rest, value);
    }
}

fn any_record() -> impl Strategy<Value = Value> {
    let paths: Vec<Vec<&str>> = COLUMNS
        .iter()
        .filter(|column| !column.path.is_empty())
        .flat_map(|column| (1..=column.path.len()).map(|depth| column.path[..depth].to_vec()))
        .chain([vec!["unknown"], vec!["userIdentity", "unknown"], vec!["userIdentity", "sessionContext", "a b"]])
        .collect();
    prop::collection::vec((prop::sample::select(paths), any_value()), 0..30).prop_map(|members| {
        let mut record = json!({});
        for (path, value) in members {
            put(&mut record, &path, value);
        }
        record
    })
}

proptest! {
    #[test]
    fn any_record_comes_back_as_it_was(record in any_record()) {
        let text = record.to_string();
        let back = round_trip(&text);
        prop_assert!(json_equal(&text, &back), "{}\n{}", text, back);
    }

    #[test]
    fn white_space_changes_nothing(record in any_record()) {
        let pretty = serde_json::to_string_pretty(&record).unwrap();
        let spaced = flatten(&pretty).unwrap();
        prop_assert_eq!(spaced, flatten(&record.to_string()).unwrap());
    }

    #[test]
    fn what_was_noted_of_objects_inside_is_what_scanning_them_finds(record in any_record()) {
        let text = serde_json::to_string_pretty(&record).unwrap();
        let mut members = Vec::new();
        scan::members(text.as_bytes(), 0, 0, &mut members).unwrap();
        prop_assert_eq!(flatten_noted(&text, &members, &[]).unwrap(), flatten(&text).unwrap());
    }
}

#[test]
fn numbers_and_order_inside_nested_values_stay_to_the_letter() {
    let record = r#"{"requestParameters":{"z":9007199254740993,"a":1E-5,"m":0.0,"z":1},"n":1e400}"#;
    let batch = flatten(record).unwrap();
    let nested = r#"{"z":9007199254740993,"a":1E-5,"m":0.0,"z":1}"#;
    assert_eq!(text_of(&batch, "request_parameters").as_deref(), Some(nested));
    assert_eq!(text_of(&batch, "extra").as_deref(), Some(r#"{"n":1e400}"#));
}

#[test]
fn null_absent_empty_text_and_empty_object_stay_apart() {
    for record in [
        r"{}",
        r#"{"errorCode":null}"#,
        r#"{"errorCode":""}"#,
        r#"{"userIdentity":{}}"#,
        r#"{"userIdentity":{"sessionContext":{"sessionIssuer":{},"attributes":null}}}"#,
        r#"{"requestParameters":{}}"#,
        r#"{"requestParameters":null}"#,
        r#"{"resources":[]}"#,
        r#"{"resources":[{}]}"#,
    ] {
        assert!(json_equal(record, &round_trip(record)), "{record} -> {}", round_trip(record));
    }
}

#[test]
fn drifting_types_are_read_where_they_can_be() {
    let record = r#"{"readOnly":"True","apiVersion":5,"managementEvent":"yes","sessionCredentialFromConsole":true,
        "resources":[{"arn":"a"}],"userIdentity":{"sessionContext":{"attributes":{"creationDate":"20131102T010628Z"}}}}"#;
    let batch = flatten(record).unwrap();
    assert_eq!(text_of(&batch, "read_only").as_deref(), Some("true"));
    assert_eq!(text_of(&batch, "api_version").as_deref(), Some("5"));
    assert_eq!(text_of(&batch, "management_event"), None);
    assert_eq!(text_of(&batch, "session_credential_from_console").as_deref(), Some("true"));
    let created = batch.column_by_name("session_creation_date").unwrap();
    assert_eq!(created.as_primitive::<TimestampMicrosecondType>().value(0), 1_383_354_388_000_000);
    assert!(text_of(&batch, "resources").unwrap().contains("arn: a"));
    assert!(json_equal(record, &round_trip(record)));
}

#[test]
fn of_members_with_one_name_the_last_counts() {
    let record = r#"{"eventName":"A","x":1,"userIdentity":{"type":"Root","arn":"r"},"eventName":"B",
        "userIdentity":{"type":"IAMUser"},"x":2,"event\u004eame":"C"}"#;
    let batch = flatten(record).unwrap();
    assert_eq!(text_of(&batch, "event_name").as_deref(), Some("C"));
    assert_eq!(text_of(&batch, "user_identity_arn"), None);
    assert!(json_equal(record, &round_trip(record)), "{}", round_trip(record));
}

#[test]
fn a_lone_surrogate_is_readable_and_comes_back() {
    let record = r#"{"userAgent":"x\ud83d"}"#;
    assert_eq!(text_of(&flatten(record).unwrap(), "user_agent").as_deref(), Some("x\u{fffd}"));
    assert_eq!(round_trip(record), record);
    assert_eq!(flatten(r#"{"\ud83d":1}"#).err().as_deref(), Some("a member's name is not valid Unicode"));
}

#[test]
fn a_withdrawn_record_leaves_no_row() {
    let mut flattener = Flattener::new(RandomState::new());
    for record in [r#"{"eventID":"1"}"#, r#"{"eventID":"2","userIdentity":{"\ud83d":1}}"#, r#"{"eventID":"3"}"#] {
        let mut members = Vec::new();
        scan::members(record.as_bytes(), 0, 0, &mut members).unwrap();
        let record = Record { text: record, members: &members, nested: &[], hints: Hints::default(), redacted: None };
        let _ = flattener.push(record, &Origin::default());
    }
    let batch = flattener.take().unwrap();
    assert_eq!(batch.num_rows(), 2);
    let ids = arrow_cast::display::array_value_to_string(batch.column_by_name("event_id").unwrap(), 1).unwrap();
    assert_eq!(ids, "3");
}

#[test]
fn the_account_falls_back_from_record_to_path() {
    let account = |record: &str| text_of(&flatten(record).unwrap(), "account");
    assert_eq!(
        account(r#"{"recipientAccountId":"012345678901","userIdentity":{"accountId":"2"}}"#).unwrap(),
        "012345678901"
    );
    assert_eq!(account(r#"{"userIdentity":{"accountId":"2"}}"#).unwrap(), "2");
    assert_eq!(account(r#"{"userIdentity":{"arn":"arn:aws:iam::33:user/x"}}"#).unwrap(), "33");
    let long = format!(r#"{{"recipientAccountId":"{}"}}"#, "é".repeat(90));
    assert_eq!(account(&long).unwrap(), "111122223333");
    assert_eq!(account(r#"{"userIdentity":{"accountId":"ANONYMOUS_PRINCIPAL"}}"#).unwrap(), "111122223333");
    assert_eq!(text_of(&flatten(r#"{"awsRegion":""}"#).unwrap(), "region"), None);
}

#[test]
fn what_a_record_does_not_say_itself_is_noted_and_not_given_back() {
    let record = r#"{"eventVersion":"1.0","accountId":"111122220000","eventId":"e1","eventCategory":"Aggregated",
        "timeWindow":{"windowStart":"2025-11-17T23:55:00Z","windowEnd":"2025-11-18 00:00:00"}}"#;
    let mut members = Vec::new();
    scan::members(record.as_bytes(), 0, 0, &mut members).unwrap();
    let mut flattener = Flattener::new(RandomState::new());
    let hints = Hints { account: Some("999999999999"), region: Some("us-west-2"), time: Some(0) };
    let noted = Record { text: record, members: &members, nested: &[], hints, redacted: None };
    flattener.push(noted, &Origin::default()).unwrap();
    let batch = flattener.take().unwrap();
    assert_eq!(text_of(&batch, "event_id").as_deref(), Some("e1"));
    assert_eq!(text_of(&batch, "account").as_deref(), Some("111122220000"));
    assert_eq!(text_of(&batch, "region").as_deref(), Some("us-west-2"));
    assert_eq!(text_of(&batch, "date").as_deref(), Some("2025-11-18"));
    let fallbacks =
        r#"{"event_id":"eventId","event_time":"timeWindow.windowEnd","region":"envelope","account":"accountId"}"#;
    assert_eq!(text_of(&batch, "fallbacks").as_deref(), Some(fallbacks));
    let mut out = String::new();
    Rebuilder::new(&batch).unwrap().write(0, &mut out).unwrap();
    assert!(json_equal(record, &out), "{out}");
}

#[test]
fn the_chains_of_fallbacks_are_those_of_the_reference() {
    for (record, fallbacks) in [
        (r#"{"recipientAccountId":"1","awsRegion":"r","eventTime":"2023-07-10T11:42:31Z"}"#, None),
        (r#"{"userIdentity":{"accountId":"2"},"awsRegion":"r"}"#, Some(r#"{"account":"userIdentity.accountId"}"#)),
        (
            r#"{"userIdentity":{"sessionContext":{"sessionIssuer":{"accountId":"3"}}}}"#,
            Some(r#"{"account":"sessionIssuer.accountId"}"#),
        ),
        (r#"{"userIdentity":{"arn":"arn:aws:iam::4:root"}}"#, Some(r#"{"account":"userIdentity.arn"}"#)),
        (r#"{"recipientAccountId":""}"#, Some(r#"{"account":"path"}"#)),
        (
            r#"{"@timestamp":"2020-09-14T12:00:00.123Z","recipientAccountId":"1"}"#,
            Some(r#"{"event_time":"@timestamp"}"#),
        ),
        (
            r#"{"eventTime":"never","@timestamp":"2020-09-14T12:00:00Z","recipientAccountId":"1"}"#,
            Some(r#"{"event_time":"@timestamp"}"#),
        ),
    ] {
        let batch = flatten(record).unwrap();
        assert_eq!(text_of(&batch, "fallbacks").as_deref(), fallbacks, "{record}");
        assert!(json_equal(record, &round_trip(record)), "{}", round_trip(record));
    }
}

#[test]
fn a_time_written_as_a_number_is_read_and_comes_back() {
    for record in [r#"{"eventTime":1688989351}"#, r#"{"eventTime":"1688989351000"}"#, r#"{"eventTime":1688989351.0}"#] {
        let batch = flatten(record).unwrap();
        let time = batch.column_by_name("event_time").unwrap();
        assert_eq!(time.as_primitive::<TimestampMicrosecondType>().value(0), 1_688_989_351_000_000);
        assert_eq!(round_trip(record), record);
    }
}

#[test]
fn the_date_is_that_of_the_event_in_utc() {
    let batch = flatten(r#"{"eventTime":"2023-07-10T23:59:59-02:00"}"#).unwrap();
    assert_eq!(text_of(&batch, "date").as_deref(), Some("2023-07-11"));
}
