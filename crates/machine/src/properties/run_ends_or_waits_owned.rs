//! `run-ends-or-waits-owned`: every run ends, or waits for something that has an owner and a deadline.

use super::{Property, at};
use crate::state::Ended;
use crate::{ENDLESS, Program};
use crate::explore::{Assumptions, Broken, Event, Memory, change, name};
use crate::request::Request;
use workflow::{EdgeKind, StepKind};

/// The property.
pub static PROPERTY: Property = Property {
    id: "run-ends-or-waits-owned",
    page: include_str!("run_ends_or_waits_owned.md"),
    concerns: |program, _, at| {
        let waits = |s: &workflow::Step| s.ask.is_some() || s.changes_access() || !s.calls.is_empty();
        program.step(at).is_some_and(waits)
    },
    whole: true,
    watch,
};

fn watch(program: &Program<'_>, _assume: &Assumptions, event: &Event<'_>, memory: &mut Memory) -> Vec<Broken> {
    let Event::Asked(request, _) = event else { return Vec::new() };
    if let Request::Done(ends) = request {
        let endless = ends.iter().any(|e| matches!(&e.how, Ended::Failure(f) if f.name == ENDLESS));
        let how = "a run goes in circles without asking anything of the world".to_owned();
        return endless.then_some(Broken { step: None, how }).into_iter().collect();
    }
    if let Request::Ask(call) = request {
        let place = call.at.place;
        let Some(step) = program.step(place) else { return Vec::new() };
        let edges = program.out(place).iter().filter_map(|e| program.edge(place.workflow, *e));
        let timed = edges.into_iter().any(|e| e.kind == EdgeKind::Timeout);
        if step.ask.is_some() && !timed && !program.semantics(place.workflow).has_deadline(step) {
            return at(place, format!("{} waits for an answer without a deadline", name(program, place)));
        }
    }
    if let Request::Start(call) = request {
        let step = program.step(call.at.place);
        let known = step.and_then(|s| s.calls.first()).and_then(|c| program.callee(call.at.place.workflow, &c.key));
        if step.is_some_and(|s| s.waits) && known.is_some() {
            return at(call.at.place, "workflows start each other with nothing that ends it");
        }
    }
    let Some(call) = change(request) else { return Vec::new() };
    let place = call.at.place;
    let circles = call.at.rounds.is_empty() && memory.made.get(&place) == Some(&true) && !in_loop(program, place);
    if circles { at(place, "it is repeated in a circle that nothing bounds") } else { Vec::new() }
}

fn in_loop(program: &Program<'_>, at: crate::Place) -> bool {
    program.loop_of(at).is_some() || program.step(at).is_some_and(|s| matches!(s.kind, StepKind::Loop(_)))
}
