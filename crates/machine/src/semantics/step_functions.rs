//! AWS Step Functions: `docs/semantics/step-functions.md`.

use super::{AfterCrash, NoCase, Semantics};
use workflow::Step;

/// Its rules.
pub struct StepFunctions;

impl Semantics for StepFunctions {
    fn no_case(&self, _step: &Step) -> NoCase {
        NoCase::Fails("States.NoChoiceMatched".into())
    }

    fn catches_once(&self) -> bool {
        true
    }

    /// A Fail state inside of Map and Parallel fails its branch.
    fn raise_can_be_caught(&self) -> bool {
        true
    }

    /// Variables that tell apart which way led to a state belong to the round.
    fn is_local(&self, _variable: &str) -> bool {
        true
    }

    /// Standard keeps the state between transitions.
    fn after_crash(&self, _step: &Step) -> AfterCrash {
        AfterCrash::Repeats
    }

    /// An execution lives a year, five minutes where it is Express.
    fn has_deadline(&self, _step: &Step) -> bool {
        true
    }
}
