//! Statements and commands one after another, from a file or a pipe. The first that fails ends it.

use std::ops::Range;

use milepost_query::{is_complete, statements};

use super::meta::Meta;
use super::session::{Flow, Session};
use crate::diagnostics::ExitStatus;

/// One step of a script.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// A statement: its place in the text.
    Statement(Range<usize>),
    /// A line with a command.
    Command(Range<usize>),
}

pub(super) async fn run(mut session: Session<'_>, text: &str, origin: Option<&str>) -> anyhow::Result<ExitStatus> {
    session.is_script = true;
    for step in steps(text) {
        match step {
            Step::Statement(range) => {
                // blanks in place of what stands before it: errors then point into the whole text
                let before = text[..range.start].chars().map(|char| if char == '\n' { '\n' } else { ' ' });
                let padded: String = before.chain(text[range].chars()).collect();
                session.ask(&padded, text, origin).await?;
            }
            Step::Command(range) => {
                if session.command(Meta::parse(text[range].trim())?).await? == Flow::Quit {
                    break;
                }
            }
        }
    }
    Ok(ExitStatus::Done)
}

/// The steps of a script. A command is a line that begins with `\` where no statement is open.
fn steps(text: &str) -> Vec<Step> {
    let (mut steps, mut open, mut at) = (Vec::new(), 0, 0);
    for line in text.split_inclusive('\n') {
        let range = at..at + line.len();
        at = range.end;
        if line.trim_start().starts_with('\\') && is_complete(&text[open..range.start]) {
            add_statements(text, open..range.start, &mut steps);
            open = range.end;
            steps.push(Step::Command(range));
        }
    }
    add_statements(text, open..text.len(), &mut steps);
    steps
}

fn add_statements(text: &str, range: Range<usize>, steps: &mut Vec<Step>) {
    let base = text.as_ptr() as usize;
    for statement in statements(&text[range]) {
        let start = statement.text.as_ptr() as usize - base;
        steps.push(Step::Statement(start..start + statement.text.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_stand_between_statements() {
        let text = "\\timing\nSELECT 1;\nSELECT '\n\\x\n';\n \\format csv\nSELECT 2";
        let found: Vec<(bool, &str)> = steps(text)
            .into_iter()
            .map(|step| match step {
                Step::Statement(range) => (true, &text[range]),
                Step::Command(range) => (false, text[range].trim()),
            })
            .collect();
        let expected = [
            (false, "\\timing"),
            (true, "SELECT 1"),
            (true, "SELECT '\n\\x\n'"),
            (false, "\\format csv"),
            (true, "SELECT 2"),
        ];
        assert_eq!(found, expected);
    }
}
