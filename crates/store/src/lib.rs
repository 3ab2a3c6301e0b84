//! Where objects lie: folders and object stores, behind one kind of address.
//!
//! A [`Place`] is an address that was opened: a store and a path in it. What stands above it (sources, lakes, outputs) does
//! not see whether that is a folder, Amazon S3 or something that speaks its language. Credentials come from where people
//! have them (`credentials`); a put that creates is answered truthfully even if the answer of the store was lost
//! ([`confirm`]). [`listing`] finds what is there, [`fetch`] brings it ahead of those who read it, [`Upload`] takes an object away.

pub mod confirm;
mod credentials;
mod error;
pub mod fetch;
pub mod listing;
mod objects;
mod options;
mod patience;
mod place;
mod plain;
mod reason;
mod s3;
mod upload;
mod within;

pub use error::StoreError;
pub use options::StoreOptions;
pub use place::Place;
pub use plain::plain;
pub use reason::reason;
pub use upload::Upload;
pub use within::is_within;
