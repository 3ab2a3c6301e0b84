//! Every shipped report: its rows on the generated archive, its parameters, its errors.

use std::collections::BTreeSet;

use serde_json::Value;

use std::path::Path;
use std::sync::OnceLock;

use crate::context::{Context, shared};

/// The generated archive, the records of `tests/reports` that it has nothing like, and a file that is broken.
pub(crate) fn fixture() -> &'static Context {
    static FIXTURE: OnceLock<Context> = OnceLock::new();
    FIXTURE.get_or_init(|| {
        let context = Context::new();
        milepost_testkit::Archive::default().write(&context.path("archive")).unwrap();
        for name in ["records.ndjson", "broken.ndjson"] {
            let text = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports").join(name)).unwrap();
            context.write(name, text);
        }
        context.run(&["convert", "archive", "records.ndjson", "broken.ndjson"]).ended_with(3);
        context
    })
}

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
    assert!(names.len() >= 45);
    let run = |name: &String| fixture().run(&["report", "run", name, "--param", "limit=12", "--format", "csv"]);
    let outputs: Vec<_> = std::thread::scope(|scope| {
        let run = &run;
        let parts: Vec<_> =
            names.chunks(24).map(|part| scope.spawn(move || part.iter().map(run).collect::<Vec<_>>())).collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
    });
    for (name, output) in names.into_iter().zip(outputs) {
        let output = output.ended_with(0);
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
    let line = list.lines().find(|line| line.starts_with("console-logins ")).unwrap();
    assert!(line.ends_with("  Console sign-ins"), "{list}");
    let tagged = report(&["list", "--tag", "iam", "--format", "json"]).ended_with(0).json();
    let tagged = tagged.as_array().unwrap();
    assert!(tagged.iter().any(|report| report["name"] == "iam-changes"));
    assert!(tagged.iter().all(|report| report["tags"].as_array().unwrap().contains(&Value::from("iam"))));
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

/// Each API of the documents the project was made from: what is called, by whom, what fails, what is never seen.
#[test]
fn every_documented_api_has_its_four_reports() {
    let list = report(&["list", "--format", "json"]).ended_with(0).json();
    let tags = [
        "pinpoint",
        "pinpoint-email",
        "sms-voice",
        "personalize",
        "notifications",
        "cognito-idp",
        "cognito-identity",
        "cognito-sync",
    ];
    for tag in tags {
        let tagged = |report: &&Value| report["tags"].as_array().unwrap().contains(&Value::from(tag));
        let names: BTreeSet<&str> =
            list.as_array().unwrap().iter().filter(tagged).map(|report| report["name"].as_str().unwrap()).collect();
        for kind in ["activity", "who", "errors", "coverage"] {
            assert!(names.contains(format!("{tag}-{kind}").as_str()), "{tag} {kind}");
        }
    }
}

#[test]
fn coverage_knows_what_is_seen_and_what_never_can_be() {
    let rows = |name: &str| -> Vec<Value> {
        let output = fixture().run(&["report", "run", name, "-F", "json"]).ended_with(0);
        output.json().as_array().unwrap().clone()
    };
    let status = |rows: &[Value], action: &str| {
        rows.iter().find(|row| row["action"] == action).map(|row| row["status"].as_str().unwrap().to_owned()).unwrap()
    };
    let pinpoint = rows("pinpoint-coverage");
    assert_eq!(status(&pinpoint, "GetCampaigns"), "seen");
    assert_eq!(status(&pinpoint, "CreateApp"), "never seen");
    assert_eq!(status(&pinpoint, "PutEvents"), "not logged by AWS");
    // what the document says is not logged, and is there all the same
    assert_eq!(status(&pinpoint, "SendMessages"), "seen");
    assert_eq!(status(&rows("personalize-coverage"), "CreateSolution"), "seen, not named");
    assert_eq!(rows("cognito-sync-coverage").len(), 8);
}

#[test]
fn new_makes_a_report_that_check_finds_nothing_wrong_with() {
    let context = &shared().context;
    context.run(&["report", "new", "fresh", "--reports", "fresh-reports"]).ended_with(0);
    context.run(&["report", "check", "fresh-reports"]).ended_with(0);
    context.run(&["report", "run", "fresh", "--reports", "fresh-reports", "-F", "csv"]).ended_with(0);
    let again = context.run(&["report", "new", "fresh", "--reports", "fresh-reports"]).ended_with(1).stderr;
    assert!(again.starts_with("error: cannot make `fresh-reports/fresh.sql`"), "{again}");
    context.run(&["report", "new", "../fresh"]).ended_with(2);
}

#[test]
fn check_names_each_problem_with_its_place() {
    let context = &shared().context;
    let head = "-- title = \"T\"\n-- description = \"B\"\n-- columns = [\"n\"]\n";
    context.write("faulty/a.sql", format!("-- name = \"a\"\n{head}SELECT count(*) AS n\nFROM evnts"));
    context.write("faulty/b.sql", format!("-- name = \"b\"\n-- colour = 1\n{head}SELECT 1 AS n"));
    context.write("faulty/c.sql", format!("-- name = \"c\"\n{head}SELECT $x AS n"));
    context.write("faulty/d.sql", format!("-- name = \"other\"\n{head}SELECT 1 AS n"));
    let problems = context.run(&["report", "check", "faulty", "--json"]).ended_with(1).json();
    let found: Vec<(&str, u64)> = problems
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| (problem["file"].as_str().unwrap(), problem["line"].as_u64().unwrap()))
        .collect();
    assert_eq!(found, [("faulty/b.sql", 2), ("faulty/a.sql", 6), ("faulty/c.sql", 5), ("faulty/d.sql", 1)]);
    let said = context.run(&["report", "check", "faulty"]).ended_with(1).stderr;
    assert!(said.contains("error: faulty/a.sql:6:6: there is no table `evnts` (did you mean `events`?)"), "{said}");
}

#[test]
fn a_list_is_bound_as_one_value() {
    let context = &shared().context;
    let text = "-- name = \"listed\"\n-- title = \"T\"\n-- description = \"B\"\n-- columns = [\"region\", \"n\"]\n\
        -- [params.regions]\n-- type = \"list\"\n-- description = \"C\"\n\
        SELECT region, count(*) AS n FROM events WHERE $regions IS NULL OR array_has($regions, region) GROUP BY region";
    context.write("lists/listed.sql", text);
    let rows = |regions: &[&str]| {
        let arguments = [&["run", "listed", "--reports", "lists", "-F", "csv"], regions].concat();
        report(&arguments).ended_with(0).stdout.lines().count() - 1
    };
    assert_eq!(rows(&[]), 2);
    assert_eq!(rows(&["--param", "regions=us-east-1, nowhere"]), 1);
    assert_eq!(rows(&["--param", "regions=x') OR true --"]), 0);
}
