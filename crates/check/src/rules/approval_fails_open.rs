//! `approval-fails-open`: there is an approval, and something other than a yes still reaches the change.

use super::{Rule, Scope};
use crate::facts::Facts;
use crate::gate::Gate;
use crate::tell::{Concerning, answers};
use workflow::{Finding, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "approval-fails-open",
    severity: Severity::Critical,
    scope: Scope::Changes,
    page: include_str!("approval_fails_open.md"),
    check,
};

fn check(facts: &Facts<'_, '_>, out: &mut Vec<Finding>) {
    for change in facts.live_changes().filter(|c| c.verdict.gate == Gate::FailsOpen) {
        let step = change.step;
        let Some(asked) = change.verdict.question else { continue };
        let (question, name, deed) = (facts.name(asked), facts.name(step), facts.deed(step));
        let leaks = answers(&change.verdict.leaks);
        let message = format!("{question} asks a person, but {leaks} also leads to {name}, which {deed}.");
        let fix = "Compare the answer with the one that means yes, on the edge that leads to the change; let every \
                   other answer, silence and failure lead away from it.";
        let walk = facts.questions.iter().find(|q| q.step == asked).and_then(|q| q.leaks(step).next());
        let path = walk.map(|(_, reach)| facts.graph.walk(reach, step));
        let finding = facts.report(&RULE, step, message, fix);
        out.push(if let Some(path) = path { finding.along(path) } else { finding });
    }
}
