//! `milepost report run`: a saved question, asked once.

use std::io::IsTerminal as _;
use std::path::Path;
use std::time::SystemTime;

use milepost_lake::Lake;
use milepost_query::output::Format;
use milepost_query::{Engine, EngineOptions, Parameter, Parameters, QueryError};
use milepost_report::outputs::HTML;
use milepost_report::{OutputName, Report};
use milepost_store::Place;

use super::super::answer::{self, Question};
use super::super::as_of;
use super::{catalogue, window};
use crate::args::{OutputArgs, ReportRunArgs};
use crate::diagnostics::{ExitStatus, Hinted};
use crate::limits::Limits;
use crate::printer::Printer;
use crate::settings::Settings;

pub(super) async fn run(args: &ReportRunArgs, settings: &Settings, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let catalogue = catalogue(&args.reports, settings)?;
    let report = catalogue.get(&args.name)?;
    check_output(args)?;
    let given = report.given(&args.params)?;
    let is_remote = args.output.output.as_deref().is_some_and(|path| Place::is_remote(&path.to_string_lossy()));
    if args.window.window.is_some() || args.alert || is_remote || is_page(args) {
        return window::run(args, report, &given, settings, printer).await;
    }
    let parameters = report.values(&given, SystemTime::now().into())?;
    let lake = Lake::open(&settings.lake, &settings.store).await?;
    let limits = limits(args, settings)?;
    let engine = Engine::open_with(&lake, as_of(&args.as_of)?, options(args, settings)?).await?;
    let question = Question { limits, ..Question::new(&report.sql, Some(&report.origin), &parameters) };
    check_columns(&engine, report, &question).await?;
    let named_by_report = |error| of_report(error, report);
    let format = args.output.format.as_deref().map(named).transpose()?;
    let output =
        OutputArgs { format, output: args.output.output.clone(), escape_formulas: args.output.escape_formulas };
    let rows = answer::write(&engine, question, settings, &output, printer).await.map_err(named_by_report)?;
    say_if_cut(&parameters, rows, printer);
    Ok(ExitStatus::Done)
}

/// How long its query may take.
pub(super) fn limits(args: &ReportRunArgs, settings: &Settings) -> anyhow::Result<Limits> {
    Ok(Limits { timeout: settings.timeout(args.timeout.as_deref())? })
}

/// How much memory its query may take.
pub(super) fn options(args: &ReportRunArgs, settings: &Settings) -> anyhow::Result<EngineOptions> {
    let memory_bytes = settings.query_memory_bytes(args.memory.as_deref())?;
    Ok(EngineOptions { memory_bytes, ..EngineOptions::new(settings.threads) })
}

/// A query that is wrong at a place is shown with its file already; one that failed while it ran says here whose it is.
pub(super) fn of_report(error: anyhow::Error, report: &Report) -> anyhow::Error {
    let query = error.chain().find_map(|cause| cause.downcast_ref::<QueryError>());
    let is_nameless = query.is_some_and(|query| {
        query.position().is_none() && !matches!(query, QueryError::Write { .. } | QueryError::Lake(_))
    });
    if !is_nameless {
        return error;
    }
    error.context(format!("`{}`: the report `{}` failed", report.origin, report.name))
}

/// Without a window, a place in the name of the output would be taken for the name itself.
fn check_output(args: &ReportRunArgs) -> anyhow::Result<()> {
    let path = args.output.output.as_deref().map(Path::to_string_lossy).unwrap_or_default();
    if args.window.window.is_some() || !OutputName::has_places(&path) {
        return Ok(());
    }
    Err(Hinted {
        message: format!("`--output {path}` has a place that only a window can fill"),
        hint: "say of which time to report, such as --for yesterday, or write the name itself".to_owned(),
        status: ExitStatus::WrongUsage,
    }
    .into())
}

/// Says so if the answer has as many rows as it may have.
fn say_if_cut(parameters: &Parameters, rows: u64, printer: &Printer) {
    if let Some(Parameter::Integer(Some(limit))) = parameters.get("limit")
        && i64::try_from(rows) == Ok(*limit)
    {
        printer.say(&format!("the answer was cut at {limit} rows; `--param limit=N` gives more"));
    }
}

fn is_page(args: &ReportRunArgs) -> bool {
    match args.output.format.as_deref() {
        Some(format) => format == HTML,
        None => args.output.output.as_deref().is_some_and(|path| by_extension(path).as_deref() == Some(HTML)),
    }
}

/// Name of the format that a file's extension asks for.
fn by_extension(path: &Path) -> Option<String> {
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    match extension.as_str() {
        "html" | "htm" => Some(HTML.to_owned()),
        _ => Format::from_extension(path).map(|format| format.name().to_owned()),
    }
}

fn named(name: &str) -> anyhow::Result<Format> {
    name.parse().map_err(|_| {
        let message = format!("`{name}` is not a format");
        let names = Format::ALL.map(Format::name).join(", ");
        Hinted { message, hint: format!("there are: {names}, {HTML}"), status: ExitStatus::WrongUsage }.into()
    })
}

/// Name of the format that was asked for; `html` is one here.
pub(super) fn format(args: &ReportRunArgs, settings: &Settings) -> anyhow::Result<String> {
    let path = args.output.output.as_deref();
    let name = match &args.output.format {
        Some(name) if name == HTML => HTML.to_owned(),
        Some(name) => named(name)?.name().to_owned(),
        None => match (path.and_then(by_extension), path.and_then(Path::extension)) {
            (Some(name), _) => name,
            (None, Some(extension)) => {
                let message = format!("no format has the extension `.{}`", extension.display());
                let hint = "say the format: --format csv".to_owned();
                return Err(Hinted { message, hint, status: ExitStatus::WrongUsage }.into());
            }
            (None, None) => settings.format()?.unwrap_or(Format::Table).name().to_owned(),
        },
    };
    let is_binary = name.parse::<Format>().is_ok_and(Format::is_binary);
    if is_binary && path.is_none() && std::io::stdout().is_terminal() {
        let message = format!("{name} is binary and stdout is a terminal");
        let hint = format!("write it to a file: --output answer.{name}");
        return Err(Hinted { message, hint, status: ExitStatus::WrongUsage }.into());
    }
    Ok(name)
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
