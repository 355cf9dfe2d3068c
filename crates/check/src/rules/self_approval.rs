//! `self-approval`: the approver is, or can be, the requester or the person affected.

use super::{Rule, Scope};
use crate::authority::is_actor;
use crate::facts::Facts;
use crate::gate::Gate;
use crate::logic::keys_of;
use crate::provenance::{Origin, Source};
use crate::tell::Concerning;
use crate::set::Place;
use workflow::{Confidence, Finding, Kind, Returns, Severity, Step, StepIx, Value};

/// The rule.
pub static RULE: Rule = Rule {
    id: "self-approval",
    severity: Severity::High,
    scope: Scope::Changes,
    page: include_str!("self_approval.md"),
    check,
};

fn check(facts: &Facts<'_, '_>, out: &mut Vec<Finding>) {
    let mut told: Vec<(StepIx, StepIx)> = Vec::new();
    for change in facts.some_changes(&RULE).filter(|c| matters(c.verdict.gate)) {
        let Some(asked) = change.verdict.question else { continue };
        let approvers = super::approver_from_input::approvers(facts, asked);
        let targets = targets(facts, change.step);
        let Some((source, affected)) = approvers.iter().find_map(|a| meets(facts, a, &targets).map(|c| (a, c))) else {
            continue;
        };
        if excludes(facts, asked, change.step, source) {
            continue;
        }
        // One answer to a grant is about its end too.
        let ends = |(by, grant): &(StepIx, StepIx)| *by == asked && facts.graph.leads(*grant, change.step);
        if only_revokes(facts, change.step) && told.iter().any(ends) {
            continue;
        }
        told.push((asked, change.step));
        let who = if affected { "the person whose access changes" } else { "the requester" };
        let message = format!(
            "{} is asked of {}, who is {who}, before {} {}.",
            facts.name(asked),
            facts.source(source),
            facts.name(change.step),
            facts.deed(change.step)
        );
        let fix = "Ask somebody else: a manager, an owner, a security approver; and check that the one who answers \
                   is neither the requester nor the person affected.";
        let sure = if affected { Confidence::High } else { Confidence::Medium };
        out.push(facts.report(&RULE, change.step, message, fix).sure(sure));
    }
}

/// Questions put to the requester or the person affected, each with the change it is about.
pub(super) fn pairs(facts: &Facts<'_, '_>) -> Vec<(StepIx, StepIx)> {
    let mut found = Vec::new();
    for question in facts.questions.iter().filter(|q| q.is_approval).map(|q| q.step) {
        let approvers = super::approver_from_input::approvers(facts, question);
        for change in facts.some_changes(&RULE).filter(|c| matters(c.verdict.gate)) {
            let targets = targets(facts, change.step);
            let own = approvers.iter().find(|a| meets(facts, a, &targets).is_some());
            if own.is_some_and(|source| !excludes(facts, question, change.step, source)) {
                found.push((question, change.step));
            }
        }
    }
    found
}

/// A question before a change, where it cannot be told of any that somebody else is asked: the one who starts the run
/// names who answers.
pub(super) fn unclear(facts: &Facts<'_, '_>, change: StepIx) -> Option<StepIx> {
    let asked = facts.questions.iter().filter(|q| q.is_approval && facts.graph.leads(q.step, change)).map(|q| q.step);
    let anybody = |s: &Source| {
        let pressed = || super::approver_from_input::pressed_by(facts, s);
        s.origin == Origin::Trigger && s.caller && !stands_apart(s) && !pressed()
    };
    let named = |asked: &StepIx| {
        let approvers = super::approver_from_input::approvers(facts, *asked);
        approvers.into_iter().flat_map(|a| persons(facts, a)).any(|p| anybody(&p))
    };
    let asked: Vec<StepIx> = asked.collect();
    asked.first().copied().filter(|_| asked.iter().all(named))
}

/// Whose access a step changes.
fn targets(facts: &Facts<'_, '_>, step: StepIx) -> Vec<Source> {
    let named = facts.set.all_sources(facts.place(step), &facts.step(step).target.identity);
    named.into_iter().flat_map(|s| persons(facts, s)).collect()
}

/// Whether an approver, by whatever they were looked up, is the requester (false) or the person affected (true).
fn meets(facts: &Facts<'_, '_>, approver: &Source, targets: &[Source]) -> Option<bool> {
    persons(facts, approver.clone()).iter().find_map(|a| conflict(a, targets))
}

/// A person, and what they were looked up by: the account that has an id is the one whose id it is.
fn persons(facts: &Facts<'_, '_>, source: Source) -> Vec<Source> {
    let mut found = vec![source];
    let mut next = 0;
    while let Some(source) = found.get(next).filter(|_| found.len() < MOST_LOOKED_UP) {
        next += 1;
        let Origin::Step(step) = source.origin else { continue };
        let at = Place { workflow: source.workflow, step };
        if !stands_apart(source) && !source.how.part && looks_up_one(facts.set.graph(at.workflow).step(step)) {
            let by = facts.set.inputs(at);
            let new: Vec<Source> = by.iter().filter(|s| !found.contains(s)).cloned().collect();
            found.extend(new);
        }
    }
    found
}

/// So many sources of one person are followed.
const MOST_LOOKED_UP: usize = 40;

/// Whether a step reads the one identity that it is asked for, and not somebody who stands in a relation to it.
fn looks_up_one(step: &Step) -> bool {
    let mut words = step.operation.to_lowercase();
    if let Some(request) = &step.request {
        request.url.walk(&mut |v| {
            let text = v.as_expression().map(|e| &e.text).or(if let Value::Text(t) = v { Some(t) } else { None });
            words.extend(text.map(|t| t.to_lowercase()));
        });
    }
    let effects = step.live_effects();
    let reads = !effects.is_empty() && effects.iter().all(|e| e.kind == Kind::Read);
    reads
        && step.target.returns == Returns::One
        && !step.target.identity.is_empty()
        && !OTHERS.iter().any(|o| words.contains(o))
}

fn only_revokes(facts: &Facts<'_, '_>, step: StepIx) -> bool {
    let mut effects = facts.step(step).live_effects().iter().filter(|e| e.kind.changes_access());
    effects.all(|e| e.kind == Kind::Revoke)
}

fn matters(gate: Gate) -> bool {
    matches!(gate, Gate::Present | Gate::FailsOpen | Gate::Ignored)
}

/// Whether an approver is the requester (false) or the person affected (true).
fn conflict(approver: &Source, targets: &[Source]) -> Option<bool> {
    if stands_apart(approver) || matches!(approver.origin, Origin::Constant(_) | Origin::Parameter(_) | Origin::Unknown)
    {
        return None;
    }
    let same = |t: &Source| {
        let whole = matches!(approver.origin, Origin::Step(_)) || t.how.item.is_some();
        t.origin == approver.origin
            && t.workflow == approver.workflow
            && !stands_apart(t)
            && (t.path == approver.path || whole && same_record(t, approver))
    };
    if targets.iter().any(same) {
        return Some(true);
    }
    (approver.origin == Origin::Trigger && is_actor(&approver.path)).then_some(false)
}

/// Two fields of one record: the same path but for its last key.
fn same_record(a: &Source, b: &Source) -> bool {
    let (a, b) = (keys_of(&a.path), keys_of(&b.path));
    let parent = |k: &[workflow::Text]| k.split_last().map(|(_, p)| p.to_vec()).unwrap_or_default();
    let (a, b) = (parent(&a), parent(&b));
    a.starts_with(&b) || b.starts_with(&a)
}

/// Words for those who have authority over a person.
const OTHERS: [&str; 8] =
    ["manager", "supervisor", "owner", "approver", "reviewer", "sponsor", "boss", "responsible"];

/// A field that names somebody with authority over the person, not the person.
fn stands_apart(source: &Source) -> bool {
    keys_of(&source.path).iter().any(|k| OTHERS.iter().any(|o| k.to_lowercase().contains(o)))
}

/// A branch between the question and the change compares who answered with somebody.
fn excludes(facts: &Facts<'_, '_>, asked: StepIx, change: StepIx, approver: &Source) -> bool {
    
    facts.workflow.edges.iter().any(|e| {
        let workflow::EdgeKind::When { condition, .. } = &e.kind else { return false };
        let workflow::Node::Step(at) = e.from else { return false };
        if !facts.graph.leads(asked, at) || !facts.graph.leads(at, change) {
            return false;
        }
        let read = facts.set.term_sources(facts.place(at), &condition.term);
        let responder = |s: &Source| {
            let keys = keys_of(&s.path).join(".").to_lowercase();
            s.origin == Origin::Step(asked) && ["responder", "user", "respondedby", "approver"].iter().any(|w| keys.contains(w))
        };
        read.iter().any(responder) && read.iter().any(|s| s.origin == approver.origin || s.origin == Origin::Trigger)
    })
}
