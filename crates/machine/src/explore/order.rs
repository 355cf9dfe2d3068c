//! Which of several things that could go on goes first. All orders count, but where the order of one with all others
//! makes no difference to any property, that one goes first alone (partial order reduction).
//!
//! One may go alone when, whatever it is answered, the others still stand where they stood with the data they had, and
//! nothing that the others may still do is told apart from before it and after it.

use super::Assumptions;
use super::answers::answers;
use super::memory::Memory;
use crate::call::{change, tells};
use crate::request::{Answer, At, Call, Request};
use crate::state::{State, Token};
use crate::{Place, Program, next, resume};
use std::collections::BTreeSet;
use workflow::{Join, Kind, StepIx};

/// What decides about orders in one exploration.
pub(super) struct Orders<'p, 'w> {
    pub(super) program: &'p Program<'w>,
    pub(super) assume: &'p Assumptions,
}

impl Orders<'_, '_> {
    /// The answers to the question which goes first.
    pub(super) fn first(&self, state: &State, among: &[At], memory: &Memory) -> Vec<Answer> {
        let alone = among.iter().find(|at| self.alone(state, at, among, memory));
        match alone {
            Some(at) => vec![Answer::First(at.token)],
            None => among.iter().map(|at| Answer::First(at.token)).collect(),
        }
    }

    fn alone(&self, state: &State, at: &At, among: &[At], memory: &Memory) -> bool {
        // Who goes in a circle could keep the others waiting for ever.
        if self.circles(at.place) {
            return false;
        }
        let state = State { turn: Some(at.token), ..state.clone() };
        let request = next(self.program, &state);
        let others = others(&state, at.token);
        self.passes_unseen(&request, &others, memory) && self.leaves_others(&state, &request, among, memory)
    }

    fn circles(&self, at: Place) -> bool {
        self.program.loop_of(at).is_none() && crate::slice::comes_again(self.program, at)
    }

    /// Nothing that others may still do differs by whether this came before it.
    fn passes_unseen(&self, request: &Request, others: &[Place], memory: &Memory) -> bool {
        match request {
            // A run may be called off while it waits.
            Request::Wait(_) => self.assume.temporary.is_empty(),
            Request::Ask(call) if change(request).is_none() => {
                memory.failed.is_none()
                    && !others.iter().any(|o| self.program.may_change(*o))
                    && !own_effects(call)
            }
            Request::Call(call) | Request::Start(call) if change(request).is_some() => {
                self.assume.temporary.is_empty() && !self.others_notice(call.at.place, others)
            }
            // What tells of a failure is best told before it: that order shows the most.
            Request::Call(call) | Request::Start(call) => {
                memory.failed.is_none() || !tells(self.program, call)
            }
            _ => false,
        }
    }

    /// Whether others may still ask or tell somebody, on a way that does not wait for this step.
    fn others_notice(&self, of: Place, others: &[Place]) -> bool {
        let own = self.reach(of, &BTreeSet::new());
        others.iter().any(|other| {
            let same = other.workflow == of.workflow;
            let reach = self.reach(*other, if same { &own } else { &NONE });
            reach.iter().any(|s| self.notices(Place { step: *s, ..*other }))
        })
    }

    fn notices(&self, at: Place) -> bool {
        let kinds = [Kind::Notify, Kind::Ticket, Kind::Ask, Kind::Write, Kind::Request, Kind::Call];
        self.program.step(at).is_some_and(|s| {
            let operation = s.operation.to_lowercase();
            let answers = operation.contains("respon") || operation.contains("returnraw");
            s.ask.is_some()
                || answers
                || !s.calls.is_empty()
                || s.effects.iter().any(|e| kinds.contains(&e.kind))
        })
    }

    /// The steps that a place leads to, up to those that wait for all before them where these come from both sides.
    fn reach(&self, from: Place, both: &BTreeSet<StepIx>) -> BTreeSet<StepIx> {
        let (mut open, mut found) = (vec![from.step], BTreeSet::new());
        while let Some(step) = open.pop() {
            let place = Place { step, ..from };
            let meets = self.program.step(place).is_some_and(|s| s.join != Join::Any) && both.contains(&step);
            if meets || !found.insert(step) {
                continue;
            }
            let out = self.program.out(place).iter();
            open.extend(out.filter_map(|e| Some(self.program.edge(from.workflow, *e)?.to)));
            // A failure inside goes where the container's failures go.
            open.extend(self.program.step(place).and_then(|s| s.parent));
        }
        found
    }

    /// Whatever it is answered, the others stand where they stood, with the same data.
    fn leaves_others(&self, state: &State, request: &Request, among: &[At], memory: &Memory) -> bool {
        let tokens = |state: &State, at: &At| state.tokens.get(at.token as usize).cloned();
        let own = request.at().map(|a| a.token);
        let rest: Vec<Token> =
            among.iter().filter(|a| Some(a.token) != own).filter_map(|a| tokens(state, a)).collect();
        answers(self.program, state, request, memory).into_iter().all(|answer| {
            let Ok(after) = resume(self.program, state.clone(), answer) else { return true };
            rest.iter().all(|t| after.tokens.contains(t)) && same_variables(state, &after)
        })
    }
}

static NONE: BTreeSet<StepIx> = BTreeSet::new();

/// A question that itself does something else to the world.
fn own_effects(call: &Call) -> bool {
    call.effects.iter().any(|e| !matches!(e.kind, Kind::Ask | Kind::Notify | Kind::Read | Kind::Control))
}

/// Where else something goes on, or will; what only waits for this token to come back is not else.
fn others(state: &State, token: u32) -> Vec<Place> {
    let own = state.tokens.get(token as usize).map_or(u32::MAX, |t| t.frame);
    let around: Vec<u32> =
        std::iter::successors(state.frame(own).and_then(crate::state::Frame::outer), |f| {
            state.frame(*f)?.outer()
        })
        .collect();
    let place = |t: &Token| Some(Place { workflow: state.frame(t.frame)?.workflow, step: t.at });
    let inside = |t: &Token| t.phase == crate::state::Phase::Inside && around.contains(&t.frame);
    let all = (0u32..).zip(&state.tokens).filter(|(i, t)| *i != token && !inside(t));
    all.filter_map(|(_, t)| place(t)).collect()
}

/// Frames that go on hold the same variables.
fn same_variables(before: &State, after: &State) -> bool {
    let pairs = before.frames.iter().zip(&after.frames);
    pairs.filter_map(|(b, a)| Some((b.as_deref()?, a.as_deref()?))).all(|(b, a)| b.variables == a.variables)
}
