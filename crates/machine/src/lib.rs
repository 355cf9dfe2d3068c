//! The semantics of a workflow, with no I/O: a run asks the world for one thing at a time and is told.
//!
//! The same interpreter proves (every answer the world may give), tests (answers from a scenario) and runs (answers from
//! real systems). Values may be unknown; what cannot be evaluated is a branch request, never a guess.

pub mod evaluate;
pub mod value;

pub use evaluate::{Scope, evaluate};
pub use value::{Symbol, Val};
