//! `approval-fails-open`: there is an approval, and something other than a yes still reaches the change.

use super::{Rule, Scope};
use crate::facts::Facts;
use crate::gate::Gate;
use crate::tell::{Concerning, answers};
use crate::graph::Reach;
use crate::logic::Answer;
use workflow::{Finding, Severity, StepIx, Text, Walk};

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
        let of = facts.questions.iter().find(|q| q.step == asked);
        let refusal = change.verdict.leaks.iter().any(|a| matches!(a, Answer::Refused(..)));
        let granted = of.is_some_and(|q| q.is_granted(step));
        let also = if refusal && !granted { "leads" } else { "also leads" };
        let message = format!("{question} asks a person, but {leaks} {also} to {name}, which {deed}.");
        let fix = "Compare the answer with the one that means yes, on the edge that leads to the change; let every \
                   other answer, silence and failure lead away from it.";
        let path = of.and_then(|q| q.leaks(step).next()).map(|(end, reach)| way(facts, asked, step, end, reach));
        let finding = facts.report(&RULE, step, message, fix);
        out.push(if let Some(path) = path { finding.along(path) } else { finding });
    }
}

/// The walk to a change by the end of a question; where a container around the question is left instead, by way of the
/// question.
fn way(facts: &Facts<'_, '_>, asked: StepIx, step: StepIx, end: &Answer, reach: &Reach) -> Vec<Walk> {
    let path = facts.graph.walk(reach, step);
    let id = &facts.step(asked).id;
    if path.iter().any(|w| w.step == *id) || !reach.has(asked) {
        return path;
    }
    let mut by_question = facts.graph.walk(reach, asked);
    if let Some(last) = by_question.last_mut() {
        last.marked = false;
        last.leaves = match end {
            Answer::Silence => "timeout".into(),
            Answer::Failure => "error".into(),
            _ => Text::default(),
        };
    }
    let shared = path.iter().zip(&by_question).take_while(|(a, b)| a.step == b.step).count();
    by_question.extend(path.into_iter().skip(shared));
    by_question
}
