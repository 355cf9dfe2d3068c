//! n8n: `docs/semantics/n8n.md`.

use super::{AfterCrash, Semantics};
use workflow::{Step, StepKind};

/// Its rules. One node runs at a time; which of several comes next depends on where they are drawn and on the execution
/// order, which the graph does not hold, so every order counts.
pub struct N8n;

impl Semantics for N8n {
    /// When nothing else can run, a node with several inputs runs with what it has.
    fn join_gives_up(&self, _step: &Step) -> bool {
        true
    }

    /// A loop goes on only when something comes back to it.
    fn rounds_must_return(&self) -> bool {
        true
    }

    fn breaks(&self) -> bool {
        false
    }

    fn takes_all(&self, step: &Step) -> bool {
        step.parameters.at("options.allMatchingOutputs").as_bool() == Some(true)
    }

    /// Runs that wait are in the database; others are lost, though a queue may hand them out again.
    fn after_crash(&self, step: &Step) -> AfterCrash {
        if step.kind == StepKind::Wait || step.ask.is_some() {
            AfterCrash::Repeats
        } else {
            AfterCrash::Unknown
        }
    }
}
