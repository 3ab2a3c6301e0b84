//! Receivers that take their time, and schedulers that are told of it, stop or die meanwhile.

use std::sync::atomic::Ordering;
use std::time::Duration;

use milepost_report::Report;
use milepost_report::schedule::Rounds;

use super::*;
use crate::receivers::Silent;

fn told(name: &str, urls: &[&str]) -> Job {
    let deliver: Vec<String> = urls.iter().map(|url| format!("{{ webhook = '{url}', timeout = '5m' }}")).collect();
    let header = format!("name = '{name}'\ncron = '0 * * * *'\nwindow = '24h'\ndeliver = [{}]\n", deliver.join(", "));
    job("cognito-identity-pool-changes", &header)
}

fn clock(at: &str) -> Clock {
    Clock::at(at.parse().unwrap())
}

async fn until(is_so: impl Fn() -> bool) {
    while !is_so() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What the next job that is through did; fails if somebody is waited for.
async fn next(rounds: &mut Rounds<'_>) -> Vec<Done> {
    let next = tokio::time::timeout(Duration::from_secs(120), rounds.next()).await;
    next.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_answer_keeps_no_other_job_waiting() {
    let context = Context::new();
    deliver(&context, "one", &[event("2026-03-01T12:00:00Z", "UpdateIdentityPool", 1)]);
    let (silent, web) = (Silent::start(), Web::start(&[200]));
    // more than are computed at once, and all before the one that is quick
    let slow = ["a", "b", "c"].map(|name| told(name, &[&silent.url]));
    let both = told("d", &[&silent.url, &format!("{}/d", web.url)]);
    let running = scheduler(&context, [&slow[..], &[both, told("quick", &[&web.url])]].concat()).await;
    let stop = AtomicBool::new(false);
    let mut rounds = Rounds::new(&running, &stop);
    assert!(rounds.begin(clock("2026-03-01T13:00:00Z")).await.is_empty());
    let quick = next(&mut rounds).await;
    assert_eq!((quick.len(), quick[0].job.as_str(), quick[0].outcome, quick[0].told), (1, "quick", Outcome::Done, 1));
    // nor another receiver of its own job
    tokio::select! {
        done = rounds.next() => panic!("nobody answered {done:?}"),
        () = until(|| web.bodies().len() == 2) => {}
    }
    // the next hour finds the others at work still
    assert!(rounds.begin(clock("2026-03-01T14:00:00Z")).await.is_empty());
    let quick = next(&mut rounds).await;
    assert_eq!((quick[0].job.as_str(), quick[0].told), ("quick", 0), "the row was told");
    assert_eq!(quick[0].window.as_deref(), Some("20260228T140000Z-20260301T140000Z"));
    // told to stop: what is at work ends, nothing else begins
    stop.store(true, Ordering::SeqCst);
    assert!(rounds.begin(clock("2026-03-01T15:00:00Z")).await.is_empty());
    assert!(next(&mut rounds).await.is_empty());
    silent.answer();
    let mut ended = Vec::new();
    for _ in 0..4 {
        ended.extend(next(&mut rounds).await);
    }
    ended.sort_by(|one, other| one.job.cmp(&other.job));
    let ended: Vec<_> = ended.iter().map(|done| (done.job.as_str(), done.outcome, done.told)).collect();
    assert_eq!(ended, ["a", "b", "c", "d"].map(|job| (job, Outcome::Done, 1)));
    assert!(rounds.next().await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_is_computed_for_too_long_fails() {
    let context = Context::new();
    deliver(&context, "one", &[event("2026-03-01T12:00:00Z", "UpdateIdentityPool", 1)]);
    let text = "-- name = \"slow\"\n-- title = \"T\"\n-- description = \"B\"\n-- columns = [\"n\"]\n\
        SELECT sum(a.value * b.value % 7) AS n FROM generate_series(1, 2000) a, generate_series(1, 2000) b";
    let report = Report::parse(text, "slow.sql").unwrap();
    let header = destination(&context) + "cron = \"0 6 * * *\"\n";
    let mut slow = toml::from_str::<JobHeader>(&header).unwrap().job(&report).unwrap();
    // less than any query takes: one that took longer would keep the test from ending, for threads cannot be taken from it
    slow.timeout = Duration::from_millis(1);
    let quick = job("root-usage", &(destination(&context) + "cron = \"0 6 * * *\"\n"));
    let running = scheduler(&context, vec![slow, quick]).await;
    let done = tokio::time::timeout(Duration::from_secs(120), tick(&running, "2026-03-02T06:00:00Z")).await.unwrap();
    let outcomes: Vec<_> = done.iter().map(|done| (done.job.as_str(), done.outcome)).collect();
    assert_eq!(outcomes, [("slow", Outcome::Failed), ("root-usage", Outcome::Done)]);
    assert_eq!(done[0].error.as_deref(), Some("it took more than 0 s to compute; `timeout` gives it more"));
}

#[test]
fn who_has_a_job_is_said_until_another_may_do_it() {
    let context = Context::new();
    killed_while_telling(&context, "name = \"pools\"\nreport = \"cognito-identity-pool-changes\"\n");
    let run = |at: &str, more: &[&str]| {
        let words = ["run", "--once", "--at", at];
        configured(&context, &[&words[..], more].concat()).ended_with(0)
    };
    // leases go by the time that it is, not by that of --at
    let said = run("2026-03-01T13:30:00Z", &[]).stderr;
    assert!(said.starts_with("pools: busy; process ") && said.contains(" has it, until 20"), "{said}");
    let json = run("2026-03-01T13:01:00Z", &["--json"]).json();
    assert_eq!((&json["outcome"], &json["job"]), (&json!("busy"), &json!("pools")));
    assert!(json["holder"]["owner"].as_str().unwrap().starts_with("process "), "{json}");
    let until: chrono::DateTime<chrono::Utc> = json["holder"]["until"].as_str().unwrap().parse().unwrap();
    let left = until - chrono::Utc::now();
    assert!(left > chrono::TimeDelta::zero() && left <= chrono::TimeDelta::minutes(2), "{json}");
    assert!(!context.path("told").exists());
    age_lease(&context, "pools");
    assert!(run("2026-03-01T13:03:00Z", &[]).stderr.contains("done, 1 rows; told 1 new rows"));
    assert!(run("2026-03-01T13:04:00Z", &[]).stderr.is_empty(), "nobody has it and nothing is due");
}

#[cfg(unix)]
#[test]
fn who_is_being_told_is_told_before_a_scheduler_stops() {
    let context = Context::new();
    deliver(&context, "one", &[event("2026-03-01T12:00:00Z", "UpdateIdentityPool", 1)]);
    let silent = Silent::start();
    context.write(
        "milepost.toml",
        format!(
            "[[schedule]]\nname = \"pools\"\nreport = \"cognito-identity-pool-changes\"\ncron = \"* * * * *\"\n\
             window = \"3600d\"\ndeliver = [{{ webhook = \"{}\", timeout = \"5m\" }}]\n",
            silent.url
        ),
    );
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_milepost"))
        .args(["schedule", "run"])
        .current_dir(context.path(""))
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let started = std::time::Instant::now();
    while silent.asked() == 0 {
        assert!(started.elapsed().as_secs() < 60, "nobody is told");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(std::process::Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    let mut said = std::io::BufReader::new(child.stderr.take().unwrap());
    let mut line = || {
        let mut line = String::new();
        std::io::BufRead::read_line(&mut said, &mut line).unwrap();
        line
    };
    assert!(line().starts_with("1 jobs; the next is due "));
    assert_eq!(line(), "stopping after pools; a second signal does not wait\n");
    assert!(child.try_wait().unwrap().is_none(), "it waits for the answer");
    silent.answer();
    assert!(line().ends_with("done, 1 rows; told 1 new rows\n"));
    assert_eq!(line(), "stopped\n");
    assert!(child.wait().unwrap().success());
    assert_eq!(silent.asked(), 1);
}
