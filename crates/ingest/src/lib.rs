//! Bytes in, record batches out.
//!
//! The way of the data: [`discover`] lists source objects (`layout` says what their keys tell,
//! `source` is one of them); `unpack` takes their wrappings off, `archive` their members out;
//! `frame` finds the elements in a text, `classify` tells what each is, `envelope` opens those that hold records; `tally`
//! counts and says what the whole was; `redact` takes out what must not go on; `flatten` turns each record into a row;
//! [`pipeline`] runs that over many objects on all cores and hands out batches in a fixed order. This crate knows nothing of
//! the lake, waits for nothing and keeps memory bounded.

mod archive;
mod blob;
mod carrier;
mod classify;
pub mod discover;
mod envelope;
mod flatten;
mod frame;
pub mod layout;
pub mod pipeline;
mod read;
pub mod redact;
mod scan;
mod source;
mod tally;
mod tree;
mod unpack;

/// Version of what this crate understands. A file that an older version could make nothing of is looked at again.
pub const READER_VERSION: u32 = 2;

pub use blob::{Blob, Fetched, Fetcher};
pub use carrier::{Carrier, Class};
pub use discover::{Discovery, Finding};
pub use layout::Scope;
pub use pipeline::{Options, Piece, Reject, SourceOutcome, Status};
pub use redact::Rules;
pub use source::{Etag, Folders, Source};
