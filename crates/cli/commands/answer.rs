//! Runs a planned question and puts the answer where the user wants it. Shared by `sql` and `report run`.

use std::io::IsTerminal as _;
use std::path::Path;
use std::time::Instant;

use milepost_query::output::{self, Format, Layout};
use milepost_query::{Answer, Engine, Parameters, QueryError};

use crate::args::OutputArgs;
use crate::diagnostics::{ExitStatus, Hinted, WrongQuery};
use crate::printer::{Destination, Printer};

/// Widest cell on a terminal: long enough for an ARN.
const TERMINAL_CELL_WIDTH: usize = 80;

/// A question and where its text comes from.
pub(super) struct Question<'a> {
    pub(super) sql: &'a str,
    /// File of the text, for errors.
    pub(super) origin: Option<&'a str>,
    pub(super) parameters: &'a Parameters,
    /// Format if neither a flag nor a file's extension says one.
    pub(super) format: Option<Format>,
}

/// Runs `question` and writes the answer; gives the number of rows.
pub(super) async fn write(
    engine: &Engine,
    question: Question<'_>,
    args: &OutputArgs,
    printer: &Printer,
) -> anyhow::Result<u64> {
    let started = Instant::now();
    let wrong = |error: QueryError| WrongQuery::new(error, question.sql, question.origin);
    // before the query runs, which may take long
    format(args, question.format)?;
    let answer = engine.query(question.sql, question.parameters).await.map_err(wrong)?;
    let rows = put_timed(answer, (question.format, args), printer, started).await;
    rows.map_err(|error| match error.downcast::<QueryError>() {
        Ok(error) => wrong(error).into(),
        Err(error) => error,
    })
}

/// Writes an answer that is there already; gives the number of rows.
pub(super) async fn put(
    answer: Answer,
    configured: Option<Format>,
    args: &OutputArgs,
    printer: &Printer,
) -> anyhow::Result<u64> {
    put_timed(answer, (configured, args), printer, Instant::now()).await
}

async fn put_timed(
    answer: Answer,
    (configured, args): (Option<Format>, &OutputArgs),
    printer: &Printer,
    started: Instant,
) -> anyhow::Result<u64> {
    let format = format(args, configured)?;
    let mut destination = Destination::open(args.output.as_deref())?;
    let layout = Layout { max_cell_width: destination.is_terminal().then_some(TERMINAL_CELL_WIDTH) };
    match output::write(answer, format, layout, &mut destination).await {
        Ok(rows) => {
            destination.finish()?;
            if std::io::stderr().is_terminal() {
                printer.say(&format!("{rows} rows in {:.2} s", started.elapsed().as_secs_f64()));
            }
            Ok(rows)
        }
        Err(error) => {
            destination.discard();
            Err(error.into())
        }
    }
}

/// The format that was asked for, by name or by the file's extension.
fn format(args: &OutputArgs, configured: Option<Format>) -> anyhow::Result<Format> {
    let by_extension = args.output.as_deref().and_then(Format::from_extension);
    let extension = args.output.as_deref().filter(|path| !path.exists() || path.is_file()).and_then(Path::extension);
    if let (None, None, Some(extension)) = (args.format, by_extension, extension) {
        return Err(Hinted {
            message: format!("no format has the extension `.{}`", extension.display()),
            hint: "say the format: --format csv".to_owned(),
            status: ExitStatus::WrongUsage,
        }
        .into());
    }
    let format = args.format.or(by_extension).or(configured).unwrap_or(Format::Table);
    if format.is_binary() && args.output.is_none() && std::io::stdout().is_terminal() {
        return Err(Hinted {
            message: format!("{format} is binary and stdout is a terminal"),
            hint: format!("write it to a file: --output answer.{format}"),
            status: ExitStatus::WrongUsage,
        }
        .into());
    }
    Ok(format)
}
