//! `milepost report run` of a window, to a page, to an object store, with an alert: what needs the whole answer at once.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use milepost_lake::{AsOf, Lake};
use milepost_query::output::Layout;
use milepost_query::{Engine, Parameters};
use milepost_report::page::Page;
use milepost_report::run::{self, Ran, RunError};
use milepost_report::schedule::{self, Done, Outcome};
use milepost_report::seen::{Seen, missing_text};
use milepost_report::state::{Memory, WindowState};
use milepost_report::{NameValues, OutputName, Report, Window, moment, outputs, parse_zone};
use milepost_store::Place;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::super::as_of;
use super::run::{format, limits, of_report, options};
use crate::args::ReportRunArgs;
use crate::diagnostics::{ExitStatus, Hinted, WrongQuery};
use crate::printer::{Destination, Printer};
use crate::settings::Settings;

/// Time between two looks at the lake while data is waited for.
const LOOK_EVERY: Duration = Duration::from_secs(20);

/// A run that is about a window.
struct Windowed {
    window: Window,
    memory: Memory,
    known: Option<WindowState>,
    events: u64,
}

impl Windowed {
    /// Whether it was run before, of fewer events. The same question asked twice of the same data revises nothing.
    fn is_revision(&self) -> bool {
        self.known.as_ref().is_some_and(|known| self.events > known.events)
    }
}

pub(super) async fn run(
    args: &ReportRunArgs,
    report: &Report,
    given: &BTreeMap<String, String>,
    settings: &Settings,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let started: DateTime<Utc> = SystemTime::now().into();
    if args.alert && report.alert.is_none() {
        let message = format!("the report `{}` has no alert rule", report.name);
        return Err(wrong(message, "an `[alert]` in its header is one"));
    }
    let format = format(args, settings)?;
    let zone = args.window.time_zone.as_deref().unwrap_or("UTC");
    let zone = parse_zone(zone).map_err(|message| wrong(message, "names are those of the IANA time zone database"))?;
    let window = args.window.window.as_deref().map(|text| window(text, report, given, started, zone)).transpose()?;
    let values = run::values(report, given, window, started)?;
    let (limits, options) = (limits(args, settings)?, options(args, settings)?);
    let lake = Lake::open(&settings.lake, &settings.store).await?;
    let mut notes = Vec::new();
    if let (Some(window), Some(span)) = (window, args.window.wait_for.as_deref()) {
        notes.extend(wait(&lake, window, span, printer).await?);
    }
    let engine = Engine::open_with(&lake, as_of(&args.as_of)?, options).await?;
    let windowed = match window {
        Some(window) => Some(recall(&lake, &engine, report, given, window).await?),
        None => None,
    };
    let seen_before = windowed.as_ref().and_then(|windowed| Some((windowed, windowed.known.as_ref()?)));
    if let Some((windowed, known)) = seen_before.filter(|_| args.window.if_new)
        && windowed.events <= known.events
    {
        if windowed.events < known.events {
            // days were expired; what comes after that is late, also if there are fewer events than before
            let fewer = WindowState { events: windowed.events, ..known.clone() };
            windowed.memory.put(windowed.window, &fewer).await?;
        }
        let at = known.at.format("%Y-%m-%dT%H:%M:%SZ");
        printer.say(&format!("nothing new of the window since the run of {at}"));
        return Ok(ExitStatus::Done);
    }
    let outcome = match limits.run(async { Ok(run::run(&lake, &engine, report, &values).await) }).await {
        Ok(Ok(ran)) => Ok(ran),
        Ok(Err(error)) => Err((error.to_string(), described(error, report))),
        Err(error) => Err((error.to_string(), error)),
    };
    let ran = match outcome {
        Ok(ran) => ran,
        Err((text, error)) => {
            if let Some(windowed) = &windowed {
                enter_failure(&lake, windowed, report, given, text, started).await;
            }
            return Err(error);
        }
    };
    if let Some((windowed, known)) = seen_before {
        notes.extend(revised(known, windowed.events, ran.rows.texts.len()));
    }
    notes.extend(run::cut_text(&values, ran.rows.texts.len() as u64));
    let output = write(args, report, (window, zone), &values, &ran, &notes, (&format, settings)).await?;
    notes.iter().for_each(|note| printer.say(note));
    if let Some(windowed) = windowed {
        let done = done(report, &windowed, &ran, notes, output);
        remember(&lake, &windowed, &ran, given, &done, started, printer).await;
    }
    alert(args, report, &ran, printer)
}

fn wrong(message: String, hint: &str) -> anyhow::Error {
    Hinted { message, hint: hint.to_owned(), status: ExitStatus::WrongUsage }.into()
}

fn window(
    text: &str,
    report: &Report,
    given: &BTreeMap<String, String>,
    now: DateTime<Utc>,
    zone: chrono_tz::Tz,
) -> anyhow::Result<Window> {
    if !report.has_window() {
        let message =
            format!("the report `{}` takes no `since` and `until`, so it cannot be run --for a window", report.name);
        return Err(wrong(message, "run it without --for"));
    }
    if given.contains_key("since") || given.contains_key("until") {
        return Err(wrong("--for sets `since` and `until`".to_owned(), "leave out either --for or the parameters"));
    }
    let hint = "write yesterday, today, last-hour, last-week, last-month, 2026-03-01, 2026-03, or FROM..TO";
    Window::parse(text, now, zone).ok_or_else(|| wrong(format!("`--for {text}` is no window"), hint))
}

/// Waits until what is active has sent something from after the window's end; says what has not.
async fn wait(lake: &Lake, window: Window, span: &str, printer: &Printer) -> anyhow::Result<Option<String>> {
    let hint = "write a number and s, m, h, d or w, such as 2h";
    let patience = moment::parse_span(span).ok_or_else(|| wrong(format!("`--wait-for {span}` is no span"), hint))?;
    let mut has_said = false;
    loop {
        let version = Engine::open(lake, AsOf::Newest, 1).await?.version();
        let missing = Seen::of(lake, version).await?.missing(window);
        if missing.is_empty() {
            return Ok(None);
        }
        let now: DateTime<Utc> = SystemTime::now().into();
        let until = window.end.checked_add_signed(patience).unwrap_or(DateTime::<Utc>::MAX_UTC);
        let left = until.signed_duration_since(now);
        let Some(left) = left.to_std().ok().filter(|left| !left.is_zero()) else {
            return Ok(Some(format!("incomplete, nothing after the window's end from {}", missing_text(&missing))));
        };
        if !has_said {
            printer.say(&format!("waiting for {}", missing_text(&missing)));
            has_said = true;
        }
        tokio::time::sleep(left.min(LOOK_EVERY)).await;
    }
}

/// What is remembered of the same report with the same parameters and window.
async fn recall(
    lake: &Lake,
    engine: &Engine,
    report: &Report,
    given: &BTreeMap<String, String>,
    window: Window,
) -> anyhow::Result<Windowed> {
    let digest: String =
        Sha256::digest(json!(given).to_string()).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let memory = Memory::of(lake, &format!("run.{}.{digest}", report.name));
    let known = memory.state(window).await?;
    Ok(Windowed { window, memory, known, events: run::events_of(engine, window).await? })
}

fn revised(known: &WindowState, events: u64, rows: usize) -> Option<String> {
    let more = i128::try_from(rows).unwrap_or_default() - i128::from(known.rows);
    let late = events.checked_sub(known.events).filter(|late| *late > 0)?;
    Some(format!("revised, {more:+} rows ({late} events came late, since version {})", known.lake_version))
}

fn described(error: RunError, report: &Report) -> anyhow::Error {
    match error {
        RunError::Query { source, .. } => {
            of_report(WrongQuery::new(source, &report.sql, Some(&report.origin)).into(), report)
        }
        other => other.into(),
    }
}

/// Writes the answer; gives the name of the output, if it has one.
async fn write(
    args: &ReportRunArgs,
    report: &Report,
    (window, zone): (Option<Window>, chrono_tz::Tz),
    values: &Parameters,
    ran: &Ran,
    notes: &[String],
    (format, settings): (&str, &Settings),
) -> anyhow::Result<Option<String>> {
    let parameters: Vec<(String, String)> =
        values.iter().filter_map(|(name, value)| Some((name.clone(), run::value_text(value)?))).collect();
    let page = Page { report, parameters: &parameters, window, seen: &ran.seen, notes, rows: &ran.rows };
    let escape_formulas = settings.escape_formulas(args.output.escape_formulas);
    let layout = Layout { escape_formulas, ..Layout::default() };
    let bytes = outputs::encode(&page, format, layout).await?;
    let Some(path) = args.output.output.as_deref().map(|path| path.to_string_lossy().into_owned()) else {
        let mut out = Destination::open(None)?;
        out.write_all(&bytes)?;
        out.finish()?;
        return Ok(None);
    };
    let path = match window {
        Some(window) => filled(&path, NameValues { report: &report.name, job: &report.name, format, window, zone })?,
        None => path,
    };
    if Place::is_remote(&path) {
        let (destination, name) = path.rsplit_once('/').unwrap_or((path.as_str(), ""));
        outputs::put(destination, name, bytes, &settings.store).await?;
    } else {
        if let Some(folder) =
            Path::new(&path).parent().filter(|folder| window.is_some() && !folder.as_os_str().is_empty())
        {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder of `{path}`"))?;
        }
        let mut out = Destination::open(Some(Path::new(&path)))?;
        out.write_all(&bytes).with_context(|| format!("cannot write `{path}`"))?;
        out.finish()?;
    }
    Ok(Some(path))
}

/// The path with its places filled; what stands before the first place is as the user wrote it.
fn filled(path: &str, values: NameValues<'_>) -> anyhow::Result<String> {
    let fixed = path.find('{').map_or(path.len(), |brace| path[..brace].rfind('/').map_or(0, |slash| slash + 1));
    let (fixed, name) = path.split_at(fixed);
    if name.is_empty() {
        return Ok(path.to_owned());
    }
    let name =
        OutputName::parse(name).map_err(|message| wrong(message, "`milepost report run --help` lists the places"))?;
    Ok(format!("{fixed}{}", name.fill(values)))
}

fn done(report: &Report, windowed: &Windowed, ran: &Ran, notes: Vec<String>, output: Option<String>) -> Done {
    let outcome = if windowed.is_revision() { Outcome::Revised } else { Outcome::Done };
    Done {
        window: Some(windowed.window.key()),
        rows: ran.rows.texts.len() as u64,
        notes,
        outputs: output.into_iter().collect(),
        seen: ran.seen.clone(),
        ..Done::of(&report.name, &report.name, outcome)
    }
}

/// Remembers the run. The answer is there already, so that the lake cannot be written is only said.
async fn remember(
    lake: &Lake,
    windowed: &Windowed,
    ran: &Ran,
    given: &BTreeMap<String, String>,
    done: &Done,
    started: DateTime<Utc>,
    printer: &Printer,
) {
    let now: DateTime<Utc> = SystemTime::now().into();
    let state = WindowState {
        tick: started,
        is_done: true,
        failures: 0,
        not_before: None,
        error: None,
        lake_version: ran.seen.lake_version,
        events: windowed.events,
        rows: done.rows,
        revisions: windowed.known.as_ref().map_or(0, |known| known.revisions + u32::from(windowed.is_revision())),
        outputs: Vec::new(),
        at: now,
    };
    let arguments = arguments(windowed, &done.report, given);
    if let Err(error) = windowed.memory.put(windowed.window, &state).await {
        printer.complain(&format!("warning: the run is not remembered: {error}"));
    } else if let Err(error) = schedule::enter(lake, &arguments, done, started).await {
        printer.complain(&format!("warning: the run is not entered into `runs`: {error}"));
    }
}

/// A run that failed is in the history too; why it failed is what the user is told, whatever becomes of that.
async fn enter_failure(
    lake: &Lake,
    windowed: &Windowed,
    report: &Report,
    given: &BTreeMap<String, String>,
    error: String,
    started: DateTime<Utc>,
) {
    let (window, error) = (Some(windowed.window.key()), Some(error));
    let failed = Done { window, error, ..Done::of(&report.name, &report.name, Outcome::Failed) };
    let _ = schedule::enter(lake, &arguments(windowed, &report.name, given), &failed, started).await;
}

fn arguments(windowed: &Windowed, report: &str, given: &BTreeMap<String, String>) -> serde_json::Value {
    let Window { start, end } = windowed.window;
    json!({ "job": null, "report": report, "window_start": start, "window_end": end, "params": given })
}

fn alert(args: &ReportRunArgs, report: &Report, ran: &Ran, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let Some(rule) = report.alert.as_ref().filter(|_| args.alert) else { return Ok(ExitStatus::Done) };
    let rows = rule.apply(&ran.rows).map_err(|message| wrong(message, "see docs/writing-reports.md"))?.len();
    if rows == 0 {
        return Ok(ExitStatus::Done);
    }
    printer.say(&format!("alert: {rows} rows fulfil `{}`", rule.when));
    Ok(ExitStatus::Alert)
}
