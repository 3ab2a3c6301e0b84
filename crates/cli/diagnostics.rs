//! How errors read, and which exit code a command ends with.

use std::io;
use std::process::ExitCode;

use milepost_ingest::discover::DiscoverError;
use milepost_lake::LakeError;
use milepost_query::{Position, QueryError};
use milepost_report::{CatalogueError, ValueError};
use milepost_store::listing::ListError;
use milepost_store::plain;

use crate::destination::UNWRITABLE_ANSWER;
use crate::printer::Printer;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExitStatus {
    Done,
    Failed,
    /// Arguments that cannot be; clap's own errors end with the same code.
    WrongUsage,
    /// Done, but some input was rejected or damaged.
    Partial,
    /// Done, and a row fulfils the alert rule.
    Alert,
    /// The user called it off.
    Interrupted,
}

impl ExitStatus {
    /// What the system is told.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::WrongUsage => 2,
            Self::Partial => 3,
            Self::Alert => 4,
            // as shells have it: 128 and the number of the signal
            Self::Interrupted => 130,
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status.code())
    }
}

/// An error with a word on what to try.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Hinted {
    pub(crate) message: String,
    pub(crate) hint: String,
    pub(crate) status: ExitStatus,
}

/// A query that is wrong, with its text to point into.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub(crate) struct WrongQuery {
    #[source]
    error: QueryError,
    sql: String,
    /// File the text comes from.
    origin: Option<String>,
}

impl WrongQuery {
    pub(crate) fn new(error: QueryError, sql: &str, origin: Option<&str>) -> Self {
        Self { error, sql: sql.to_owned(), origin: origin.map(str::to_owned) }
    }

    /// The same error in a text that has the query at the same place.
    pub(crate) fn shown_in(self, text: &str) -> Self {
        Self { sql: text.to_owned(), ..self }
    }
}

/// Prints an error and gives the exit code. A reader that went away is no error.
pub(crate) fn report(error: &anyhow::Error, printer: &Printer) -> ExitStatus {
    if error.chain().any(is_broken_pipe) {
        return ExitStatus::Done;
    }
    let wrong = error.downcast_ref::<WrongQuery>();
    let mut text = format!("error: {}", plain(&error.to_string()));
    if let Some(wrong) = wrong
        && let Some(position) = wrong.error.position()
    {
        text.push_str(&excerpt(&wrong.sql, wrong.origin.as_deref(), position));
    }
    let skip = if wrong.is_some() { 2 } else { 1 };
    let mut last = plain(&error.to_string()).into_owned();
    for cause in error.chain().skip(skip) {
        let cause = plain(&cause.to_string()).into_owned();
        // transparent layers repeat what was said, those of object stores within longer texts of their own
        if !last.contains(&cause) {
            text.push_str(&format!("\ncaused by: {cause}"));
            last = cause;
        }
    }
    if let Some(hint) = hint(error) {
        text.push_str(&format!("\nhint: {hint}"));
    }
    printer.complain(&text);
    status(error)
}

fn status(error: &anyhow::Error) -> ExitStatus {
    if let Some(hinted) = error.downcast_ref::<Hinted>() {
        return hinted.status;
    }
    let unused = |cause: &(dyn std::error::Error + 'static)| {
        matches!(cause.downcast_ref(), Some(QueryError::UnusedParameter { .. }))
    };
    if error.chain().any(unused) { ExitStatus::WrongUsage } else { ExitStatus::Failed }
}

/// The line of the query that is wrong, with a mark under the place.
fn excerpt(sql: &str, origin: Option<&str>, position: Position) -> String {
    let index = |number: u64| usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
    let Some(line) = sql.lines().nth(index(position.line)) else {
        return String::new();
    };
    // one blank for a tab, so that the mark stands under its place
    let line = line.replace('\t', " ");
    let before = " ".repeat(index(position.column).min(line.chars().count()));
    let number = position.line.to_string();
    let margin = " ".repeat(number.len());
    let file = origin.map(|origin| format!("\n{margin}--> {origin}:{}:{}", position.line, position.column));
    format!("{}\n{margin} |\n{number} | {line}\n{margin} | {before}^", file.unwrap_or_default())
}

fn is_broken_pipe(error: &(dyn std::error::Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn hint(error: &anyhow::Error) -> Option<String> {
    error.chain().find_map(|cause| {
        if let Some(hinted) = cause.downcast_ref::<Hinted>() {
            return Some(hinted.hint.clone());
        }
        if let Some(query) = cause.downcast_ref::<QueryError>() {
            return match query {
                // is not among its own causes
                QueryError::Lake(lake) => lake_hint(lake),
                query => query.hint(),
            };
        }
        if let Some(value) = cause.downcast_ref::<ValueError>() {
            return Some(value.hint().to_owned());
        }
        if let Some(CatalogueError::Unknown { hint, .. }) = cause.downcast_ref() {
            return Some(hint.clone());
        }
        cause
            .downcast_ref::<LakeError>()
            .and_then(lake_hint)
            .or_else(|| cause.downcast_ref::<DiscoverError>().and_then(discover_hint))
            .or_else(|| cause.downcast_ref::<ListError>().map(list_hint))
            .or_else(|| cause.downcast_ref::<io::Error>().and_then(|disk| disk_hint(disk, is_of_answer(error))))
    })
}

/// Whether it was the answer that could not be written, and not the lake.
fn is_of_answer(error: &anyhow::Error) -> bool {
    let writes_answer = |cause: &(dyn std::error::Error + 'static)| {
        matches!(cause.downcast_ref(), Some(QueryError::Write { .. } | QueryError::Encode { .. }))
    };
    error.chain().any(writes_answer) || error.to_string() == UNWRITABLE_ANSWER
}

fn lake_hint(error: &LakeError) -> Option<String> {
    match error {
        LakeError::NotALake { lake } => {
            Some(format!("`milepost convert SOURCE --lake {lake}` makes one; --lake or MILEPOST_LAKE names another"))
        }
        LakeError::Occupied { .. } => Some("name an empty or a new folder with --lake".to_owned()),
        LakeError::Columns { .. } => Some("convert the archive into a new lake with this version".to_owned()),
        LakeError::NoVersion { .. } | LakeError::VersionGone { .. } | LakeError::BeforeTheLake { .. } => {
            Some("`milepost lake history` lists the versions and their times".to_owned())
        }
        LakeError::Contended { .. } => Some("run the command again: what was committed stays".to_owned()),
        _ => None,
    }
}

/// What the disk says comes last, behind what was to be done with it.
fn disk_hint(error: &io::Error, is_of_answer: bool) -> Option<String> {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge if is_of_answer => {
            Some("make room where the answer goes, or name another place with --output".to_owned())
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            Some("what was committed stays; make room, and the same command goes on from there".to_owned())
        }
        io::ErrorKind::ReadOnlyFilesystem => Some("the file system is mounted read-only".to_owned()),
        io::ErrorKind::PermissionDenied => Some("look who owns the folder, and who may write there".to_owned()),
        _ => None,
    }
}

fn discover_hint(error: &DiscoverError) -> Option<String> {
    match error {
        DiscoverError::NoMatch { .. } => Some("`**` in a glob crosses folders: 'logs/**/*.json.gz'".to_owned()),
        _ => None,
    }
}

fn list_hint(error: &ListError) -> String {
    match error {
        ListError::Refused { .. } => {
            "listing takes the permission s3:ListBucket on the bucket; --s3-endpoint, --s3-region and \
                                      --s3-profile say how it is reached"
        }
        ListError::Nothing { .. } => {
            "a prefix is a whole folder, such as s3://bucket/AWSLogs; in a glob, `**` crosses folders"
        }
    }
    .to_owned()
}
