//! The interpreter: what a run asks next, and how it goes on with the answer.
//!
//! Whatever needs nothing of the world is done at once ([`Run::settle`]); a state that callers see stands at requests.

mod answer;
mod ask;
mod ends;
mod exact;
mod failure;
mod items;
mod leave;
mod rounds;

pub use answer::{resume, resume_traced};
pub use ask::next;
pub(crate) use exact::ADDED;
pub(crate) use rounds::MOST_AT_ONCE;

use crate::evaluate::Failure;
use crate::scope::Here;
use crate::semantics::Semantics;
use crate::state::{Ended, Fault, Frame, FrameKind, Origin, Phase, State, Token};
use crate::{Place, Program, Val};
use workflow::{EdgeKind, Join, Step, StepIx, StepKind, Text};

/// So many steps are done without asking the world; a run that does more goes in circles.
const MOST_MOVES: usize = 10_000;
/// So many things go on at once, and so many rounds and called runs.
const MOST_TOKENS: usize = 500;
/// The failure of a run that goes in circles.
pub const ENDLESS: &str = "endless";
/// Runs may call runs so deep.
const MOST_NESTING: usize = 64;

/// A state and the program it is of, on the way to the next request.
struct Run<'p, 'w> {
    program: &'p Program<'w>,
    state: State,
    trail: Trail,
}

/// The edges that were taken, each with its workflow, in order.
pub type Trail = Vec<(u32, u32)>;

/// The state of a run that a trigger of a workflow has started. `clock` is the moment, in milliseconds since 1970,
/// where time is to be known.
#[must_use]
pub fn start(program: &Program<'_>, workflow: u32, trigger: u32, input: Val, clock: Option<i64>) -> State {
    start_traced(program, workflow, trigger, input, clock).0
}

/// As [`start`], with the edges that were taken.
#[must_use]
pub fn start_traced(
    program: &Program<'_>,
    workflow: u32,
    trigger: u32,
    input: Val,
    clock: Option<i64>,
) -> (State, Trail) {
    let mut run = Run { program, state: State { clock, ..State::default() }, trail: Trail::new() };
    run.begin(workflow, trigger, input, None);
    run.settle();
    (run.state, run.trail)
}

impl<'w> Run<'_, 'w> {
    /// A run, or a called run, at its first steps.
    fn begin(&mut self, workflow: u32, trigger: u32, input: Val, caller: Option<(u32, StepIx)>) {
        let told = if self.follows(workflow) {
            self.program.semantics(workflow).run_starts(self.program, workflow, &input)
        } else {
            Ok(input.clone())
        };
        let kind = FrameKind::Run { trigger, input, caller };
        let frame = self.state.open(Frame::new(workflow, kind));
        let starts: Vec<u32> = self.program.starts(workflow, trigger).collect();
        self.trigger_origins(frame, &starts, told.as_ref().ok());
        match told {
            Ok(input) => self.take_all(frame, &starts, &input, 0),
            Err(failure) => self.end_run(frame, Err(failure)),
        }
    }

    /// Does all that needs nothing of the world.
    fn settle(&mut self) {
        self.state.turn = None;
        let most = if self.program.lean { MOST_MOVES / 10 } else { MOST_MOVES };
        for moves in 0.. {
            if moves > most
                || self.state.tokens.len() > MOST_TOKENS
                || self.state.frames.len() > 2 * MOST_TOKENS
            {
                self.circles();
            }
            match self.state.tokens.iter().position(|t| t.phase == Phase::Arrived) {
                Some(ix) => self.enter(ix),
                None if self.sweep() => {}
                None => break,
            }
        }
        if self.program.lean {
            crate::slice::prune(self.program, &mut self.state);
        }
        while self.state.frames.last().is_some_and(Option::is_none) {
            self.state.frames.pop();
        }
    }

    /// Ends the run that moves without end.
    fn circles(&mut self) {
        let moving = self.state.tokens.iter().find(|t| t.phase == Phase::Arrived);
        if let Some(frame) = moving.or(self.state.tokens.first()).map(|t| t.frame) {
            let failure = Fault { name: ENDLESS.into(), ..Fault::default() };
            self.abandon(frame, Ended::Failure(failure));
        }
    }

    fn place(&self, ix: usize) -> Place {
        let token = &self.state.tokens[ix];
        Place { workflow: self.state.frame(token.frame).map_or(u32::MAX, |f| f.workflow), step: token.at }
    }

    fn step(&self, ix: usize) -> Option<&'w Step> {
        self.program.step(self.place(ix))
    }

    fn semantics(&self, ix: usize) -> &'static dyn Semantics {
        self.program.semantics(self.place(ix).workflow)
    }

    fn here<'a>(&'a self, frame: u32, input: &'a Val) -> Here<'a, 'w> {
        Here { program: self.program, state: &self.state, frame, input }
    }

    /// A token reaches its step.
    fn enter(&mut self, ix: usize) {
        let Some(step) = self.step(ix) else {
            self.state.tokens.remove(ix);
            return;
        };
        if !step.enabled {
            let input = self.state.tokens[ix].input.clone();
            return self.succeed(ix, input);
        }
        if self.open_items(ix, step) {
            return;
        }
        match &step.kind {
            StepKind::Part => {
                self.state.tokens.remove(ix);
            }
            StepKind::Set | StepKind::Join | StepKind::Scope | StepKind::Fork => self.shape(ix, step),
            StepKind::Branch | StepKind::Guard if !asks_world(step) => self.shape(ix, step),
            StepKind::Loop(_) => self.enter_loop(ix, step),
            StepKind::End(outcome) => self.end(ix, step, *outcome),
            _ if step.waits && self.callee(ix, step).is_some() => self.call(ix, step),
            _ => self.ask(ix, step),
        }
    }

    /// A step that does nothing outside.
    fn shape(&mut self, ix: usize, step: &Step) {
        if self.exact(ix) {
            let input = self.state.tokens[ix].input.clone();
            return self.finish(ix, step, input);
        }
        self.remember_container(ix, step);
        let token = &self.state.tokens[ix];
        let shaped = self.semantics(ix).shaped(&self.here(token.frame, &token.input), step);
        match shaped {
            Ok(val) => self.succeed(ix, val),
            Err(failure) => self.fail(ix, fault(failure)),
        }
    }

    /// A step that the world has to answer: its parameters must be there first.
    fn ask(&mut self, ix: usize, step: &Step) {
        let token = &self.state.tokens[ix];
        let input = match self.program.lean {
            true => Ok(Val::Null),
            false => self.semantics(ix).input(&self.here(token.frame, &token.input), step),
        };
        match input {
            Ok(_) => self.state.tokens[ix].phase = Phase::Asks,
            Err(failure) => self.fail(ix, fault(failure)),
        }
    }

    /// The workflow that a step calls and waits for, where it is at hand and the nesting has a bound.
    fn callee(&self, ix: usize, step: &Step) -> Option<u32> {
        let [callee] = &step.calls[..] else { return None };
        let frame = self.state.tokens[ix].frame;
        let depth = std::iter::successors(Some(frame), |f| self.state.frame(*f)?.outer()).count();
        let to = self.program.callee(self.place(ix).workflow, &callee.key)?;
        (depth < if self.program.lean { 8 } else { MOST_NESTING }).then_some(to)
    }

    /// A step that runs another workflow and waits for it.
    fn call(&mut self, ix: usize, step: &Step) {
        let (Some(to), Some(callee)) = (self.callee(ix, step), step.calls.first()) else { return };
        let token = &self.state.tokens[ix];
        let (frame, at) = (token.frame, token.at);
        let input = match self.hands_items(ix) {
            true => self.items_called(ix, &callee.input),
            false => self.here(frame, &token.input).value(&callee.input),
        };
        match input {
            Ok(input) => {
                self.state.tokens[ix].phase = Phase::Inside;
                self.begin(to, self.program.call_trigger(to), input, Some((frame, at)));
            }
            Err(failure) => self.fail(ix, fault(failure)),
        }
    }

    /// Tokens over edges, in their order; they stand at a position among the others.
    fn take_all(&mut self, frame: u32, edges: &[u32], input: &Val, position: usize) {
        let mut position = position.min(self.state.tokens.len());
        for edge in edges {
            let before = self.state.tokens.len();
            self.take(frame, *edge, input, position);
            position = (position + self.state.tokens.len()).saturating_sub(before);
        }
    }

    /// A token over one edge.
    fn take(&mut self, frame: u32, edge_ix: u32, input: &Val, position: usize) {
        let Some(workflow) = self.state.frame(frame).map(|f| f.workflow) else { return };
        let Some(edge) = self.program.edge(workflow, edge_ix) else { return };
        // Proofs have to know where a round begins, and no more.
        if !self.program.lean || edge.kind == EdgeKind::Body {
            self.trail.push((workflow, edge_ix));
        }
        let to = Place { workflow, step: edge.to };
        if self.comes_back(frame, edge, input) {
            return;
        }
        let (frame, position) = self.leaves_loop(frame, to, position);
        let waits_for_all = self.program.step(to).is_some_and(|s| s.join != Join::Any);
        let (input, origins) = match waits_for_all {
            false => (input.clone(), self.arrived_origins(frame, &[(edge_ix, input.clone())])),
            true => match self.gather(frame, to, edge_ix, input) {
                Some(all) => all,
                None => return,
            },
        };
        let token = Token { origins, ..Token::arrives(frame, to.step, input) };
        self.state.tokens.insert(position.min(self.state.tokens.len()), token);
    }

    /// Notes an arrival at a step that waits for all before it; what arrived once the last is there.
    fn gather(&mut self, frame: u32, to: Place, edge: u32, input: &Val) -> Option<(Val, Vec<Origin>)> {
        let semantics = self.program.semantics(to.workflow);
        let program = self.program;
        let arrived = self.state.frame_mut(frame)?.joins.entry(to.step).or_default();
        match arrived.iter_mut().find(|(e, _)| *e == edge) {
            Some((_, val)) => *val = input.clone(),
            None => arrived.push((edge, input.clone())),
        }
        arrived.sort_by_key(|(e, _)| *e);
        let from = |e: u32| {
            program.edge(to.workflow, e).map(|e| match e.from {
                workflow::Node::Trigger(_) => workflow::Node::Trigger(0),
                step => step,
            })
        };
        let is_back =
            |e: u32| program.edge(to.workflow, e).is_some_and(|e| e.kind == workflow::EdgeKind::Back);
        let there = |e: &u32| arrived.iter().any(|(a, _)| from(*a) == from(*e));
        if !program.into(to).iter().filter(|e| !is_back(**e)).all(there) {
            return None;
        }
        let all = std::mem::take(arrived);
        self.state.frame_mut(frame)?.joins.remove(&to.step);
        let origins = self.arrived_origins(frame, &all);
        Some((semantics.joined(all.into_iter().map(|(_, val)| val).collect()), origins))
    }
}

/// Whether a branch or guard itself does something that the world has to answer.
fn asks_world(step: &Step) -> bool {
    use workflow::Kind;
    step.ask.is_some() || step.effects.iter().any(|e| e.kind != Kind::Control)
}

/// A failed evaluation as a failure of the step.
fn fault(failure: Failure) -> Fault {
    Fault { name: failure.name, data: Val::Text(Text::from(failure.message)), timeout: false }
}
