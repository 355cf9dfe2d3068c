//! `unapproved-change`: some path from a trigger to an access-changing step passes no gate.

use super::{Rule, Scope};
use crate::facts::{Change, Facts};
use crate::gate::Gate;
use crate::tell::Concerning;
use workflow::{Confidence, Finding, Kind, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "unapproved-change",
    severity: Severity::High,
    scope: Scope::Changes,
    page: include_str!("unapproved_change.md"),
    check,
};

fn check(facts: &Facts<'_, '_>, out: &mut Vec<Finding>) {
    for change in facts.live_changes().filter(|c| is_ungated(c) && !answers(facts, c)) {
        if follows_its_grant(facts, change) {
            continue;
        }
        let step = change.step;
        let (name, deed, start) = (facts.name(step), facts.deed(step), facts.start(step));
        let message = match change.verdict.gate {
            Gate::Authorised => format!(
                "{name} {deed} after a check of the requester's authority only; a change of tier 3 needs a second person."
            ),
            _ if facts.questions.iter().any(|q| q.without().has(step) && facts.graph.leads(q.step, step)) => {
                let asks: Vec<_> = facts.questions.iter().filter(|q| q.is_approval).map(|q| q.step).collect();
                match asks.is_empty() {
                    true => format!("{name} {deed}, and no step on the way asks a person for approval."),
                    false => format!("{name} {deed} on a path that goes past {}.", facts.names(&asks)),
                }
            }
            _ => match facts.questions.iter().find(|q| q.is_approval && q.has_way_around(facts.graph, step)) {
                Some(q) => format!("{name} {deed} by a condition that holds without the answer to {}, too.", facts.name(q.step)),
                None => format!("{start} reaches {name}, which {deed}, and nobody is asked on the way."),
            },
        };
        let fix = "Ask a person who is not the requester before this step, and let only a positive answer through; \
                   or, where the platform approves before the trigger fires, say so in the control record.";
        let platform = facts.set.triggers(facts.place(step)).any(|t| facts.workflow.triggers[t].after_approval);
        let sure = if platform { Confidence::Medium } else { Confidence::High };
        out.push(facts.report(&RULE, step, super::capital(message), fix).sure(sure));
    }
}

fn is_ungated(change: &Change) -> bool {
    change.verdict.gate == Gate::None || (change.verdict.gate == Gate::Authorised && change.tier.0 >= 3)
}

/// An approval answered by machine is a fault of its own.
fn answers(facts: &Facts<'_, '_>, change: &Change) -> bool {
    let effects = facts.step(change.step).live_effects();
    let mut changing = effects.iter().filter(|e| e.kind.changes_access());
    changing.all(|e| matches!(e.kind, Kind::Decide | Kind::Certify))
}

/// The end of a temporary access belongs to the grant: a wait stands between them, and both are in one system.
pub(super) fn follows_its_grant(facts: &Facts<'_, '_>, change: &Change) -> bool {
    let only_revokes = facts.step(change.step).live_effects().iter().filter(|e| e.kind.changes_access());
    if !only_revokes.clone().all(|e| matches!(e.kind, Kind::Revoke | Kind::Disable)) {
        return false;
    }
    let grants = || facts.live_changes().map(|c| c.step).filter(|s| facts.does(*s, Kind::Grant)).take(8);
    let ends = || grants().flat_map(|grant| super::unrevoked_access::ends(facts, grant)).collect();
    facts.ends.get_or_init(ends).contains(&change.step)
}
