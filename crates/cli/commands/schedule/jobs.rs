//! The jobs there are: those of `milepost.toml` and those of reports' headers.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use futures::StreamExt as _;
use milepost_query::output::printable;
use milepost_query::{Parameter, nearest};
use milepost_report::{Catalogue, CatalogueError, Job, JobHeader, Message, Window, send_to_all};
use serde_json::json;

use super::super::report::{catalogue, print};
use super::columns;
use super::faults::Fault;
use crate::args::{ReportsArgs, ScheduleListArgs, ScheduleNextArgs, ScheduleTestArgs};
use crate::diagnostics::{ExitStatus, Hinted};
use crate::printer::Printer;
use crate::settings::Settings;

/// The jobs, by name, and those that cannot run.
pub(super) fn load(args: &ReportsArgs, settings: &Settings) -> anyhow::Result<(Vec<Job>, Vec<Fault>)> {
    let catalogue = catalogue(args, settings)?;
    let mut faults: Vec<Fault> = catalogue.broken().iter().map(of_broken).collect();
    let mut jobs = of_headers(&catalogue, &mut faults);
    // those of the file go before those of headers
    let mut in_file = BTreeMap::new();
    for (line, header) in settings.schedules() {
        let fault = |message: String| Fault {
            job: header.name.clone().or_else(|| header.report.clone()).unwrap_or_default(),
            report: header.report.clone(),
            text: format!("`{}` line {line}: {message}", settings.file_name()),
        };
        match of_file(header, &catalogue) {
            Ok(job) => {
                if let Some(before) = in_file.insert(job.name.clone(), line) {
                    faults.push(fault(format!("the job `{}` is there already, at line {before}", job.name)));
                } else {
                    jobs.insert(job.name.clone(), job);
                }
            }
            Err(message) => faults.push(fault(message)),
        }
    }
    Ok((jobs.into_values().collect(), faults))
}

/// The jobs of reports' headers, by name. Of two with one name, the second is a fault: it would be dropped without a word.
fn of_headers(catalogue: &Catalogue, faults: &mut Vec<Fault>) -> BTreeMap<String, Job> {
    let mut jobs: BTreeMap<String, Job> = BTreeMap::new();
    for report in catalogue.iter() {
        let Some(header) = &report.schedule else { continue };
        let fault = |message: String| Fault {
            job: header.name.clone().unwrap_or_else(|| report.name.clone()),
            report: Some(report.name.clone()),
            text: format!("the schedule of `{}`: {message}", report.origin),
        };
        match header.job(report) {
            Ok(job) => match jobs.get(&job.name).map(|before| &before.report) {
                Some(before) => {
                    let place = format!("at line {} of `{}`", before.job_line(), before.origin);
                    faults.push(fault(format!("the job `{}` is there already, {place}", job.name)));
                }
                None => drop(jobs.insert(job.name.clone(), job)),
            },
            Err(message) => faults.push(fault(message)),
        }
    }
    jobs
}

/// A file that is no report may have had a schedule: its job would be called as the file.
fn of_broken(error: &CatalogueError) -> Fault {
    let file = error.file().unwrap_or_default();
    let name = Path::new(file).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Fault { job: name.clone(), report: Some(name), text: error.to_string() }
}

fn of_file(header: &JobHeader, catalogue: &Catalogue) -> Result<Job, String> {
    let name = header.report.as_ref().or(header.name.as_ref()).ok_or("the schedule says no `report`")?;
    let report = catalogue.get(name).map_err(|error| error.to_string())?;
    header.job(report)
}

pub(super) fn unknown(name: &str, jobs: &[Job]) -> anyhow::Error {
    let names: Vec<String> = jobs.iter().map(|job| job.name.clone()).collect();
    let hint = match nearest(name, &names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`milepost schedule list` shows what there is".to_owned(),
    };
    Hinted { message: format!("there is no job `{name}`"), hint, status: ExitStatus::WrongUsage }.into()
}

pub(super) fn list(args: &ScheduleListArgs, settings: &Settings, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let (jobs, faults) = load(&args.reports, settings)?;
    if args.format == "json" {
        let all: Vec<_> = jobs.iter().map(as_json).collect();
        print(&(serde_json::to_string_pretty(&all)? + "\n"))?;
    } else {
        let row = |job: &Job| {
            let destination = job.destination.as_deref().unwrap_or("-");
            let (cron, zone) = (job.rhythm.cron(), job.rhythm.zone.name());
            [&job.name, cron, zone, &job.report.name, destination].map(|cell| printable(cell).into_owned())
        };
        let names = ["JOB", "CRON", "TIME ZONE", "REPORT", "DESTINATION"];
        print(&columns::lines(names, jobs.iter().map(row).collect()))?;
    }
    Ok(status(&faults, printer))
}

fn as_json(job: &Job) -> serde_json::Value {
    let deliver: Vec<String> = job.deliver.iter().map(milepost_report::Delivery::name).collect();
    json!({
        "job": job.name, "report": job.report.name, "cron": job.rhythm.cron(), "time_zone": job.rhythm.zone.name(),
        "params": params(job), "formats": job.formats, "destination": job.destination, "deliver": deliver,
    })
}

/// The values of a job's parameters; a list as one, also where it is written as one text.
fn params(job: &Job) -> BTreeMap<&String, serde_json::Value> {
    let values = job.report.values(&job.params, SystemTime::now().into()).unwrap_or_default();
    let value = |(name, text)| match values.get(name) {
        Some(Parameter::List(Some(items))) => (name, json!(items)),
        _ => (name, json!(text)),
    };
    job.params.iter().map(value).collect()
}

pub(super) fn next(args: &ScheduleNextArgs, settings: &Settings, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let (jobs, faults) = load(&args.reports, settings)?;
    let mut all: Vec<(DateTime<Utc>, &Job, Window)> = Vec::new();
    for job in &jobs {
        let mut at: DateTime<Utc> = SystemTime::now().into();
        for _ in 0..args.count {
            let Some(next) = job.rhythm.next(at) else { break };
            all.push((next, job, job.rhythm.window(next)));
            at = next;
        }
    }
    all.sort_by_key(|(at, job, _)| (*at, job.name.clone()));
    let time = |instant: DateTime<Utc>| instant.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    if args.format == "json" {
        let one = |(at, job, window): &(DateTime<Utc>, &Job, Window)| {
            let (start, end) = (time(window.start), time(window.end));
            json!({ "at": time(*at), "job": job.name, "report": job.report.name, "window_start": start, "window_end": end })
        };
        print(&(serde_json::to_string_pretty(&all.iter().map(one).collect::<Vec<_>>())? + "\n"))?;
    } else {
        let row = |(at, job, window): &(DateTime<Utc>, &Job, Window)| {
            [time(*at), job.name.clone(), format!("of {} to {}", time(window.start), time(window.end))]
        };
        print(&columns::lines(["DUE", "JOB", "WINDOW"], all.iter().map(row).collect()))?;
    }
    Ok(status(&faults, printer))
}

fn status(faults: &[Fault], printer: &Printer) -> ExitStatus {
    faults.iter().for_each(|fault| printer.complain(&format!("error: {fault}")));
    if faults.is_empty() { ExitStatus::Done } else { ExitStatus::Failed }
}

pub(super) async fn test(
    args: &ScheduleTestArgs,
    settings: &Settings,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let (jobs, _) = load(&args.reports, settings)?;
    let job = jobs.iter().find(|job| job.name == args.job).ok_or_else(|| unknown(&args.job, &jobs))?;
    if job.deliver.is_empty() {
        let message = format!("the job `{}` tells nobody", job.name);
        let hint = "give it a `deliver`, see docs/scheduling.md".to_owned();
        return Err(Hinted { message, hint, status: ExitStatus::WrongUsage }.into());
    }
    let message = Message::test(job);
    let mut status = ExitStatus::Done;
    let mut sent = std::pin::pin!(send_to_all(&job.deliver, &message));
    while let Some((delivery, told)) = sent.next().await {
        match told {
            Ok(()) => printer.say(&format!("{} took the test message", delivery.name())),
            Err(reason) => {
                printer.complain(&format!("error: {reason}"));
                status = ExitStatus::Failed;
            }
        }
    }
    Ok(status)
}
