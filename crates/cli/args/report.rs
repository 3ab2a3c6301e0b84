//! Arguments of `milepost report`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{AsOfArgs, LakeArgs, parse_pair};

/// Saved questions
///
/// Reports are SQL files with a header; the shipped ones are built in, a folder of your own goes before them.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    #[command(subcommand)]
    pub(crate) command: ReportCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReportCommand {
    List(ReportListArgs),
    Show(ReportShowArgs),
    Run(Box<ReportRunArgs>),
    New(ReportNewArgs),
    Check(ReportCheckArgs),
}

impl ReportArgs {
    pub(crate) fn lake(&self) -> LakeArgs {
        match &self.command {
            ReportCommand::Run(args) => args.lake.clone(),
            _ => LakeArgs::default(),
        }
    }
}

#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ReportsArgs {
    /// Folder of your own reports
    #[arg(long, value_name = "FOLDER", env = "MILEPOST_REPORTS")]
    pub(crate) reports: Option<PathBuf>,
}

/// Reports are listed and shown without a lake. One that is named anyway, as for other commands, is no mistake.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct UnusedLake {
    #[arg(long = "lake", value_name = "LAKE", hide = true)]
    _lake: Option<String>,
}

/// List the reports
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  milepost report list\n  milepost report list --tag iam --format json")]
pub(crate) struct ReportListArgs {
    /// Only reports with this tag
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Option<String>,

    /// How to write the list
    #[arg(long, short = 'F', value_name = "FORMAT", default_value = "table", value_parser = ["table", "json"])]
    pub(crate) format: String,

    #[command(flatten)]
    pub(crate) reports: ReportsArgs,

    #[command(flatten)]
    pub(crate) _unused: UnusedLake,
}

/// Show a report: what it answers, what it takes, its SQL
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  milepost report show console-logins")]
pub(crate) struct ReportShowArgs {
    /// Name of the report
    pub(crate) name: String,

    /// How to show it
    #[arg(long, short = 'F', value_name = "FORMAT", default_value = "text", value_parser = ["text", "json", "sql"])]
    pub(crate) format: String,

    #[command(flatten)]
    pub(crate) reports: ReportsArgs,

    #[command(flatten)]
    pub(crate) _unused: UnusedLake,
}

/// Run a report
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  milepost report run root-usage\n  milepost report run console-logins --param since=30d --param without_mfa=true\n  \
                  milepost report run failed-calls --for 2026-03 --output march.csv\n  \
                  milepost report run activity-over-time --for yesterday --output 'reports/activity-{date}.html'\n  \
                  milepost report run denied-calls --for yesterday --if-new --wait-for 2h --output s3://bucket/denied-{date}.html"
)]
pub(crate) struct ReportRunArgs {
    /// Name of the report
    pub(crate) name: String,

    /// Value of a parameter; `report show` lists them
    #[arg(long = "param", short, value_name = "NAME=VALUE", value_parser = parse_pair)]
    pub(crate) params: Vec<(String, String)>,

    #[command(flatten)]
    pub(crate) reports: ReportsArgs,

    #[command(flatten)]
    pub(crate) lake: LakeArgs,

    #[command(flatten)]
    pub(crate) as_of: AsOfArgs,

    #[command(flatten)]
    pub(crate) output: ReportOutputArgs,

    #[command(flatten)]
    pub(crate) window: WindowArgs,

    /// Memory for sorting, grouping and joining, such as 512MB or 8GiB; more is spilled to disk [default: 2GiB]
    #[arg(long, value_name = "SIZE", env = "MILEPOST_MEMORY")]
    pub(crate) memory: Option<String>,

    /// Give up the report's query after this time, such as 30s, 5m or 1h
    #[arg(long, value_name = "TIME", env = "MILEPOST_TIMEOUT")]
    pub(crate) timeout: Option<String>,

    /// Apply the report's alert rule: exit code 4 if a row fulfils it
    #[arg(long)]
    pub(crate) alert: bool,
}

/// What a report is run of, and whether it has to be.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct WindowArgs {
    /// Report of this time: yesterday, today, last-hour, last-week, last-month, a day, a month such as 2026-03, or FROM..TO
    #[arg(long = "for", value_name = "WINDOW")]
    pub(crate) window: Option<String>,

    /// Time zone in which the days of --for begin [default: UTC]
    #[arg(long, value_name = "ZONE", requires = "window")]
    pub(crate) time_zone: Option<String>,

    /// Run only if the lake has data of the window that no run of it has seen; needs --for
    #[arg(long, requires = "window")]
    pub(crate) if_new: bool,

    /// Wait until data up to the window's end has arrived, at most this long after that end, such as 2h; then say what is missing
    #[arg(long, value_name = "SPAN", requires = "window")]
    pub(crate) wait_for: Option<String>,
}

/// How and where the answer of a report is written.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ReportOutputArgs {
    /// How to write the answer: table, csv, tsv, json, ndjson, markdown, parquet, arrow or html [default: by the extension of --output, else table]
    #[arg(long, short = 'F', value_name = "FORMAT", env = "MILEPOST_FORMAT", hide_env_values = true)]
    pub(crate) format: Option<String>,

    /// Write the answer to a file or an object (s3://bucket/key); with --for, {date}, {start}, {end}, {year}, {month}, {day} in it are of the window
    #[arg(long, short, value_name = "FILE", env = "MILEPOST_OUTPUT")]
    pub(crate) output: Option<PathBuf>,

    /// Put a ' before text in CSV and TSV that a spreadsheet would run as a formula
    #[arg(long, env = "MILEPOST_ESCAPE_FORMULAS", value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) escape_formulas: bool,
}

/// Make the skeleton of a report of your own
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  milepost report new bucket-readers --reports my-reports")]
pub(crate) struct ReportNewArgs {
    /// Name of the report: lower-case letters, digits and dashes
    pub(crate) name: String,

    #[command(flatten)]
    pub(crate) reports: ReportsArgs,
}

/// Say what is wrong with the reports of a folder
///
/// Headers, parameters, queries, columns, charts, alert rules and schedules are looked at; no lake is needed and nothing is
/// run. Each problem is named with file, line and column; exit code 1 if there is one.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  milepost report check my-reports\n  milepost report check my-reports --json")]
pub(crate) struct ReportCheckArgs {
    /// The folder [default: that of --reports, MILEPOST_REPORTS or milepost.toml]
    pub(crate) folder: Option<PathBuf>,

    /// Print the problems as JSON on stdout
    #[arg(long, env = "MILEPOST_JSON", value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) json: bool,
}
