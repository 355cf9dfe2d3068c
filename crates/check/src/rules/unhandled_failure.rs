//! `unhandled-failure`: an access change can fail without a trace, or stop half-way.

use super::{Rule, Scope};
use crate::facts::{Change, Facts};
use crate::gate::Gate;
use crate::graph::{From, Reach};
use crate::tell::Concerning;
use std::collections::HashSet;
use workflow::{CodeLanguage, Confidence, EdgeKind, Finding, Kind, OnError, Outcome, Platform, Root, Severity, StepIx, StepKind, Value};

/// The rule.
pub static RULE: Rule = Rule {
    id: "unhandled-failure",
    severity: Severity::Medium,
    scope: Scope::Changes,
    page: include_str!("unhandled_failure.md"),
    check,
};

fn check(facts: &Facts<'_, '_>, out: &mut Vec<Finding>) {
    for change in facts.some_changes(&RULE) {
        swallowed(facts, change.step, out);
        missed_review(facts, change, out);
    }
    half_way(facts, out);
    without_credential(facts, out);
    stopped_list(facts, out);
}

/// The failure of a change leads on, and nothing there tells of it.
fn swallowed(facts: &Facts<'_, '_>, step: StepIx, out: &mut Vec<Finding>) {
    let goes_on = facts.step(step).on_error != OnError::Fail || facts.graph.catches(step);
    let tolerant = tolerant_loop(facts, step).filter(|_| !goes_on);
    if !goes_on && tolerant.is_none() || told_of(facts, step) {
        return;
    }
    if tolerant.is_some_and(|l| facts.graph.followers(l).into_iter().any(|s| reads_outcome(facts, s, step))) {
        return;
    }
    let message = format!(
        "When {} fails, the run goes on and ends as a success; nobody is told that it did not happen: it {}.",
        facts.name(step),
        facts.deed(step)
    );
    let fix = "Let the failure end the run as a failure, or tell somebody on the error path.";
    out.push(facts.report(&RULE, step, message, fix));
}

/// The loop around a step that goes on, and ends well, when the step fails in some of its rounds.
fn tolerant_loop(facts: &Facts<'_, '_>, step: StepIx) -> Option<StepIx> {
    let none = |v: &Value| v.is_empty() || *v == Value::Number("0".into());
    let tolerates = |l: &StepIx| {
        let given = |name: &str| facts.step(*l).parameters.get(name);
        let some = ["ToleratedFailureCount", "ToleratedFailurePercentage"].map(given);
        facts.workflow.platform == Platform::StepFunctions && some.into_iter().any(|v| !none(v))
    };
    facts.graph.loops_of(step).into_iter().find(tolerates)
}

/// Somebody learns of a step's failure: by a message or a failed end that success does not lead to as well, or after
/// a branch that reads the outcome.
fn told_of(facts: &Facts<'_, '_>, step: StepIx) -> bool {
    let graph = facts.graph;
    let errors = graph.error_edges(step);
    let mut failed = Vec::new();
    for edge in &errors {
        failed.push(graph.edge(*edge).to);
        failed.extend(graph.followers(graph.edge(*edge).to));
    }
    // What went well was not skipped either.
    let fails =
        |e: u32| matches!(graph.edge(e).kind, EdgeKind::Error | EdgeKind::Timeout | EdgeKind::Skipped);
    let mut exits = exits(facts, step);
    exits.sort_unstable();
    exits.dedup();
    // What a later step's failure leads to is not where success goes either.
    let exits = facts.bounded(&RULE, 40, exits.into_iter());
    let tellers: Vec<StepIx> = failed.iter().copied().filter(|s| tells(facts, *s)).collect();
    if tellers.is_empty() {
        return false;
    }
    let went_well = graph.reach(From::After(step), |e| !fails(e));
    let beyond: Vec<_> = exits.map(|x| (x, graph.reach(From::After(x), |e| !fails(e)))).collect();
    let well = |s: StepIx| went_well.has(s) || beyond.iter().any(|(x, r)| *x == s || r.has(s));
    if tellers.iter().any(|s| !well(*s)) {
        return true;
    }
    let noting = || failed.iter().filter(|s| !well(**s) && !facts.step(**s).assigns.is_empty());
    let notes = || noting().next().is_some() && noting().all(|s| notes_down(facts, *s));
    failed.iter().any(|b| reads_outcome(facts, *b, step)) || notes()
}

/// Where a run goes on after the container around a step, which it does however the step's successors are skipped.
fn exits(facts: &Facts<'_, '_>, step: StepIx) -> Vec<StepIx> {
    let Some(container) = facts.step(step).parent else { return Vec::new() };
    let inside = |s: StepIx| s == container || facts.graph.contains(container, s);
    let edges = facts.workflow.edges.iter().filter(|e| {
        let from_inside = matches!(e.from, workflow::Node::Step(s) if s != container && inside(s));
        from_inside && !matches!(e.kind, EdgeKind::Error | EdgeKind::Timeout)
    });
    edges.map(|e| e.to).filter(|to| !inside(*to)).collect()
}

/// A step on the error path keeps a note in a variable, and the step after it does not write another over it.
fn notes_down(facts: &Facts<'_, '_>, step: StepIx) -> bool {
    let next = |s: StepIx| {
        facts.graph.out(step).iter().any(|e| {
            let edge = facts.graph.edge(*e);
            edge.to == s && edge.kind == EdgeKind::Next
        })
    };
    facts.step(step).assigns.iter().any(|a| {
        let rewrites = |s: StepIx| {
            next(s) && facts.step(s).assigns.iter().any(|b| b.variable == a.variable && !b.adds)
        };
        !facts.graph.followers(step).into_iter().any(rewrites)
    })
}

/// Whether somebody learns of what happened by a step.
fn tells(facts: &Facts<'_, '_>, step: StepIx) -> bool {
    let all = facts.telling.get_or_init(|| facts.graph.steps().map(|s| is_telling(facts, s)).collect());
    all.get(step.0 as usize).copied().unwrap_or(false)
}

fn is_telling(facts: &Facts<'_, '_>, step: StepIx) -> bool {
    let kinds = [Kind::Notify, Kind::Ticket, Kind::Ask, Kind::Write, Kind::Request];
    let own = facts.step(step);
    let answers = || {
        let operation = own.operation.to_lowercase();
        ["respond", "response", "returnraw"].iter().any(|w| operation.contains(w))
    };
    kinds.iter().any(|k| facts.does(step, *k))
        || own.kind == StepKind::End(Outcome::Failure)
        || (!own.parameters.is_empty() && answers())
}

/// A branch, a message or a variable that reads what became of a step.
fn reads_outcome(facts: &Facts<'_, '_>, at: StepIx, of: StepIx) -> bool {
    let mut outcome = vec![Root::Step(facts.step(of).id.clone())];
    let mut around = facts.step(of).parent;
    while let Some(container) = around.filter(|_| outcome.len() < 40) {
        outcome.push(Root::Step(facts.step(container).id.clone()));
        around = facts.step(container).parent;
    }
    let reads = |e: &workflow::Expression| e.references().iter().any(|r| outcome.contains(&r.root) || r.root == Root::Previous && facts.graph.before(at).any(|b| b == of));
    let branches = facts.graph.out(at).iter().any(|e| match &facts.graph.edge(*e).kind {
        EdgeKind::When { condition, .. } => reads(condition),
        _ => false,
    });
    let step = facts.step(at);
    // A step that acts only uses what came before it; it tells nobody.
    let command = step.code.iter().any(|c| matches!(c.language, CodeLanguage::Shell | CodeLanguage::PowerShell));
    let acts = (step.kind == StepKind::Action || command) && !tells(facts, at) && !facts.does(at, Kind::Control);
    branches
        || !acts && step.parameters.expressions().into_iter().any(reads)
        || step.assigns.iter().any(|a| a.value.expressions().into_iter().any(reads))
}

/// Takes access away, or undoes what proves somebody: steps that must not be left out half-way.
fn protects(facts: &Facts<'_, '_>, step: StepIx) -> bool {
    let kinds = [Kind::Revoke, Kind::Disable, Kind::DeleteIdentity, Kind::RevokeCredential, Kind::ResetCredential];
    kinds.iter().any(|k| facts.does(step, *k))
}

/// Several protective changes in a row: if a later one fails, the run stops and access stays.
fn half_way(facts: &Facts<'_, '_>, out: &mut Vec<Finding>) {
    let graph = facts.graph;
    let firsts: Vec<&Change> = facts.some_changes(&RULE).filter(|c| protects(facts, c.step)).collect();
    let opaque = |s: StepIx| facts.does(s, Kind::Code) && facts.step(s).kind != StepKind::Set;
    let breaks = |s: StepIx| (protects(facts, s) || opaque(s)) && !graph.catches_all(s) && !listed_apart(facts, s);
    // Asked of every step once, and not again for each that comes before it.
    let breaking: Vec<bool> = if firsts.is_empty() { Vec::new() } else { graph.steps().map(breaks).collect() };
    let mut reported: HashSet<StepIx> = HashSet::new();
    for first in firsts {
        if reported.contains(&first.step) {
            continue;
        }
        let fragile = |s: &StepIx| *s != first.step && breaking.get(s.0 as usize).is_some_and(|b| *b);
        let Some((second, after)) = nearest(facts, first.step, fragile) else { continue };
        let undo = facts.does(second, Kind::Enable) || facts.does(first.step, Kind::Grant);
        if undo || warned(facts, first.step, second) {
            continue;
        }
        reported.extend([first.step, second]);
        let (a, b) = if stops(facts, first.step) { (first.step, second) } else { (second, second) };
        let message = format!(
            "If {} fails after {} is done (or {} itself fails), the run stops half-way: what comes after does not \
             happen, and nobody is told that access is still there.",
            facts.name(b),
            facts.name(first.step),
            facts.name(a)
        );
        let fix = "Let the later step run whatever became of the earlier one, and tell somebody when one of them fails.";
        let also = [facts.step(second).id.clone()];
        let mut path = facts.walk(first.step);
        path.extend(graph.walk(&after, second).into_iter().filter(|w| w.step != facts.step(first.step).id));
        out.push(facts.report(&RULE, first.step, message, fix).also(also).along(path));
    }
}

fn stops(facts: &Facts<'_, '_>, step: StepIx) -> bool {
    !facts.graph.catches_all(step)
}

/// A rotation that takes the old credential away first: if the new one cannot be made, there is none.
fn without_credential(facts: &Facts<'_, '_>, out: &mut Vec<Finding>) {
    let graph = facts.graph;
    for first in facts.some_changes(&RULE).filter(|c| facts.does(c.step, Kind::RevokeCredential)) {
        let makes = |s: &StepIx| facts.does(*s, Kind::IssueCredential) && !graph.catches_all(*s);
        let Some((second, _)) = nearest(facts, first.step, makes) else { continue };
        if warned(facts, first.step, second) {
            continue;
        }
        let message = format!(
            "If {} fails after {} is done, the old credential is gone, there is no new one, and nobody is told.",
            facts.name(second),
            facts.name(first.step)
        );
        let fix = "Make and store the new credential first, take the old one away last, and tell somebody when a step fails.";
        let also = [facts.step(second).id.clone()];
        out.push(facts.report(&RULE, first.step, message, fix).also(also));
    }
}

/// The step nearest after another for which something holds, and the walks from that other.
fn nearest(facts: &Facts<'_, '_>, first: StepIx, holds: impl Fn(&StepIx) -> bool) -> Option<(StepIx, Reach)> {
    if !facts.graph.followers(first).iter().any(&holds) {
        return None;
    }
    let after = facts.graph.after(first);
    let found = after.in_order().iter().copied().find(|s| holds(s))?;
    Some((found, after))
}

/// Somebody was told of the first change before the second is tried.
fn warned(facts: &Facts<'_, '_>, first: StepIx, second: StepIx) -> bool {
    facts.graph.followers(first).into_iter().any(|s| tells(facts, s) && facts.graph.leads(s, second))
}

/// SailPoint keeps the failure of one round in the loop's own result, and goes on.
fn listed_apart(facts: &Facts<'_, '_>, step: StepIx) -> bool {
    facts.workflow.platform == Platform::SailPoint && facts.graph.loop_of(step).is_some()
}

/// The review that comes after the change is lost when a step between them fails.
fn missed_review(facts: &Facts<'_, '_>, change: &Change, out: &mut Vec<Finding>) {
    let (Gate::AfterChange, Some(asked)) = (change.verdict.gate, change.verdict.question) else { return };
    let graph = facts.graph;
    let between = graph.followers(change.step).into_iter().find(|s| {
        let works = facts.step(*s).kind == StepKind::Action && *s != asked;
        works && !graph.catches(*s) && graph.leads(*s, asked)
    });
    let Some(fails) = between else { return };
    let message = format!(
        "If {} fails after {} is done, {} is never asked, and nobody is told: it {}.",
        facts.name(fails),
        facts.name(change.step),
        facts.name(asked),
        facts.deed(change.step)
    );
    let fix = "Ask, or at least tell somebody, whatever becomes of the steps between.";
    out.push(facts.report(&RULE, change.step, message, fix));
}

/// Okta's list loop stops at the first item that fails, and the rest is never tried.
fn stopped_list(facts: &Facts<'_, '_>, out: &mut Vec<Finding>) {
    if facts.workflow.platform != Platform::OktaWorkflows {
        return;
    }
    for step in facts.reached.steps() {
        let place = facts.step(step);
        let each = place.operation == "list.each" && place.on_error == OnError::Fail && !facts.graph.catches(step);
        if !each || !facts.calls_change(step) || super::unbounded_bulk_change::helper(facts, step).is_none() {
            continue;
        }
        let message = format!(
            "{} stops at the first item that fails; the items after it are never tried, and nobody is told.",
            facts.name(step)
        );
        let fix = "Use the loop that ignores errors and collect them, or catch the error in the helper and tell somebody.";
        out.push(facts.report(&RULE, step, message, fix).sure(Confidence::Medium));
    }
}
