//! `unrevoked-access`: access meant to be temporary has a path on which it is never revoked.

use super::{Rule, Scope};
use crate::facts::Facts;
use crate::graph::From;
use crate::tell::Concerning;
use workflow::{Confidence, EdgeKind, Finding, Kind, Severity, Step, StepIx, StepKind};

/// The rule.
pub static RULE: Rule = Rule {
    id: "unrevoked-access",
    severity: Severity::Critical,
    scope: Scope::Changes,
    page: include_str!("unrevoked_access.md"),
    check,
};

fn check(facts: &Facts<'_, '_>, out: &mut Vec<Finding>) {
    for change in facts.some_changes(&RULE).filter(|c| gives(facts, c.step)) {
        let grant = change.step;
        let revokes = ends(facts, grant);
        if revokes.is_empty() {
            if says_temporary(facts, grant) {
                never(facts, grant, out);
            }
            continue;
        }
        other_branch(facts, grant, &revokes, out);
        failure(facts, grant, &revokes, out);
    }
}

/// The steps that end what a step gives for a while; nothing where it is not meant to end.
pub(super) fn temporary(facts: &Facts<'_, '_>, step: StepIx) -> Option<Vec<StepIx>> {
    if !gives(facts, step) {
        return None;
    }
    let ends = ends(facts, step);
    (!ends.is_empty() || says_temporary(facts, step)).then_some(ends)
}

fn gives(facts: &Facts<'_, '_>, step: StepIx) -> bool {
    facts.does(step, Kind::Grant) || facts.does(step, Kind::Enable)
}

/// The steps that end a grant after a wait.
pub(super) fn ends(facts: &Facts<'_, '_>, grant: StepIx) -> Vec<StepIx> {
    let after = facts.graph.followers(grant);
    let systems = |s: &Step| -> Vec<workflow::Text> { s.live_effects().iter().map(|e| e.system.clone()).collect() };
    let own = systems(facts.step(grant));
    let takes = |s: &StepIx| {
        let kinds = [Kind::Revoke, Kind::Disable, Kind::DeleteIdentity];
        kinds.iter().any(|k| facts.does(*s, *k)) && systems(facts.step(*s)).iter().any(|x| own.contains(x))
    };
    let mut waits = after.clone();
    waits.retain(|s| facts.step(*s).kind == StepKind::Wait && !facts.does(*s, Kind::Ask));
    let timed = |s: &StepIx| waits.iter().any(|w| facts.graph.leads(*w, *s));
    after.into_iter().filter(|s| *s != grant && takes(s) && timed(s)).collect()
}

/// The author's own words for a grant that is to end.
fn says_temporary(facts: &Facts<'_, '_>, grant: StepIx) -> bool {
    let w = facts.workflow;
    let words = format!("{} {} {}", w.name, w.description, facts.step(grant).name).to_lowercase();
    let says = ["temporary", "temporarily", "time-limited", "time limited", "time-bound", "just-in-time", "break-glass", "break glass"];
    let expires = facts.step(grant).parameters.entries().iter().any(|e| super::unbounded_expiry::is_expiry(&e.key) && !e.value.is_empty());
    says.iter().any(|s| words.contains(s)) && !expires
}

fn never(facts: &Facts<'_, '_>, grant: StepIx, out: &mut Vec<Finding>) {
    let message = format!(
        "{} {}, and the workflow calls that temporary, but no step on any path takes it away again.",
        facts.name(grant),
        facts.deed(grant)
    );
    let fix = "Grant with an expiry that the target system enforces, or revoke on every way out.";
    out.push(facts.report(&RULE, grant, message, fix).sure(Confidence::Medium));
}

/// A branch after the grant by which the run ends without a revoke.
fn other_branch(facts: &Facts<'_, '_>, grant: StepIx, revokes: &[StepIx], out: &mut Vec<Finding>) {
    let graph = facts.graph;
    let past = |e: u32| {
        let edge = graph.edge(e);
        let from_revoke = matches!(edge.from, workflow::Node::Step(s) if revokes.contains(&s));
        !from_revoke && !matches!(edge.kind, EdgeKind::Error | EdgeKind::Timeout)
    };
    let reach = graph.reach(From::After(grant), past);
    let stops = |s: &StepIx| {
        let goes_on = graph.out(*s).iter().any(|e| !matches!(graph.edge(*e).kind, EdgeKind::Error | EdgeKind::Timeout));
        let guard = facts.step(*s).kind == StepKind::Guard;
        !revokes.contains(s) && (!goes_on || guard)
    };
    let Some(exit) = reach.steps().find(stops) else { return };
    let message = format!(
        "{} {} for a while, but a run that goes by {} ends without {}.",
        facts.name(grant),
        facts.deed(grant),
        facts.name(exit),
        facts.names(revokes)
    );
    let fix = format!("Lead every branch after {} through the step that takes the access away.", facts.name(grant));
    let mut path = facts.walk(grant);
    path.extend(graph.walk(&reach, exit).into_iter().filter(|w| w.step != facts.step(grant).id));
    out.push(facts.report(&RULE, grant, message, fix).along(path));
}

/// A step between the grant and its end that may fail, and whose failure ends the run.
fn failure(facts: &Facts<'_, '_>, grant: StepIx, revokes: &[StepIx], out: &mut Vec<Finding>) {
    let graph = facts.graph;
    
    let ends_run = |s: &StepIx| {
        let step = facts.step(*s);
        let fails = matches!(step.kind, StepKind::Action | StepKind::Code | StepKind::Call | StepKind::Wait);
        let between = revokes.iter().any(|r| graph.leads(*s, *r));
        let mended = graph.error_edges(*s).iter().any(|e| {
            let edge = graph.edge(*e);
            edge.kind == EdgeKind::Error && (revokes.contains(&edge.to) || revokes.iter().any(|r| graph.leads(edge.to, *r)))
        });
        fails && !step.synthetic && between && !mended
    };
    let wait = |s: &StepIx| facts.step(*s).kind == StepKind::Wait;
    let Some(first) = graph.followers(grant).into_iter().filter(ends_run).max_by_key(|s| wait(s)) else { return };
    let message = format!(
        "{} {} for a while, but if {} fails or is cancelled the run ends, and nothing takes the access away.",
        facts.name(grant),
        facts.deed(grant),
        facts.name(first)
    );
    let fix = "Grant with an expiry that the target system enforces, or let every failure after the grant lead to \
               the revoke.";
    let mut path = facts.walk(grant);
    path.extend(graph.walk(&graph.after(grant), first).into_iter().filter(|w| w.step != facts.step(grant).id));
    out.push(facts.report(&RULE, grant, message, fix).along(path));
}
