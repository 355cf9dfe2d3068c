//! Workflows to findings: what each step does (the catalogue), and where control is broken (the rules).

pub mod catalogue;
pub mod classify;

pub use classify::{classify, tier};
