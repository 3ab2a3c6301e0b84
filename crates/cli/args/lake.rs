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
    Compact(LakeCompactArgs),
    Expire(LakeExpireArgs),
    Vacuum(LakeVacuumArgs),
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
            LakeCommand::Compact(args) => args.lake.clone(),
            LakeCommand::Expire(args) => args.lake.clone(),
            LakeCommand::Vacuum(args) => args.lake.clone(),
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
/// `--as-of` can still show it. A version cannot be read any more when `milepost lake vacuum` has deleted files of it, or
/// when its log has been cleaned up, 30 days later at the earliest.
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

/// Put small files together
///
/// Merges the small files of each partition into files of about the target size, with their rows in order, where it pays: a
/// file is written again only if those that join it are together at least a third of it. Rows are neither added nor dropped,
/// and conversions and queries may go on meanwhile. The ledger's tables are treated alike. The files that were replaced stay
/// until `milepost lake vacuum` deletes them: until then engines that read the folders as plain Parquet see their rows twice,
/// those that read the Delta tables do not.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  milepost lake compact --dry-run\n  milepost lake compact\n  \
                  milepost lake compact --table files --table runs\n  \
                  milepost lake compact --vacuum   # for readers that do not know Delta")]
pub(crate) struct LakeCompactArgs {
    /// Size of the files that should come out
    #[arg(long, value_name = "SIZE", default_value = "128MB")]
    pub(crate) target_size: String,

    /// Only this table; may be given several times
    #[arg(long = "table", value_name = "TABLE", value_parser = ["events", "files", "rejects", "runs"])]
    pub(crate) tables: Vec<String>,

    /// Delete replaced files at once; older versions cannot be read any more, and queries that are running may fail
    #[arg(long)]
    pub(crate) vacuum: bool,

    /// Only say what would be put together
    #[arg(long, conflicts_with = "vacuum")]
    pub(crate) dry_run: bool,

    /// Memory for it, such as 512MB or 2GiB; smaller files come out of less [default: 512MB]
    #[arg(long, value_name = "SIZE", env = "MILEPOST_MEMORY")]
    pub(crate) memory: Option<String>,

    #[command(flatten)]
    pub(crate) lake: LakeArgs,

    /// Print the summary as JSON on stdout
    #[arg(long, env = "MILEPOST_JSON", value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) json: bool,
}

/// Take old days out of the lake
///
/// Takes out of `events` the partitions of days that ended longer ago than the given age, in UTC, and of `rejects` the files
/// that are older, in one commit a table. Records without a date are kept. The data files stay until `milepost lake vacuum`
/// deletes them; until then `--as-of` still shows what was taken out. The ledger keeps its entries, so a later conversion
/// of the same sources does not bring the days back. With --account, --region or --keep, `rejects` stays as it is.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  milepost lake expire --older-than 400d --dry-run\n  \
                  milepost lake expire --older-than 2y --keep account=012345678901\n  \
                  milepost lake expire --older-than 90d --account 111122223333 --region eu-west-1")]
pub(crate) struct LakeExpireArgs {
    /// Age of what is taken out, such as 400d, 52w or 2y (of 365 days); at least a day
    #[arg(long, value_name = "AGE")]
    pub(crate) older_than: String,

    /// Only of this account; may be given several times
    #[arg(long = "account", value_name = "ACCOUNT", value_delimiter = ',')]
    pub(crate) accounts: Vec<String>,

    /// Only of this region; may be given several times
    #[arg(long = "region", value_name = "REGION", value_delimiter = ',')]
    pub(crate) regions: Vec<String>,

    /// Never of this account or region, whatever else is said; may be given several times
    #[arg(long = "keep", value_name = "account=ACCOUNT|region=REGION", value_parser = parse_kept)]
    pub(crate) kept: Vec<Kept>,

    /// Only say what would be taken out
    #[arg(long)]
    pub(crate) dry_run: bool,

    #[command(flatten)]
    pub(crate) lake: LakeArgs,

    /// Print the summary as JSON on stdout
    #[arg(long, env = "MILEPOST_JSON", value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) json: bool,
}

/// What `--keep` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kept {
    Account(String),
    Region(String),
}

fn parse_kept(text: &str) -> Result<Kept, String> {
    match text.split_once('=') {
        Some(("account", name)) if !name.is_empty() => Ok(Kept::Account(name.to_owned())),
        Some(("region", name)) if !name.is_empty() => Ok(Kept::Region(name.to_owned())),
        _ => Err("write it as account=012345678901 or region=eu-west-1".to_owned()),
    }
}

/// Delete data files that nobody needs
///
/// Deletes files that were taken out of their table longer ago than the given age, by an expiry or a compaction, and files
/// that no version of a table names and that are older than that, as interrupted runs leave them behind. Versions from
/// before that age cannot be read any more afterwards; `milepost lake history` says which can.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  milepost lake vacuum --dry-run\n  milepost lake vacuum --older-than 30d\n  \
                  milepost lake vacuum --older-than 0h --force   # nobody else is working on the lake")]
pub(crate) struct LakeVacuumArgs {
    /// History to keep, such as 7d, 12h or 4w
    #[arg(long, value_name = "AGE", default_value = "7d")]
    pub(crate) older_than: String,

    /// Only say what would be deleted
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Allow less than an hour: no other command is working on the lake
    #[arg(long)]
    pub(crate) force: bool,

    #[command(flatten)]
    pub(crate) lake: LakeArgs,

    /// Print the summary as JSON on stdout
    #[arg(long, env = "MILEPOST_JSON", value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) json: bool,
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
