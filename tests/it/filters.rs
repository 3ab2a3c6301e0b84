//! Which records a conversion takes, and that the others are not forgotten.

use serde_json::{Value, json};

use crate::context::{Context, log};

fn record(id: u32, day: u32, region: &str, account: &str) -> Value {
    json!({"eventVersion": "1.09", "eventID": id.to_string(), "eventTime": format!("2026-03-0{day}T12:00:00Z"),
        "awsRegion": region, "recipientAccountId": account, "eventName": if id.is_multiple_of(2) { "Decrypt" } else { "PutObject" }})
}

fn archive() -> Context {
    let context = Context::new();
    let records = [
        record(1, 1, "eu-west-1", "012345678901"),
        record(2, 2, "eu-west-1", "012345678901"),
        record(3, 3, "us-east-1", "012345678901"),
        record(4, 4, "us-east-1", "111122223333"),
    ];
    context.write("logs/a.json", log(&records));
    context.write("logs/b.json", log(&[record(5, 2, "eu-west-1", "111122223333"), json!({"eventID": "6", "n": 1})]));
    context
}

fn ids(context: &Context) -> String {
    context.run(&["sql", "SELECT event_id FROM events ORDER BY 1", "-F", "csv"]).ended_with(0).stdout.replace('\n', " ")
}

#[test]
fn each_filter_leaves_out_and_counts() {
    for (arguments, expected) in [
        (&["--from", "2026-03-02", "--to", "2026-03-03T12:00:00Z"][..], "event_id 2 5 "),
        (&["--account", "111122223333"], "event_id 4 5 "),
        (&["--region", "us-east-1,eu-central-1", "--account", "012345678901", "--account", "9"], "event_id 3 "),
        (&["--where", "event_name <> 'Decrypt' AND region LIKE 'eu-%'"], "event_id 1 5 "),
        (&["--from", "2026-03-05"], "event_id "),
    ] {
        let context = archive();
        let summary = context.run(&[&["convert", "logs", "--json"], arguments].concat()).ended_with(0).json();
        assert_eq!(ids(&context), expected);
        let written = expected.split_whitespace().count() as u64 - 1;
        let expected = json!({"read": 6, "written": written, "duplicates": 0, "rejected": 0, "filtered": 6 - written});
        assert_eq!(summary["records"], expected);
        let sums = "SELECT sum(records_read) = sum(records_written + records_duplicate + records_rejected + records_filtered) AS ok
            FROM files";
        assert_eq!(context.run(&["sql", sums, "-F", "csv"]).ended_with(0).stdout, "ok\ntrue\n");
    }
}

#[test]
fn what_a_filter_left_out_is_there_for_a_later_run() {
    let context = archive();
    let convert =
        |arguments: &[&str]| context.run(&[&["convert", "logs", "--json"], arguments].concat()).ended_with(0).json();
    let march = convert(&["--from", "2026-03-02", "--to", "2026-03-04"]);
    assert_eq!((&march["files"]["logs"], &march["records"]["filtered"]), (&json!(2), &json!(3)));
    // the same again, or less, needs no reading
    assert_eq!(convert(&["--from", "2026-03-02", "--to", "2026-03-04"])["files"]["known"], 2);
    assert_eq!(convert(&["--from", "2026-03-03", "--to", "2026-03-04"])["files"]["known"], 2);
    // more does, and what is there stays once
    let all = convert(&[]);
    assert_eq!(all["records"], json!({"read": 6, "written": 3, "duplicates": 3, "rejected": 0, "filtered": 0}));
    assert_eq!(ids(&context), "event_id 1 2 3 4 5 6 ");
    assert_eq!(convert(&[])["files"]["known"], 2);
}

#[test]
fn times_may_be_relative_and_wrong_ones_are_named() {
    let context = archive();
    let summary = context.run(&["convert", "logs", "--from", "7d", "--json"]).ended_with(0).json();
    assert!(summary["records"]["filtered"].as_u64().unwrap() >= 1);
    let output = context.run(&["convert", "logs", "--to", "soon"]).ended_with(2);
    assert!(output.stderr.starts_with("error: `--to soon` is no time\nhint: write it as"), "{}", output.stderr);
    let output = context.run(&["convert", "logs", "--from", "2026-03-02", "--to", "2026-03-01"]).ended_with(2);
    assert!(output.stderr.contains("there is no time between --from and --to"), "{}", output.stderr);
    let output = context.run(&["convert", "logs", "--where", "evnt_name = 'x'"]).ended_with(1);
    assert!(output.stderr.contains("there is no column `evnt_name`"), "{}", output.stderr);
    assert!(output.stderr.contains("did you mean `event_name`?"), "{}", output.stderr);
}

#[test]
fn the_configuration_file_and_the_environment_filter_too() {
    let context = archive();
    context.write("milepost.toml", "account = [\"111122223333\"]\nto = \"2026-03-03\"\n");
    context.run(&["convert", "logs"]).ended_with(0);
    assert_eq!(ids(&context), "event_id 5 ");
    let environment = [("MILEPOST_ACCOUNT", "012345678901"), ("MILEPOST_REGION", "eu-west-1")];
    context.run_with(&["convert", "logs"], &environment, "").ended_with(0);
    assert_eq!(ids(&context), "event_id 1 2 5 ");
}

#[test]
fn what_a_filter_left_out_of_an_archive_is_there_for_a_later_run() {
    let context = Context::new();
    let records: Vec<Value> = (1..=4).map(|id| record(id, id, "eu-west-1", "012345678901")).collect();
    context.write(
        "logs.zip",
        crate::carriers::zip(&[("a.json", log(&records[..2]).into()), ("b.json", log(&records[2..]).into())]),
    );
    let convert = |arguments: &[&str]| {
        context.run(&[&["convert", "logs.zip", "--json"], arguments].concat()).ended_with(0).json()
    };
    assert_eq!(convert(&["--from", "2026-03-02", "--to", "2026-03-04"])["records"]["filtered"], 2);
    assert_eq!(convert(&["--from", "2026-03-02", "--to", "2026-03-04"])["files"]["known"], 1);
    assert_eq!(convert(&[])["records"]["written"], 2);
    assert_eq!(ids(&context), "event_id 1 2 3 4 ");
    assert_eq!(convert(&[])["files"]["known"], 1);
}
