//! `disabled-control`: a gate or a revoke step is switched off.

use super::{Rule, Scope};
use crate::facts::Facts;
use workflow::{Finding, Kind, Severity, StepIx};

/// The rule.
pub static RULE: Rule = Rule {
    id: "disabled-control",
    severity: Severity::High,
    scope: Scope::Changes,
    page: include_str!("disabled_control.md"),
    check,
};

fn check(facts: &Facts<'_, '_>, out: &mut Vec<Finding>) {
    if facts.changes.is_empty() {
        return;
    }
    for step in facts.graph.steps().filter(|s| !facts.step(*s).enabled) {
        let Some(control) = control(facts, step) else { continue };
        let message = format!("{} {control}, and it is switched off while access can still be changed.", facts.name(step));
        let fix = "Switch it on, or take it out in a reviewed change that says what stands in its place.";
        out.push(facts.report(&RULE, step, message, fix));
    }
}

fn control(facts: &Facts<'_, '_>, step: StepIx) -> Option<&'static str> {
    let has = |k: Kind| facts.step(step).effects.iter().any(|e| e.kind == k);
    if has(Kind::Ask) {
        return Some("asks a person");
    }
    let takes = [Kind::Revoke, Kind::Disable, Kind::RevokeCredential];
    takes.into_iter().any(has).then_some("takes access away")
}
