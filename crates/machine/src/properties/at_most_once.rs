//! `at-most-once`: at most one effect per event, under a crash between asking and being told, and under a second delivery.

use super::{Property, at};
use crate::explore::{Assumptions, Broken, Event, Memory, change, is_change};
use crate::request::Call;
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
    let Event::Asked(request, _) = event else { return Vec::new() };
    let Some(call) = change(request) else { return Vec::new() };
    let place = call.at.place;
    if memory.looked || !counts_twice(program, call) {
        return Vec::new();
    }
    if call.attempt > 0 {
        return at(place, "a retry after an answer that was lost makes it a second time");
    }
    let crashes = program.step(place).map(|s| program.semantics(place.workflow).after_crash(s));
    if crashes == Some(AfterCrash::Repeats) {
        return at(place, "a crash between asking and being told makes the platform do it again");
    }
    let gated = assume.approved.contains(&place) || memory.gates.values().any(|g| g.is_positive(&[]));
    if delivered_twice(program, place) && !gated {
        return at(place, "the same event delivered twice makes it twice");
    }
    Vec::new()
}

/// Doing it twice is more than doing it once: each time makes one more. The target has only one account of a name.
fn counts_twice(program: &Program<'_>, call: &Call) -> bool {
    let makes = |k: Kind| call.effects.iter().any(|e| e.kind == k);
    let creates = program.workflow(call.at.place.workflow).is_some_and(|w| {
        w.steps.iter().any(|s| s.live_effects().iter().any(|e| e.kind == Kind::CreateIdentity))
    });
    (makes(Kind::IssueCredential) || makes(Kind::RotateCredential)) && !creates
}

fn delivered_twice(program: &Program<'_>, at: Place) -> bool {
    let triggers = program.workflow(at.workflow).map_or(&[][..], |w| w.triggers.as_slice());
    triggers.iter().any(|t| matches!(t.kind, TriggerKind::Event | TriggerKind::Webhook))
}
