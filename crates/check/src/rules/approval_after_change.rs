//! `approval-after-change`: the only approval comes after the change it is about.

use super::{Rule, Scope};
use crate::facts::Facts;
use crate::gate::Gate;
use crate::graph::From;
use crate::tell::Concerning;
use workflow::{Finding, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "approval-after-change",
    severity: Severity::High,
    scope: Scope::Changes,
    page: include_str!("approval_after_change.md"),
    check,
};

fn check(facts: &Facts<'_, '_>, out: &mut Vec<Finding>) {
    for change in facts.live_changes().filter(|c| c.verdict.gate == Gate::AfterChange) {
        let step = change.step;
        let Some(asked) = change.verdict.question else { continue };
        let (question, name, deed) = (facts.name(asked), facts.name(step), facts.deed(step));
        let message = format!("{name} {deed} first, and only then does {question} ask whether it should.");
        let fix = format!("Ask before {name}; where waiting is too dangerous, declare it as a break-glass change.");
        let later = facts.graph.walk(&facts.graph.reach(From::After(step), |_| true), asked);
        let mut path = facts.walk(step);
        path.extend(later.into_iter().filter(|w| w.step != facts.step(step).id));
        out.push(facts.report(&RULE, step, message, fix).along(path));
    }
}
