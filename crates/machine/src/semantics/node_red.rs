//! Node-RED: `docs/semantics/node-red.md`.

use super::{AfterCrash, Semantics, Unhandled};
use workflow::Step;

/// Its rules.
pub struct NodeRed;

impl Semantics for NodeRed {
    /// An error is logged, and its message goes no further; nothing else is stopped.
    fn unhandled(&self, _step: &Step) -> Unhandled {
        Unhandled::Dropped
    }

    /// Messages are in memory.
    fn after_crash(&self, _step: &Step) -> AfterCrash {
        AfterCrash::Lost
    }
}
