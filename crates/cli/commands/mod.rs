//! One file a verb.

mod answer;
mod as_of;
pub(crate) mod completions;
pub(crate) mod convert;
pub(crate) mod demo;
pub(crate) mod export;
pub(crate) mod lake;
pub(crate) mod report;
pub(crate) mod schedule;
pub(crate) mod sql;
mod told;

use as_of::as_of;
