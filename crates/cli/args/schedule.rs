//! Arguments of `milepost schedule`.

use clap::{Args, Subcommand};

use super::{LakeArgs, OutputArgs, ReportsArgs};

/// Reports that run by themselves
///
/// Schedules stand in `milepost.toml` (`[[schedule]]`) or in the header of a report (`[schedule]`). What was done is kept in
/// the lake, so several schedulers on one lake run each job once, and one that was killed goes on where it was.
#[derive(Debug, Args)]
pub(crate) struct ScheduleArgs {
    #[command(subcommand)]
    pub(crate) command: ScheduleCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ScheduleCommand {
    Run(ScheduleRunArgs),
    Next(ScheduleNextArgs),
    List(ScheduleListArgs),
    History(ScheduleHistoryArgs),
    Test(ScheduleTestArgs),
}

impl ScheduleArgs {
    pub(crate) fn lake(&self) -> LakeArgs {
        match &self.command {
            ScheduleCommand::Run(args) => args.lake.clone(),
            ScheduleCommand::History(args) => args.lake.clone(),
            _ => LakeArgs::default(),
        }
    }
}

/// Run the jobs whenever they are due, until told to stop
///
/// A first interrupt (or SIGTERM) lets the running report end, a second one does not.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  milepost schedule run\n  milepost schedule run --once\n  milepost schedule run --once --job denied-daily --at 2026-03-05T06:00:00Z"
)]
pub(crate) struct ScheduleRunArgs {
    /// Do what is due now, and end; exit code 1 if a job failed
    #[arg(long)]
    pub(crate) once: bool,

    /// Only this job; may be given several times
    // not `jobs`: the threads of every command are called so, and one id cannot be two arguments
    #[arg(long = "job", value_name = "NAME")]
    pub(crate) names: Vec<String>,

    /// Act as if it were this time
    #[arg(long, value_name = "TIME", requires = "once")]
    pub(crate) at: Option<String>,

    /// Print what was done as JSON, one object a line, on stdout
    #[arg(long, env = "MILEPOST_JSON", value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) json: bool,

    /// Put a ' before text in CSV and TSV that a spreadsheet would run as a formula
    #[arg(long, env = "MILEPOST_ESCAPE_FORMULAS", value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) escape_formulas: bool,

    #[command(flatten)]
    pub(crate) reports: ReportsArgs,

    #[command(flatten)]
    pub(crate) lake: LakeArgs,
}

/// Show when each job is due next, and of what
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  milepost schedule next --count 3")]
pub(crate) struct ScheduleNextArgs {
    /// Times to show of each job
    #[arg(long, short = 'n', value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) count: u16,

    /// How to write the list
    #[arg(long, short = 'F', value_name = "FORMAT", default_value = "table", value_parser = ["table", "json"])]
    pub(crate) format: String,

    #[command(flatten)]
    pub(crate) reports: ReportsArgs,
}

/// List the jobs
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  milepost schedule list\n  milepost schedule list --format json")]
pub(crate) struct ScheduleListArgs {
    /// How to write the list
    #[arg(long, short = 'F', value_name = "FORMAT", default_value = "table", value_parser = ["table", "json"])]
    pub(crate) format: String,

    #[command(flatten)]
    pub(crate) reports: ReportsArgs,
}

/// Show what ran: of what, how it ended, what data it saw, what failed
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  milepost schedule history\n  milepost schedule history --job denied-daily --format json"
)]
pub(crate) struct ScheduleHistoryArgs {
    /// Only this job
    #[arg(long, value_name = "NAME")]
    pub(crate) job: Option<String>,

    /// Most runs to show, the newest first
    #[arg(long, short = 'n', value_name = "N", default_value = "50")]
    pub(crate) limit: u32,

    #[command(flatten)]
    pub(crate) lake: LakeArgs,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Send a message that is marked as a test to whom a job tells its alerts
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  milepost schedule test denied-daily")]
pub(crate) struct ScheduleTestArgs {
    /// Name of the job
    pub(crate) job: String,

    #[command(flatten)]
    pub(crate) reports: ReportsArgs,
}
