//! Receivers that take their time, and schedulers that are told of it, stop or die meanwhile.

use std::sync::atomic::Ordering;
use std::time::Duration;

use milepost_report::schedule::Rounds;

use super::*;
use crate::receivers::Silent;

fn told(name: &str, urls: &[&str]) -> Job {
    let deliver: Vec<String> =
        urls.iter().map(|url| format!("{{ webhook = '{url}', timeout = '5m' }}")).collect();
    let header =
        format!("name = '{name}'\ncron = '0 * * * *'\nwindow = '24h'\ndeliver = [{}]\n", deliver.join(", "));
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

/// What the next job that is through did.
async fn next(rounds: &mut Rounds<'_>) -> Vec<Done> {
    let next = tokio::time::timeout(Duration::from_secs(120), rounds.next()).await;
    next.expect("somebody is waited for").expect("a job is at work")
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

#[test]
fn who_has_a_job_is_said_until_another_may_do_it() {
    let context = Context::new();
    deliver(&context, "one", &[event("2026-03-01T12:00:00Z", "UpdateIdentityPool", 1)]);
    // the receiver of the alert kills who tells it, once
    let kill = "if [ -e killed ]; then cat > told; else touch killed; kill -9 $PPID; fi";
    context.write(
        "milepost.toml",
        format!(
            "[[schedule]]\nname = \"pools\"\nreport = \"cognito-identity-pool-changes\"\ncron = \"0 13 * * *\"\n\
             window = \"24h\"\ndeliver = [{{ command = [\"sh\", \"-c\", \"{kill}\"] }}]\n"
        ),
    );
    let killed = std::process::Command::new(env!("CARGO_BIN_EXE_milepost"))
        .args(["schedule", "run", "--once", "--at", "2026-03-01T13:00:00Z"])
        .current_dir(context.path(""))
        .output()
        .unwrap();
    assert_eq!(killed.status.code(), None, "{killed:?}");
    let run = |at: &str, more: &[&str]| {
        let words = ["run", "--once", "--at", at];
        configured(&context, &[&words[..], more].concat()).ended_with(0)
    };
    let said = run("2026-03-01T13:01:00Z", &[]).stderr;
    assert!(said.starts_with("pools: busy; process ") && said.contains(" has it, until 2026-03-01T13:02:0"), "{said}");
    let json = run("2026-03-01T13:01:00Z", &["--json"]).json();
    assert_eq!((&json["outcome"], &json["job"]), (&json!("busy"), &json!("pools")));
    assert!(json["holder"]["owner"].as_str().unwrap().starts_with("process "), "{json}");
    assert!(json["holder"]["until"].as_str().unwrap().starts_with("2026-03-01T13:02:0"), "{json}");
    assert!(!context.path("told").exists());
    assert!(run("2026-03-01T13:03:00Z", &[]).stderr.contains("done, 1 rows; told 1 new rows"));
    assert!(run("2026-03-01T13:04:00Z", &[]).stderr.is_empty(), "nobody has it and nothing is due");
}
