//! Governing by command line, for a team with git and no server. Every command says what it will do, decides at the one
//! door, prints the statement (`--show`) or signs and keeps it, and says what is missing where it is refused.

mod act;
pub mod args;
mod attest;
mod change;
mod changed;
mod components;
mod credential;
pub mod files;
mod gate;
mod gate_files;
mod gate_sarif;
pub(crate) mod git;
mod lanes;
mod log;
mod measure;
mod parts;
mod repository;
mod settings;
mod sign;
pub mod statement;
mod status;
mod summary;
mod tell;
mod versions;
mod view;

pub use args::{
    Attest, Breakglass, Connector, Credential, Exception, Gate, Owner, Propose, Release, Review, Rollback,
    Status,
};
pub use repository::Repository;
pub(crate) use repository::{Unit, root_of};
pub(crate) use settings::Configuration;
pub use sign::Signer;
pub use versions::InForce;
pub(crate) use versions::MISSING;
pub(crate) use view::short;

use crate::check::Exit;
use policy::Moment;
use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

/// A command of governing.
#[derive(Debug)]
#[allow(missing_docs)] // as the commands are called
pub enum Command<'a> {
    Propose(&'a Propose),
    Review(&'a Review),
    Attest(&'a Attest),
    Release(&'a Release),
    Rollback(&'a Rollback),
    Exception(&'a Exception),
    Breakglass(&'a Breakglass),
    Connector(&'a Connector),
    Credential(&'a Credential),
    Owner(&'a Owner),
    Status(&'a Status),
    Gate(&'a Gate),
}

/// Runs a command.
///
/// # Errors
/// When a file cannot be read or written, or something is named that is not there.
pub fn run(command: &Command<'_>) -> io::Result<Exit> {
    match command {
        Command::Propose(options) => change::propose(options),
        Command::Review(options) => change::review(options),
        Command::Attest(options) => attest::run(options),
        Command::Release(options) => change::release(options),
        Command::Rollback(options) => change::rollback(options),
        Command::Exception(options) => lanes::exception(options),
        Command::Breakglass(options) => lanes::breakglass(options),
        Command::Connector(options) => lanes::connector(options),
        Command::Credential(options) => credential::run(options),
        Command::Owner(options) => lanes::owner(options),
        Command::Status(options) => status::run(options),
        Command::Gate(options) => gate::run(options),
    }
}

/// The moment. Builds for development take one from `COUNTERSIGN_NOW`, so that tests can say when it is.
pub(crate) fn now() -> Moment {
    #[cfg(debug_assertions)]
    if let Some(moment) = std::env::var("COUNTERSIGN_NOW").ok().and_then(|t| t.parse().ok()) {
        return moment;
    }
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    Moment(i64::try_from(since).unwrap_or(i64::MAX))
}
