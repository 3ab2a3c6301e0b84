//! Bytes in, record batches out.
//!
//! The way of the data: [`discover`] lists source objects; `unpack` opens one and inflates it; `frame` finds the records in
//! its text; `flatten` turns each into a row; [`pipeline`] runs that over many objects on all cores and hands out batches
//! in a fixed order. This crate knows nothing of the lake, waits for nothing and keeps memory bounded.

pub mod discover;
mod flatten;
mod frame;
pub mod pipeline;
mod read;
mod scan;
mod tree;
mod unpack;

/// Version of what this crate understands. A file that an older version could make nothing of is looked at again.
pub const READER_VERSION: u32 = 1;

pub use discover::{Discovery, Source};
pub use frame::Carrier;
pub use pipeline::{Options, Piece, Reject, SourceOutcome, Status};
