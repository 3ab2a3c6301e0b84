//! Tests at the public edge: the binary, the lake that others read, the papers. One binary, to link once.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test that panics has failed; a skipped one says so")]

mod architecture;
mod bad_input;
mod carriers;
mod check;
mod compact;
mod context;
mod convert;
mod crashes;
mod dialects;
mod disk;
mod docs;
mod file_access;
mod filters;
mod identities;
mod info;
mod limits;
mod lookups;
mod memory;
mod model;
mod moto;
mod object_store;
mod object_store_lake;
mod outputs;
mod parameters;
mod readers;
mod receivers;
mod records;
mod redaction;
mod rejects;
mod remote_sources;
mod report_pages;
mod reports;
mod retention;
mod schedule;
mod shell;
mod slt;
mod source_times;
mod sql;
mod terminal;
mod time_travel;
mod traps;
