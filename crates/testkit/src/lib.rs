//! A seeded generator of CloudTrail archives in the S3 layout of an organization trail.
//!
//! The same settings give the same bytes. [`Archive::write`] lays the objects out as CloudTrail does: log files by account,
//! region and day of delivery, digest files beside them, and the log of another service in the same bucket. Some records
//! are delivered twice, some a day late, and every type of `userIdentity` occurs.

mod actions;
mod archive;
mod identities;
mod random;
mod record;

pub use archive::{Archive, Written};
