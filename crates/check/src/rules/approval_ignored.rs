//! `approval-ignored`: a person is asked, and no branch on the way to the change reads the answer.

use super::{Rule, Scope};
use crate::facts::Facts;
use crate::gate::Gate;
use workflow::{Finding, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "approval-ignored",
    severity: Severity::Critical,
    scope: Scope::Changes,
    page: include_str!("approval_ignored.md"),
    check,
};

fn check(facts: &Facts<'_, '_>, out: &mut Vec<Finding>) {
    for change in facts.live_changes().filter(|c| c.verdict.gate == Gate::Ignored) {
        let step = change.step;
        let Some(asked) = change.verdict.question else { continue };
        let (question, name, deed) = (facts.name(asked), facts.name(step), facts.deed(step));
        let message = format!("{question} asks for approval, but whatever the answer is, {name} {deed}.");
        let fix = format!("Put a branch after {question} that lets only the positive answer through to {name}.");
        out.push(facts.report(&RULE, step, message, fix));
    }
}
