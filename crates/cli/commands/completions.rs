//! `milepost completions`: the completions of a shell.

use std::io::Write as _;

use clap::CommandFactory as _;

use crate::args::{Cli, CompletionsArgs};
use crate::diagnostics::ExitStatus;
use crate::printer::{Destination, Printer};

pub(crate) fn run(args: &CompletionsArgs, _printer: &Printer) -> anyhow::Result<ExitStatus> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "milepost", &mut script);
    let mut out = Destination::open(None)?;
    out.write_all(&script)?;
    out.finish()?;
    Ok(ExitStatus::Done)
}
