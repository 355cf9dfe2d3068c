//! `machine-decides`: the workflow itself answers an approval or a certification.

use super::{Rule, Scope};
use crate::facts::Facts;
use crate::gate::Gate;
use workflow::{Entry, Finding, Kind, Severity, StepIx, Value};

/// The rule.
pub static RULE: Rule = Rule {
    id: "machine-decides",
    severity: Severity::High,
    scope: Scope::Changes,
    page: include_str!("machine_decides.md"),
    check,
};

fn check(facts: &Facts<'_, '_>, out: &mut Vec<Finding>) {
    for change in facts.live_changes() {
        let step = change.step;
        let decides = facts.does(step, Kind::Decide) || facts.does(step, Kind::Certify);
        // Where somebody was asked and something else than a yes gets past them, that is the fault.
        let asked = matches!(change.verdict.gate, Gate::Present | Gate::FailsOpen);
        if !decides || asked || hands_to_person(facts, step) {
            continue;
        }
        let name = facts.name(step);
        let message = format!("{name} {} without a person having been asked.", facts.deed(step));
        let fix = "Leave the decision to a person: name an approver in the answer, or ask one before it.";
        out.push(facts.report(&RULE, step, message, fix));
    }
}

/// The answer names a person or group that is to decide.
fn hands_to_person(facts: &Facts<'_, '_>, step: StepIx) -> bool {
    let step = facts.step(step);
    let body = step.request.as_ref().map_or(&step.parameters, |r| &r.body);
    let mut fields: Vec<(String, bool)> = Vec::new();
    body.walk(&mut |v| fields.extend(v.entries().iter().map(field)));
    let names = |key: &str| fields.iter().any(|(k, filled)| *filled && k.contains(key));
    let verdict = ["approved", "decision", "outcome", "result", "status"].iter().any(|k| names(k));
    !verdict && (names("approver") || names("reviewer") || (names("id") && names("type")))
}

fn field(entry: &Entry) -> (String, bool) {
    let filled = match &entry.value {
        Value::Expr(e) => !e.text.trim().is_empty(),
        value => !value.is_empty(),
    };
    (entry.key.to_lowercase().to_string(), filled)
}
