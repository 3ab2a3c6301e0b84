//! What the user typed. Types only; the doc comments are the help.

use std::path::PathBuf;

use clap::builder::Styles;
use clap::builder::styling::AnsiColor;
use clap::{Args, Parser, Subcommand};

use milepost_query::output::Format;

mod lake;
mod query;
mod report;
mod schedule;

pub(crate) use lake::*;
pub(crate) use query::*;
pub(crate) use report::*;
pub(crate) use schedule::*;

const STYLES: Styles =
    Styles::styled().header(AnsiColor::Green.on_default().bold()).literal(AnsiColor::Cyan.on_default().bold());

/// Columns and SQL for AWS CloudTrail
///
/// Converts CloudTrail archives into a lake of Parquet files partitioned by region, account and date, and answers
/// questions about it: SQL, saved reports, the original records. Start with `milepost demo`.
#[derive(Debug, Parser)]
#[command(name = "milepost", version, styles = STYLES, propagate_version = true, max_term_width = 100)]
pub(crate) struct Cli {
    /// Say nothing but errors on stderr
    #[arg(long, short, global = true, env = "MILEPOST_QUIET", value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) quiet: bool,

    /// Configuration file [default: milepost.toml, if it is there]
    #[arg(long, global = true, value_name = "FILE", env = "MILEPOST_CONFIG")]
    pub(crate) config: Option<PathBuf>,

    /// Threads to work with [default: one a core]
    #[arg(long, global = true, value_name = "N", env = "MILEPOST_JOBS", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) jobs: Option<u16>,

    #[command(flatten)]
    pub(crate) store: StoreArgs,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How object stores are reached. Without these, AWS's own variables and configuration files say it.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Object stores")]
pub(crate) struct StoreArgs {
    /// Where an S3-compatible store answers, such as http://localhost:9000 [default: AWS]
    #[arg(long, global = true, hide_short_help = true, value_name = "URL", env = "MILEPOST_S3_ENDPOINT")]
    pub(crate) s3_endpoint: Option<String>,

    /// Region of the bucket [default: as configured for AWS, else asked of the bucket]
    #[arg(long, global = true, hide_short_help = true, value_name = "REGION", env = "MILEPOST_S3_REGION")]
    pub(crate) s3_region: Option<String>,

    /// Profile of AWS's configuration files
    #[arg(long, global = true, hide_short_help = true, value_name = "NAME", env = "MILEPOST_S3_PROFILE")]
    pub(crate) s3_profile: Option<String>,

    /// Write the bucket into the host name instead of the path
    #[arg(long, global = true, hide_short_help = true, env = "MILEPOST_S3_VIRTUAL_HOST", value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) s3_virtual_host: bool,

    /// Pay for requests to buckets of others
    #[arg(long, global = true, hide_short_help = true, env = "MILEPOST_S3_REQUESTER_PAYS", value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) s3_requester_pays: bool,

    /// Read public buckets without credentials
    #[arg(long, global = true, hide_short_help = true, env = "MILEPOST_S3_ANONYMOUS", value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) s3_anonymous: bool,

    /// KMS key that encrypts what is written to S3
    #[arg(long, global = true, hide_short_help = true, value_name = "KEY", env = "MILEPOST_S3_SSE_KMS_KEY")]
    pub(crate) s3_sse_kms_key: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(DemoArgs),
    Convert(ConvertArgs),
    Sql(SqlArgs),
    Report(ReportArgs),
    Schedule(ScheduleArgs),
    Export(ExportArgs),
    Lake(LakeCommandArgs),
    Completions(CompletionsArgs),
}

#[derive(Debug, Clone, Default, Args)]
pub(crate) struct LakeArgs {
    /// The lake: a folder, or a prefix such as s3://bucket/lake [default: ./lake]
    #[arg(long, value_name = "LAKE", env = "MILEPOST_LAKE")]
    pub(crate) lake: Option<String>,
}

/// Which state of the lake to look at.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct AsOfArgs {
    /// Look at the lake as it was: a version of `events`, or a time as an instant, a day, `yesterday`, or that long ago,
    /// such as 7d [default: as it is]
    #[arg(long, value_name = "VERSION|TIME", env = "MILEPOST_AS_OF")]
    pub(crate) as_of: Option<String>,
}

/// The one-minute tour: generate a small archive, convert it, run reports on it
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  milepost demo --folder /tmp/milepost-demo")]
pub(crate) struct DemoArgs {
    /// Folder for the archive and the lake; what is in it is kept
    #[arg(long, value_name = "FOLDER", default_value = "milepost-demo", env = "MILEPOST_DEMO_FOLDER")]
    pub(crate) folder: PathBuf,
}

/// Convert CloudTrail records into the lake
///
/// Takes files, folders and globs in any layout, on disk or in object stores, and `-` for standard input. What a file is, its bytes decide: log files,
/// single records, arrays, NDJSON, EventBridge envelopes, CloudWatch Logs data and exports, LookupEvents and FilterLogEvents
/// answers, CloudTrail Lake results, the console's CSV; as they are or in gzip, zstd, zip, tar. What the lake has already
/// taken in is not read again. Digest files and files of other services are recognised and left alone. Exit code 3 says
/// that some input was rejected or damaged; it is named in the summary and in `milepost lake rejects`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  milepost convert ./AWSLogs\n  milepost convert 'logs/**/*.json.gz' --lake /data/lake\n  \
                  milepost convert s3://trail-bucket/AWSLogs --from 7d --lake s3://my-bucket/lake\n  \
                  milepost convert evidence.zip --from 2026-03-01 --to 2026-03-08 --account 012345678901\n  \
                  aws cloudtrail lookup-events | milepost convert -\n  \
                  milepost convert ./AWSLogs --where \"event_name <> 'Decrypt'\" --redact rules.toml\n  \
                  milepost convert ./AWSLogs --json | jq .records"
)]
pub(crate) struct ConvertArgs {
    /// Files, folders or globs, on disk or in an object store (s3://bucket/prefix); `-` is standard input
    #[arg(required = true, value_name = "SOURCE")]
    pub(crate) sources: Vec<String>,

    #[command(flatten)]
    pub(crate) filter: FilterArgs,

    /// Look for late deliveries in the folders of this many days behind --to [default: 3]
    ///
    /// With --from, --to, --account or --region, folders that CloudTrail names after an account, a region and the day of
    /// delivery are not looked into if nothing in them can be wanted. Most records are delivered within minutes, a few
    /// after days; without --to, all later folders are looked into.
    #[arg(long, value_name = "DAYS", env = "MILEPOST_LOOK_BACK")]
    pub(crate) look_back: Option<u16>,

    /// Take the complete records of files that break off; they are still reported as damaged
    #[arg(long, env = "MILEPOST_SALVAGE", value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) salvage: bool,

    /// Rules in TOML for what must not come into the lake: members to drop, blank or hash
    #[arg(long, value_name = "RULES", env = "MILEPOST_REDACT")]
    pub(crate) redact: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) lake: LakeArgs,

    /// Memory for rows that wait to be written, such as 512MB or 2GiB [default: 512MB]
    #[arg(long, value_name = "SIZE", env = "MILEPOST_MEMORY")]
    pub(crate) memory: Option<String>,

    /// Say where the time went: reading, decoding, sorting, writing
    ///
    /// Seconds of each stage, added up over all threads: with two of them, a minute has 120.
    #[arg(long)]
    pub(crate) timings: bool,

    /// Print the summary as JSON on stdout
    #[arg(long, env = "MILEPOST_JSON", value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) json: bool,
}

/// Which records to take; the others are counted as filtered.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct FilterArgs {
    /// Only records of this time or later: an instant, a day, `yesterday`, or that long ago, such as 7d
    #[arg(long, value_name = "TIME", env = "MILEPOST_FROM")]
    pub(crate) from: Option<String>,

    /// Only records before this time
    #[arg(long, value_name = "TIME", env = "MILEPOST_TO")]
    pub(crate) to: Option<String>,

    /// Only records of this account; may be given several times
    #[arg(long = "account", value_name = "ACCOUNT", env = "MILEPOST_ACCOUNT", value_delimiter = ',')]
    pub(crate) accounts: Vec<String>,

    /// Only records of this region; may be given several times
    #[arg(long = "region", value_name = "REGION", env = "MILEPOST_REGION", value_delimiter = ',')]
    pub(crate) regions: Vec<String>,

    /// Only records for which this SQL condition on the lake's columns is true
    #[arg(long = "where", value_name = "SQL", env = "MILEPOST_WHERE")]
    pub(crate) condition: Option<String>,
}

#[derive(Debug, Clone, Default, Args)]
pub(crate) struct OutputArgs {
    /// How to write the answer [default: by the extension of --output, else table]
    #[arg(long, short = 'F', value_name = "FORMAT", env = "MILEPOST_FORMAT", value_parser = format_parser())]
    pub(crate) format: Option<Format>,

    /// Write the answer to a file, or to an object such as s3://bucket/answer.parquet
    #[arg(long, short, value_name = "FILE", env = "MILEPOST_OUTPUT")]
    pub(crate) output: Option<PathBuf>,

    /// Put a ' before text in CSV and TSV that a spreadsheet would run as a formula
    #[arg(long, env = "MILEPOST_ESCAPE_FORMULAS", value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) escape_formulas: bool,
}

fn format_parser() -> impl clap::builder::TypedValueParser<Value = Format> {
    use clap::builder::TypedValueParser as _;
    let value = |format: Format| {
        // shown once, by its name
        clap::builder::PossibleValue::new(format.name()).aliases(format.aliases().iter().copied())
    };
    clap::builder::PossibleValuesParser::new(Format::ALL.map(value)).try_map(|name| name.parse::<Format>())
}

/// Write the original records back, one JSON object a line
///
/// Every record of the lake, equal as a JSON value to the one that was converted; as `json` they are one array. The other
/// formats have the lake's columns.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  milepost export > records.ndjson\n  \
                  milepost export --where \"account = '012345678901' AND date = '2026-03-02'\" --output day.ndjson\n  \
                  milepost export --where \"event_name = 'ConsoleLogin'\" --output logins.parquet")]
pub(crate) struct ExportArgs {
    /// Only records for which this SQL condition on `events` is true
    #[arg(long = "where", value_name = "SQL")]
    pub(crate) filter: Option<String>,

    // MILEPOST_FORMAT is the format of answers; records are to stay records where it is set
    /// How to write the records [default: by the extension of --output, else ndjson]
    #[arg(long, short = 'F', value_name = "FORMAT", env = "MILEPOST_EXPORT_FORMAT", value_parser = format_parser())]
    pub(crate) format: Option<Format>,

    /// Write the records to a file, or to an object such as s3://bucket/records.ndjson
    #[arg(long, short, value_name = "FILE", env = "MILEPOST_OUTPUT")]
    pub(crate) output: Option<PathBuf>,

    /// Memory for what the condition needs, such as 512MB or 8GiB [default: 2GiB]
    #[arg(long, value_name = "SIZE", env = "MILEPOST_MEMORY")]
    pub(crate) memory: Option<String>,

    /// Give up after this time, such as 30s, 5m or 1h
    #[arg(long, value_name = "TIME", env = "MILEPOST_TIMEOUT")]
    pub(crate) timeout: Option<String>,

    #[command(flatten)]
    pub(crate) lake: LakeArgs,

    #[command(flatten)]
    pub(crate) as_of: AsOfArgs,
}

/// Print the completions of a shell
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  milepost completions zsh > ~/.zfunc/_milepost")]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

fn parse_pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }
}
