//! `approver-is-not-requester`: nobody who asked or benefits can be the only one who approved.

use super::change_needs_approval::positive;
use super::{Property, at};
use crate::Program;
use crate::explore::{Assumptions, Broken, Event, Memory, change, name};

/// The property.
pub static PROPERTY: Property = Property {
    id: "approver-is-not-requester",
    page: include_str!("approver_is_not_requester.md"),
    concerns: |program, _, at| crate::explore::is_change(program, at),
    whole: false,
    watch,
};

fn watch(program: &Program<'_>, assume: &Assumptions, event: &Event<'_>, memory: &mut Memory) -> Vec<Broken> {
    let Event::Asked(request, _) = event else { return Vec::new() };
    let Some(call) = change(request) else { return Vec::new() };
    let step = call.at.place;
    let mut yes = memory.answers(program, call.at.place).filter(|(q, gate)| positive(program, *q, gate)).map(|(q, _)| q);
    let own = |q: &crate::Place| assume.own_approver.contains(&(*q, step));
    match (yes.next(), yes.next()) {
        (Some(only), None) if own(&only) && !assume.approved.contains(&step) => {
            at(step, format!("the one who answers {} may be the one who asked or who benefits", name(program, only)))
        }
        _ => Vec::new(),
    }
}
