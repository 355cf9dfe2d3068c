//! `at-most-once`: at most one effect per event, under a crash between asking and being told, under a retry and under a
//! second delivery; and nothing is given again after it was taken away.

use super::{Property, at};
use crate::explore::{Assumptions, Broken, Event, Memory, change, is_change};
use crate::request::{Answer, Call, Request};
use crate::semantics::AfterCrash;
use crate::{Place, Program};
use workflow::{Kind, TriggerKind};

/// The property.
pub static PROPERTY: Property = Property {
    id: "at-most-once",
    page: include_str!("at_most_once.md"),
    concerns: |program, _, at| is_change(program, at),
    whole: false,
    watch,
};

fn watch(program: &Program<'_>, assume: &Assumptions, event: &Event<'_>, memory: &mut Memory) -> Vec<Broken> {
    match event {
        Event::Asked(request, _) => match change(request) {
            Some(call) => asked(program, assume, call, memory),
            None => Vec::new(),
        },
        Event::Told(Request::Call(call) | Request::Start(call), Answer::Result(_), _) => {
            delivered_late(program, assume, call.at.place, memory)
        }
        Event::Told(..) => Vec::new(),
    }
}

fn asked(program: &Program<'_>, assume: &Assumptions, call: &Call, memory: &Memory) -> Vec<Broken> {
    let place = call.at.place;
    if memory.taken.contains(&place) && program.loop_of(place).is_none() {
        return at(place, "it is given again after it was taken away");
    }
    if !counts_twice(program, call) {
        return Vec::new();
    }
    // Looking, or asking somebody, before the first time says nothing of the second.
    if memory.crashed.contains(&place) {
        let crash = program.step(place).map(|s| program.semantics(place.workflow).after_crash(s));
        return at(place, match crash {
            Some(AfterCrash::Repeats) => "a crash between asking and being told makes the platform do it again",
            _ => "a crash between asking and being told may make the platform do it again: nothing documents that it does not",
        });
    }
    if call.attempt > 0 {
        return at(place, "a retry after an answer that was lost makes it a second time");
    }
    if twice(program, assume, place, memory) {
        return at(place, "the same event delivered twice makes it twice");
    }
    Vec::new()
}

/// Access that was given and taken away again in this run, and that the same event would give again.
fn delivered_late(program: &Program<'_>, assume: &Assumptions, ends: Place, memory: &Memory) -> Vec<Broken> {
    let ended = memory.taken.iter().filter(|g| assume.temporary.get(g).is_some_and(|e| e.contains(&ends)));
    let how = "the same event delivered again after it was taken away gives it again";
    ended.filter(|g| twice(program, assume, **g, memory)).map(|g| Broken { step: Some(*g), how: how.into() }).collect()
}

/// Doing it twice is more than doing it once. The target has only one account of a name.
fn counts_twice(program: &Program<'_>, call: &Call) -> bool {
    let creates = program.workflow(call.at.place.workflow).is_some_and(|w| {
        w.steps.iter().any(|s| s.live_effects().iter().any(|e| e.kind == Kind::CreateIdentity))
    });
    crate::call::makes_one_more(call) && !creates
}

/// A second delivery of the event starts a run that gets as far as this one: nobody was asked who would notice, and
/// nothing was decided by what the same system holds already.
fn twice(program: &Program<'_>, assume: &Assumptions, at: Place, memory: &Memory) -> bool {
    let triggers = program.workflow(at.workflow).map_or(&[][..], |w| w.triggers.as_slice());
    let delivered = triggers.iter().any(|t| matches!(t.kind, TriggerKind::Event | TriggerKind::Webhook));
    let gated = assume.approved.contains(&at) || memory.gates.values().any(|g| g.is_positive(&[]));
    delivered && !gated && !looked(program, at, memory)
}

/// Something was decided by what was read of the system that the step changes.
fn looked(program: &Program<'_>, at: Place, memory: &Memory) -> bool {
    let effects = |at: Place| program.step(at).map_or(&[][..], |s| s.live_effects());
    let changes = |system: &workflow::Text| effects(at).iter().any(|e| e.kind.changes_access() && e.system == *system);
    memory.looked.iter().any(|read| effects(*read).iter().any(|e| e.kind == Kind::Read && changes(&e.system)))
}
