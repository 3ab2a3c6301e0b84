//! Looks whether a lake is sound: every file is there and is what the log says, the ledger adds up, no record is there
//! twice. Nothing is changed, and nothing that is found ends the check: it becomes a [`Finding`] that names its object.
//!
//! The way: `files` compares the log with a listing, `footers` opens the footers of what is there, `rows` reads the key
//! columns of what can be opened, a partition at a time (`duplicates` compares rows that share a key), `ledger` compares
//! what was counted with what the ledger says.

mod duplicates;
mod files;
mod footers;
mod ledger;
mod rows;

use crate::error::LakeError;
use crate::lake::Lake;
use crate::snapshot::DataFile;
use crate::table::Table;
use crate::tables::TableName;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Rows are lost, doubled or cannot be read.
    Error,
    /// Answers are right, but something is not as it should be.
    Warning,
    /// Nothing is wrong.
    Note,
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// Table that it is about.
    pub table: TableName,
    /// The file, partition or source object; the table itself if it is about all of it.
    pub object: String,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// What a check looked at, and what it found.
#[derive(Debug, Clone, Default)]
pub struct Checked {
    /// Data files.
    pub files: u64,
    /// Rows in them.
    pub rows: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What was found, worst first.
    pub findings: Vec<Finding>,
}

/// How a check goes about.
#[derive(Debug, Clone, Copy)]
pub struct CheckOptions {
    /// Also decode every value of every row.
    pub is_deep: bool,
    /// Partitions worked on at once.
    pub threads: usize,
}

impl Severity {
    /// Its word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

impl Finding {
    fn new(severity: Severity, table: TableName, object: &str, problem: String) -> Self {
        Self { severity, table, object: object.to_owned(), problem, hint: None }
    }

    fn error(table: TableName, object: &str, problem: String) -> Self {
        Self::new(Severity::Error, table, object, problem)
    }

    fn hint(self, hint: &str) -> Self {
        Self { hint: Some(hint.to_owned()), ..self }
    }
}

/// The message of an error with all its causes.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        if !text.contains(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
        cause = error.source();
    }
    text
}

impl Lake {
    /// Checks every table.
    ///
    /// # Errors
    /// [`LakeError::NotALake`]; a store that cannot be listed. What is wrong with the lake itself is in the findings.
    pub async fn check(&self, options: CheckOptions) -> Result<Checked, LakeError> {
        let mut checked = Checked::default();
        // the ledger first: what it says was committed is in the events that are opened after it
        let mut sound = Vec::new();
        for name in [TableName::Files, TableName::Rejects, TableName::Runs, TableName::Events] {
            match self.open_table(name).await {
                Ok(Some(table)) => sound.push((sound_files(&table, &mut checked).await?, table)),
                Ok(None) => {}
                Err(error @ LakeError::NotALake { .. }) => return Err(error),
                Err(error) => {
                    let finding = Finding::error(name, name.name(), with_causes(&error));
                    checked.findings.push(finding.hint(LOST_LOG));
                }
            }
        }
        let mut tables = Tables::default();
        for (files, table) in sound {
            match table.name {
                TableName::Events => tables.events = Some((table, files)),
                TableName::Files => tables.ledger = Some((table, files)),
                _ => {}
            }
        }
        if let Some((events, files)) = &tables.events {
            let counts = rows::check(events, files, options, &mut checked.findings).await?;
            if let Some((ledger, entries)) = &tables.ledger {
                let is_whole = events.snapshot()?.files.len() == files.len();
                let sides = ledger::Sides { lake: self, events, ledger, entries, is_whole };
                ledger::check(&sides, counts, &mut checked.findings).await?;
            }
        }
        // stable: what is wrong with files goes before what follows from it
        checked.findings.sort_by_key(|finding| finding.severity);
        Ok(checked)
    }
}

/// The tables whose rows are compared with each other, and those of their files that can be read.
#[derive(Default)]
struct Tables {
    events: Option<(Table, Vec<DataFile>)>,
    ledger: Option<(Table, Vec<DataFile>)>,
}

/// Checks a table's files from outside; gives those that can be read.
async fn sound_files(table: &Table, checked: &mut Checked) -> Result<Vec<DataFile>, LakeError> {
    let snapshot = table.snapshot()?;
    checked.files += snapshot.files.len() as u64;
    checked.bytes += snapshot.files.iter().map(|file| file.size_bytes).sum::<u64>();
    checked.rows += snapshot.files.iter().filter_map(|file| file.statistics().rows).sum::<u64>();
    let there = files::check(table, snapshot.files, &mut checked.findings).await?;
    Ok(footers::check(table, there, &mut checked.findings).await)
}

/// What to do if a table's log cannot be read.
const LOST_LOG: &str =
    "put the folder `_delta_log` back from a copy of the lake; without one, convert the archive into a new lake";
/// What to do about a data file that is gone or damaged.
const LOST_FILE: &str = "put this file back from a copy of the lake, under the same name; without one, convert the archive into a new lake: \
     the ledger knows its sources, so a conversion into this one does not read them again";
