//! What goes where: stdout is data, stderr is talk.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use milepost_query::output::printable;

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
    #[expect(clippy::print_stderr, reason = "the one place that talks")]
    pub(crate) fn say(&self, text: &str) {
        if !self.quiet {
            eprintln!("{}", lines(text));
        }
    }

    /// Says what went wrong on stderr, always.
    #[expect(clippy::print_stderr, reason = "the one place that talks")]
    pub(crate) fn complain(&self, text: &str) {
        eprintln!("{}", lines(text));
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

/// Each line made printable on its own.
fn lines(text: &str) -> String {
    text.lines().map(printable).collect::<Vec<_>>().join("\n")
}

/// Where an answer goes.
pub(crate) enum Destination {
    Stdout(BufWriter<io::Stdout>),
    File { temporary: PathBuf, path: PathBuf, out: BufWriter<File> },
}

impl Destination {
    /// Opens `path`, or stdout. A file appears under its name only once it is complete.
    pub(crate) fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path else {
            return Ok(Self::Stdout(BufWriter::new(io::stdout())));
        };
        let mut name = path.file_name().with_context(|| format!("`{}` is no file name", path.display()))?.to_owned();
        name.push(format!(".{}.partial", std::process::id()));
        let temporary = path.with_file_name(name);
        let file = File::create(&temporary).with_context(|| format!("cannot write `{}`", path.display()))?;
        Ok(Self::File { temporary, path: path.to_path_buf(), out: BufWriter::new(file) })
    }

    /// Whether a person reads it.
    pub(crate) fn is_terminal(&self) -> bool {
        matches!(self, Self::Stdout(_)) && io::stdout().is_terminal()
    }

    /// Puts a file under its name.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Stdout(mut out) => Ok(out.flush()?),
            Self::File { temporary, path, mut out } => {
                out.flush().with_context(|| format!("cannot write `{}`", path.display()))?;
                std::fs::rename(&temporary, &path).with_context(|| format!("cannot write `{}`", path.display()))
            }
        }
    }

    /// Takes back a file that did not become complete.
    pub(crate) fn discard(self) {
        if let Self::File { temporary, .. } = self {
            let _ = std::fs::remove_file(temporary);
        }
    }
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(out) => out.write(bytes),
            Self::File { out, .. } => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::File { out, .. } => out.flush(),
        }
    }
}
