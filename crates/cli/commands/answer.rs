//! Runs a planned question and puts the answer where the user wants it. Shared by `sql`, the shell, reports and `lake`.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use milepost_query::output::{self, Expanded, Format, Layout};
use milepost_query::{Answer, Ask, Engine, Parameters, QueryError, ScanWatch};
use milepost_store::{Place, StoreOptions};

use super::told::Told;
use crate::args::OutputArgs;
use crate::diagnostics::{ExitStatus, Hinted, WrongQuery};
use crate::limits::Limits;
use crate::pager::Pager;
use crate::printer::{Destination, Printer, terminal_width};
use crate::settings::Settings;

/// Widest cell on a terminal: long enough for an ARN.
const TERMINAL_CELL_WIDTH: usize = 80;

/// A question and where its text comes from.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) sql: &'a str,
    /// File of the text, for errors.
    pub(super) origin: Option<&'a str>,
    pub(super) parameters: &'a Parameters,
    pub(super) ask: Ask,
    pub(super) limits: Limits,
}

impl<'a> Question<'a> {
    /// A question for its rows, for which there is time.
    pub(super) fn new(sql: &'a str, origin: Option<&'a str>, parameters: &'a Parameters) -> Self {
        Self { sql, origin, parameters, ask: Ask::Rows, limits: Limits::default() }
    }

    /// An error with the text that it points into.
    pub(super) fn wrong(&self, error: QueryError) -> anyhow::Error {
        WrongQuery::new(error, self.sql, self.origin).into()
    }
}

/// How and where answers are written.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) format: Format,
    pub(super) output: Option<PathBuf>,
    pub(super) layout: Layout,
    pub(super) store: StoreOptions,
    /// Whether long answers on a terminal are shown a page at a time.
    pub(super) pages: bool,
}

impl Target {
    /// What flags and settings say.
    pub(super) fn new(args: &OutputArgs, settings: &Settings) -> anyhow::Result<Self> {
        let output = settings.output(args.output.as_deref())?;
        let layout = Layout { escape_formulas: settings.escape_formulas(args.escape_formulas), ..Layout::default() };
        let format = format(output.as_deref(), args.format, settings.format()?)?;
        Ok(Self { format, output, layout, store: settings.store.clone(), pages: false })
    }

    async fn open(&self) -> anyhow::Result<Destination> {
        let destination = Destination::open_anywhere(self.output.as_deref(), &self.store).await?;
        if self.pages
            && matches!(destination, Destination::Terminal(_))
            && let Some(pager) = Pager::new()
        {
            return Ok(Destination::Pager(pager));
        }
        Ok(destination)
    }

    fn layout(&self, destination: &Destination) -> Layout {
        if !destination.is_terminal() {
            // what is wide for a terminal is not for a file
            let expanded = if self.layout.expanded == Expanded::Auto { Expanded::Never } else { self.layout.expanded };
            return Layout { expanded, ..self.layout };
        }
        Layout { max_cell_width: Some(TERMINAL_CELL_WIDTH), line_width: terminal_width(), ..self.layout }
    }
}

/// Runs `question` and writes the answer; gives the number of rows, and what else there is to tell.
pub(super) async fn ask(engine: &Engine, question: Question<'_>, target: &Target) -> anyhow::Result<Told> {
    let started = Instant::now();
    let asked = async {
        let answer = engine.ask(question.sql, question.parameters, question.ask).await;
        answer.map_err(|error| question.wrong(error))
    };
    let answer = question.limits.run(asked).await?;
    let told = put_limited(answer.on_a_task(), target, question.limits, started).await;
    told.map_err(|error| match error.downcast::<QueryError>() {
        Ok(error) => question.wrong(error),
        Err(error) => error,
    })
}

/// Runs `question`, writes the answer and tells about it; gives the number of rows.
pub(super) async fn write(
    engine: &Engine,
    question: Question<'_>,
    settings: &Settings,
    args: &OutputArgs,
    printer: &Printer,
) -> anyhow::Result<u64> {
    // before the query runs, which may take long
    let target = Target::new(args, settings)?;
    let told = ask(engine, question, &target).await?;
    if std::io::stderr().is_terminal() {
        printer.say(&told.text());
    }
    Ok(told.rows)
}

/// Writes an answer that is there already; gives the number of rows.
pub(super) async fn put(
    answer: Answer,
    settings: &Settings,
    args: &OutputArgs,
    printer: &Printer,
) -> anyhow::Result<u64> {
    let target = Target::new(args, settings)?;
    let told = put_limited(answer, &target, Limits::default(), Instant::now()).await?;
    if std::io::stderr().is_terminal() {
        printer.say(&told.text());
    }
    Ok(told.rows)
}

/// Writes an answer that came before its time was over.
pub(super) async fn put_limited(
    answer: Answer,
    target: &Target,
    limits: Limits,
    started: Instant,
) -> anyhow::Result<Told> {
    let (scans, is_statement) = (answer.scans(), answer.is_statement());
    let told = |rows| {
        let scans = scans.as_ref().map(ScanWatch::summary);
        Told { rows, seconds: started.elapsed().as_secs_f64(), is_statement, scans }
    };
    if is_statement {
        limits.run_since(started, drained(answer)).await?;
        return Ok(told(0));
    }
    let mut destination = target.open().await?;
    let layout = target.layout(&destination);
    let written = async { Ok(output::write(answer, target.format, layout, &mut destination).await?) };
    match limits.run_since(started, written).await {
        Ok(rows) => {
            let told = told(rows);
            destination.finish()?;
            Ok(told)
        }
        Err(error) => {
            destination.discard();
            Err(error)
        }
    }
}

async fn drained(answer: Answer) -> anyhow::Result<u64> {
    Ok(output::write(answer, Format::Csv, Layout::default(), &mut std::io::sink()).await?)
}

/// The format that was asked for, by name or by the file's extension.
pub(super) fn format(
    output: Option<&Path>,
    named: Option<Format>,
    configured: Option<Format>,
) -> anyhow::Result<Format> {
    let by_extension = output.and_then(Format::from_extension);
    let is_file = |path: &&Path| !path.exists() || path.is_file();
    let extension = output.filter(is_file).and_then(Path::extension);
    if let (None, None, Some(extension)) = (named, by_extension, extension) {
        return Err(Hinted {
            message: format!("no format has the extension `.{}`", extension.display()),
            hint: "say the format: --format csv".to_owned(),
            status: ExitStatus::WrongUsage,
        }
        .into());
    }
    let format = named.or(by_extension).or(configured).unwrap_or(Format::Table);
    if format.is_binary() && output.is_none() && std::io::stdout().is_terminal() {
        return Err(Hinted {
            message: format!("{format} is binary and stdout is a terminal"),
            hint: format!("write it to a file: --output answer.{format}"),
            status: ExitStatus::WrongUsage,
        }
        .into());
    }
    Ok(format)
}

/// Whether the answer goes into a store and not onto this machine.
pub(super) fn is_remote(output: &Path) -> bool {
    output.to_str().is_some_and(Place::is_remote)
}
