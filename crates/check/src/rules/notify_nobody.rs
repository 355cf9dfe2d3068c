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
        if !nobody || has_recipient(&place.parameters) || facts.does(step, Kind::Ask) || !tells_of_a_change(facts, step) {
            continue;
        }
        let message = format!("{} has no recipient, so nobody learns what it should tell.", facts.name(step));
        let fix = "Give it a recipient that is read: a team's mailbox or channel, not a person who may leave.";
        out.push(facts.report(&RULE, step, message, fix));
    }
}

/// Some parameter that names a recipient, wherever it stands, is filled in.
fn has_recipient(parameters: &Value) -> bool {
    const NAMES: [&str; 17] = [
        "to",
        "cc",
        "bcc",
        "recipient",
        "recipients",
        "recipientemaillist",
        "channel",
        "channelid",
        "chatid",
        "sendto",
        "toemail",
        "emailto",
        "toaddress",
        "toaddresses",
        "email",
        "user",
        "userid",
    ];
    let mut filled = false;
    parameters.walk(&mut |v| {
        filled |= v.entries().iter().any(|e| {
            let key: String =
                e.key.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
            NAMES.contains(&key.as_str()) && !e.value.is_empty()
        });
    });
    filled
}

/// The message stands after a change, or on an error path.
fn tells_of_a_change(facts: &Facts<'_, '_>, step: StepIx) -> bool {
    let after_change = facts.live_changes().any(|c| facts.graph.leads(c.step, step));
    let on_error = facts.graph.into(step).iter().any(|e| {
        matches!(facts.graph.edge(*e).kind, EdgeKind::Error | EdgeKind::Timeout)
    });
    after_change || on_error
}
