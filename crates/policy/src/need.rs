//! What may be needed, applied to facts: the world as it would be if it were there.

use crate::act::Verdict;
use crate::decision::Need;
use crate::facts::{Actor, Approval, Facts, ReleaseTarget};
use crate::moment::Moment;
use crate::people::Found;
use crate::standing::BreakGlass;

/// How long a rotation lasts in the hypothetical world, in hours.
const ROTATION: i64 = 24 * 90;

/// Somebody who speaks of what is present, having been shown it.
pub(crate) fn present(facts: &Facts, id: &str) -> Actor {
    let view = if facts.view.is_empty() { "what is shown now" } else { &facts.view };
    Actor {
        account: id.to_owned(),
        on_behalf_of: None,
        authority: None,
        closure: Some(facts.subject.closure.clone()),
        policy: Some(facts.policy.clone()),
        environment: Some(facts.environment.clone()),
        shown: Some(view.to_owned()),
    }
}

impl Facts {
    /// The roles in which an actor may act for whom they say they act for.
    pub(crate) fn lent(&self, actor: &Actor) -> Vec<&str> {
        let behalf = actor.on_behalf_of.as_deref().map(|name| self.people.find(name));
        match (behalf, self.people.find(&actor.account)) {
            (Some(Found::One(holder, _)), Found::One(person, _)) => {
                self.people.lent(&holder.id, &person.id, self.at)
            }
            _ => Vec::new(),
        }
    }
}

impl Need {
    /// Makes the facts as if it were there. Where several people could, the first of them did.
    pub fn apply(&self, facts: &mut Facts) {
        match self {
            Need::Approval { by, .. } => approve(facts, by),
            Need::AnotherActor { by } => {
                facts.actor = present(facts, by.first().map_or("", String::as_str));
            }
            Need::Authority { role: Some(role) } => facts.actor.authority = Some(role.clone()),
            Need::Authority { role: None } => {
                (facts.actor.on_behalf_of, facts.actor.authority) = (None, None);
            }
            Need::Anew { .. } => {
                let was = facts.actor.clone();
                facts.actor = Actor {
                    on_behalf_of: was.on_behalf_of,
                    authority: was.authority,
                    ..present(facts, &was.account)
                };
            }
            Need::RefusalWithdrawn { by } => {
                let people = facts.people.clone();
                let theirs =
                    |a: &Approval| people.humans(&a.by.account).iter().any(|h| by.iter().any(|b| b == h));
                facts.approvals.retain(|a| a.verdict == Verdict::Approve || !theirs(a));
            }
            Need::Record { .. } => {
                facts.record.present = true;
                facts.record.lacks.clear();
            }
            Need::Owners { by } => name_owners(facts, by),
            Need::ExceptionMended { .. } => mend_exception(facts),
            Need::GlassMended { .. } => mend_glass(facts),
            Need::GlassOpened { by } => open_glass(facts, by),
            Need::ReleasedTarget { .. } => {
                let closure = facts.target.clone().unwrap_or_default().closure;
                facts.target = Some(ReleaseTarget { closure, released_before: true });
            }
            _ => self.apply_evidence(facts),
        }
    }

    fn apply_evidence(&self, facts: &mut Facts) {
        let at = facts.at;
        match self {
            Need::Finding { rule, step, .. } => facts.findings.retain(|f| f.rule != *rule || f.step != *step),
            Need::Proof { name, .. } => {
                facts.proofs.iter_mut().filter(|p| p.name == *name).for_each(|p| p.holds = true);
            }
            Need::Tests { .. } => {
                let closure = facts.subject.closure.clone();
                let tests = facts.tests.get_or_insert_default();
                tests.passed = (tests.passed + tests.failed).max(1);
                (tests.closure, tests.at, tests.failed) = (closure, at, 0);
            }
            Need::Mutation { needed, .. } => facts.tests.get_or_insert_default().mutation = *needed,
            Need::Boundary { .. } => facts.boundary.clear(),
            Need::Component { kind, name, version, .. } => {
                let same = |c: &&mut crate::facts::Component| {
                    c.kind == *kind && c.name == *name && c.version == *version
                };
                for component in facts.components.iter_mut().filter(same) {
                    if component.version.is_empty() {
                        "the version that is used".clone_into(&mut component.version);
                    }
                    component.approved.push(component.version.clone());
                }
            }
            Need::Rotation { credential, .. } => {
                for c in facts.credentials.iter_mut().filter(|c| c.id == *credential) {
                    c.rotation_due = Some(at.plus_hours(ROTATION));
                    c.expires = c.expires.filter(|e| at < *e);
                }
            }
            Need::Authors { unknown } => facts.contributors.retain(|c| !unknown.contains(&c.account)),
            Need::Review { of, .. } => facts.open_reviews.retain(|r| r.of != *of),
            _ => {}
        }
    }
}

/// The first of them who has not approved in this hypothetical world does.
fn approve(facts: &mut Facts, by: &[String]) {
    let did = |id: &str| {
        facts.approvals.iter().any(|a| a.at == facts.at && a.by.account == id && a.by == present(facts, id))
    };
    let Some(id) = by.iter().find(|id| !did(id)) else { return };
    let approval = Approval { by: present(facts, id), verdict: Verdict::Approve, at: facts.at };
    facts.approvals.push(approval);
}

fn name_owners(facts: &mut Facts, by: &[String]) {
    let with_us = |name: &str| {
        facts.people.named(name).iter().any(|p| p.active_at(facts.at) && p.employment.is_human())
    };
    let (owner, approver) = (with_us(&facts.record.owner), with_us(&facts.record.security_approver));
    let first = by.first().cloned().unwrap_or_default();
    let last = by.last().cloned().unwrap_or_default();
    if !owner {
        facts.record.owner = first;
    }
    if !approver {
        facts.record.security_approver = last;
    }
}

fn mend_exception(facts: &mut Facts) {
    let (at, owner) = (facts.at, facts.actor.account.clone());
    let owned = facts.exception.as_ref().is_some_and(|e| facts.with_us(&e.owner));
    let Some(e) = facts.exception.as_mut() else { return };
    let bounded = e.hours().is_some_and(|h| (1..=24 * 90).contains(&h));
    if !bounded || e.from.is_none_or(|from| at.hours_since(from) > 24) {
        (e.from, e.until) = (Some(at), Some(at.plus_hours(1)));
    }
    if e.compensating.trim().is_empty() {
        "what is done instead".clone_into(&mut e.compensating);
    }
    if !owned {
        e.owner = owner;
    }
}

fn mend_glass(facts: &mut Facts) {
    let (at, name) = (facts.at, facts.subject.name.clone());
    let glass = facts.glass.get_or_insert_default();
    let fill = |field: &mut String, word: &str| {
        if field.trim().is_empty() {
            word.clone_into(field);
        }
    };
    fill(&mut glass.reason, "why");
    fill(&mut glass.ticket, "the incident's ticket");
    if !glass.scope.contains(&name) {
        glass.scope.push(name);
    }
    glass.way_back = true;
    if glass.hours().is_none_or(|h| !(1..=8).contains(&h)) {
        let from = glass.from.unwrap_or(at);
        (glass.from, glass.until) = (Some(from), Some(from.plus_hours(8)));
    }
}

/// A break-glass that is open for the subject now, opened by the actor.
fn open_glass(facts: &mut Facts, by: &[String]) {
    let until: Moment = facts.at.plus_hours(1);
    let opened_by = by.first().cloned().unwrap_or_default();
    let open = BreakGlass {
        id: "the one to be opened".to_owned(),
        scope: vec![facts.subject.name.clone()],
        opened_by,
        from: Some(facts.at),
        until: Some(until),
        ..BreakGlass::default()
    };
    facts.break_glass.push(open.clone());
    facts.glass = Some(open);
}
