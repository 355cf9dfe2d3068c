//! BPMN 2.0, as Camunda 8 and 7 run it: `docs/semantics/bpmn.md`.

use super::{AfterCrash, NoCase, Semantics, Unhandled};
use workflow::Step;

/// Its rules.
pub struct Bpmn;

impl Semantics for Bpmn {
    /// An incident: it does not end, and waits for somebody.
    fn unhandled(&self, _step: &Step) -> Unhandled {
        Unhandled::StandsStill
    }

    fn no_case(&self, _step: &Step) -> NoCase {
        NoCase::Fails("".into())
    }

    fn raise_can_be_caught(&self) -> bool {
        true
    }

    fn after_crash(&self, _step: &Step) -> AfterCrash {
        AfterCrash::Repeats
    }
}
