//! What can go wrong when a place is opened.

use std::io;

/// What can go wrong when a place is opened. Every variant names the address.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address is none.
    #[error("`{address}` is not an address: {reason}")]
    Address {
        /// As the user wrote it.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The path of a folder cannot be looked at.
    #[error("cannot look at `{address}`")]
    Folder {
        /// As the user wrote it.
        address: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The settings do not make a store.
    #[error("the object store of `{address}` cannot be used")]
    Store {
        /// As the user wrote it.
        address: String,
        /// What the store's client said.
        #[source]
        source: object_store::Error,
    },
    /// An object cannot be written.
    #[error("cannot write `{address}`")]
    Write {
        /// As the user wrote it.
        address: String,
        /// What the store said.
        #[source]
        source: object_store::Error,
    },
    /// A small object cannot be read or written.
    #[error("cannot {action} `{address}`")]
    Object {
        /// What was to be done with it.
        action: &'static str,
        /// The object.
        address: String,
        /// What the store's client said.
        #[source]
        source: object_store::Error,
    },
}
