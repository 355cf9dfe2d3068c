//! The program around the pure crates: files, the cache, reports, the command line.

pub mod accept;
pub mod args;
pub mod assess;
pub mod book;
pub mod check;
pub mod date;
pub mod diff;
pub mod evidence;
pub mod explain;
pub mod frameworks;
pub mod govern;
pub mod log;
pub mod people;
pub mod policy;
pub mod progress;
pub mod report;
pub mod scan;
mod temporary;
pub mod test;
pub mod walk;
pub mod watch;
