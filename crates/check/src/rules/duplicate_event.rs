//! `duplicate-event`: the same event delivered twice makes the change twice.

use super::{Rule, Scope};
use crate::facts::{Change, Facts};
use crate::gate::Gate;
use crate::provenance::Origin;
use crate::tell::Concerning;
use workflow::{Confidence, Finding, Kind, Returns, Severity, StepIx, StepKind, TriggerKind, Value};

/// The rule.
pub static RULE: Rule = Rule {
    id: "duplicate-event",
    severity: Severity::Medium,
    scope: Scope::Changes,
    page: include_str!("duplicate_event.md"),
    check,
};

fn check(facts: &Facts<'_, '_>, out: &mut Vec<Finding>) {
    for change in facts.some_changes(&RULE).filter(|c| c.verdict.gate != Gate::Present && by_event(facts, c.step)) {
        let step = change.step;
        let told = fresh_credential(facts, change).or_else(|| next_free(facts, step));
        let Some((why, read)) = told else { continue };
        let message = format!("{} {}; {why}.", facts.name(step), facts.deed(step));
        let fix = "Before the change, look whether it was made already (by the event's id, or by the state it leads \
                   to), and stop if so.";
        let also = read.map(|r| facts.step(r).id.clone());
        out.push(facts.report(&RULE, step, message, fix).also(also).sure(Confidence::Medium));
    }
}

/// Platforms deliver events at least once.
fn by_event(facts: &Facts<'_, '_>, step: StepIx) -> bool {
    let mut triggers = facts.set.triggers(facts.place(step));
    triggers.any(|t| matches!(facts.workflow.triggers[t].kind, TriggerKind::Event | TriggerKind::Webhook))
}

/// Every delivery makes one more key. A credential of a new account fails with the account.
fn fresh_credential(facts: &Facts<'_, '_>, change: &Change) -> Option<(String, Option<StepIx>)> {
    let issues = facts.does(change.step, Kind::IssueCredential) && !facts.does(change.step, Kind::CreateIdentity);
    let creates = facts.live_changes().any(|c| {
        facts.does(c.step, Kind::CreateIdentity) && facts.graph.leads(c.step, change.step)
    });
    let why = "nothing looks for an earlier one, so an event that is delivered twice makes two";
    (issues && !creates).then(|| (why.to_owned(), None))
}

/// What is written is the next value that a search finds free; the second time, the first one is taken.
fn next_free(facts: &Facts<'_, '_>, step: StepIx) -> Option<(String, Option<StepIx>)> {
    if !facts.does(step, Kind::UpdateIdentity) {
        return None;
    }
    let own = facts.step(step);
    let written: Vec<Value> =
        own.parameters.entries().iter().map(|e| &e.value).filter(|v| !own.target.identity.contains(v)).cloned().collect();
    let system = own.live_effects().first().map(|e| e.system.clone())?;
    let target = facts.set.all_sources(facts.place(step), &own.target.identity);
    let sources = facts.set.deep(facts.place(step), &written);
    let search = sources.iter().find_map(|s| {
        let Origin::Step(read) = s.origin else { return None };
        if s.workflow != facts.index {
            return None;
        }
        let through = s.how.looked_up.filter(|by| by.workflow == facts.index).map(|by| facts.step(by.step))?;
        let made_anew = matches!(through.kind, StepKind::Call | StepKind::Code | StepKind::Loop(_));
        let at = facts.step(read);
        let same = at.live_effects().iter().any(|e| e.kind == Kind::Read && e.system == system);
        let list = at.target.returns == Returns::List;
        let about_target = facts.set.inputs(facts.place(read)).iter().any(|i| target.iter().any(|t| t.origin == i.origin && t.path == i.path));
        (made_anew && same && list && !about_target).then_some(read)
    })?;
    let name = facts.name(search);
    Some((
        format!("what it writes depends on what {name} finds taken, so the same event again finds its own value taken and writes another"),
        Some(search),
    ))
}
