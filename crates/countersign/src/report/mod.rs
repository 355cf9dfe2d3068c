//! Reports: one result, written for people and for other tools.

pub mod json;
pub mod plain;
pub mod source;
pub mod view;

use crate::scan::model::{Body, FileEntry, Head};

/// A workflow with all that is known of it, as it is printed.
pub struct Item<'s> {
    /// The file it stands in.
    pub file: &'s FileEntry,
    /// What is known of it as part of the whole.
    pub head: &'s Head,
    /// The rest.
    pub body: Body,
}
