//! `unsafe-default`: an unrecognised command or value falls through to an access change.

use super::{Rule, Scope};
use crate::facts::Facts;
use crate::gate::Gate;
use crate::graph::From;
use crate::provenance::{Origin, Source};
use crate::tell::Concerning;
use workflow::{EdgeKind, Finding, Function, Node, Severity, StepIx, Term};

/// The rule.
pub static RULE: Rule = Rule {
    id: "unsafe-default",
    severity: Severity::High,
    scope: Scope::Changes,
    page: include_str!("unsafe_default.md"),
    check,
};

fn check(facts: &Facts<'_, '_>, out: &mut Vec<Finding>) {
    let default = |step| facts.graph.out(step).iter().copied().find(|e| is_default(facts, *e));
    let branches = facts.reached.steps().filter_map(|step| Some((step, default(step)?)));
    let weighed = facts.bounded(&RULE, facts.most(), branches);
    for (branch, default) in weighed.filter(|(branch, _)| chooses_by_value(facts, *branch)) {
        let without = facts.graph.reach(From::Triggers, |e| e != default);
        let falls = facts.graph.reach(From::Triggers, |e| e == default || !asks_again(facts, branch, e));
        let changes = facts.some_changes(&RULE).filter(|c| !without.has(c.step) && c.verdict.gate != Gate::Present);
        for change in changes.filter(|c| falls.has(c.step)) {
            let (name, deed) = (facts.name(change.step), facts.deed(change.step));
            let message = format!("Whatever {} does not recognise falls through to {name}, which {deed}.", facts.name(branch));
            let fix = "Give the change a case of its own, and let the default end the run or tell somebody.";
            let also = [facts.step(branch).id.clone()];
            out.push(facts.report(&RULE, change.step, message, fix).also(also));
        }
    }
}

/// An edge after a branch that is taken only when another condition holds.
fn asks_again(facts: &Facts<'_, '_>, branch: StepIx, edge: u32) -> bool {
    let edge = facts.graph.edge(edge);
    let Node::Step(from) = edge.from else { return false };
    matches!(edge.kind, EdgeKind::When { .. }) && from != branch && facts.graph.leads(branch, from)
}

/// A branch that compares one value, which the run brings along, with several constants; or with one, where that case
/// leads to a change of its own, so that the default is the other command.
fn chooses_by_value(facts: &Facts<'_, '_>, step: StepIx) -> bool {
    let mut cases: Vec<(u32, &Term)> = Vec::new();
    for edge in facts.graph.out(step) {
        let EdgeKind::When { condition, .. } = &facts.graph.edge(*edge).kind else { continue };
        cases.extend(either(&condition.term).into_iter().map(|term| (*edge, term)));
    }
    let mut subject: Option<Vec<Source>> = None;
    for (_, term) in &cases {
        let Some(read) = compared(facts, step, term) else { return false };
        if subject.as_ref().is_some_and(|s| *s != read) {
            return false;
        }
        subject = Some(read);
    }
    match cases.as_slice() {
        [] => false,
        [(edge, term)] => is_command(term) && has_change_of_its_own(facts, *edge),
        _ => true,
    }
}

/// The alternatives of a condition.
fn either(term: &Term) -> Vec<&Term> {
    match term {
        Term::Call(Function::Or, args) => args.iter().take(50).flat_map(either).collect(),
        other => vec![other],
    }
}

/// What a comparison with one constant reads of the run.
fn compared(facts: &Facts<'_, '_>, step: StepIx, term: &Term) -> Option<Vec<Source>> {
    let Term::Call(Function::Equals | Function::EqualsIgnoreCase, args) = term else { return None };
    let mut read = facts.set.term_sources(facts.place(step), term);
    read.retain(|s| matches!(s.origin, Origin::Trigger | Origin::Step(_)));
    (args.iter().filter(|a| a.is_constant()).count() == 1 && !read.is_empty()).then_some(read)
}

/// Compares with a word that is no plain yes or no.
fn is_command(term: &Term) -> bool {
    const ANSWERS: [&str; 6] = ["true", "false", "yes", "no", "on", "off"];
    let Term::Call(_, args) = term else { return false };
    let word = |t: &str| t.bytes().any(|b| b.is_ascii_alphabetic()) && !ANSWERS.contains(&&*t.trim().to_lowercase());
    args.iter().any(|a| matches!(a, Term::Text(t) if word(t)))
}

/// A change that is made on this way only.
fn has_change_of_its_own(facts: &Facts<'_, '_>, edge: u32) -> bool {
    let without = facts.graph.reach(From::Triggers, |e| e != edge);
    facts.some_changes(&RULE).any(|c| !without.has(c.step))
}

fn is_default(facts: &Facts<'_, '_>, edge: u32) -> bool {
    matches!(facts.graph.edge(edge).kind, EdgeKind::Otherwise { .. })
}
