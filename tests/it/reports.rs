//! Every shipped report: its rows on the generated archive, its parameters, its errors.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::context::shared;

fn report(arguments: &[&str]) -> crate::context::Output {
    shared().context.run(&[&["report"], arguments].concat())
}

fn names() -> Vec<String> {
    let list = report(&["list", "--format", "json"]).ended_with(0).json();
    list.as_array().unwrap().iter().map(|report| report["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_report_gives_the_rows_it_should() {
    let names = names();
    assert!(names.len() >= 10);
    for name in names {
        let output = report(&["run", &name, "--param", "limit=12", "--format", "csv"]).ended_with(0);
        assert!(output.stdout.lines().count() > 1, "{name} finds nothing in the archive that has everything");
        insta::assert_snapshot!(name, output.stdout);
    }
}

#[test]
fn windows_bound_the_events_on_both_sides() {
    let events = |parameters: &[&str]| -> u64 {
        let mut arguments = vec!["run", "activity-by-service", "--format", "json", "--param", "limit=1000"];
        for parameter in parameters {
            arguments.extend(["--param", parameter]);
        }
        let rows = report(&arguments).ended_with(0).json();
        rows.as_array().unwrap().iter().map(|row| row["events"].as_u64().unwrap()).sum()
    };
    let all = events(&[]);
    let day = events(&["since=2026-03-03", "until=2026-03-04"]);
    let before = events(&["until=2026-03-03T00:00:00Z"]);
    let after = events(&["since=2026-03-04"]);
    assert_eq!(all, before + day + after);
    assert!(day > 2000);
    assert_eq!(events(&["since=1h"]), 0);
}

#[test]
fn parameters_narrow_a_report() {
    let rows = |parameters: &[&str]| -> Vec<Value> {
        let arguments = [&["run", "console-logins", "--format", "json", "--param", "limit=1000"], parameters].concat();
        report(&arguments).ended_with(0).json().as_array().unwrap().clone()
    };
    let (all, without) = (rows(&[]), rows(&["--param", "without_mfa=true"]));
    assert!(!without.is_empty() && without.len() < all.len());
    assert!(without.iter().all(|row| row["mfa_used"] == false));
    let outcomes: BTreeSet<&str> = all.iter().map(|row| row["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, BTreeSet::from(["Failure", "Success"]));
}

#[test]
fn list_and_show_say_what_there_is() {
    let list = report(&["list"]).ended_with(0).stdout;
    assert!(list.contains("console-logins            Console sign-ins\n"), "{list}");
    let tagged = report(&["list", "--tag", "iam", "--format", "json"]).ended_with(0).json();
    assert_eq!(tagged.as_array().unwrap().len(), 1);
    let shown = report(&["show", "console-logins"]).ended_with(0).stdout;
    for part in
        ["Console sign-ins", "without_mfa  boolean    Only sign-ins without a second factor [default: false]", "SELECT"]
    {
        assert!(shown.contains(part), "{part} is not in\n{shown}");
    }
    assert!(report(&["show", "console-logins", "--format", "sql"]).stdout.starts_with("-- name = \"console-logins\""));
}

#[test]
fn unknown_reports_parameters_and_values_are_named() {
    let error = |arguments: &[&str]| report(arguments).ended_with(1).stderr;
    assert_eq!(
        error(&["run", "console-login"]),
        "error: there is no report `console-login`\nhint: did you mean `console-logins`?\n"
    );
    assert_eq!(
        error(&["run", "root-usage", "--param", "sinse=7d"]),
        "error: the report `root-usage` has no parameter `sinse`\nhint: did you mean `since`?\n"
    );
    assert!(
        error(&["run", "root-usage", "--param", "since=soon"])
            .starts_with("error: `soon` is no timestamp for the parameter `since`")
    );
}

#[test]
fn a_folder_of_ones_own_reports_goes_first() {
    let context = &shared().context;
    let header = "-- title = \"Mine\"\n-- description = \"B\"\n-- columns = [\"n\"]\n";
    context.write("mine/mine.sql", format!("-- name = \"mine\"\n{header}\nSELECT count(*) AS n FROM events"));
    context.write("mine/wrong.sql", format!("-- name = \"wrong\"\n{header}\nSELECT 1 AS other"));
    context.write("mine/typo.sql", format!("-- name = \"typo\"\n{header}\nSELECT count(*) AS n\nFROM evnts"));
    let run = |name: &str| report(&["run", name, "--reports", "mine", "-F", "csv"]);
    assert!(run("mine").ended_with(0).stdout.starts_with("n\n"));
    let wrong = run("wrong").ended_with(1).stderr;
    assert!(wrong.contains("does not give the columns that its header says\nhint: it gives: other"), "{wrong}");
    let typo = run("typo").ended_with(1).stderr;
    assert!(typo.contains("--> mine/typo.sql:7:6\n"), "{typo}");
    context.write("broken/broken.sql", "-- name = \"x\"\n-- colour = 1\nSELECT 1");
    // a broken file is named, and keeps no other away
    let broken = report(&["list", "--reports", "broken"]).ended_with(1);
    assert!(broken.stderr.starts_with("error: `broken/broken.sql` line 2: "), "{}", broken.stderr);
    assert!(broken.stdout.contains("console-logins"));
    report(&["run", "root-usage", "--reports", "broken"]).ended_with(0);
}
