//! Okta Workflows: `docs/semantics/okta-workflows.md`.

use super::Semantics;
use workflow::Step;

/// Its rules.
pub struct OktaWorkflows;

impl Semantics for OktaWorkflows {
    /// Cards run one after the other.
    fn serial(&self) -> bool {
        true
    }

    /// "For Each - Ignore Errors" handles all items, and the flow goes on; see `on_error` of the step.
    fn rounds_go_on(&self, step: &Step) -> bool {
        step.on_error == workflow::OnError::Continue
    }

    /// Return Error inside an inline flow is taken by the container's rule.
    fn raise_can_be_caught(&self) -> bool {
        true
    }

    /// A flow is paused for at most 30 days.
    fn has_deadline(&self, _step: &Step) -> bool {
        true
    }
}
