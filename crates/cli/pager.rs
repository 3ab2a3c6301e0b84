//! Long answers on a terminal, a page at a time: what fits on the screen is printed, what does not goes to `less`.

use std::env;
use std::io::{self, Write};
use std::process::{Child, Command, Stdio};

/// What `less` is told if the user has not told it anything: quit if it fits, keep long lines long, leave the screen as it is.
const LESS: &str = "FSRX";
/// Lines of a terminal that says nothing of itself.
const DEFAULT_LINES: usize = 24;

/// Holds text back until it is more than a screen, then hands it to the pager.
#[derive(Debug)]
pub(crate) struct Pager {
    command: String,
    held: Vec<u8>,
    lines: usize,
    most_lines: usize,
    child: Option<Child>,
}

impl Pager {
    /// The pager of `MILEPOST_PAGER`, else of `PAGER`, else `less`; none if that is empty or `cat`.
    pub(crate) fn new() -> Option<Self> {
        let command = ["MILEPOST_PAGER", "PAGER"].iter().find_map(|name| env::var(name).ok());
        let command = command.unwrap_or_else(|| "less".to_owned());
        if command.trim().is_empty() || command.trim() == "cat" {
            return None;
        }
        let size = terminal_size::terminal_size();
        let most_lines = size.map_or(DEFAULT_LINES, |(_, height)| usize::from(height.0)).max(2) - 1;
        Some(Self { command, held: Vec::new(), lines: 0, most_lines, child: None })
    }

    /// Prints what was held back, or waits until the user has left the pager.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        match self.child.take() {
            None => print(&self.held),
            Some(mut child) => {
                drop(child.stdin.take());
                child.wait().map(drop)
            }
        }
    }

    fn start(&mut self) -> io::Result<()> {
        // through the shell, as a pager may come with arguments
        let child = Command::new("sh")
            .args(["-c", &self.command])
            .env("LESS", env::var("LESS").unwrap_or_else(|_| LESS.to_owned()))
            .stdin(Stdio::piped())
            .spawn();
        let held = std::mem::take(&mut self.held);
        match child {
            Ok(child) => {
                self.child = Some(child);
                self.write_all(&held)
            }
            // no shell, no pager
            Err(_) => {
                self.most_lines = usize::MAX;
                print(&held)
            }
        }
    }
}

fn print(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout();
    out.write_all(bytes)?;
    out.flush()
}

impl Write for Pager {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(stdin) = self.child.as_mut().and_then(|child| child.stdin.as_mut()) {
            return stdin.write(bytes);
        }
        self.held.extend_from_slice(bytes);
        self.lines += bytes.iter().filter(|byte| **byte == b'\n').count();
        if self.lines > self.most_lines {
            self.start()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
