//! What a ledger says, in the formats that others read: OCSF, CEF, syslog, CloudEvents, Security Event Tokens, OSCAL.
//!
//! Every format writes the same [`Event`]: what stands in the entry, and of what stands beside it the names `by`,
//! `identity` and `scim` alone, where they are disclosed. Nothing else that a commitment stands for gets into an export.
//! What becomes what is data, in `map.rs`; the sentences are in `texts.rs`. A [`Stream`] names the first gap in the numbers,
//! and a [`Cursor`] says where to go on.

mod cef;
mod cloudevents;
mod cursor;
mod event;
mod map;
mod ocsf;
mod oscal;
mod set;
mod syslog;
mod texts;

#[cfg(test)]
mod tests;

pub use cef::cef;
pub use cloudevents::cloudevent;
pub use cursor::{Cursor, Gap, Stream};
pub(crate) use event::known_outcome;
pub(crate) use texts::effect_done;

pub use event::{EFFECT, Effect, Event, Somebody, VALUES, What};
pub use map::{ACTS, Class, EFFECTS, Signal};
pub use ocsf::{OCSF, ocsf};
pub use oscal::{assessment_results, component_definition, control_id};
pub use set::{Issuer, Key};
pub use syslog::{DOCUMENTATION, Framing, syslog};

/// What is the same for every event of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The ledger's name: `example.com/ledger`.
    pub log: String,
    /// The version of the program.
    pub version: String,
}

impl Origin {
    /// The ledger as a URI.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("urn:countersign:ledger:{}", self.log)
    }

    /// What of the ledger's name is that of a host.
    #[must_use]
    pub fn host(&self) -> &str {
        self.log.split('/').next().unwrap_or_default()
    }
}
