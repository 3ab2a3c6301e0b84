//! Reports that run by themselves: a week with a crash and late data in it, several schedulers, failures, alerts.

mod alerts;
mod edges;
mod slow;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use milepost_lake::Lake;
use milepost_report::schedule::{Clock, Done, Outcome, Scheduler};
use milepost_report::state::Memory;
use milepost_report::{Catalogue, Job, JobHeader};
use milepost_store::StoreOptions;
use serde_json::{Value, json};

use crate::context::{Context, Output, log};
use crate::object_store::{Faults, S3};
use crate::receivers::{Mail, Web};

/// An event of an account and region at a time; the id makes it another one.
fn event(time: &str, name: &str, id: u32) -> Value {
    json!({
        "eventVersion": "1.08", "eventTime": time, "eventSource": "cognito-identity.amazonaws.com", "eventName": name,
        "awsRegion": "eu-west-1", "recipientAccountId": "012345678901", "eventID": format!("00000000-0000-4000-8000-{id:012}"),
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::012345678901:user/alice", "accountId": "012345678901", "userName": "alice"},
        "sourceIPAddress": "192.0.2.1", "eventType": "AwsApiCall", "readOnly": false,
        "requestParameters": {"identityPoolId": "eu-west-1:<b>pool</b>"},
    })
}

/// Brings events into the lake.
fn deliver(context: &Context, file: &str, events: &[Value]) {
    context.write(&format!("logs/{file}.json"), log(events));
    context.run(&["convert", "logs"]).ended_with(0);
}

fn job(report: &str, header: &str) -> Job {
    let header: JobHeader = toml::from_str(header).unwrap();
    header.job(Catalogue::load(None).unwrap().get(report).unwrap()).unwrap()
}

/// The line of a job that writes its outputs into the test's folder.
fn destination(context: &Context) -> String {
    format!("destination = '{}'\n", context.path("out").display())
}

async fn scheduler(context: &Context, jobs: Vec<Job>) -> Scheduler {
    Scheduler::new(lake(context).await, StoreOptions::default(), 1, jobs)
}

async fn lake(context: &Context) -> Lake {
    let address = context.path("lake").display().to_string();
    Lake::open(&address, &StoreOptions::default()).await.unwrap()
}

async fn tick(scheduler: &Scheduler, at: &str) -> Vec<Done> {
    let never = AtomicBool::new(false);
    scheduler.tick(&Clock::at(at.parse().unwrap()), &never).await
}

fn outcomes(done: &[Done]) -> Vec<(&str, Outcome)> {
    done.iter().map(|done| (done.window.as_deref().unwrap_or_default(), done.outcome)).collect()
}

fn read(path: &Path) -> String {
    assert!(path.exists(), "{} is not there", path.display());
    std::fs::read_to_string(path).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_week_with_a_crash_and_late_data_in_it() {
    let context = Context::new();
    deliver(&context, "first", &[event("2026-03-01T12:00:00Z", "CreateIdentityPool", 1)]);
    let destination = context.path("out");
    let header = format!(
        "cron = \"0 6 * * *\"\nwindow = \"day\"\nformats = [\"html\", \"csv\", \"markdown\"]\ndestination = '{}'\n\
         file = \"{{date}}.{{format}}\"\nkeep = \"5d\"\n",
        destination.display()
    );
    let daily = job("cognito-identity-activity", &header);
    let mut running = scheduler(&context, vec![daily.clone()]).await;
    let mut all: Vec<Done> = Vec::new();
    for day in 2..=9 {
        for hour in 0..24 {
            if hour == 1 {
                let time = format!("2026-03-{day:02}T00:30:00Z");
                deliver(&context, &format!("day-{day}"), &[event(&time, "UpdateIdentityPool", day)]);
            }
            if (day, hour) == (4, 6) {
                // killed while it held the job, a minute before the tick that it is due with
                let now = "2026-03-04T06:04:00Z".parse().unwrap();
                let dead = Memory::of(&lake(&context).await, &daily.name).lease("dead", now).await.unwrap();
                std::mem::forget(dead);
                running = scheduler(&context, vec![daily.clone()]).await;
            }
            if (day, hour) == (6, 3) {
                // of two days ago, and of a time long reported and out of the look-back
                let late = [
                    event("2026-03-04T13:00:00Z", "SetIdentityPoolRoles", 104),
                    event("2026-03-01T13:00:00Z", "DeleteIdentityPool", 101),
                ];
                deliver(&context, "late", &late);
            }
            let done = tick(&running, &format!("2026-03-{day:02}T{hour:02}:05:00Z")).await;
            if (day, hour) == (4, 6) {
                assert_eq!(outcomes(&done), [("", Outcome::Busy)], "the lease of the dead one holds");
                let holder = done[0].holder.as_ref().unwrap();
                assert_eq!((holder.owner.as_str(), holder.until), ("dead", "2026-03-04T06:06:00Z".parse().unwrap()));
                let later = tick(&running, "2026-03-04T06:06:00Z").await;
                assert_eq!(outcomes(&later), [("20260303T000000Z-20260304T000000Z", Outcome::Done)]);
                all.extend(later);
            } else {
                all.extend(done);
            }
        }
    }
    let mut count: BTreeMap<&str, Vec<Outcome>> = BTreeMap::new();
    for done in &all {
        assert_eq!(done.error, None);
        count.entry(done.window.as_deref().unwrap()).or_default().push(done.outcome);
    }
    assert_eq!(count.len(), 9, "the day that was the newest when the job began, and the days from the 1st to the 8th");
    for (window, outcomes) in count {
        let expected: &[Outcome] = match window {
            "20260304T000000Z-20260305T000000Z" => &[Outcome::Done, Outcome::Revised],
            _ => &[Outcome::Done],
        };
        assert_eq!(outcomes, expected, "{window}");
    }
    let revised = all.iter().find(|done| done.outcome == Outcome::Revised).unwrap();
    assert_eq!(revised.notes.len(), 1);
    assert!(
        revised.notes[0].starts_with("revised, +1 rows (1 events came late, since version "),
        "{:?}",
        revised.notes
    );
    assert_eq!(revised.seen.newest.len(), 1);
    // outputs of the last days, with the note in them; older ones are gone
    assert!(read(&destination.join("2026-03-04.html")).contains("revised, +1 rows"));
    assert!(read(&destination.join("2026-03-04.md")).contains("> revised, +1 rows"));
    assert_eq!(read(&destination.join("2026-03-04.csv")).lines().count(), 3);
    assert!(!destination.join("2026-03-01.html").exists() && destination.join("2026-03-08.html").exists());
    let history = context.run(&["schedule", "history", "-F", "json"]).ended_with(0).json();
    assert_eq!(history.as_array().unwrap().len(), 10);
    let found = history.as_array().unwrap().iter().find(|row| row["outcome"] == "revised").unwrap();
    assert_eq!((&found["job"], &found["rows"]), (&json!("cognito-identity-activity"), &json!(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn missed_windows_are_caught_up_once_by_one_of_several() {
    let context = Context::new();
    let events: Vec<Value> =
        (1..=9).map(|day| event(&format!("2026-03-{day:02}T12:00:00Z"), "UpdateIdentityPool", day)).collect();
    deliver(&context, "all", &events);
    let header = destination(&context) + "cron = \"0 6 * * *\"\nwindow = \"day\"\ncatch-up = \"4d\"\n";
    let daily = || job("cognito-identity-activity", &header);
    let (one, two) = (scheduler(&context, vec![daily()]).await, scheduler(&context, vec![daily()]).await);
    // a new job begins with its newest window
    assert_eq!(tick(&one, "2026-03-02T07:00:00Z").await.len(), 1);
    // down for a week
    let (mut first, second) = tokio::join!(tick(&one, "2026-03-09T07:00:00Z"), tick(&two, "2026-03-09T07:00:00Z"));
    first.extend(second);
    first.extend(tick(&two, "2026-03-09T07:30:00Z").await);
    // whoever of them was late found it busy
    first.retain(|done| done.outcome != Outcome::Busy);
    let mut windows: Vec<&str> = first.iter().map(|done| done.window.as_deref().unwrap()).collect();
    windows.sort_unstable();
    let expected: Vec<String> =
        (5..=8).map(|day| format!("202603{day:02}T000000Z-202603{:02}T000000Z", day + 1)).collect();
    assert_eq!(windows, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_fails_is_tried_again_later_and_keeps_no_other_away() {
    let context = Context::new();
    deliver(&context, "all", &[event("2026-03-01T12:00:00Z", "UpdateIdentityPool", 1)]);
    context.write("occupied", "a file where a folder should be");
    let bad = format!(
        "name = \"bad\"\ncron = \"0 6 * * *\"\nwindow = \"day\"\ndestination = '{}'\n",
        context.path("occupied/x").display()
    );
    let good = destination(&context) + "name = \"good\"\ncron = \"0 6 * * *\"\nwindow = \"day\"\n";
    let jobs = vec![job("cognito-identity-activity", &bad), job("cognito-identity-activity", &good)];
    let running = scheduler(&context, jobs).await;
    let done = tick(&running, "2026-03-02T06:00:00Z").await;
    let failed = done.iter().find(|done| done.job == "bad").unwrap();
    assert!(failed.error.as_ref().unwrap().contains("occupied/x"), "{:?}", failed.error);
    assert_eq!(done.iter().find(|done| done.job == "good").unwrap().outcome, Outcome::Done);
    // not at once, and ever more seldom
    let mut attempts = 1;
    for minute in 1..60 {
        attempts += tick(&running, &format!("2026-03-02T06:{minute:02}:30Z")).await.len();
    }
    assert_eq!(attempts, 6, "after 1, 2, 4, 8, 16 minutes");
    let history = context.run(&["schedule", "history", "--job", "bad", "-F", "json"]).ended_with(0).json();
    assert_eq!(history.as_array().unwrap().len(), 6);
    assert!(history[0]["error"].as_str().unwrap().contains("occupied/x"));
    std::fs::remove_file(context.path("occupied")).unwrap();
    let mended = tick(&running, "2026-03-02T08:00:00Z").await;
    assert_eq!((mended.len(), mended[0].outcome), (1, Outcome::Done));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_waits_for_its_data_and_says_what_is_missing() {
    let context = Context::new();
    deliver(&context, "all", &[event("2026-03-01T12:00:00Z", "UpdateIdentityPool", 1)]);
    let header = destination(&context) + "cron = \"0 6 * * *\"\nwindow = \"day\"\nwait-for = \"8h\"\n";
    let waiting = || job("cognito-identity-activity", &header);
    let running = scheduler(&context, vec![waiting()]).await;
    let held = tick(&running, "2026-03-02T06:00:00Z").await;
    assert_eq!(held[0].outcome, Outcome::Held);
    assert!(held[0].notes[0].contains("012345678901 eu-west-1 (newest event 2026-03-01T12:00:00Z)"));
    deliver(&context, "more", &[event("2026-03-02T00:00:01Z", "UpdateIdentityPool", 2)]);
    assert_eq!(tick(&running, "2026-03-02T06:10:00Z").await[0].outcome, Outcome::Done);
    // nothing comes the next day
    assert_eq!(tick(&running, "2026-03-03T06:00:00Z").await[0].outcome, Outcome::Held);
    let done = tick(&running, "2026-03-03T08:00:00Z").await;
    assert_eq!(done[0].outcome, Outcome::Done);
    assert!(done[0].notes[0].starts_with("incomplete, nothing after the window's end from"), "{:?}", done[0].notes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_waits_is_not_forgotten_for_the_next() {
    let context = Context::new();
    deliver(&context, "all", &[event("2026-03-01T12:30:00Z", "UpdateIdentityPool", 1)]);
    let header = destination(&context) + "cron = \"0 * * * *\"\nwindow = \"hour\"\nwait-for = \"150m\"\n";
    let waiting = job("cognito-identity-activity", &header);
    let running = scheduler(&context, vec![waiting]).await;
    let mut done = Vec::new();
    for hour in 13..18 {
        for found in tick(&running, &format!("2026-03-01T{hour}:00:00Z")).await {
            done.extend((found.outcome == Outcome::Done).then(|| (hour, found.window.unwrap(), found.rows)));
        }
    }
    let window = |hour: u32| format!("20260301T{hour:02}0000Z-20260301T{:02}0000Z", hour + 1);
    assert_eq!(done, [(16, window(12), 1), (17, window(13), 0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_are_told_once_each_way() {
    let context = Context::new();
    deliver(&context, "one", &[event("2026-03-01T12:00:00Z", "UpdateIdentityPool", 1)]);
    let (web, slack, mail) = (Web::start(&[500, 503, 200]), Web::start(&[200]), Mail::start());
    let told = context.path("told");
    let header = format!(
        "cron = \"0 * * * *\"\nwindow = \"24h\"\ndeliver = [\n{{ webhook = \"{}\", headers = {{ x-team = \"blue\" }} }},\n\
         {{ webhook = \"{}\", form = \"slack\" }},\n\
         {{ email = [\"a@example.com\"], from = \"m@example.com\", smtp = \"{}\" }},\n\
         {{ command = [\"sh\", \"-c\", \"cat >> '{}'; echo >> '{}'\"] }} ]",
        web.url,
        slack.url,
        mail.url,
        told.display(),
        told.display()
    );
    let running = scheduler(&context, vec![job("cognito-identity-pool-changes", &header)]).await;
    let done = tick(&running, "2026-03-01T13:00:00Z").await;
    assert_eq!((done[0].error.as_deref(), done[0].told), (None, 1));
    // the next hours hold the same row, and one that is new
    tick(&running, "2026-03-01T14:00:00Z").await;
    deliver(&context, "two", &[event("2026-03-01T14:30:00Z", "DeleteIdentityPool", 2)]);
    let done = tick(&running, "2026-03-01T15:00:00Z").await;
    assert_eq!(done.iter().map(|done| done.told).sum::<usize>(), 1, "{done:?}");
    let bodies: Vec<Value> = web.bodies().iter().map(|body| serde_json::from_str(body).unwrap()).collect();
    assert_eq!(bodies.len(), 2);
    assert!(web.heads().len() == 4 && web.heads()[0].contains("x-team: blue"));
    assert_eq!(bodies[0]["rows"][0]["event_name"], "UpdateIdentityPool");
    assert_eq!(
        (&bodies[1]["rows"][0]["event_name"], &bodies[1]["new_rows"]),
        (&json!("DeleteIdentityPool"), &json!(1))
    );
    let text: Value = serde_json::from_str(&slack.bodies()[0]).unwrap();
    assert!(text["text"].as_str().unwrap().contains("eu-west-1:&lt;b&gt;pool&lt;/b&gt;"), "{text}");
    assert_eq!(mail.mails().len(), 2);
    assert!(mail.mails()[0].contains("Subject: milepost: Identity pool changes (1 new row)"), "{}", mail.mails()[0]);
    assert_eq!(read(&told).lines().filter(|line| !line.is_empty()).count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_not_told_is_told_with_the_next_attempt_and_only_he() {
    let context = Context::new();
    deliver(&context, "one", &[event("2026-03-01T12:00:00Z", "UpdateIdentityPool", 1)]);
    let (down, up) = (Web::start(&[404, 200]), Web::start(&[200]));
    let header = format!(
        "cron = \"0 13 * * *\"\nwindow = \"24h\"\ndeliver = [{{ webhook = \"{}\" }}, {{ webhook = \"{}\" }}]",
        down.url, up.url
    );
    let running = scheduler(&context, vec![job("cognito-identity-pool-changes", &header)]).await;
    let failed = tick(&running, "2026-03-01T13:00:00Z").await;
    assert!(failed[0].error.as_ref().unwrap().contains("did not take the message: it answered 404"), "{failed:?}");
    assert!(!failed[0].error.as_ref().unwrap().contains("/hook"), "an address may hold a secret");
    assert_eq!((down.bodies().len(), up.bodies().len()), (0, 1));
    assert_eq!(tick(&running, "2026-03-01T13:05:00Z").await[0].outcome, Outcome::Done);
    assert_eq!((down.bodies().len(), up.bodies().len()), (1, 1));
}

fn configured(context: &Context, arguments: &[&str]) -> Output {
    context.run(&[&["schedule"], arguments].concat())
}

/// Lets the lease of a job be over, as it is two minutes after its holder was killed.
fn age_lease(context: &Context, job: &str) {
    let folder = context.path("lake/_schedule").join(job).join("lease");
    let last = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).max().unwrap();
    let mut lease: serde_json::Value = serde_json::from_str(&read(&last)).unwrap();
    lease["expires"] = "2026-01-01T00:00:00Z".into();
    std::fs::write(last, lease.to_string()).unwrap();
}

/// Runs a job, of which `lines` say more, whose receiver kills who tells it, once; then it writes what it is told into `told`.
fn killed_while_telling(context: &Context, lines: &str) {
    deliver(context, "one", &[event("2026-03-01T12:00:00Z", "UpdateIdentityPool", 1)]);
    let kill = "if [ -e killed ]; then cat > told; else touch killed; kill -9 $PPID; fi";
    let job = "[[schedule]]\ncron = \"0 13 * * *\"\nwindow = \"24h\"\n";
    let receiver = format!("deliver = [{{ command = [\"sh\", \"-c\", \"{kill}\"] }}]\n");
    context.write("milepost.toml", [job, lines, &receiver].concat());
    let killed = std::process::Command::new(env!("CARGO_BIN_EXE_milepost"))
        .args(["schedule", "run", "--once", "--at", "2026-03-01T13:00:00Z"])
        .current_dir(context.path(""))
        .output()
        .unwrap();
    assert_eq!(killed.status.code(), None, "{killed:?}");
}

#[test]
fn a_killed_scheduler_leaves_nothing_half_done() {
    let context = Context::new();
    killed_while_telling(
        &context,
        "report = \"cognito-identity-pool-changes\"\ndestination = \"out\"\nformats = [\"csv\"]\nfile = \"{date}.csv\"\n",
    );
    assert!(!context.path("told").exists());
    // its lease holds for a while, then somebody else does it
    configured(&context, &["run", "--once", "--at", "2026-03-01T13:01:30Z"]).ended_with(0);
    assert!(!context.path("told").exists());
    age_lease(&context, "cognito-identity-pool-changes");
    configured(&context, &["run", "--once", "--at", "2026-03-01T13:03:00Z"]).ended_with(0);
    assert!(read(&context.path("told")).contains("\"new_rows\":1"));
    assert_eq!(read(&context.path("out/2026-02-28.csv")).lines().count(), 2);
    let history = configured(&context, &["history", "-F", "json"]).ended_with(0).json();
    assert_eq!(history.as_array().unwrap().len(), 1);
}

#[test]
fn schedules_of_the_file_and_of_headers_are_listed_and_wrong_ones_named() {
    let context = Context::new();
    let header = "-- name = \"mine\"\n-- title = \"T\"\n-- description = \"B\"\n-- columns = [\"n\"]\n\
        -- [schedule]\n-- cron = \"30 2 * * MON\"\n-- time-zone = \"Europe/Berlin\"\n-- window = \"week\"\n\
        -- destination = \"out\"\nSELECT 1 AS n";
    context.write("mine/mine.sql", header);
    context.write(
        "milepost.toml",
        "reports = \"mine\"\n\n[[schedule]]\nname = \"nightly\"\nreport = \"root-usage\"\ncron = \"0 1 * * *\"\n\
         destination = \"out\"\n\n[[schedule]]\nreport = \"root-usag\"\ncron = \"0 1 * * *\"\n\n\
         [[schedule]]\nname = \"wrong\"\nreport = \"root-usage\"\ncron = \"0 1 * * *\"\nparams = { limits = 3 }\n\
         destination = \"out\"\n",
    );
    let list = configured(&context, &["list", "--format", "json"]).ended_with(1);
    let names: Vec<String> =
        list.json().as_array().unwrap().iter().map(|job| job["job"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names, ["mine", "nightly"]);
    assert!(list.stderr.contains("`milepost.toml` line 9: there is no report `root-usag`"), "{}", list.stderr);
    assert!(list.stderr.contains("`milepost.toml` line 13: the report `root-usage` has no parameter `limits`"));
    let next = configured(&context, &["next", "--count", "2", "--format", "json"]).ended_with(1).json();
    assert_eq!(next.as_array().unwrap().len(), 4);
    assert!(configured(&context, &["next"]).stdout.contains("nightly  of "));
    context.write("milepost.toml", "lake = \"lake\"\n[[schedule]]\nreport = \"root-usage\"\ncronn = \"0 1 * * *\"\n");
    let wrong = configured(&context, &["list"]).ended_with(1).stderr;
    assert!(wrong.starts_with("error: `milepost.toml` line 4: unknown field `cronn`"), "{wrong}");
}

#[test]
fn a_test_message_tries_every_receiver() {
    let context = Context::new();
    let (web, gone) = (Web::start(&[200]), Web::start(&[410]));
    context.write(
        "milepost.toml",
        format!(
            "[[schedule]]\nname = \"told\"\nreport = \"mfa-changes\"\ncron = \"0 1 * * *\"\n\
             deliver = [{{ webhook = \"{}\" }}, {{ webhook = \"{}\" }}, {{ webhook = \"https://${{NOT_SET}}/x\" }}]\n",
            web.url, gone.url
        ),
    );
    let said = configured(&context, &["test", "told"]).ended_with(1).stderr;
    assert!(said.contains("took the test message") && said.contains("it answered 410"), "{said}");
    assert!(said.contains("the variable `NOT_SET` is not set"), "{said}");
    assert_eq!(serde_json::from_str::<Value>(&web.bodies()[0]).unwrap()["test"], true);
}

#[test]
fn a_one_shot_run_knows_what_it_has_seen() {
    let context = Context::new();
    deliver(&context, "one", &[event("2026-03-01T12:00:00Z", "UpdateIdentityPool", 1)]);
    let run = |more: &[&str]| {
        let words = ["report", "run", "cognito-identity-activity", "--for", "2026-03-01", "--if-new", "-o"];
        context.run(&[&words[..], &["out/a-{date}.md"], more].concat())
    };
    run(&[]).ended_with(0);
    let path = context.path("out/a-2026-03-01.md");
    assert!(read(&path).contains("| UpdateIdentityPool"), "{}", read(&path));
    std::fs::remove_file(&path).unwrap();
    assert!(run(&[]).ended_with(0).stderr.contains("nothing new of the window since the run of"));
    assert!(!path.exists());
    // other parameters are another question
    run(&["--param", "limit=5"]).ended_with(0);
    deliver(&context, "two", &[event("2026-03-01T13:00:00Z", "DeleteIdentityPool", 2)]);
    let revised = run(&["--wait-for", "1h"]).ended_with(0).stderr;
    assert!(revised.contains("revised, +1 rows (1 events came late"), "{revised}");
    assert!(revised.contains("incomplete, nothing after the window's end from 012345678901 eu-west-1"), "{revised}");
    let runs = context.run(&["sql", "SELECT summary FROM runs WHERE command = 'report'", "-F", "json"]).json();
    assert_eq!(runs.as_array().unwrap().len(), 3);
    let summary: Value = serde_json::from_str(runs[0]["summary"].as_str().unwrap()).unwrap();
    assert_eq!(summary["seen"]["newest"][0]["account"], "012345678901");
    let no_window = context.run(&["report", "run", "rejected-records", "--for", "yesterday"]).ended_with(2).stderr;
    assert!(no_window.contains("takes no `since` and `until`"), "{no_window}");
    context.run(&["report", "run", "root-usage", "--for", "someday"]).ended_with(2);
}

#[test]
fn an_alert_of_a_one_shot_run_is_an_exit_code() {
    let context = Context::new();
    deliver(&context, "one", &[event("2026-03-01T12:00:00Z", "UpdateIdentityPool", 1)]);
    let run = |day: &str| context.run(&["report", "run", "cognito-identity-pool-changes", "--for", day, "--alert"]);
    let told = run("2026-03-01").ended_with(4);
    assert!(told.stderr.contains("alert: 1 rows fulfil `rows > 0`"), "{}", told.stderr);
    assert!(told.stdout.contains("UpdateIdentityPool"));
    run("2026-03-02").ended_with(0);
    let without = context.run(&["report", "run", "root-usage", "--alert"]).ended_with(2);
    assert_eq!(without.stdout, "", "it is said before anything is computed");
}

#[test]
fn outputs_go_to_an_object_store() {
    let context = Context::new();
    let s3 = S3::start(&context.path("s3"), Faults::default());
    s3.make_bucket("reports");
    deliver(&context, "one", &[event("2026-03-01T12:00:00Z", "UpdateIdentityPool", 1)]);
    context.write(
        "milepost.toml",
        "[[schedule]]\nreport = \"cognito-identity-who\"\ncron = \"0 6 * * *\"\nwindow = \"day\"\n\
         formats = [\"html\", \"parquet\", \"json\"]\ndestination = \"s3://reports/daily\"\nfile = \"{year}/{date}.{format}\"\n",
    );
    let arguments = ["schedule", "run", "--once", "--at", "2026-03-02T06:00:00Z", "--json"];
    let done = context.run_with(&arguments, &s3.env(), "").ended_with(0);
    assert_eq!(done.json()["outputs"][0], "s3://reports/daily/2026/2026-03-01.html");
    for format in ["html", "parquet", "json"] {
        assert!(context.path(&format!("s3/reports/daily/2026/2026-03-01.{format}")).exists(), "{format}");
    }
    let one_shot = ["report", "run", "cognito-identity-who", "--for", "2026-03-01", "-o", "s3://reports/{date}.csv"];
    context.run_with(&one_shot, &s3.env(), "").ended_with(0);
    assert!(read(&context.path("s3/reports/2026-03-01.csv")).contains("user/alice"));
}

#[test]
fn a_report_that_is_wrong_is_named_with_its_place_and_in_the_history() {
    let context = Context::new();
    deliver(&context, "one", &[event("2026-03-01T12:00:00Z", "UpdateIdentityPool", 1)]);
    let head = |name: &str| {
        format!(
            "-- name = \"{name}\"\n-- title = \"T\"\n-- description = \"B\"\n-- columns = [\"n\"]\n\
             -- [params.since]\n-- type = \"timestamp\"\n-- description = \"C\"\n\
             -- [params.until]\n-- type = \"timestamp\"\n-- description = \"C\"\n\
             -- [schedule]\n-- cron = \"0 6 * * *\"\n-- window = \"day\"\n-- destination = \"out\"\n"
        )
    };
    context.write(
        "mine/typo.sql",
        head("typo") + "SELECT count(*) AS n\nFROM evnts WHERE event_time < $until AND event_time >= $since",
    );
    let failing =
        "SELECT 1 / (count(*) - count(*)) AS n FROM events WHERE event_time < $until AND event_time >= $since";
    context.write("mine/failing.sql", head("failing") + failing);
    context.write(
        "mine/fine.sql",
        head("fine") + "SELECT count(*) AS n FROM events WHERE event_time < $until AND event_time >= $since",
    );
    context.write("mine/header.sql", "-- name = \"header\"\n-- colour = 1\n");
    let arguments = ["run", "--once", "--at", "2026-03-02T06:00:00Z", "--reports", "mine"];
    let said = configured(&context, &arguments).ended_with(1).stderr;
    assert!(said.contains("`mine/header.sql` line 2: unknown field `colour`"), "{said}");
    assert!(
        said.contains("error: typo 2026-03-01T00:00Z to 2026-03-02T00:00Z: failed: `mine/typo.sql`:16:6: "),
        "{said}"
    );
    assert!(said.contains("there is no table `evnts`"), "{said}");
    let divided = "`mine/failing.sql`:15:10: the report `failing` failed: something is divided by zero";
    assert!(said.contains(divided), "{said}");
    assert!(said.contains("fine 2026-03-01T00:00Z to 2026-03-02T00:00Z: done, 1 rows"), "{said}");
    let one_shot = ["report", "run", "failing", "--reports", "mine", "--for", "2026-03-01"];
    let failed = context.run(&one_shot).ended_with(1).stderr;
    let start = "error: something is divided by zero at line 15, column 10\n  --> mine/failing.sql:15:10\n";
    assert!(failed.starts_with(start), "{failed}");
    let history = configured(&context, &["history", "-F", "json"]).ended_with(0).json();
    let failed =
        history.as_array().unwrap().iter().filter(|row| row["outcome"] == "failed" && row["error"] != Value::Null);
    // the file that is no report too
    assert_eq!((failed.count(), history.as_array().unwrap().len()), (4, 5));
}

#[test]
fn several_processes_run_a_window_once_also_in_an_object_store() {
    let context = Context::new();
    let s3 = S3::start(&context.path("s3"), Faults::default());
    s3.make_bucket("lakes");
    context.write("one.json", log(&[event("2026-03-01T12:00:00Z", "UpdateIdentityPool", 1)]));
    context.run_with(&["convert", "one.json", "--lake", "s3://lakes/trail"], &s3.env(), "").ended_with(0);
    context.write(
        "milepost.toml",
        "lake = \"s3://lakes/trail\"\n[[schedule]]\nreport = \"cognito-identity-who\"\ncron = \"0 6 * * *\"\nwindow = \"day\"\n\
         destination = \"out\"\n",
    );
    let arguments = ["schedule", "run", "--once", "--at", "2026-03-02T06:00:00Z", "--json"];
    let done: String = std::thread::scope(|scope| {
        let run = || context.run_with(&arguments, &s3.env(), "").ended_with(0).stdout;
        let runs: Vec<_> = (0..4).map(|_| scope.spawn(run)).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    let outcomes: Vec<Value> =
        done.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["outcome"].clone()).collect();
    let count = |outcome: &str| outcomes.iter().filter(|found| **found == outcome).count();
    // whoever came while it was done was told so
    assert_eq!((count("done"), count("done") + count("busy")), (1, outcomes.len()), "{done}");
    let history = context.run_with(&["schedule", "history", "-F", "json"], &s3.env(), "").ended_with(0).json();
    assert_eq!(history.as_array().unwrap().len(), 1);
}

#[cfg(unix)]
#[test]
fn a_scheduler_stops_when_it_is_told_to() {
    let context = Context::new();
    deliver(&context, "one", &[event("2026-03-01T12:00:00Z", "UpdateIdentityPool", 1)]);
    context
        .write("milepost.toml", "[[schedule]]\nreport = \"root-usage\"\ncron = \"* * * * *\"\ndestination = \"out\"\n");
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_milepost"))
        .args(["schedule", "run"])
        .current_dir(context.path(""))
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let started = std::time::Instant::now();
    while !context.path("out/root-usage").exists() {
        assert!(started.elapsed().as_secs() < 60, "it does nothing");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let killed = std::process::Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(killed.success());
    let status = child.wait().unwrap();
    let mut said = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut said).unwrap();
    assert!(status.success(), "{said}");
    assert!(said.starts_with("1 jobs; the next is due ") && said.ends_with("stopped\n"), "{said}");
}
