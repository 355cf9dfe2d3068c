//! The program around the pure crates: files, the cache, reports, the command line.

pub mod args;
pub mod check;
pub mod report;
pub mod scan;
pub mod walk;
