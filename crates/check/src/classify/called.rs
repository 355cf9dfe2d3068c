//! What a called part does with what its callers hand it: Node-RED gives a subflow and what stands behind a `link call` the
//! caller's whole message, and the statement, the collection or the record may stand in that.

use super::apply::Outcome;
use super::resolve::Resolver;
use std::collections::HashMap;
use workflow::{CalleeKey, Platform, TriggerKind, Value, Workflow};

/// So many calls of one part are looked at.
const MOST_CALLS: usize = 16;

/// Who calls, and the message that is handed on where the caller shows it.
type Call<'w> = (&'w Workflow, Option<&'w Value>);

/// The calls between the workflows of a file, by what is called.
pub(super) struct Calls<'w>(HashMap<&'w str, Vec<Call<'w>>>);

impl<'w> Calls<'w> {
    pub(super) fn new(workflows: &'w [Workflow]) -> Self {
        let mut calls: HashMap<&str, Vec<Call<'_>>> = HashMap::new();
        let calling = |w: &&Workflow| w.steps.iter().any(|s| !s.calls.is_empty());
        for caller in workflows.iter().filter(|w| w.platform == Platform::NodeRed).filter(calling) {
            let resolver = Resolver::new(caller);
            for call in caller.steps.iter().filter(|s| s.enabled).flat_map(|s| &s.calls) {
                let CalleeKey::Id(id) = &call.key else { continue };
                calls.entry(id.as_str()).or_default().push((caller, resolver.held(&call.input)));
            }
        }
        Calls(calls)
    }

    /// The outcomes of a workflow's steps: of one that others call, all that they have with what some caller hands it. Whom they
    /// concern stays as the workflow itself says it.
    pub(super) fn outcomes(&self, workflow: &Workflow) -> Vec<Outcome> {
        let mut own = super::outcomes(workflow, None);
        let calls = workflow.id.as_ref().and_then(|id| self.0.get(id.as_str()));
        let Some(calls) = calls.filter(|_| is_called(workflow)) else { return own };
        let known = calls.iter().take(MOST_CALLS).filter_map(|(caller, handed)| Some((*caller, (*handed)?)));
        let with: Vec<Vec<Outcome>> = known.map(|call| super::outcomes(workflow, Some(call))).collect();
        if calls.len() == with.len() {
            own.iter_mut().for_each(|outcome| outcome.effects.clear());
        }
        for with in with {
            for (outcome, more) in own.iter_mut().zip(with) {
                more.effects.into_iter().for_each(|effect| outcome.push(effect));
            }
        }
        own
    }
}

/// Whether only other workflows start a workflow of Node-RED.
pub(super) fn is_called(workflow: &Workflow) -> bool {
    let by_call = workflow.triggers.iter().all(|t| t.kind == TriggerKind::Subflow);
    workflow.platform == Platform::NodeRed && !workflow.triggers.is_empty() && by_call
}
