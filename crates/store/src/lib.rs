//! Where objects lie: folders and object stores, behind one kind of address.

pub mod fetch;
pub mod listing;
