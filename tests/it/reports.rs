//! Every shipped report: its rows on the generated archive, its parameters, its errors.

use std::collections::BTreeSet;

use serde_json::Value;

use std::path::Path;
use std::sync::OnceLock;

use crate::context::{Context, log, shared};

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
    let run = |name: &String| {
        let mut arguments = vec!["report", "run", name, "--param", "limit=12", "--format", "csv"];
        if name == "data-freshness" {
            // measured against now without it
            arguments.extend(["--param", "until=2026-03-11"]);
        }
        fixture().run(&arguments)
    };
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
    // who asks for it is told what is wrong, and where
    for command in ["run", "show"] {
        let asked = report(&[command, "broken", "--reports", "broken"]).ended_with(1).stderr;
        assert!(asked.starts_with("error: broken/broken.sql:2:4: unknown field `colour`"), "{asked}");
    }
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
    let shadow = context.run(&["report", "new", "root-usage", "--reports", "fresh-reports"]).ended_with(0).stderr;
    assert!(shadow.starts_with("`root-usage` is also a shipped report: "), "{shadow}");
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
    assert_eq!(found, [("faulty/a.sql", 6), ("faulty/b.sql", 2), ("faulty/c.sql", 5), ("faulty/d.sql", 1)]);
    let said = context.run(&["report", "check", "faulty"]).ended_with(1).stderr;
    assert!(said.contains("error: faulty/a.sql:6:6: there is no table `evnts` (did you mean `events`?)"), "{said}");
}

#[test]
fn of_two_headers_with_one_job_the_second_is_a_fault() {
    let context = Context::new();
    let head = "-- title = \"T\"\n-- description = \"B\"\n-- columns = [\"n\"]\n\
        -- [schedule]\n-- name = \"daily\"\n-- cron = \"0 6 * * *\"\n-- destination = \"out\"\nSELECT 1 AS n";
    for name in ["a", "b"] {
        context.write(&format!("mine/{name}.sql"), format!("-- name = \"{name}\"\n{head}"));
    }
    let listed = context.run(&["schedule", "list", "--reports", "mine", "--format", "json"]).ended_with(1);
    let there = "the job `daily` is there already, at line 6 of `mine/a.sql`";
    assert_eq!(listed.stderr, format!("error: the schedule of `mine/b.sql`: {there}\n"));
    let jobs = listed.json();
    assert_eq!((jobs.as_array().unwrap().len(), &jobs[0]["report"]), (1, &Value::from("a")));
    let checked = context.run(&["report", "check", "mine"]).ended_with(1).stderr;
    assert!(checked.contains(&format!("error: mine/b.sql:6:11: {there}")), "{checked}");
}

#[test]
fn an_item_of_a_schedule_may_have_a_comma_in_it() {
    let context = Context::new();
    let text = "-- name = \"a\"\n-- title = \"T\"\n-- description = \"B\"\n-- columns = [\"len\"]\n\
        -- [params.l]\n-- type = \"list\"\n-- description = \"C\"\n\
        -- [params.t]\n-- type = \"text\"\n-- default = \"t\"\n-- description = \"C\"\n\
        -- [schedule]\n-- cron = \"0 6 * * *\"\n-- destination = \"out\"\n\
        -- params = { l = [\"a,b\", \"c\"], t = \"d,e\" }\n\
        SELECT array_length($l) AS len WHERE $t IS NOT NULL";
    context.write("mine/a.sql", text);
    let jobs = context.run(&["schedule", "list", "--reports", "mine", "--format", "json"]).ended_with(0).json();
    assert_eq!(jobs[0]["params"], serde_json::json!({ "l": ["a,b", "c"], "t": "d,e" }));
    let of = |list: &str| {
        rows_of(&shared().context, &["a", "--reports", &context.path("mine").display().to_string(), "--param", list])
    };
    assert_eq!(of("l=a,b,c")[0]["len"], 3);
    assert_eq!(of("l=[\"a,b\", \"c\"]")[0]["len"], 2);
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

/// A record of a call with these parameters of its request.
fn call(id: u32, time: &str, source: &str, name: &str, parameters: Value, error: Option<&str>) -> Value {
    let mut record = serde_json::json!({
        "eventVersion": "1.08", "eventTime": time, "eventSource": source, "eventName": name, "awsRegion": "eu-west-1",
        "recipientAccountId": "012345678901", "eventID": format!("00000000-0000-4000-8000-{id:012}"),
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::012345678901:user/alice", "accountId": "012345678901",
                         "userName": "alice"},
        "sourceIPAddress": "192.0.2.1", "eventType": "AwsApiCall", "requestParameters": parameters,
    });
    if let Some(error) = error {
        record["errorCode"] = Value::from(error);
    }
    record
}

/// The rows of a report on a lake of these records.
fn rows_of(context: &Context, arguments: &[&str]) -> Vec<Value> {
    let output = context.run(&[&["report", "run"], arguments, &["-F", "json"]].concat()).ended_with(0);
    output.json().as_array().unwrap().clone()
}

fn ids(rows: &[Value]) -> Vec<u32> {
    let id = |row: &Value| row["event_id"].as_str().unwrap().rsplit('-').next().unwrap().parse().unwrap();
    let mut ids: Vec<u32> = rows.iter().map(id).collect();
    ids.sort_unstable();
    ids
}

#[test]
fn administrator_grants_are_what_a_statement_allows() {
    let context = Context::new();
    let policies = [
        (false, "{\"Statement\":[{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\"}]}"),
        (true, "{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"iam:*\",\"*\"],\"Resource\":\"*\"}]}"),
        (true, "{\"Statement\":{\"Action\":\"*:*\",\"Effect\":\"Allow\",\"Resource\":\"*\"}}"),
        (
            false,
            "{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"},\
             {\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\"}]}",
        ),
        (
            true,
            "{\n \"Statement\": [\n  {\r\n   \"Effect\": \"Allow\",\n   \"Condition\": {\"Bool\": {\"a\": \"true\"}},\n\
             \"Action\": [\n \"s3:*\",\n \"*\"\n ]\n}]}",
        ),
        (false, "{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"s3:*\"],\"Resource\":[\"*\"]}]}"),
        (false, "no JSON"),
    ];
    let (time, iam) = ("2026-03-01T12:00:00Z", "iam.amazonaws.com");
    let mut records = Vec::new();
    let mut expected = Vec::new();
    for ((is_grant, document), id) in policies.into_iter().zip(1..) {
        let parameters = serde_json::json!({ "userName": "u", "policyDocument": document });
        records.push(call(id, time, iam, "PutUserPolicy", parameters, None));
        expected.extend(is_grant.then_some(id));
    }
    let all = serde_json::json!({ "roleName": "r", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess" });
    records.push(call(20, time, iam, "AttachRolePolicy", all.clone(), None));
    records.push(call(21, time, iam, "DetachRolePolicy", all, None));
    expected.push(20);
    context.write("log.json", log(&records));
    context.run(&["convert", "log.json"]).ended_with(0);
    assert_eq!(ids(&rows_of(&context, &["administrator-grants"])), expected);
}

#[test]
fn what_was_refused_opens_and_changes_nothing() {
    let context = Context::new();
    let time = "2026-03-01T12:00:00Z";
    let rule = serde_json::json!({"ModifySecurityGroupRulesRequest": {"GroupId": "sg-1", "SecurityGroupRule":
        {"SecurityGroupRuleId": "sgr-1", "SecurityGroupRule": {"CidrIpv4": "0.0.0.0/0"}}}});
    let pool = serde_json::json!({ "identityPoolId": "eu-west-1:pool" });
    let (ec2, cognito) = ("ec2.amazonaws.com", "cognito-identity.amazonaws.com");
    let records = [
        call(1, time, ec2, "ModifySecurityGroupRules", rule.clone(), None),
        call(2, time, ec2, "ModifySecurityGroupRules", rule, Some("Client.UnauthorizedOperation")),
        call(3, time, cognito, "DeleteIdentityPool", pool.clone(), None),
        call(4, time, cognito, "DeleteIdentityPool", pool, Some("AccessDenied")),
    ];
    context.write("log.json", log(&records));
    context.run(&["convert", "log.json"]).ended_with(0);
    let open = rows_of(&context, &["security-groups-open-to-all"]);
    assert_eq!((ids(&open), &open[0]["group_id"]), (vec![1], &Value::from("sg-1")));
    assert_eq!(ids(&rows_of(&context, &["cognito-identity-pool-changes"])), [3]);
}

#[test]
fn a_quota_is_no_throttling() {
    let context = Context::new();
    let codes = [
        ("ThrottlingException", true),
        ("Client.RequestLimitExceeded", true),
        ("TooManyRequestsException", true),
        ("ProvisionedThroughputExceededException", true),
        ("SlowDown", true),
        ("LimitExceededException", false),
        ("VpcLimitExceeded", false),
        ("InvalidRateException", false),
        ("AccessDenied", false),
    ];
    let record = |((code, _), id): (&(&str, bool), u32)| {
        let name = format!("Call{id}");
        call(id, "2026-03-01T12:00:00Z", "ec2.amazonaws.com", &name, Value::Null, Some(code))
    };
    context.write("log.json", log(&codes.iter().zip(1..).map(record).collect::<Vec<_>>()));
    context.run(&["convert", "log.json"]).ended_with(0);
    let rows = rows_of(&context, &["throttled-calls"]);
    let found: BTreeSet<&str> = rows.iter().map(|row| row["error_code"].as_str().unwrap()).collect();
    let expected: BTreeSet<&str> = codes.iter().filter(|(_, is)| *is).map(|(code, _)| *code).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_trail_that_stopped_is_behind_the_end_of_the_window() {
    let context = Context::new();
    let read = |id: u32, time: &str| call(id, time, "ec2.amazonaws.com", "DescribeInstances", Value::Null, None);
    context.write("log.json", log(&[read(1, "2026-03-01T12:00:00Z"), read(2, "2026-03-02T12:00:00Z")]));
    context.run(&["convert", "log.json"]).ended_with(0);
    let row = |window: &str| rows_of(&context, &["data-freshness", "--for", window]).pop();
    let behind = |window: &str| row(window).map(|row| (row["minutes_behind"].clone(), row["events"].clone()));
    let of = |minutes: u64, events: u64| Some((Value::from(minutes), Value::from(events)));
    assert_eq!(behind("2026-03-02"), of(12 * 60, 1));
    assert_eq!(behind("2026-03-05"), of(3 * 1440 + 12 * 60, 0), "quiet in the window, active in the days before");
    assert_eq!(behind("2026-03-30"), None, "a region that was given up long ago");
    let alert = |day: &str| context.run(&["report", "run", "data-freshness", "--for", day, "--alert"]);
    alert("2026-03-02").ended_with(0);
    alert("2026-03-05").ended_with(4);
    let now = rows_of(&context, &["data-freshness"]).pop().unwrap();
    assert!(now["minutes_behind"].as_u64().unwrap() > 3 * 1440, "{now}");
}

/// Who gives the lake to every command need not take it away from this one.
#[test]
fn reports_are_listed_whatever_the_lake() {
    let context = Context::new();
    let plain = context.run(&["report", "list"]).ended_with(0).stdout;
    assert_eq!(context.run(&["report", "list", "--lake", "nowhere"]).ended_with(0).stdout, plain);
    context.run(&["report", "show", "root-usage", "--lake", "nowhere"]).ended_with(0);
}
