//! Where a ledger lies and how it grows: stores, the one writer with its group commit, the check of a whole ledger.
//!
//! `ledger` says what is true of a log, without touching the world; this crate touches it: disks, databases, buckets,
//! the network, the clock. It stands apart from the program so that the drivers stay out of everything else.

pub mod beside;
mod bucket;
pub mod cell;
pub mod disk;
mod folder;
pub mod fsck;
pub mod http;
mod sql;
mod tape;
pub mod witness;
mod writer;

pub use bucket::Bucket;
pub use folder::Folder;
pub use fsck::fsck;
pub use sql::{Postgres, Sqlite};
pub use writer::{Cosign, Receipt, Writer};

/// The time, in milliseconds since 1970.
#[must_use]
pub fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}
