//! Saved questions: what they ask, how their answers are shown, when they run by themselves, whom they tell.
//!
//! A report is one SQL file with a header ([`Report`]); the [`Catalogue`] holds the shipped ones and those of a user's
//! folder, [`check_folder`] says what is wrong with one. [`values`](Report::values) turns what a user wrote into typed values
//! that are bound to the query.
//!
//! The way of a run: a [`Window`] is bound to the parameters, the query runs ([`run`]), [`Seen`] says what data it saw,
//! [`page`] shows the answer, [`outputs`] puts it where it belongs, [`alert`] finds the rows that are news, and a
//! [`Delivery`] tells them. [`schedule`] does this whenever it is time, [`state`] remembers what was done,
//! a [`lease`] keeps schedulers on one lake out of each other's way.

pub mod alert;
mod catalogue;
mod chart;
mod check;
pub mod condition;
mod delivery;
mod header;
mod job;
pub mod lease;
pub mod moment;
mod output_name;
pub mod outputs;
pub mod page;
mod parameter;
pub mod run;
pub mod schedule;
pub mod seen;
mod shipped;
mod skeleton;
pub mod state;
mod values;
mod window;

pub use catalogue::{Catalogue, CatalogueError};
pub use chart::{Chart, ChartKind, Gaps};
pub use check::{Problem, check_folder};
pub use delivery::{Delivery, Form, Message, ToldRow, send_to_all};
pub use header::{HeaderError, HeaderFault, Report};
pub use job::{Job, JobHeader};
pub use output_name::{NameValues, OutputName};
pub use parameter::{ParameterHeader, ParameterType};
pub use seen::Seen;
pub use skeleton::skeleton;
pub use values::ValueError;
pub use window::{Rhythm, Window, WindowKind, parse_zone};
