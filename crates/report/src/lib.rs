//! Saved questions.
//!
//! A report is one SQL file with a header ([`Report`]); the [`Catalogue`] holds the shipped ones and those of a user's
//! folder; [`values`](Report::values) turns what a user wrote into typed values that are bound to the query.

mod catalogue;
mod header;
pub mod moment;
mod values;

pub use catalogue::{Catalogue, CatalogueError};
pub use header::{HeaderError, ParameterHeader, ParameterType, Report};
pub use values::ValueError;
