//! SQL over the lake. The only crate that names DataFusion.
//!
//! [`Engine`] opens a lake as tables and views and plans queries against one version of it; `provider` scans the data
//! files of a snapshot and `pruning` leaves out those that cannot hold an answer; `catalog` builds views when they are needed:
//! `views` says what `events` is made of, `services` and `compat` the others; `dialect` rewrites queries that were written for
//! other engines, and `functions` has what they call;
//! [`QueryError`] says where in the user's text something is wrong; [`output`] writes answers. SQL here can only read.

mod accesses;
mod actions;
mod answer;
mod blame;
mod bloom_filters;
mod bound_differences;
mod bound_times;
mod calls;
mod cancellation;
mod catalog;
mod cheaper;
mod compat;
mod constants;
mod diagnosis;
mod dialect;
mod distinct;
mod engine;
mod error;
mod export;
mod fields;
mod file_tables;
mod findings;
mod fold_structs;
mod functions;
mod history;
mod implied;
mod in_order;
mod info;
mod lambda_places;
mod large_constants;
mod local_files;
mod memory;
mod names;
mod options;
pub mod output;
mod parameters;
mod partitions;
mod permissions;
mod placed;
mod provider;
mod pruning;
pub mod reference;
mod renamed_columns;
mod row_filter;
mod scans;
mod services;
mod shared_json;
mod statements;
mod summarize;
mod timestamps;
mod typing;
mod views;
mod wording;

pub use answer::Answer;
pub use diagnosis::nearest;
pub use dialect::Dialect;
pub use engine::{Ask, Engine};
pub use error::{Position, QueryError};
pub use fields::drifting_fields;
pub use findings::findings_answer;
pub use history::lake_history;
pub use info::lake_info;
pub use names::Names;
pub use options::{DEFAULT_MEMORY_BYTES, EngineOptions};
pub use output::Rows;
pub use parameters::{Parameter, Parameters};
pub use partitions::{lake_gaps, lake_partitions};
pub use row_filter::{Conditions, RowFilter};
pub use scans::{ScanSummary, ScanWatch};
pub use statements::{Piece, Statement, is_complete, pieces, statements, value_before};
