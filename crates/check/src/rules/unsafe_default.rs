//! `unsafe-default`: an unrecognised command or value falls through to an access change.

use super::{Rule, Scope};
use crate::facts::Facts;
use crate::gate::Gate;
use crate::graph::From;
use crate::provenance::{Origin, Source};
use crate::tell::Concerning;
use workflow::{EdgeKind, Finding, Function, Severity, StepIx, Term};

/// The rule.
pub static RULE: Rule = Rule {
    id: "unsafe-default",
    severity: Severity::High,
    scope: Scope::Changes,
    page: include_str!("unsafe_default.md"),
    check,
};

fn check(facts: &Facts<'_, '_>, out: &mut Vec<Finding>) {
    let branches = facts.reached.steps().filter(|s| chooses_by_value(facts, *s));
    for branch in facts.bounded(&RULE, 100, branches) {
        let Some(default) = facts.graph.out(branch).iter().copied().find(|e| is_default(facts, *e)) else { continue };
        let without = facts.graph.reach(From::Triggers, |e| e != default);
        for change in facts.some_changes(&RULE).filter(|c| !without.has(c.step) && c.verdict.gate != Gate::Present) {
            let (name, deed) = (facts.name(change.step), facts.deed(change.step));
            let message = format!("Whatever {} does not recognise falls through to {name}, which {deed}.", facts.name(branch));
            let fix = "Give the change a case of its own, and let the default end the run or tell somebody.";
            let also = [facts.step(branch).id.clone()];
            out.push(facts.report(&RULE, change.step, message, fix).also(also));
        }
    }
}

/// A branch of several cases that compares one value, which the run brings along, with constants.
fn chooses_by_value(facts: &Facts<'_, '_>, step: StepIx) -> bool {
    let mut cases = 0;
    let mut subject: Option<Vec<Source>> = None;
    for edge in facts.graph.out(step) {
        let EdgeKind::When { condition, .. } = &facts.graph.edge(*edge).kind else { continue };
        let Term::Call(Function::Equals | Function::EqualsIgnoreCase, args) = &condition.term else { return false };
        if args.iter().filter(|a| a.is_constant()).count() != 1 {
            return false;
        }
        let mut read = facts.set.term_sources(facts.place(step), &condition.term);
        read.retain(|s| matches!(s.origin, Origin::Trigger | Origin::Step(_)));
        if read.is_empty() || subject.as_ref().is_some_and(|s| *s != read) {
            return false;
        }
        subject = Some(read);
        cases += 1;
    }
    cases >= 2
}

fn is_default(facts: &Facts<'_, '_>, edge: u32) -> bool {
    matches!(facts.graph.edge(edge).kind, EdgeKind::Otherwise { .. })
}
