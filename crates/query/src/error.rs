//! What can go wrong with a query.

use std::fmt;
use std::sync::Arc;

use datafusion::error::DataFusionError;
use milepost_lake::LakeError;

/// A place in the text of a query; both count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line.
    pub line: u64,
    /// Column, in characters.
    pub column: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// What can go wrong with a query.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The query is not right: it cannot be parsed, or names what is not there.
    #[error("{message}{}", at(*position))]
    Wrong {
        /// What is wrong.
        message: String,
        /// Where in the query's text.
        position: Option<Position>,
        /// What to try.
        hint: Option<String>,
    },
    /// The query would change something.
    #[error("this query is not read-only: {message}")]
    NotReadOnly {
        /// What it would do.
        message: String,
        /// What may run instead.
        hint: &'static str,
    },
    /// A value was given for a placeholder that the query does not have.
    #[error("the query has no placeholder `${name}`")]
    UnusedParameter {
        /// The name of the value.
        name: String,
        /// The placeholders that the query has.
        used: Vec<String>,
    },
    /// The query needs more memory than it may use.
    #[error("the query needs more memory than it may use: {message}")]
    OutOfMemory {
        /// Which step needed how much.
        message: String,
    },
    /// The query failed while it ran.
    #[error("the query failed: {message}")]
    Failed {
        /// What happened.
        message: String,
    },
    /// A data file is not there any more.
    #[error("the query needs the data file `{path}`, which is not in the lake any more")]
    FileGone {
        /// The file, below its table or on the disk.
        path: String,
    },
    /// The engine could not be set up.
    #[error("cannot set up the SQL engine")]
    SetUp {
        /// What DataFusion said.
        #[source]
        source: Box<DataFusionError>,
    },
    /// The lake cannot be read.
    #[error(transparent)]
    Lake(Arc<LakeError>),
    /// The answer cannot be written.
    #[error("cannot write the answer")]
    Write {
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The answer cannot be encoded.
    #[error("cannot write the answer as {format}")]
    Encode {
        /// Format that was asked for.
        format: &'static str,
        /// What Arrow said.
        #[source]
        source: arrow::error::ArrowError,
    },
}

impl From<LakeError> for QueryError {
    fn from(error: LakeError) -> Self {
        Self::Lake(Arc::new(error))
    }
}

fn at(position: Option<Position>) -> String {
    position.map(|position| format!(" at {position}")).unwrap_or_default()
}

impl QueryError {
    /// What to try, if there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Wrong { hint, .. } => return hint.clone(),
            Self::UnusedParameter { used, .. } if used.is_empty() => {
                "the query has none: write `$name` where it belongs"
            }
            Self::UnusedParameter { used, .. } => return Some(format!("it has: ${}", used.join(", $"))),
            Self::OutOfMemory { .. } => "ask for fewer rows or columns at once, or allow more: --memory 8GiB",
            Self::FileGone { .. } => {
                "`milepost lake vacuum` deletes files that old versions need: `milepost lake history` says which versions \
                 can still be read; if the newest cannot, `milepost lake check` says what is missing"
            }
            Self::NotReadOnly { hint, .. } => hint,
            _ => return None,
        };
        Some(hint.to_owned())
    }

    /// Where in the query's text, if it is known.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::Wrong { position, .. } => *position,
            _ => None,
        }
    }
}
