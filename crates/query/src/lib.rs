//! SQL over the lake. The only crate that names DataFusion.
//!
//! [`Engine`] opens a lake as tables and views and plans queries against one version of it; `provider` scans the data
//! files of a snapshot and `pruning` leaves out those that cannot hold an answer; `views` says what `events` is made of;
//! [`QueryError`] says where in the user's text something is wrong; [`output`] writes answers. SQL here can only read.

mod action_catalog;
mod diagnosis;
mod engine;
mod error;
mod fields;
mod findings;
mod history;
mod info;
pub mod output;
mod parameters;
mod partitions;
mod provider;
mod pruning;
mod row_filter;
mod views;

pub use diagnosis::nearest;
pub use engine::{Answer, Engine};
pub use error::{Position, QueryError};
pub use fields::drifting_fields;
pub use findings::findings_answer;
pub use history::lake_history;
pub use info::lake_info;
pub use output::Rows;
pub use parameters::{Parameter, Parameters};
pub use partitions::{lake_gaps, lake_partitions};
pub use row_filter::{Conditions, RowFilter};
