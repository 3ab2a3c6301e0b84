//! `milepost report`: list, show, run, make and check saved questions.

mod check;
mod run;
mod window;

use std::fmt::Write as _;
use std::io::Write as _;

use milepost_report::{Catalogue, Report};

use crate::args::{ReportArgs, ReportCommand, ReportListArgs, ReportShowArgs, ReportsArgs};
use crate::diagnostics::ExitStatus;
use crate::printer::{Destination, Printer};
use crate::settings::Settings;

pub(crate) async fn run(args: &ReportArgs, settings: &Settings, printer: &Printer) -> anyhow::Result<ExitStatus> {
    match &args.command {
        ReportCommand::List(args) => list(args, settings, printer),
        ReportCommand::Show(args) => show(args, settings),
        ReportCommand::Run(args) => run::run(args, settings, printer).await,
        ReportCommand::New(args) => check::new(args, settings, printer),
        ReportCommand::Check(args) => check::check(args, settings, printer).await,
    }
}

pub(super) fn catalogue(args: &ReportsArgs, settings: &Settings) -> anyhow::Result<Catalogue> {
    Ok(Catalogue::load(settings.reports(args.reports.as_deref()).as_deref())?)
}

fn list(args: &ReportListArgs, settings: &Settings, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let catalogue = catalogue(&args.reports, settings)?;
    let has_tag = |report: &&Report| args.tag.as_ref().is_none_or(|tag| report.tags.contains(tag));
    let reports: Vec<&Report> = catalogue.iter().filter(has_tag).collect();
    let text = if args.format == "json" {
        serde_json::to_string_pretty(&reports)? + "\n"
    } else {
        let width = reports.iter().map(|report| report.name.len()).max().unwrap_or(0);
        reports.iter().map(|report| format!("{:width$}  {}\n", report.name, report.title)).collect()
    };
    print(&text)?;
    for error in catalogue.broken() {
        printer.complain(&format!("error: {error}"));
    }
    Ok(if catalogue.broken().is_empty() { ExitStatus::Done } else { ExitStatus::Failed })
}

fn show(args: &ReportShowArgs, settings: &Settings) -> anyhow::Result<ExitStatus> {
    let catalogue = catalogue(&args.reports, settings)?;
    let report = catalogue.get(&args.name)?;
    match args.format.as_str() {
        "json" => print(&(serde_json::to_string_pretty(report)? + "\n")),
        "sql" => print(&report.sql),
        _ => print(&describe(report)?),
    }
}

fn describe(report: &Report) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    writeln!(out, "{} — {}\n\n{}\n", report.name, report.title, report.description)?;
    writeln!(out, "tags:    {}", report.tags.join(", "))?;
    writeln!(out, "columns: {}", report.columns.join(", "))?;
    writeln!(out, "from:    {}", report.origin)?;
    if !report.parameters.is_empty() {
        writeln!(out, "\nparameters:")?;
        let width = report.parameters.keys().map(String::len).max().unwrap_or(0);
        for (name, parameter) in &report.parameters {
            let default = parameter.default.as_ref().map(|value| format!(" [default: {}]", plain(value)));
            let default = default.unwrap_or_default();
            writeln!(out, "  {name:width$}  {:9}  {}{default}", parameter.kind.name(), parameter.description)?;
        }
    }
    if let Some(alert) = &report.alert {
        writeln!(out, "\nalert:   {}", alert.when)?;
    }
    if let Some(schedule) = &report.schedule {
        writeln!(out, "\nschedule: {} {}", schedule.cron, schedule.time_zone)?;
    }
    let query: Vec<&str> = report.sql.lines().skip_while(|line| line.starts_with("--")).collect();
    writeln!(out, "\n{}", query.join("\n").trim())?;
    Ok(out)
}

fn plain(value: &toml::Value) -> String {
    serde_json::to_string(value).unwrap_or_default().trim_matches('"').to_owned()
}

pub(super) fn print(text: &str) -> anyhow::Result<ExitStatus> {
    let mut out = Destination::open(None)?;
    out.write_all(text.as_bytes())?;
    out.finish()?;
    Ok(ExitStatus::Done)
}
