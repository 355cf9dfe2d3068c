//! `wrong-subject`: the change falls on another identity than the one the event is about.

use super::{Rule, Scope};
use crate::authority::is_actor;
use crate::facts::Facts;
use crate::logic::keys_of;
use crate::provenance::{Origin, Source};
use workflow::{Finding, LoopKind, Severity, StepIx, StepKind, Trigger, TriggerKind};

/// The rule.
pub static RULE: Rule = Rule {
    id: "wrong-subject",
    severity: Severity::Critical,
    scope: Scope::Changes,
    page: include_str!("wrong_subject.md"),
    check,
};

fn check(facts: &Facts<'_, '_>, out: &mut Vec<Finding>) {
    for change in facts.some_changes(&RULE) {
        let step = change.step;
        let sources = facts.set.all_sources(facts.place(step), &facts.step(step).target.identity);
        let (name, deed) = (facts.name(step), facts.deed(step));
        if let Some((variable, outer)) = sources.iter().find_map(|s| shared_variable(facts, step, s)) {
            let message = format!(
                "{name} {deed}; whom stands in the variable `{variable}`, but the rounds of {} run at the same time and \
                 all set that one variable, so a round can act on another round's identity.",
                facts.name(outer)
            );
            let fix = "Use the loop's own item, or a step's result inside the loop, instead of a variable; or let \
                       the loop run one round after the other.";
            out.push(facts.report(&RULE, step, message, fix));
        } else if let Some(source) = sources.iter().find(|s| is_actor_of_event(facts, s)) {
            let message = format!(
                "{name} {deed}: {} is who caused the event, not whom it is about.",
                facts.source(source)
            );
            let fix = "Take the identity from the event's subject (target, object), not from its actor.";
            out.push(facts.report(&RULE, step, message, fix));
        }
    }
}

/// A variable that a loop with overlapping rounds sets inside, and the loop.
fn shared_variable(facts: &Facts<'_, '_>, step: StepIx, source: &Source) -> Option<(String, StepIx)> {
    let variable = source.how.variable.as_ref()?;
    let parallel = |l: &StepIx| {
        matches!(facts.step(*l).kind, StepKind::Loop(LoopKind::Each { parallel: true, .. }))
    };
    let outer = facts.graph.loops_of(step).into_iter().find(parallel)?;
    let sets = facts.graph.steps().any(|s| {
        facts.graph.contains(outer, s) && facts.step(s).assigns.iter().any(|a| a.variable == *variable && !a.adds)
    });
    sets.then(|| (variable.to_string(), outer))
}

/// An event of somebody's own doing: signing in, proving oneself. Its actor is whom it is about.
fn is_own_deed(trigger: &Trigger) -> bool {
    let event = format!("{} {}", trigger.event, trigger.name).to_lowercase();
    let own = ["mfa", "factor", "password", "session", "signin", "sign-in", "signon", "login", "logon", "auth", "suspicious"];
    // What is done to somebody's factor or password has a subject of its own, whoever does it.
    let done = ["deactivat", "reset", "enrol", "activat", "updat", "remov", "delet", "bypass"];
    own.iter().any(|w| event.contains(w)) && !done.iter().any(|w| event.contains(w))
}

/// The actor of an event that also has a subject.
fn is_actor_of_event(facts: &Facts<'_, '_>, source: &Source) -> bool {
    let triggers = &facts.set.workflows[source.workflow as usize].triggers;
    let event = !triggers.is_empty() && triggers.iter().all(|t| t.kind == TriggerKind::Event && !is_own_deed(t));
    let first = keys_of(&source.path).iter().any(|k| {
        matches!(&*k.to_lowercase(), "actor" | "initiator" | "initiatedby" | "admin" | "performedby" | "requestedby")
    });
    event && source.origin == Origin::Trigger && is_actor(&source.path) && first
}
