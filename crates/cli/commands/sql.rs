//! `milepost sql`: one question from the argument, a file or stdin.

use std::io::{IsTerminal as _, Read as _, stdin};

use anyhow::Context as _;
use milepost_lake::Lake;
use milepost_query::{Engine, Parameter, Parameters};

use super::answer::{self, Question};
use super::as_of;
use crate::args::SqlArgs;
use crate::diagnostics::{ExitStatus, Hinted};
use crate::printer::Printer;
use crate::settings::Settings;

pub(crate) async fn run(args: &SqlArgs, settings: &Settings, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let (sql, origin) = text(args)?;
    let parameters: Parameters =
        args.params.iter().map(|(name, value)| (name.clone(), Parameter::Text(Some(value.clone())))).collect();
    let lake = Lake::open(&settings.lake, &settings.store).await?;
    let engine = Engine::open(&lake, as_of(&args.as_of)?, settings.threads).await?.with_dialect(args.dialect);
    let question =
        Question { sql: &sql, origin: origin.as_deref(), parameters: &parameters, format: settings.format()? };
    answer::write(&engine, question, &args.output, printer).await?;
    Ok(ExitStatus::Done)
}

/// The text of the query, and the file it comes from.
fn text(args: &SqlArgs) -> anyhow::Result<(String, Option<String>)> {
    let (sql, origin) = match (&args.file, args.sql.as_deref()) {
        (Some(path), _) => {
            let origin = path.display().to_string();
            let sql = std::fs::read_to_string(path).with_context(|| format!("cannot read `{origin}`"))?;
            // a byte order mark is no part of the query
            (sql.trim_start_matches('\u{feff}').to_owned(), Some(origin))
        }
        (None, Some(sql)) if sql != "-" => (sql.to_owned(), None),
        (None, sql) => {
            if sql.is_none() && stdin().is_terminal() {
                return Err(no_query());
            }
            let mut sql = String::new();
            stdin().read_to_string(&mut sql).context("cannot read the query from stdin")?;
            (sql, None)
        }
    };
    if sql.trim().is_empty() { Err(no_query()) } else { Ok((sql, origin)) }
}

fn no_query() -> anyhow::Error {
    let message = "there is no query".to_owned();
    let hint = "give it as an argument, with -f FILE, or on stdin".to_owned();
    Hinted { message, hint, status: ExitStatus::WrongUsage }.into()
}
