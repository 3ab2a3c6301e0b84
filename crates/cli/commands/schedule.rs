//! `milepost schedule`: reports that run by themselves.

mod columns;
mod faults;
mod history;
mod jobs;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use milepost_lake::Lake;
use milepost_query::output::Layout;
use milepost_report::schedule::{Clock, Done, Outcome, Rounds, Scheduler};
use milepost_report::{Job, moment};
use tokio::sync::Notify;

use super::report::print;
use crate::args::{ScheduleArgs, ScheduleCommand, ScheduleRunArgs};
use crate::diagnostics::{ExitStatus, Hinted};
use crate::printer::Printer;
use crate::settings::Settings;

/// Longest time between two ticks: late data and windows that wait for data are looked for as often.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

pub(crate) async fn run(args: &ScheduleArgs, settings: &Settings, printer: &Printer) -> anyhow::Result<ExitStatus> {
    match &args.command {
        ScheduleCommand::Run(args) => run_jobs(args, settings, printer).await,
        ScheduleCommand::Next(args) => jobs::next(args, settings, printer),
        ScheduleCommand::List(args) => jobs::list(args, settings, printer),
        ScheduleCommand::History(args) => history::history(args, settings, printer).await,
        ScheduleCommand::Test(args) => jobs::test(args, settings, printer).await,
    }
}

async fn run_jobs(args: &ScheduleRunArgs, settings: &Settings, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let (jobs, faults) = jobs::load(&args.reports, settings)?;
    faults.iter().for_each(|fault| printer.complain(&format!("error: {fault}")));
    let jobs = chosen(jobs, &args.names)?;
    if jobs.is_empty() && faults.is_empty() {
        let message = "there is no job to run".to_owned();
        let hint = "write a [[schedule]] into milepost.toml, see docs/scheduling.md".to_owned();
        return Err(Hinted { message, hint, status: ExitStatus::WrongUsage }.into());
    }
    let lake = Lake::open(&settings.lake, &settings.store).await?;
    faults::enter(&lake, &faults, printer).await;
    let scheduler = Scheduler::new(lake, settings.store.clone(), settings.threads, jobs)
        .with_layout(Layout { escape_formulas: settings.escape_formulas(args.escape_formulas), ..Layout::default() });
    let stop = Arc::new(Stop::default());
    stop.listen();
    tokio::select! {
        ended = keep_running(args, &scheduler, &stop, !faults.is_empty(), printer) => ended,
        () = stop.insisted.notified() => {
            printer.complain("error: stopped in the middle of a report; it is done again after its lease expires");
            Ok(ExitStatus::Failed)
        }
    }
}

async fn keep_running(
    args: &ScheduleRunArgs,
    scheduler: &Scheduler,
    stop: &Stop,
    has_faults: bool,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    if args.once {
        let now = SystemTime::now().into();
        let clock = Clock::at(args.at.as_deref().map_or(Ok(now), instant)?).with_leases_at(now);
        let done = scheduler.tick(&clock, &stop.is_asked).await;
        tell(&done, args.json, printer)?;
        let has_failed = has_faults || done.iter().any(|done| done.outcome == Outcome::Failed);
        return Ok(if has_failed { ExitStatus::Failed } else { ExitStatus::Done });
    }
    printer.say(&format!("{} jobs; the next is due {}", scheduler.jobs().len(), next_text(scheduler)));
    let mut said = HashSet::new();
    let mut tell_new = |mut done: Vec<Done>| {
        // that a window waits, or that somebody else has a job, is said once
        done.retain(|done| {
            let waits = matches!(done.outcome, Outcome::Held | Outcome::Busy);
            let holder = done.holder.as_ref().map(|holder| holder.owner.clone());
            !waits || said.insert((done.job.clone(), done.window.clone(), holder))
        });
        tell(&done, args.json, printer)
    };
    let mut rounds = Rounds::new(scheduler, &stop.is_asked);
    while !stop.is_asked.load(Ordering::SeqCst) {
        tell_new(rounds.begin(Clock::at(SystemTime::now().into())).await)?;
        let mut pause = std::pin::pin!(stop.wait(pause(scheduler)));
        loop {
            tokio::select! {
                Some(done) = rounds.next() => tell_new(done)?,
                () = &mut pause => break,
            }
        }
    }
    let at_work = rounds.at_work();
    if !at_work.is_empty() {
        printer.say(&format!("stopping after {}; a second signal does not wait", at_work.join(", ")));
    }
    while let Some(done) = rounds.next().await {
        tell_new(done)?;
    }
    printer.say("stopped");
    Ok(ExitStatus::Done)
}

fn chosen(jobs: Vec<Job>, names: &[String]) -> anyhow::Result<Vec<Job>> {
    if let Some(unknown) = names.iter().find(|name| !jobs.iter().any(|job| job.name == **name)) {
        return Err(jobs::unknown(unknown, &jobs));
    }
    Ok(jobs.into_iter().filter(|job| names.is_empty() || names.contains(&job.name)).collect())
}

fn instant(text: &str) -> anyhow::Result<DateTime<Utc>> {
    moment::parse_instant(text, SystemTime::now().into()).ok_or_else(|| {
        let message = format!("`--at {text}` is no time");
        let hint = "write it as 2026-03-05T06:00:00Z".to_owned();
        Hinted { message, hint, status: ExitStatus::WrongUsage }.into()
    })
}

fn tell(done: &[Done], json: bool, printer: &Printer) -> anyhow::Result<()> {
    for done in done {
        if json {
            print(&(serde_json::to_string(done)? + "\n"))?;
        } else if done.outcome == Outcome::Failed {
            printer.complain(&format!("error: {}", done.text()));
        } else {
            printer.say(&done.text());
        }
    }
    Ok(())
}

fn next(scheduler: &Scheduler) -> Option<DateTime<Utc>> {
    let now: DateTime<Utc> = SystemTime::now().into();
    scheduler.jobs().iter().filter_map(|job| job.rhythm.next(now)).min()
}

fn next_text(scheduler: &Scheduler) -> String {
    next(scheduler).map_or("never".to_owned(), |next| next.format("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// Time until something may be due.
fn pause(scheduler: &Scheduler) -> Duration {
    let now: DateTime<Utc> = SystemTime::now().into();
    let until = next(scheduler).and_then(|next| (next - now).to_std().ok());
    until.map_or(LONGEST_PAUSE, |until| until.min(LONGEST_PAUSE)) + Duration::from_millis(50)
}

/// Whether the user, or the system, wants it to stop.
#[derive(Default)]
struct Stop {
    is_asked: AtomicBool,
    asked: Notify,
    insisted: Notify,
}

impl Stop {
    /// The first signal asks, the second insists.
    fn listen(self: &Arc<Self>) {
        let stop = Arc::clone(self);
        tokio::spawn(async move {
            signal().await;
            stop.is_asked.store(true, Ordering::SeqCst);
            stop.asked.notify_one();
            signal().await;
            stop.insisted.notify_one();
        });
    }

    async fn wait(&self, pause: Duration) {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = self.asked.notified() => {}
        }
    }
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

#[cfg(not(unix))]
async fn signal() {
    drop(tokio::signal::ctrl_c().await);
}
