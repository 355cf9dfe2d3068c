//! A single run with answers that somebody else picks, watched as an exploration watches all: chance finds nothing that
//! the exploration has not found.

use super::answers::answers;
use super::{Assumptions, Event, Memory};
use crate::properties::PROPERTIES;
use crate::request::Request;
use crate::state::Ended;
use crate::{Place, Program, Val, next, resume_traced, start};
use std::collections::BTreeSet;

/// What a run showed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Simulated {
    /// The properties that it broke, each with the step.
    pub broken: BTreeSet<(&'static str, Option<Place>)>,
    /// The changes that were asked for.
    pub asked: BTreeSet<Place>,
    /// How it ended, where it came to an end.
    pub ended: Option<Ended>,
}

/// Runs a workflow of a program made with [`Program::new`]; `lean` is the same made with [`Program::lean`]. `pick` says
/// which of so many answers is given. At most `most` requests are answered.
#[must_use]
pub fn simulate(
    (program, lean): (&Program<'_>, &Program<'_>),
    workflow: u32,
    trigger: u32,
    assume: &Assumptions,
    most: usize,
    mut pick: impl FnMut(usize) -> usize,
) -> Simulated {
    let mut shown = Simulated::default();
    let mut state = start(program, workflow, trigger, Val::unknown("trigger"), None);
    let counts = assume.boundary.as_ref().is_some_and(|b| b.identities.is_some());
    let mut memory = Memory { counts, ..Memory::default() };
    for _ in 0..most {
        let request = next(program, &state);
        if let Some(call) = super::change(&request) {
            shown.asked.insert(call.at.place);
        }
        shown.watch(lean, assume, &Event::Asked(&request, &state), &mut memory);
        let all = answers(program, &state, &request, &memory);
        if let Request::Done(ends) = &request {
            shown.ended = ends.last().map(|e| e.how.clone());
        }
        let Some(answer) = all.get(pick(all.len().max(1)) % all.len().max(1)) else { break };
        let Some(mut ways) = memory.told(program, &state, &request, answer) else { break };
        let way = if ways.len() > 1 { pick(ways.len()) % ways.len() } else { 0 };
        memory = ways.swap_remove(way);
        let event = Event::Told(&request, answer, &state);
        shown.watch(lean, assume, &event, &mut memory);
        let mut after = memory.seen(lean, &event);
        memory = after.swap_remove(pick(after.len()) % after.len());
        let Ok((reached, trail)) = resume_traced(program, state, &request, answer.clone()) else { break };
        memory.passed(lean, &trail);
        state = reached;
    }
    shown
}

impl Simulated {
    fn watch(&mut self, program: &Program<'_>, assume: &Assumptions, event: &Event<'_>, memory: &mut Memory) {
        for property in PROPERTIES {
            let broken = (property.watch)(program, assume, event, memory);
            self.broken.extend(broken.into_iter().map(|b| (property.id, b.step)));
        }
    }
}
