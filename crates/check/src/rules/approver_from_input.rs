//! `approver-from-input`: who approves is taken from data that the requester controls.

use super::{Rule, Scope};
use crate::authority::vouched;
use crate::facts::Facts;
use crate::gate::Gate;
use crate::provenance::{Origin, Source};
use workflow::{Finding, Severity, StepIx, TriggerKind, Value};

/// The rule.
pub static RULE: Rule = Rule {
    id: "approver-from-input",
    severity: Severity::High,
    scope: Scope::Changes,
    page: include_str!("approver_from_input.md"),
    check,
};

fn check(facts: &Facts<'_, '_>, out: &mut Vec<Finding>) {
    for change in facts.some_changes(&RULE) {
        if !matches!(change.verdict.gate, Gate::Present | Gate::FailsOpen | Gate::Ignored) {
            continue;
        }
        let Some(asked) = change.verdict.question else { continue };
        let approvers = approvers(facts, asked);
        let from_input = |s: &&Source| s.origin == Origin::Trigger && s.caller && !pressed_by(facts, s);
        let Some(source) = approvers.iter().find(from_input) else { continue };
        let message = format!(
            "{} is asked of whoever {} names, so the requester chooses who approves before {} {}.",
            facts.name(asked),
            facts.source(source),
            facts.name(change.step),
            facts.deed(change.step)
        );
        let fix = "Take the approver from a directory, a role or the control record, never from the request.";
        out.push(facts.report(&RULE, change.step, message, fix));
    }
}

/// The one who pressed the button or typed the command, on the platform's word: not a name that they typed.
pub(super) fn pressed_by(facts: &Facts<'_, '_>, source: &Source) -> bool {
    let triggers = &facts.set.workflows[source.workflow as usize].triggers;
    let signed_in = triggers.iter().all(|t| matches!(t.kind, TriggerKind::Manual | TriggerKind::Chat));
    signed_in && vouched(facts.set, source.workflow, &source.path)
}

/// Where the approver of a question comes from.
pub(super) fn approvers(facts: &Facts<'_, '_>, asked: StepIx) -> Vec<Source> {
    let step = facts.step(asked);
    let mut named: Vec<Value> = step.ask.iter().map(|a| a.approver.clone()).filter(|v| !v.is_empty()).collect();
    if named.is_empty() {
        named.clone_from(&step.target.recipient);
    }
    facts.set.all_sources(facts.place(asked), &named)
}
