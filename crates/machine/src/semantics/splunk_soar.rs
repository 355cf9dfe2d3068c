//! Splunk SOAR: `docs/semantics/splunk-soar.md`.

use super::{NoCase, Semantics, Unhandled};
use workflow::{Step, StepKind};

/// Its rules.
pub struct SplunkSoar;

impl Semantics for SplunkSoar {
    /// A callback is called when its action has completed, well or badly.
    fn unhandled(&self, step: &Step) -> Unhandled {
        if matches!(step.kind, StepKind::Code | StepKind::Branch) {
            Unhandled::EndsRun
        } else {
            Unhandled::GoesOn
        }
    }

    fn no_case(&self, _step: &Step) -> NoCase {
        NoCase::Fails("".into())
    }

    fn join_gives_up(&self, _step: &Step) -> bool {
        true
    }

    /// A prompt has a required response time.
    fn has_deadline(&self, _step: &Step) -> bool {
        true
    }
}
