//! Failures and time-outs: tried again, taken by an edge of the step or of a container around it, by the loop, by the
//! caller; or what the platform does when nothing takes them.

use super::Run;
use super::leave::told_key;
use crate::condition::NOTHING;
use crate::scope::ERROR;
use crate::semantics::Unhandled;
use crate::state::{Choice, Fault, FrameKind, Phase, Token};
use crate::{Place, Val};
use workflow::{EdgeKind, OnError, Step, StepIx, StepKind};

/// Containers are looked at so deep.
const MOST_DEPTH: usize = 500;

/// What takes a failure.
pub(super) enum Taken {
    /// These edges of a step.
    Edges(StepIx, Vec<u32>),
    /// It is not known whether this edge does.
    Asks(u32),
    /// Nothing up to the frame's own border.
    Nothing,
}

impl Run<'_, '_> {
    /// A step has failed.
    pub(super) fn fail(&mut self, ix: usize, failure: Fault) {
        let Some(step) = self.step(ix) else { return };
        if self.exact(ix) {
            return self.fail_exactly(ix, step, failure);
        }
        if failure.timeout && self.times_out(ix) {
            return;
        }
        let place = self.place(ix);
        if self.repeats(ix, place, step, &failure) {
            return;
        }
        let taken = self.taken(ix, &failure);
        if !matches!(taken, Taken::Asks(_)) {
            self.forget_catches(place);
        }
        match taken {
            Taken::Asks(edge) => self.state.tokens[ix].phase = Phase::Chooses(Choice::Catches(edge, failure)),
            Taken::Edges(_, edges) if self.one_failed(ix, step, &edges, &failure) => {}
            Taken::Edges(of, edges) => self.catch(ix, of, &edges, &failure),
            Taken::Nothing if step.on_error == OnError::Continue => {
                if !self.one_failed(ix, step, &[], &failure) {
                    self.go(ix, &[]);
                }
            }
            Taken::Nothing => self.unhandled(ix, step, failure),
        }
    }

    /// Answers about error edges count for one failure.
    fn forget_catches(&mut self, at: Place) {
        if self.state.facts.holds.is_empty() {
            return;
        }
        let around = |step: &StepIx| self.program.step(Place { step: *step, ..at })?.parent;
        for step in std::iter::successors(Some(at.step), around).take(MOST_DEPTH) {
            for edge in self.edges(Place { step, ..at }, |k| *k == EdgeKind::Error) {
                self.state.facts.holds.remove(&told_key(edge));
            }
        }
    }

    /// Time-out edges are for those who wait, their own or those of a container around them; others take a time-out for
    /// a failure.
    fn times_out(&mut self, ix: usize) -> bool {
        let place = self.place(ix);
        let Some(of) = self.program.timed(place) else { return false };
        let edges = self.edges(Place { step: of, ..place }, |k| *k == EdgeKind::Timeout);
        self.catch(ix, of, &edges, &Fault { timeout: true, ..Fault::default() });
        true
    }

    /// Tries a step again, if its platform does.
    fn repeats(&mut self, ix: usize, place: Place, step: &Step, failure: &Fault) -> bool {
        let token = &self.state.tokens[ix];
        if !matches!(token.phase, Phase::Asks) {
            return false;
        }
        // For proofs, a repetition that fails as well stands for all of them.
        let enough = self.program.lean && token.attempt > 0;
        let again = self.semantics(ix).retries(self.program, place, step, failure, token.attempt);
        if enough || again == Some(false) {
            return false;
        }
        self.state.tokens[ix].attempt += 1;
        self.first_item_again(ix);
        true
    }

    /// Containers that may be tried again keep what they were given.
    pub(super) fn remember_container(&mut self, ix: usize, step: &Step) {
        let token = &self.state.tokens[ix];
        if step.retries == 0 {
            return;
        }
        let (frame, at, input) = (token.frame, token.at, token.input.clone());
        if let Some(frame) = self.state.frame_mut(frame) {
            frame.attempts.entry(at).or_insert((0, input));
        }
    }

    /// What takes a failure, from the step outwards within its frame.
    pub(super) fn taken(&mut self, ix: usize, failure: &Fault) -> Taken {
        let place = self.place(ix);
        let frame = self.state.tokens[ix].frame;
        let border = match self.state.frame(frame).map(|f| &f.kind) {
            Some(FrameKind::Round { of, .. }) => Some(*of),
            _ => None,
        };
        let mut at = Some(place.step);
        while let Some(step) = at.filter(|s| Some(*s) != border) {
            let here = Place { step, ..place };
            if step != place.step && self.repeats_container(frame, here, failure) {
                return Taken::Edges(step, Vec::new());
            }
            match self.catching(frame, here, failure) {
                Taken::Nothing => {}
                taken => return taken,
            }
            if step == place.step && self.program.step(here).is_some_and(|s| s.on_error == OnError::Continue)
            {
                return Taken::Nothing;
            }
            at = self.program.step(here).and_then(|s| s.parent);
        }
        Taken::Nothing
    }

    /// The error edges of one step that take a failure.
    fn catching(&self, frame: u32, at: Place, failure: &Fault) -> Taken {
        let Some(step) = self.program.step(at) else { return Taken::Nothing };
        let semantics = self.program.semantics(at.workflow);
        if self.follows(at.workflow) {
            return self.catching_exactly(frame, at, step, failure);
        }
        if step.on_error == OnError::Either {
            return self.either(at);
        }
        let mut taken = Vec::new();
        for (number, edge) in self.edges(at, |k| *k == EdgeKind::Error).into_iter().enumerate() {
            let told = self.state.facts.holds.get(&told_key(edge)).copied();
            match told.or_else(|| semantics.catches(step, number, failure)) {
                Some(true) => taken.push(edge),
                Some(false) => {}
                None => return Taken::Asks(edge),
            }
            if semantics.catches_once() && !taken.is_empty() {
                break;
            }
        }
        if taken.is_empty() { Taken::Nothing } else { Taken::Edges(at.step, taken) }
    }

    /// The error edges of a step that one of its ordinary ways runs beside, and the others.
    pub(super) fn failing_ways(&self, at: Place) -> (Vec<u32>, Vec<u32>) {
        let to = |edge: u32| {
            let to = self.program.edge(at.workflow, edge)?.to;
            let place = Place { step: to, ..at };
            // A way back to a loop may lead through a step of its own.
            let through = self.program.step(place).is_some_and(|s| s.synthetic && s.kind == StepKind::Join);
            let back = self.edges(place, |k| *k == EdgeKind::Back);
            let back = back.first().filter(|_| through).and_then(|e| self.program.edge(at.workflow, *e));
            Some(back.map_or(to, |e| e.to))
        };
        let ordinary = self.edges(at, |k| !matches!(k, EdgeKind::Error | EdgeKind::Timeout));
        let beside = |edge: &u32| ordinary.iter().any(|o| to(*o) == to(*edge));
        self.edges(at, |k| *k == EdgeKind::Error).into_iter().partition(beside)
    }

    /// Of a step whose failures go one of two ways, which only the world knows: the error edges of one.
    fn either(&self, at: Place) -> Taken {
        let (through, own) = self.failing_ways(at);
        let Some(asked) = own.first().or(through.first()).copied() else {
            return Taken::Edges(at.step, Vec::new());
        };
        match (self.state.facts.holds.get(&told_key(asked)), own.is_empty()) {
            (None, _) => Taken::Asks(asked),
            (Some(true), false) => Taken::Edges(at.step, own),
            (Some(false), true) => Taken::Edges(at.step, Vec::new()),
            _ => Taken::Edges(at.step, through),
        }
    }

    /// Starts a container again, if its platform does.
    fn repeats_container(&mut self, frame: u32, at: Place, failure: &Fault) -> bool {
        if self.follows(at.workflow) {
            return self.repeats_exactly(frame, at, failure);
        }
        let Some(step) = self.program.step(at).filter(|s| s.retries > 0) else { return false };
        let Some((done, _)) = self.state.frame(frame).and_then(|f| f.attempts.get(&at.step)).cloned() else {
            return false;
        };
        let enough = self.program.lean && done > 0;
        if enough
            || self.program.semantics(at.workflow).retries(self.program, at, step, failure, done)
                == Some(false)
        {
            return false;
        }
        if let Some((done, _)) = self.state.frame_mut(frame).and_then(|f| f.attempts.get_mut(&at.step)) {
            *done += 1;
        }
        true
    }

    /// A failure leaves by error edges of the step or of a container; with no edges, the container starts again.
    pub(super) fn catch(&mut self, ix: usize, of: StepIx, edges: &[u32], failure: &Fault) {
        let place = self.place(ix);
        if of == place.step {
            return self.leave_failed(ix, failure, edges);
        }
        let frame = self.state.tokens[ix].frame;
        if edges.is_empty() || self.semantics(ix).failure_stops_container() {
            self.stop_container(frame, place.workflow, of, Some(ix));
        } else {
            self.state.tokens[ix].at = of;
            return self.leave_failed(ix, failure, edges);
        }
        let input = self.state.frame(frame).and_then(|f| f.attempts.get(&of)).map(|(_, input)| input.clone());
        let token = Token::arrives(frame, of, input.unwrap_or_default());
        self.state.tokens.insert(ix.min(self.state.tokens.len()), token);
        let ix = ix.min(self.state.tokens.len() - 1);
        if !edges.is_empty() {
            self.leave_failed(ix, failure, edges);
        }
    }

    /// Takes edges after a failure: the result is nothing, the failure can be read.
    fn leave_failed(&mut self, ix: usize, failure: &Fault, edges: &[u32]) {
        if self.exact(ix) {
            return self.leave_caught(ix, failure, edges);
        }
        let (frame, at) = (self.state.tokens[ix].frame, self.state.tokens[ix].at);
        let caught = self.semantics(ix).caught(failure);
        let input = self.state.tokens[ix].input.clone();
        let workflow = self.place(ix).workflow;
        let id = self.step(ix).map(|s| s.id.clone()).unwrap_or_default();
        self.forget(&id);
        let own = self.failing_ways(self.place(ix)).1;
        let named = !edges.is_empty() && edges.iter().all(|e| own.contains(e));
        let given = self.semantics(ix).failed(&input, failure, named).filter(|_| !self.program.lean);
        let input = given.clone().unwrap_or(input);
        // What an unknown item holds is not what the step was to give.
        let none = || Val::unknown(format!("{NOTHING}step.{id}"));
        let nothing = match (self.program.lean, given) {
            (true, _) => self.program.keeps(workflow, at).then(none),
            (false, Some(Val::Unknown(_))) => Some(none()),
            (false, given) => Some(given.unwrap_or_default()),
        };
        if let Some(frame) = self.state.frame_mut(frame) {
            if let Some(nothing) = nothing {
                frame.results.insert(at, nothing);
            }
            frame.attempts.remove(&at);
            if !failure.timeout || !failure.name.is_empty() {
                frame.variables.insert(ERROR, caught);
            }
        }
        self.forget_told(ix);
        self.note_origins(ix, edges, &input);
        self.state.tokens.remove(ix);
        self.take_all(frame, edges, &input, ix);
    }

    /// The run goes on as if the step had given nothing.
    fn go_on(&mut self, ix: usize) {
        let place = self.place(ix);
        let rest = |k: &EdgeKind| matches!(k, EdgeKind::Next | EdgeKind::Back | EdgeKind::Otherwise { .. });
        let edges = self.edges(place, rest);
        self.leave_failed(ix, &Fault::default(), &edges);
    }

    pub(super) fn unhandled(&mut self, ix: usize, step: &Step, failure: Fault) {
        let frame = self.state.tokens[ix].frame;
        let rule = self.semantics(ix).unhandled(step);
        match rule {
            Unhandled::GoesOn => return self.go_on(ix),
            Unhandled::StandsStill => {
                self.state.tokens[ix].phase = Phase::Stuck;
                return;
            }
            Unhandled::Dropped => return self.go(ix, &[]),
            Unhandled::EndsRun | Unhandled::EndsPath => {}
        }
        if let Some(FrameKind::Round { .. }) = self.state.frame(frame).map(|f| &f.kind) {
            let place = self.place(ix);
            self.state.tokens.remove(ix);
            self.skip_after(frame, place, ix);
            return self.fail_round(frame, failure);
        }
        if rule == Unhandled::EndsRun {
            return self.end_run(frame, Err(failure));
        }
        let place = self.place(ix);
        self.state.tokens.remove(ix);
        if let Some(frame) = self.state.frame_mut(frame) {
            frame.failed.get_or_insert(failure);
        }
        self.skip_after(frame, place, ix);
    }

    /// What only follows a step's success is skipped, and what runs after a skipped step is reached.
    fn skip_after(&mut self, frame: u32, at: Place, position: usize) {
        let (mut work, mut seen) = (vec![at.step], vec![at.step]);
        while let Some(step) = work.pop() {
            for edge in self.edges(Place { step, ..at }, |k| *k == EdgeKind::Next) {
                let Some(to) =
                    self.program.edge(at.workflow, edge).map(|e| e.to).filter(|to| !seen.contains(to))
                else {
                    continue;
                };
                seen.push(to);
                work.push(to);
                let after = self.edges(Place { step: to, ..at }, |k| *k == EdgeKind::Skipped);
                self.take_all(frame, &after, &Val::Null, position);
            }
        }
    }

    /// Stops all that runs in a container; a token that caused it goes too.
    pub(super) fn stop_container(&mut self, frame: u32, workflow: u32, of: StepIx, cause: Option<usize>) {
        let program = self.program;
        let inside = |s: StepIx| program.within(workflow, of, s);
        let mut stopped: Vec<StepIx> = Vec::new();
        let mut position = 0;
        self.state.tokens.retain(|t| {
            let stop = cause == Some(position) || t.frame == frame && inside(t.at);
            position += 1;
            if stop {
                stopped.push(t.at);
            }
            !stop
        });
        for step in stopped {
            self.stop_rounds(frame, step);
            self.stop_called(frame, step);
        }
        if let Some(frame) = self.state.frame_mut(frame) {
            let fed = |step: &StepIx| {
                let at = Place { workflow, step: *step };
                program.into(at).iter().any(|e| match program.edge(workflow, *e).map(|e| e.from) {
                    Some(workflow::Node::Step(from)) => inside(from),
                    _ => false,
                })
            };
            frame.joins.retain(|step, _| !inside(*step) && !fed(step));
            frame.loops.retain(|step, _| !inside(*step));
        }
    }
}
