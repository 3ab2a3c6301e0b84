//! The arguments of `milepost lake`.

use clap::{Args, Subcommand};

use super::{AsOfArgs, LakeArgs, OutputArgs};

/// Look into the lake, and look after it
#[derive(Debug, Args)]
pub(crate) struct LakeCommandArgs {
    #[command(subcommand)]
    pub(crate) command: LakeCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LakeCommand {
    Info(LakeInfoArgs),
    Files(LakeFilesArgs),
    Rejects(LakeRejectsArgs),
    Runs(LakeRunsArgs),
    History(LakeHistoryArgs),
    Check(LakeCheckArgs),
}

impl LakeCommandArgs {
    pub(crate) fn lake(&self) -> LakeArgs {
        match &self.command {
            LakeCommand::Info(args) => args.lake.clone(),
            LakeCommand::Files(args) => args.lake.clone(),
            LakeCommand::Rejects(args) => args.lake.clone(),
            LakeCommand::Runs(args) => args.lake.clone(),
            LakeCommand::History(args) => args.lake.clone(),
            LakeCommand::Check(args) => args.lake.clone(),
        }
    }
}

/// Show what is in the lake
///
/// Tables with their versions, rows, files and bytes, and the span of the events. With --partitions: the same by region,
/// account and date. With --gaps: days without a file between the first and the last day of an account and region; a trail
/// that was off, or logs that were not converted. With --fields: members of records that have no column, or another form
/// than their column, by event version and service; they are kept in `extra`. Only --fields reads data files.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  milepost lake info\n  milepost lake info --as-of 2026-03-01\n  \
                  milepost lake info --gaps\n  milepost lake info --partitions --output partitions.csv\n  \
                  milepost lake info --fields --format csv")]
pub(crate) struct LakeInfoArgs {
    /// List the partitions
    #[arg(long, conflicts_with_all = ["gaps", "fields"])]
    pub(crate) partitions: bool,

    /// List days without a file
    #[arg(long, conflicts_with = "fields")]
    pub(crate) gaps: bool,

    /// List members of records that have no column or another form
    #[arg(long)]
    pub(crate) fields: bool,

    #[command(flatten)]
    pub(crate) lake: LakeArgs,

    #[command(flatten)]
    pub(crate) as_of: AsOfArgs,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Show what could not become a row
///
/// One line a record or file that was rejected, as of the newest attempt at its file: where it is, what is wrong, and its
/// text. A file that was mended is read again by the next `milepost convert`, and so is one that a newer version of milepost may
/// understand; what is taken in then is not shown any more.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  milepost lake rejects\n  milepost lake rejects --source broken.json --format json\n  \
                  milepost lake rejects --output rejects.csv"
)]
pub(crate) struct LakeRejectsArgs {
    /// Only rejects of sources whose name contains this text
    #[arg(long, value_name = "TEXT")]
    pub(crate) source: Option<String>,

    #[command(flatten)]
    pub(crate) lake: LakeArgs,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Show how the lake came to be
///
/// One line a version of a table, newest first: when and by which run it was made, what was done, files and rows, and whether
/// `--as-of` can still show it. A version cannot be read any more when files of it have been deleted, or when its log has been
/// cleaned up, 30 days later at the earliest.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  milepost lake history\n  milepost lake history --table files --limit 5\n  \
                  milepost lake history --format json | jq '.[] | select(.readable) | .version'")]
pub(crate) struct LakeHistoryArgs {
    /// The table
    #[arg(long, value_name = "TABLE", default_value = "events", value_parser = ["events", "files", "rejects", "runs"])]
    pub(crate) table: String,

    /// Show at most this many versions
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,

    #[command(flatten)]
    pub(crate) lake: LakeArgs,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Show which source objects were taken in
///
/// The ledger: one line a source object, each time it was read, with what became of its records.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  milepost lake files --source 2026/03/02 --format csv\n  \
                  milepost lake files --run 1b2c3d4e")]
pub(crate) struct LakeFilesArgs {
    /// Only sources whose name contains this text
    #[arg(long, value_name = "TEXT")]
    pub(crate) source: Option<String>,

    /// Only what this run took in; the first characters of its id are enough
    #[arg(long, value_name = "ID")]
    pub(crate) run: Option<String>,

    #[command(flatten)]
    pub(crate) lake: LakeArgs,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Show which runs there were
///
/// One line a run that changed the lake and was not killed, newest first.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  milepost lake runs\n  milepost lake runs --limit 100 --format json")]
pub(crate) struct LakeRunsArgs {
    /// Show at most this many runs
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,

    #[command(flatten)]
    pub(crate) lake: LakeArgs,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Look whether the lake is sound
///
/// Compares the tables' logs with the files that are there, the files' footers with the logs, and the rows with the ledger,
/// and looks for records that are there twice. Lists what it finds, with what to do about it; nothing is changed. Ends with
/// exit code 1 if rows are lost, doubled or cannot be read.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  milepost lake check\n  milepost lake check --deep --format csv\n  \
                  milepost lake check --json | jq .findings")]
pub(crate) struct LakeCheckArgs {
    /// Also decode every value of every row
    #[arg(long)]
    pub(crate) deep: bool,

    #[command(flatten)]
    pub(crate) lake: LakeArgs,

    #[command(flatten)]
    pub(crate) output: OutputArgs,

    /// Print verdict and findings as one JSON object on stdout, whatever the format
    #[arg(long, env = "MILEPOST_JSON", value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) json: bool,
}
