//! What a call is to the world: a change, something that lets somebody know. Proofs, rehearsals and mutants share it.

use crate::request::{Call, Request};
use crate::{Place, Program};
use workflow::{Kind, StepKind};

/// The call of a request to do something, where it changes access.
#[must_use]
pub fn change(request: &Request) -> Option<&Call> {
    match request {
        Request::Call(call) | Request::Ask(call) | Request::Start(call) | Request::Wait(call)
            if changes(call) =>
        {
            Some(call)
        }
        _ => None,
    }
}

/// Whether a call changes access.
#[must_use]
pub fn changes(call: &Call) -> bool {
    call.effects.iter().any(|e| e.kind.changes_access())
}

/// Whether each time makes one more: doing it twice is more than doing it once.
#[must_use]
pub fn makes_one_more(call: &Call) -> bool {
    call.effects.iter().any(|e| matches!(e.kind, Kind::IssueCredential | Kind::RotateCredential))
}

/// Whether a step changes access in a run.
#[must_use]
pub fn is_change(program: &Program<'_>, at: Place) -> bool {
    program.step(at).is_some_and(|s| s.changes_access() && s.kind != StepKind::Part)
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
