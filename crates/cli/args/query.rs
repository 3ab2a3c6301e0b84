//! The arguments of `milepost sql`.

use std::path::PathBuf;

use clap::Args;
use milepost_query::Dialect;

use super::{AsOfArgs, LakeArgs, OutputArgs, parse_pair};

/// Ask questions in SQL
///
/// Tables: `events` (one row a record), `files` (what was taken in), `rejects` (what could not become a row), `runs`;
/// `action_catalog` and a view for each documented service. Queries written for Athena, CloudTrail Lake, Tailpipe or DuckDB
/// run as they are.
/// `DESCRIBE events` lists the columns. SQL here only reads. JSON columns open with `->`, `->>` and the `json_…`
/// functions; `$name` is a placeholder for --param. Without a query on a terminal, an interactive shell begins; a file or
/// standard input may hold several statements and the shell's commands. A summary of rows, time, files and bytes goes to stderr
/// if that is a terminal.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  milepost sql                       # a shell; \\? lists its commands\n  \
                  milepost sql \"SELECT event_name, count(*) AS n FROM events GROUP BY 1 ORDER BY n DESC LIMIT 10\"\n  \
                  milepost sql -f question.sql --format csv --output answer.csv\n  \
                  milepost sql \"SELECT * FROM events WHERE event_id = \\$id\" --param id=1b2c…\n  \
                  milepost sql \"SELECT count(*) FROM events WHERE region IN \\$r\" -p r=us-east-1 -p r=eu-west-1\n  \
                  milepost sql \"SELECT count(*) FROM events\" --as-of 2026-03-01\n  \
                  milepost sql \"SELECT * FROM events WHERE date = '2026-03-02'\" --output s3://my-bucket/day.parquet\n  \
                  milepost sql \"SELECT * FROM events\" --partition-by region,account --output export/\n  \
                  milepost sql --allow-files \"SELECT * FROM read_csv('owners.csv') o JOIN events e ON e.account = o.account\"\n  \
                  echo 'SELECT count(*) FROM events' | milepost sql")]
pub(crate) struct SqlArgs {
    /// The query; `-` reads it from stdin, and so does nothing if stdin is no terminal
    #[arg(value_name = "SQL", allow_hyphen_values = true, value_parser = parse_sql)]
    pub(crate) sql: Option<String>,

    /// Read the query from a file
    #[arg(long, short, value_name = "FILE", conflicts_with = "sql")]
    pub(crate) file: Option<PathBuf>,

    /// Text for the placeholder `$NAME`; of `?`, the number. Given more than once, a list for `IN $NAME`
    ///
    /// An empty list, and one of any length, is also `--param 'NAME=["a","b"]'` for a query that says `IN $NAME`.
    #[arg(long = "param", short, value_name = "NAME=TEXT", value_parser = parse_pair)]
    pub(crate) params: Vec<(String, String)>,

    /// What the query is written for: milepost, athena, lake, tailpipe or duckdb [default: told by the tables it names]
    #[arg(long, value_name = "DIALECT", env = "MILEPOST_DIALECT")]
    pub(crate) dialect: Option<Dialect>,

    /// Show the plan of the query instead of its answer
    #[arg(long, conflicts_with = "analyze")]
    pub(crate) explain: bool,

    /// Run the query and show its plan with what each step did
    #[arg(long)]
    pub(crate) analyze: bool,

    /// Memory for sorting, grouping and joining, such as 512MB or 8GiB; more is spilled to disk [default: 2GiB]
    #[arg(long, value_name = "SIZE", env = "MILEPOST_MEMORY")]
    pub(crate) memory: Option<String>,

    /// Give up a query after this time, such as 30s, 5m or 1h
    #[arg(long, value_name = "TIME", env = "MILEPOST_TIMEOUT")]
    pub(crate) timeout: Option<String>,

    /// Let SQL read and write files of this machine, outside of the lake
    ///
    /// Then these work: 'file.parquet' as a table, read_parquet(), read_csv() and read_json() of a path, CREATE EXTERNAL
    /// TABLE, CREATE TABLE … AS, CREATE VIEW, COPY … TO. What is defined lasts as long as the command.
    #[arg(long, env = "MILEPOST_ALLOW_FILES", value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) allow_files: bool,

    /// Write a folder of files, in folders `COLUMN=value` by these columns; --output names it
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',', requires = "output")]
    pub(crate) partition_by: Vec<String>,

    /// Show each row of a table as a block of lines [default: on a terminal, if the lines would be too long]
    #[arg(long, short = 'x', env = "MILEPOST_EXPANDED", value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) expanded: bool,

    #[command(flatten)]
    pub(crate) lake: LakeArgs,

    #[command(flatten)]
    pub(crate) as_of: AsOfArgs,

    #[command(flatten)]
    pub(crate) output: OutputArgs,

    /// Print the summary of each query as JSON on stderr
    #[arg(long, env = "MILEPOST_JSON", value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) json: bool,
}

/// A query may begin with a comment, which looks like an option; an option that does not exist is no query.
fn parse_sql(text: &str) -> Result<String, String> {
    let is_option = text.len() > 1 && text.starts_with('-') && !text.contains(char::is_whitespace);
    if is_option { Err("there is no such option".to_owned()) } else { Ok(text.to_owned()) }
}
