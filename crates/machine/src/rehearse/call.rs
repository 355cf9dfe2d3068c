//! What a call is to the world: a change, something that lets somebody know.

use crate::request::Call;
use crate::{Place, Program};
use workflow::Kind;

/// Whether a call changes access.
#[must_use]
pub fn changes(call: &Call) -> bool {
    call.effects.iter().any(|e| e.kind.changes_access())
}

/// Whether a call lets somebody know something: a message, a ticket, a record, an answer to whoever called.
#[must_use]
pub fn tells(program: &Program<'_>, call: &Call) -> bool {
    let kinds = [Kind::Notify, Kind::Ticket, Kind::Ask, Kind::Write, Kind::Request];
    let operation = program.step(call.at.place).map(|s| s.operation.to_lowercase()).unwrap_or_default();
    let answers = ["respond", "response", "returnraw"].iter().any(|w| operation.contains(w));
    answers || call.effects.iter().any(|e| kinds.contains(&e.kind))
}

/// The name of a step, for people.
#[must_use]
pub fn name(program: &Program<'_>, at: Place) -> String {
    let step = program.step(at);
    step.map_or_else(String::new, |s| format!("`{}`", if s.name.is_empty() { &s.id } else { &s.name }))
}
