//! `unauthenticated-trigger`: an access change can be started by somebody who proves nothing.

use super::{Rule, Scope};
use crate::facts::{Change, Facts};
use crate::gate::Gate;

use crate::set::Place;
use crate::tell::Concerning;
use workflow::{Finding, Severity, Trigger, TriggerKind};

/// The rule.
pub static RULE: Rule = Rule {
    id: "unauthenticated-trigger",
    severity: Severity::Critical,
    scope: Scope::Changes,
    page: include_str!("unauthenticated_trigger.md"),
    check,
};

fn check(facts: &Facts<'_, '_>, out: &mut Vec<Finding>) {
    for change in facts.live_changes().filter(|c| c.verdict.gate != Gate::Present) {
        let Some((trigger, own)) = open_trigger(facts, change) else { continue };
        let step = change.step;
        let (name, deed) = (facts.name(step), facts.deed(step));
        let message = format!("Anyone who {}, unauthenticated, reaches {name}, which {deed}.", comes_by(trigger));
        let fix = "Require a credential of the caller (a token, a signature, a sign-in), or let the trigger only \
                   start a request that a person approves.";
        let finding = facts.report(&RULE, step, message, fix);
        out.push(match own {
            Some(t) => finding.along(facts.graph.walk(facts.set.reached_by(facts.index, t), step)),
            None => finding,
        });
    }
}

/// The open trigger that leads to a change, here or through callers; with its index where it is here.
fn open_trigger<'f>(facts: &'f Facts<'_, '_>, change: &Change) -> Option<(&'f Trigger, Option<usize>)> {
    let mut seen: Vec<Place> = vec![facts.place(change.step)];
    let mut next = 0;
    while let Some(at) = seen.get(next).copied() {
        next += 1;
        let triggers = &facts.set.workflows[at.workflow as usize].triggers;
        if let Some(t) = facts.set.triggers(at).find(|t| triggers[*t].authenticated == Some(false)) {
            let own = (at.workflow == facts.index).then_some(t);
            return Some((&triggers[t], own));
        }
        for call in facts.set.callers_to(at) {
            if !seen.contains(&call.from) && facts.judge.verdict(call.from).gate != Gate::Present {
                seen.push(call.from);
            }
        }
    }
    None
}

fn comes_by(trigger: &Trigger) -> String {
    match trigger.kind {
        TriggerKind::Form => format!("fills in the form `{}`", trigger.name),
        TriggerKind::Mail => "sends a mail".to_owned(),
        TriggerKind::Chat => format!("writes to the chat `{}`", trigger.name),
        _ => format!("calls `{}`", trigger.name),
    }
}
