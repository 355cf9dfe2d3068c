//! SailPoint Identity Security Cloud: `docs/semantics/sailpoint.md`.

use super::{AfterCrash, Semantics};
use workflow::Step;

/// Its rules.
pub struct SailPoint;

impl Semantics for SailPoint {
    /// What a failed round does to the others is not documented; the run fails, as for every failed action.
    fn rounds_go_on(&self, _step: &Step) -> bool {
        false
    }

    fn after_crash(&self, _step: &Step) -> AfterCrash {
        AfterCrash::Unknown
    }
}
