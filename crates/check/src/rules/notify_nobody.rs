//! `notify-nobody`: the message that should tell of a failure has no recipient.

use super::{Rule, Scope};
use crate::facts::Facts;
use workflow::{EdgeKind, Finding, Kind, Severity, StepIx, Value};

/// The rule.
pub static RULE: Rule = Rule {
    id: "notify-nobody",
    severity: Severity::Low,
    scope: Scope::Changes,
    page: include_str!("notify_nobody.md"),
    check,
};

fn check(facts: &Facts<'_, '_>, out: &mut Vec<Finding>) {
    for step in facts.reached.steps().filter(|s| facts.does(*s, Kind::Notify)) {
        let place = facts.step(step);
        let nobody = place.target.takes_recipient && place.target.recipient.iter().all(Value::is_empty);
        if !nobody || facts.does(step, Kind::Ask) || !tells_of_a_change(facts, step) {
            continue;
        }
        let message = format!("{} has no recipient, so nobody learns what it should tell.", facts.name(step));
        let fix = "Give it a recipient that is read: a team's mailbox or channel, not a person who may leave.";
        out.push(facts.report(&RULE, step, message, fix));
    }
}

/// The message stands after a change, or on an error path.
fn tells_of_a_change(facts: &Facts<'_, '_>, step: StepIx) -> bool {
    let after_change = facts.live_changes().any(|c| facts.graph.leads(c.step, step));
    let on_error = facts.graph.into(step).iter().any(|e| {
        matches!(facts.graph.edge(*e).kind, EdgeKind::Error | EdgeKind::Timeout)
    });
    after_change || on_error
}
