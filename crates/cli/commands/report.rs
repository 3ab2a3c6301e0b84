//! `milepost report`: list, show and run saved questions.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::SystemTime;

use milepost_lake::Lake;
use milepost_query::{Engine, Parameter};
use milepost_report::{Catalogue, Report};

use super::answer::{self, Question};
use super::as_of;
use crate::args::{ReportArgs, ReportCommand, ReportListArgs, ReportRunArgs, ReportShowArgs, ReportsArgs};
use crate::diagnostics::{ExitStatus, Hinted};
use crate::printer::{Destination, Printer};
use crate::settings::Settings;

pub(crate) async fn run(args: &ReportArgs, settings: &Settings, printer: &Printer) -> anyhow::Result<ExitStatus> {
    match &args.command {
        ReportCommand::List(args) => list(args, settings, printer),
        ReportCommand::Show(args) => show(args, settings),
        ReportCommand::Run(args) => run_one(args, settings, printer).await,
    }
}

fn catalogue(args: &ReportsArgs, settings: &Settings) -> anyhow::Result<Catalogue> {
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
    let query: Vec<&str> = report.sql.lines().skip_while(|line| line.starts_with("--")).collect();
    writeln!(out, "\n{}", query.join("\n").trim())?;
    Ok(out)
}

fn plain(value: &toml::Value) -> String {
    serde_json::to_string(value).unwrap_or_default().trim_matches('"').to_owned()
}

async fn run_one(args: &ReportRunArgs, settings: &Settings, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let catalogue = catalogue(&args.reports, settings)?;
    let report = catalogue.get(&args.name)?;
    let given: BTreeMap<String, String> = args.params.iter().cloned().collect();
    let parameters = report.values(&given, SystemTime::now().into())?;
    let lake = Lake::open(&settings.lake, &settings.store).await?;
    let engine = Engine::open(&lake, as_of(&args.as_of)?, settings.threads).await?;
    let question = Question::new(&report.sql, Some(&report.origin), &parameters);
    check_columns(&engine, report, &question).await?;
    let rows = answer::write(&engine, question, settings, &args.output, printer).await?;
    if let Some(Parameter::Integer(Some(limit))) = parameters.get("limit")
        && i64::try_from(rows) == Ok(*limit)
    {
        printer.say(&format!("the answer was cut at {limit} rows; `--param limit=N` gives more"));
    }
    Ok(ExitStatus::Done)
}

/// A report that gives other columns than its header says would mislead whoever reads its output by name.
async fn check_columns(engine: &Engine, report: &Report, question: &Question<'_>) -> anyhow::Result<()> {
    let Ok(schema) = engine.check(question.sql, question.parameters).await else {
        // running it says what is wrong, and where
        return Ok(());
    };
    let found: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    if found == report.columns {
        return Ok(());
    }
    Err(Hinted {
        message: format!(
            "the report `{}` ({}) does not give the columns that its header says",
            report.name, report.origin
        ),
        hint: format!("it gives: {}", found.join(", ")),
        status: ExitStatus::Failed,
    }
    .into())
}

fn print(text: &str) -> anyhow::Result<ExitStatus> {
    let mut out = Destination::open(None)?;
    out.write_all(text.as_bytes())?;
    out.finish()?;
    Ok(ExitStatus::Done)
}
