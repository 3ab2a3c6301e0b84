//! What goes where: stdout is data, stderr is talk.

use std::io::{self, IsTerminal as _, Write as _};

use milepost_query::output::printable;

pub(crate) use crate::destination::Destination;

/// Talks to the user.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Printer {
    quiet: bool,
}

impl Printer {
    pub(crate) fn new(quiet: bool) -> Self {
        Self { quiet }
    }

    /// Says something on stderr, unless the user wants quiet. Control characters are shown as escapes.
    pub(crate) fn say(&self, text: &str) {
        if !self.quiet {
            self.complain(text);
        }
    }

    /// Says what went wrong on stderr, always.
    pub(crate) fn complain(&self, text: &str) {
        // nobody listening is no reason to stop
        let _ = writeln!(io::stderr(), "{}", lines(text));
    }

    /// Whether a person is watching and wants to see progress.
    pub(crate) fn shows_progress(&self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    /// Whether the user wants quiet.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }
}

/// Columns of the terminal that answers are shown on; nothing if stdout is none.
pub(crate) fn terminal_width() -> Option<usize> {
    let size = io::stdout().is_terminal().then(terminal_size::terminal_size).flatten();
    size.map(|(width, _)| usize::from(width.0)).filter(|width| *width > 0)
}

/// Each line made printable on its own.
fn lines(text: &str) -> String {
    text.lines().map(printable).collect::<Vec<_>>().join("\n")
}
