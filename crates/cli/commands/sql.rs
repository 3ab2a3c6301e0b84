//! `milepost sql`: a question from the argument, a file or stdin; on a terminal, a shell.

mod editor;
mod history;
mod meta;
mod partitioned;
mod script;
mod session;
mod shell;

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Read as _, stdin, stdout};

use anyhow::Context as _;
use milepost_lake::Lake;
use milepost_query::output::Expanded;
use milepost_query::{Ask, Engine, EngineOptions, Parameter, Parameters, is_complete, statements};

use self::session::Session;
use super::answer::{Question, Target};
use super::as_of;
use crate::args::SqlArgs;
use crate::diagnostics::{ExitStatus, Hinted};
use crate::limits::Limits;
use crate::printer::Printer;
use crate::settings::Settings;

/// Where the text comes from.
enum Source {
    /// One query.
    Argument(String),
    /// Statements and commands; the file, if it is one.
    Script { text: String, origin: Option<String> },
    /// A person at a terminal.
    Person,
}

pub(crate) async fn run(args: &SqlArgs, settings: &Settings, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let source = source(args)?;
    let limits = Limits { timeout: settings.timeout(args.timeout.as_deref())? };
    let mut target = Target::new(&args.output, settings)?;
    target.layout.expanded = if settings.expanded(args.expanded) { Expanded::Always } else { Expanded::Auto };
    let lake = Lake::open(&settings.lake, &settings.store).await?;
    let engine = Engine::open_with(&lake, as_of(&args.as_of)?, options(args, settings)?).await?;
    let engine = engine.with_dialect(settings.dialect(args.dialect)?);
    let parameters = parameters(&args.params);
    if !args.partition_by.is_empty() {
        let (sql, origin) = match &source {
            Source::Argument(sql) => (sql, None),
            Source::Script { text, origin } => (text, origin.as_deref()),
            Source::Person => return Err(no_query()),
        };
        let question = Question { limits, ..Question::new(sql, origin, &parameters) };
        return partitioned::write(&engine, question, args, &target, printer).await;
    }
    let mut session = Session::new(engine, target, settings, printer);
    session.limits = limits;
    session.parameters = parameters;
    session.ask = ask(args);
    session.json = settings.json(args.json);
    match source {
        Source::Person => shell::run(session).await,
        Source::Script { text, origin } => script::run(session, &text, origin.as_deref()).await,
        // what defines a table and what asks it come in one text
        Source::Argument(sql) if args.allow_files => script::run(session, &sql, None).await,
        Source::Argument(sql) => {
            session.ask(&sql, &sql, None).await?;
            Ok(ExitStatus::Done)
        }
    }
}

fn options(args: &SqlArgs, settings: &Settings) -> anyhow::Result<EngineOptions> {
    Ok(EngineOptions {
        memory_bytes: settings.query_memory_bytes(args.memory.as_deref())?,
        files: args.allow_files,
        protected: Some(settings.lake.clone()),
        ..EngineOptions::new(settings.threads)
    })
}

/// Values by name; a name that is given more than once has a list of them.
fn parameters(given: &[(String, String)]) -> Parameters {
    let mut values: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (name, value) in given {
        // `$regions=…` is meant as it is written in the query
        values.entry(name.trim_start_matches('$')).or_default().push(value.clone());
    }
    let parameter = |mut values: Vec<String>| match values.len() {
        1 => Parameter::Text(values.pop()),
        _ => Parameter::List(Some(values)),
    };
    values.into_iter().map(|(name, values)| (name.to_owned(), parameter(values))).collect()
}

fn ask(args: &SqlArgs) -> Ask {
    match (args.explain, args.analyze) {
        (true, _) => Ask::Plan,
        (_, true) => Ask::Analysis,
        _ => Ask::Rows,
    }
}

fn source(args: &SqlArgs) -> anyhow::Result<Source> {
    let source = match (&args.file, args.sql.as_deref()) {
        (Some(path), _) => {
            let origin = path.display().to_string();
            let text = std::fs::read_to_string(path).with_context(|| format!("cannot read `{origin}`"))?;
            // a byte order mark is no part of the query
            Source::Script { text: text.trim_start_matches('\u{feff}').to_owned(), origin: Some(origin) }
        }
        (None, Some(sql)) if sql != "-" => Source::Argument(sql.to_owned()),
        (None, None) if stdin().is_terminal() => {
            // a shell whose answers nobody sees is a mistake
            return if stdout().is_terminal() { Ok(Source::Person) } else { Err(no_query()) };
        }
        (None, _) => {
            let mut text = String::new();
            stdin().read_to_string(&mut text).context("cannot read the query from stdin")?;
            Source::Script { text, origin: None }
        }
    };
    match &source {
        Source::Argument(text) if statements(text).is_empty() && is_complete(text) => Err(no_query()),
        Source::Script { text, .. } if text.trim().is_empty() => Err(no_query()),
        _ => Ok(source),
    }
}

fn no_query() -> anyhow::Error {
    let message = "there is no query".to_owned();
    let hint = "give it as an argument, with -f FILE, or on stdin".to_owned();
    Hinted { message, hint, status: ExitStatus::WrongUsage }.into()
}
