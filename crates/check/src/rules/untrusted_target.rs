//! `untrusted-target`: whose access changes is what the caller says, and nothing checks that the caller may.

use super::{Rule, Scope};
use crate::authority::{answered_by_starter, vouched};
use crate::facts::Facts;
use crate::gate::Gate;
use crate::provenance::{Origin, Source};
use crate::tell::Concerning;
use workflow::{Confidence, Finding, Kind, Severity, StepIx, Value};

/// The rule.
pub static RULE: Rule = Rule {
    id: "untrusted-target",
    severity: Severity::High,
    scope: Scope::Changes,
    page: include_str!("untrusted_target.md"),
    check,
};

fn check(facts: &Facts<'_, '_>, out: &mut Vec<Finding>) {
    for change in facts.some_changes(&RULE) {
        if matches!(change.verdict.gate, Gate::Present | Gate::Authorised) || names_new_group(facts, change.step) {
            continue;
        }
        let (step, place) = (change.step, facts.place(change.step));
        if as_the_caller(facts, step) {
            continue;
        }
        let chosen = |s: &&Source| {
            s.origin == Origin::Trigger && s.caller && !is_own(facts, s) || answered_by_starter(facts.set, s)
        };
        let sources = facts.set.deep(place, &acted_on(facts, step));
        let Some(source) = sources.iter().find(chosen) else { continue };
        let how = match source.how.looked_up {
            Some(by) if by.workflow == facts.index => format!(", looked up by {}", facts.name(by.step)),
            _ => String::new(),
        };
        let message = format!(
            "{} {}; whose access that is comes from {}{how}, which the caller chooses, and nothing on the way checks \
             that the caller may act on that person.",
            facts.name(step),
            facts.deed(step),
            facts.source(source)
        );
        let fix = "Check the target against a source that the caller does not control (an authoritative record, the \
                   caller's own reports), or ask a person who sees whom it is about.";
        let sure = if source.how.looked_up.is_some() { Confidence::Medium } else { Confidence::High };
        out.push(facts.report(&RULE, step, message, fix).sure(sure));
    }
}

/// Whether a change is made with the rights of whoever starts the run by hand: the target system itself checks these.
fn as_the_caller(facts: &Facts<'_, '_>, step: StepIx) -> bool {
    let own = &facts.step(step).credentials;
    let callers = |i: &u32| facts.workflow.credentials.get(*i as usize).is_some_and(|c| c.callers);
    let by_hand = |t: usize| facts.workflow.triggers[t].kind == workflow::TriggerKind::Manual;
    let alone = facts.set.callers(facts.index).next().is_none();
    alone && !own.is_empty() && own.iter().all(callers) && facts.set.triggers(facts.place(step)).all(by_hand)
}

/// Whom a change is about: the identity, and where rules are changed what they are about and what they say.
fn acted_on(facts: &Facts<'_, '_>, step: StepIx) -> Vec<Value> {
    let own = facts.step(step);
    let mut values = own.target.identity.clone();
    if facts.does(step, Kind::ChangePolicy) {
        values.extend(own.target.entitlement.iter().cloned());
        values.extend(own.request.iter().filter(|r| !r.governed).map(|r| r.body.clone()));
    }
    values
}

/// Nothing but a new group, team or app: what it is called is nobody's access.
fn names_new_group(facts: &Facts<'_, '_>, step: StepIx) -> bool {
    let mut changes = facts.step(step).live_effects().iter().filter(|e| e.kind.changes_access());
    changes.all(|e| e.kind == Kind::CreateIdentity && !e.what.is_empty())
}

/// The caller's own identity, on the platform's word: acting on oneself is not acting on somebody else.
fn is_own(facts: &Facts<'_, '_>, source: &Source) -> bool {
    let chat = facts.set.workflows[source.workflow as usize].triggers.iter().all(|t| {
        matches!(t.kind, workflow::TriggerKind::Chat | workflow::TriggerKind::Form | workflow::TriggerKind::Manual)
    });
    chat && vouched(facts.set, source.workflow, &source.path)
}
