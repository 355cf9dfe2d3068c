//! `change-needs-approval`: no access change without a gate's positive answer.

use super::{Property, at};
use crate::explore::{Assumptions, Broken, Event, Gate, Memory, change, is_change, name};
use crate::{Place, Program};

/// The property.
pub static PROPERTY: Property = Property {
    id: "change-needs-approval",
    page: include_str!("change_needs_approval.md"),
    concerns: |program, _, at| is_change(program, at),
    whole: false,
    watch,
};

fn watch(program: &Program<'_>, assume: &Assumptions, event: &Event<'_>, memory: &mut Memory) -> Vec<Broken> {
    let Event::Asked(request, _) = event else { return Vec::new() };
    let Some(call) = change(request) else { return Vec::new() };
    let step = call.at.place;
    let answers: Vec<(Place, &Gate)> = memory.answers(program, call.at.place).collect();
    if assume.approved.contains(&step) || approved(program, assume, &answers, step) {
        return Vec::new();
    }
    let earlier = memory.gates.keys().rfind(|q| answers.iter().all(|(known, _)| known != *q));
    match (answers.iter().rfind(|(q, _)| *q != step), earlier) {
        (Some((question, gate)), _) => at(step, format!("{} of {} lets it happen", gate.tell(), name(program, *question))),
        (None, Some(question)) => {
            at(step, format!("what {} was answered in an earlier round lets it happen", name(program, *question)))
        }
        (None, None) => at(step, "nobody is asked"),
    }
}

/// Somebody said yes; what the requester confirms does not stand for what somebody else was asked.
fn approved(program: &Program<'_>, assume: &Assumptions, answers: &[(Place, &Gate)], step: Place) -> bool {
    let own = |q: Place| assume.own_approver.contains(&(q, step));
    let others = answers.iter().any(|(q, _)| !own(*q));
    let counts = |q: Place| !others || !own(q);
    answers.iter().any(|(q, gate)| counts(*q) && positive(program, *q, gate))
}

/// Whether a question had a definite answer that does not mean no.
pub(super) fn positive(program: &Program<'_>, question: Place, gate: &Gate) -> bool {
    let negative = program.step(question).and_then(|s| s.ask.as_ref()).map_or(&[][..], |a| a.negative.as_slice());
    gate.is_positive(negative)
}
