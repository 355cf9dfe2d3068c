//! `unbounded-recursion`: the workflow starts itself, or loops, with no bound.

use super::{Rule, Scope};
use crate::facts::Facts;
use crate::graph::From;
use crate::provenance::Origin;
use crate::set::Call;
use workflow::{EdgeKind, Finding, Function, Node, Severity, StepIx, StepKind, Term, Value};

/// The rule.
pub static RULE: Rule = Rule {
    id: "unbounded-recursion",
    severity: Severity::Medium,
    scope: Scope::Changes,
    page: include_str!("unbounded_recursion.md"),
    check,
};

fn check(facts: &Facts<'_, '_>, out: &mut Vec<Finding>) {
    for call in facts.set.calls_from(facts.index) {
        let step = call.from.step;
        if !facts.reached.has(step) || !comes_back(facts, call) || counts(call.input) || pages_on(facts, call) {
            continue;
        }
        let through = match call.to.filter(|_| !call.itself) {
            Some(to) => format!(" through `{}`", facts.set.workflows[to as usize].name),
            None => String::new(),
        };
        let message = format!(
            "{} starts this workflow again{through} with nothing in its input that counts down, so it may never end.",
            facts.name(step)
        );
        let fix = "Pass a counter that every round lowers and stop at zero, or replace the self-call by a loop with a bound.";
        out.push(facts.report(&RULE, step, message, fix));
    }
    for change in facts.some_changes(&RULE).filter(|c| circles(facts, c.step)) {
        let (name, deed) = (facts.name(change.step), facts.deed(change.step));
        let message = format!("{name} {deed} in a circle that nothing bounds.");
        let fix = "Count the rounds and leave after a fixed number.";
        out.push(facts.report(&RULE, change.step, message, fix));
    }
}

/// A call leads back here, and from where it comes in a walk leads to the call again.
fn comes_back(facts: &Facts<'_, '_>, call: &Call<'_>) -> bool {
    facts.set.comes_to(call, call.from)
}

/// Something in the input is computed anew for each round.
fn counts(input: &Value) -> bool {
    input.expressions().iter().any(|e| {
        let mut work = vec![&e.term];
        while let Some(term) = work.pop() {
            if let Term::Call(f, args) = term {
                let name = if let Function::Other(n) = f { n.to_lowercase().to_string() } else { String::new() };
                if ["add", "sub", "+", "-", "plus", "minus", "increment", "decrement"].contains(&name.as_str()) {
                    return true;
                }
                work.extend(args);
            }
        }
        false
    })
}

/// A branch on the way stops unless a read of this round gave what is handed on: the next page, until there is none.
fn pages_on(facts: &Facts<'_, '_>, call: &Call<'_>) -> bool {
    let given = facts.set.deep(call.from, std::slice::from_ref(call.input));
    facts.workflow.edges.iter().any(|e| {
        let (EdgeKind::When { condition, .. }, Node::Step(at)) = (&e.kind, e.from) else { return false };
        facts.graph.leads(at, call.from.step)
            && facts.set.term_sources(facts.place(at), &condition.term).iter().any(|s| {
                let read = matches!(s.origin, Origin::Step(_));
                read && given.iter().any(|g| g.workflow == s.workflow && g.origin == s.origin && g.path == s.path)
            })
    })
}

/// The step can come after itself without a loop that ends with its items, and no counter is compared on the way.
fn circles(facts: &Facts<'_, '_>, step: StepIx) -> bool {
    let graph = facts.graph;
    let ends = |s: StepIx| matches!(facts.step(s).kind, StepKind::Loop(workflow::LoopKind::Each { .. }));
    let bounded = |s: StepIx| {
        matches!(facts.step(s).kind, StepKind::Loop(workflow::LoopKind::While { bound: Some(_) }))
    };
    let around = graph.reach(From::After(step), |e| {
        let edge = graph.edge(e);
        let from_end = matches!(edge.from, Node::Step(s) if ends(s) || bounded(s));
        !(from_end && matches!(edge.kind, EdgeKind::Body) || edge.kind == EdgeKind::Back && ends(edge.to))
    });
    around.has(step) && !splits_batches(facts, &around, step)
}

/// More loops in one circle are not looked at.
const MOST: usize = 100;

/// The circle goes through a step that hands out one batch after the other and then stops.
fn splits_batches(facts: &Facts<'_, '_>, around: &crate::graph::Reach, step: StepIx) -> bool {
    let back = |s: &StepIx| facts.graph.reach(From::After(*s), |_| true).has(step);
    let loops = around.steps().filter(|s| matches!(facts.step(*s).kind, StepKind::Loop(_)));
    loops.take(MOST).any(|s| back(&s))
}
