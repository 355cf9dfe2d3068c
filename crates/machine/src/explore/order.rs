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
use crate::{Place, Program, next, resume_traced};
use rustc_hash::FxHashMap;
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use workflow::{Join, Kind, StepIx};

/// What decides about orders in one exploration.
pub(super) struct Orders<'p, 'w> {
    pub(super) program: &'p Program<'w>,
    pub(super) assume: &'p Assumptions,
    /// How much may still be looked at.
    left: Cell<usize>,
    /// Whether somebody is asked or told on the ways from a place that do not wait for another.
    noticed: RefCell<FxHashMap<(Place, Place), bool>>,
}

impl<'p, 'w> Orders<'p, 'w> {
    /// `work` is how many tokens and edges may be looked at.
    pub(super) fn new(program: &'p Program<'w>, assume: &'p Assumptions, work: usize) -> Self {
        Orders { program, assume, left: Cell::new(work), noticed: RefCell::default() }
    }

    /// Counts what is looked at; whether there is anything left.
    pub(super) fn spend(&self, work: usize) -> bool {
        self.left.set(self.left.get().saturating_sub(work));
        self.left.get() > 0
    }

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
        if self.program.circles(at.place) || !self.spend(state.tokens.len()) {
            return false;
        }
        let state = State { turn: Some(at.token), ..state.clone() };
        let request = next(self.program, &state);
        let others = others(&state, at.token);
        self.passes_unseen(&request, &others, memory) && self.leaves_others(&state, &request, among, memory)
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
                self.assume.temporary.is_empty()
                    && !others.iter().any(|other| self.notice(call.at.place, *other))
            }
            // What tells of a failure is best told before it: that order shows the most.
            Request::Call(call) | Request::Start(call) => {
                memory.failed.is_none() || !tells(self.program, call)
            }
            _ => false,
        }
    }

    /// Whether another may still ask or tell somebody, on a way that does not wait for a step.
    fn notice(&self, of: Place, other: Place) -> bool {
        if let Some(known) = self.noticed.borrow().get(&(of, other)) {
            return *known;
        }
        let steps = self.program.workflow(of.workflow).map_or(0, |w| w.steps.len());
        let mut own = vec![false; steps];
        if of.workflow == other.workflow {
            self.walk(of, &[], |step| {
                own.get_mut(step.0 as usize).into_iter().for_each(|met| *met = true);
                false
            });
        }
        let notices = self.walk(other, &own, |step| self.program.is_noticed(Place { step, ..other }));
        self.noticed.borrow_mut().insert((of, other), notices);
        notices
    }

    /// Walks the steps that a place leads to, up to those that wait for all before them where these come from both
    /// sides, until `stop` says so; whether it did.
    fn walk(&self, from: Place, both: &[bool], mut stop: impl FnMut(StepIx) -> bool) -> bool {
        let steps = self.program.workflow(from.workflow).map_or(0, |w| w.steps.len());
        let (mut open, mut found) = (vec![from.step], vec![false; steps]);
        while let Some(at) = open.pop() {
            let place = Place { step: at, ..from };
            let (Some(step), Some(seen)) = (self.program.step(place), found.get_mut(at.0 as usize)) else {
                continue;
            };
            let meets = step.join != Join::Any && both.get(at.0 as usize).copied().unwrap_or(false);
            if meets || std::mem::replace(seen, true) {
                continue;
            }
            if stop(at) {
                return true;
            }
            let out = self.program.out(place);
            self.spend(1 + out.len());
            open.extend(out.iter().filter_map(|e| Some(self.program.edge(from.workflow, *e)?.to)));
            // A failure inside goes where the container's failures go.
            open.extend(step.parent);
        }
        false
    }

    /// Whatever it is answered, the others stand where they stood, with the same data.
    fn leaves_others(&self, state: &State, request: &Request, among: &[At], memory: &Memory) -> bool {
        let own = request.at().map(|a| a.token);
        let rest = among.iter().filter(|a| Some(a.token) != own);
        let rest: Vec<&Token> = rest.filter_map(|a| state.tokens.get(a.token as usize)).collect();
        answers(self.program, state, request, memory).into_iter().all(|answer| {
            let Ok((after, trail)) = resume_traced(self.program, state.clone(), request, answer) else {
                return true;
            };
            self.spend(trail.len() + state.tokens.len());
            all_in(&rest, &after.tokens) && same_variables(state, &after)
        })
    }
}

/// Whether all are among others, which mostly stand in the same order.
fn all_in(tokens: &[&Token], among: &[Token]) -> bool {
    let mut left = among.iter();
    tokens.iter().all(|t| left.any(|other| other == *t)) || tokens.iter().all(|t| among.contains(t))
}

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
    let pairs = before.frames.iter().zip(&after.frames).filter_map(|(b, a)| Some((b.as_ref()?, a.as_ref()?)));
    pairs.into_iter().all(|(b, a)| Arc::ptr_eq(b, a) || b.variables == a.variables)
}
