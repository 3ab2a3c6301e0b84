//! The interactive shell: reads, runs, goes on.

use rustyline::Editor;
use rustyline::config::{ColorMode, CompletionType, Config};
use rustyline::error::ReadlineError;
use rustyline::history::{FileHistory, History as _};

use super::editor::SqlHelper;
use super::history;
use super::meta::Meta;
use super::session::{Flow, Session};
use crate::diagnostics::{self, ExitStatus};
use milepost_query::statements;

const PROMPT: &str = "milepost> ";

pub(super) async fn run(mut session: Session<'_>) -> anyhow::Result<ExitStatus> {
    session.set_pages(true);
    let printer = session.printer();
    let mut editor = editor()?;
    editor.set_helper(Some(SqlHelper::new(session.names().await, session.report_names())));
    let file = history::file();
    if let Some(file) = &file {
        // a history that cannot be read is none
        let _ = editor.load_history(file);
    }
    printer.say(&session.greeting());
    loop {
        // a line may take the user an hour; the runtime's other threads go on
        let line = match tokio::task::block_in_place(|| editor.readline(PROMPT)) {
            Ok(line) => line,
            // what was typed is given up, the shell is not
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(error.into()),
        };
        if line.trim().is_empty() {
            continue;
        }
        // a line that begins with a blank is not kept, so the blank has to stay
        let _ = editor.add_history_entry(line.trim_end());
        match run_line(&mut session, &line).await {
            Ok(Flow::Quit) => break,
            Ok(Flow::Continue) => {}
            Err(error) => {
                diagnostics::report(&error, printer);
            }
        }
        if let Some(helper) = editor.helper_mut() {
            helper.set_names(session.names().await);
        }
    }
    if let Some(file) = &file {
        save(&mut editor, file, printer);
    }
    Ok(ExitStatus::Done)
}

async fn run_line(session: &mut Session<'_>, line: &str) -> anyhow::Result<Flow> {
    if line.trim_start().starts_with('\\') {
        return session.command(Meta::parse(line)?).await;
    }
    if let Some(command) = Meta::of_word(line) {
        return session.command(command).await;
    }
    for statement in statements(line) {
        session.ask(statement.text, statement.text, None).await?;
    }
    Ok(Flow::Continue)
}

fn editor() -> anyhow::Result<Editor<SqlHelper, FileHistory>> {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let config = Config::builder()
        .max_history_size(history::MAX_ENTRIES)?
        .history_ignore_space(true)
        .completion_type(CompletionType::List)
        .color_mode(if plain { ColorMode::Disabled } else { ColorMode::Enabled })
        .auto_add_history(false)
        .build();
    let history = FileHistory::with_config(&config);
    Ok(Editor::with_history(config, history)?)
}

fn save(editor: &mut Editor<SqlHelper, FileHistory>, file: &std::path::Path, printer: &crate::printer::Printer) {
    let folder = file.parent().map_or(Ok(()), std::fs::create_dir_all);
    // as another shell may have written since, lines are added to the file
    let saved = folder.map_err(ReadlineError::from).and_then(|()| editor.history_mut().append(file));
    if let Err(error) = saved {
        printer.complain(&format!("cannot keep the history in `{}`: {error}", file.display()));
    }
}
