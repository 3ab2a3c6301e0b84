//! The command `milepost`: parse, resolve, run, say what went wrong.
//!
//! The way of a command: [`args`] is what the user typed, [`settings`] what is in force (flag, environment, file,
//! default), `commands` one file a verb, [`printer`] what goes where, [`diagnostics`] how errors read.

#[cfg(not(target_env = "msvc"))]
mod allocator;
mod args;
mod commands;
mod destination;
mod diagnostics;
mod limits;
mod pager;
mod printer;
mod progress;
mod settings;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;

use crate::args::{Cli, Command, LakeArgs};
use crate::diagnostics::ExitStatus;
use crate::printer::Printer;
use crate::settings::Settings;

/// Time for tasks that were given up to take their temporary files away.
const SHUTDOWN: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let cli = Cli::parse();
    let printer = Printer::new(cli.quiet || settings::quiet(cli.config.as_deref()));
    match run(&cli, &printer) {
        Ok(status) => status.into(),
        Err(error) => diagnostics::report(&error, &printer).into(),
    }
}

fn run(cli: &Cli, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let settings = |lake: &LakeArgs| Settings::resolve(cli, lake);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(settings::threads(cli.jobs)).enable_all().build()?;
    let outcome = runtime.block_on(async {
        match &cli.command {
            Command::Demo(args) => commands::demo::run(args, cli.jobs, printer).await,
            Command::Convert(args) => commands::convert::run(args, &settings(&args.lake)?, printer).await,
            Command::Sql(args) => commands::sql::run(args, &settings(&args.lake)?, printer).await,
            Command::Report(args) => commands::report::run(args, &settings(&args.lake())?, printer).await,
            Command::Schedule(args) => commands::schedule::run(args, &settings(&args.lake())?, printer).await,
            Command::Export(args) => commands::export::run(args, &settings(&args.lake)?, printer).await,
            Command::Lake(args) => commands::lake::run(args, &settings(&args.lake())?, printer).await,
            Command::Completions(args) => commands::completions::run(args, printer),
        }
    });
    // a query that was given up may be busy still; nobody waits for it
    runtime.shutdown_timeout(SHUTDOWN);
    outcome
}
