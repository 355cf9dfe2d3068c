//! Workflows to findings: what each step does (the catalogue), and where control is broken (the rules).

pub mod assess;
pub mod authority;
pub mod card;
pub mod catalogue;
pub mod classify;
pub mod diff;
pub mod facts;
pub mod frameworks;
pub mod gate;
pub mod graph;
pub mod judge;
pub mod logic;
pub mod order;
pub mod proofs;
pub mod provenance;
pub mod record;
pub mod route;
pub mod rules;
pub mod secrets;
pub mod set;
pub mod tell;

#[cfg(test)]
mod dsl;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod proof_pages;

pub use classify::{classify, classify_all, tier};
pub use gate::Gate;
pub use judge::{Closure, Judged, check, check_linked};
pub use record::{Context, ControlRecord};
pub use rules::{RULES, Rule, rule};
