//! The semantics of a workflow, with no I/O: a run asks the world for one thing at a time and is told.
//!
//! The same interpreter proves (every answer the world may give), tests (answers from a scenario) and runs (answers from
//! real systems). Values may be unknown; what cannot be evaluated is a branch request, never a guess.

mod call;
mod condition;
mod drive;
pub mod edge_cases;
pub mod evaluate;
pub mod explore;
pub mod mutate;
mod program;
pub mod properties;
pub mod rehearse;
mod request;
mod run;
mod scope;
pub mod semantics;
mod slice;
mod state;
pub mod value;
mod ways;

pub use drive::run;
pub use evaluate::{Scope, evaluate};
pub use explore::{Assumptions, Boundary, Bounds, Proof, Verdict, Witness, prove};
pub use program::{Place, Program};
pub use request::{Act, Answer, At, Call, Misfit, Request};
pub use run::{ENDLESS, Trail, next, resume, resume_traced, start, start_traced};
pub use scope::Here;
pub use state::{
    Batch, Choice, End, Ended, Facts, Fault, Frame, FrameKind, Origin, Phase, Rounds, State, Token,
};
pub use value::{Symbol, Val};
