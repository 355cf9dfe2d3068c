//! Runs of platforms whose data flow is followed as it is defined ([`crate::semantics::Semantics::is_exact`]): how steps,
//! rounds and failures are left. Proofs never come here.

use super::Run;
use super::failure::Taken;
use super::leave::told_key;
use crate::scope::ERROR;
use crate::semantics::{Caught, Left};
use crate::state::{Fault, Frame, FrameKind, Phase, Rounds};
use crate::{Place, Val};
use workflow::{EdgeKind, OnError, Outcome, Step, StepIx, StepKind, Text};

/// In the data flow of a step: the kind of an edge that its definition does not have.
pub(crate) const ADDED: &str = "(added)";

impl Run<'_, '_> {
    /// Whether runs of a workflow follow its data flow as it is defined.
    pub(super) fn follows(&self, workflow: u32) -> bool {
        !self.program.lean && self.program.semantics(workflow).is_exact()
    }

    pub(super) fn exact(&self, ix: usize) -> bool {
        self.follows(self.place(ix).workflow)
    }

    /// A step has gone well and has given `raw`.
    pub(super) fn finish(&mut self, ix: usize, step: &Step, raw: Val) {
        let token = &self.state.tokens[ix];
        let left = self.semantics(ix).left(&self.here(token.frame, &token.input), step, raw.clone());
        match left {
            Ok(left) => {
                let ix = self.stopped(ix, &left);
                self.keep(ix, step, raw, left);
                self.branch(ix);
            }
            Err(failure) => self.fail(ix, failure),
        }
    }

    /// Nothing else goes on in the container that is left; gives the token's position then.
    fn stopped(&mut self, ix: usize, left: &Left) -> usize {
        let place = self.place(ix);
        let container = left.stops.as_ref().and_then(|id| self.program.find(place.workflow, id));
        let Some(of) = container else { return ix };
        let token = self.state.tokens.remove(ix);
        self.stop_container(token.frame, place.workflow, of, None);
        let ix = ix.min(self.state.tokens.len());
        self.state.tokens.insert(ix, token);
        ix
    }

    /// Notes what a step has given, for what refers to it by its name, and hands on what it is left with.
    fn keep(&mut self, ix: usize, step: &Step, raw: Val, left: Left) {
        let token = &self.state.tokens[ix];
        let (frame, at, input, place) = (token.frame, token.at, token.input.clone(), self.place(ix));
        for (number, edge) in
            self.edges(place, |k| matches!(k, EdgeKind::When { .. })).into_iter().enumerate()
        {
            if let Some(case) = left.case {
                self.state.facts.holds.insert(told_key(edge), case == Some(number));
            }
        }
        self.set_all(frame, place.workflow, &left.variables);
        self.state.tokens[ix].input = left.output;
        if let Some(frame) = self.state.frame_mut(frame) {
            frame.results.insert(at, raw);
            if matches!(step.kind, StepKind::Fork | StepKind::Scope) {
                frame.attempts.insert(at, (0, input));
            }
        }
    }

    fn set_all(&mut self, frame: u32, workflow: u32, variables: &[(Text, Val)]) {
        for (name, val) in variables {
            let local = self.program.semantics(workflow).is_local(name);
            let frame = if local { frame } else { self.state.run_of(frame) };
            let Some(frame) = self.state.frame_mut(frame) else { continue };
            if *val == Val::Null && local {
                frame.variables.remove(name);
            } else {
                frame.variables.insert(name.clone(), val.clone());
            }
        }
    }

    /// A token reaches a step that ends something.
    pub(super) fn end_exactly(&mut self, ix: usize, step: &Step, outcome: Outcome) {
        let (frame, input) = (self.state.tokens[ix].frame, self.state.tokens[ix].input.clone());
        let here = self.here(frame, &input);
        if outcome == Outcome::Failure {
            let failure = self.semantics(ix).raised(&here, step);
            return self.fail(ix, failure);
        }
        match self.semantics(ix).left(&here, step, input.clone()) {
            Err(failure) => self.fail(ix, failure),
            Ok(left) if outcome == Outcome::Success => self.end_run(frame, Ok(left.output)),
            Ok(left) => {
                if let Some(frame) = self.state.frame_mut(frame) {
                    frame.last = left.output;
                }
                self.state.tokens.remove(ix);
            }
        }
    }

    /// A step has failed.
    pub(super) fn fail_exactly(&mut self, ix: usize, step: &Step, failure: Fault) {
        let (frame, input) = (self.state.tokens[ix].frame, self.state.tokens[ix].input.clone());
        let here = self.here(frame, &input);
        let failure = self.semantics(ix).named(&here, step, failure);
        let again = self.semantics(ix).retried(&here, step, &failure);
        if let Some(variables) = again.filter(|_| !matches!(step.kind, StepKind::Fork | StepKind::Scope)) {
            let workflow = self.place(ix).workflow;
            self.set_all(frame, workflow, &variables);
            let token = &mut self.state.tokens[ix];
            token.attempt += 1;
            token.phase = if token.phase == Phase::Asks { Phase::Asks } else { Phase::Arrived };
            return;
        }
        match self.taken(ix, &failure) {
            Taken::Nothing if step.on_error == OnError::Continue => self.go(ix, &[]),
            Taken::Asks(_) | Taken::Nothing => self.unhandled(ix, step, failure),
            Taken::Edges(of, edges) => self.catch(ix, of, &edges, &failure),
        }
    }

    /// The edges of one step that take a failure.
    pub(super) fn catching_exactly(&self, frame: u32, at: Place, step: &Step, failure: &Fault) -> Taken {
        let before = self.state.frame(frame).and_then(|f| f.attempts.get(&at.step)).map(|(_, input)| input);
        let here = self.here(frame, before.unwrap_or(&Val::Null));
        let edges = match self.program.semantics(at.workflow).catcher(&here, step, failure) {
            Caught::Not => self.added(at, step, failure),
            Caught::By(number) => {
                self.edges(at, |k| *k == EdgeKind::Error).get(number).copied().into_iter().collect()
            }
            Caught::AsTimeout => self.edges(at, |k| *k == EdgeKind::Timeout),
        };
        if edges.is_empty() { Taken::Nothing } else { Taken::Edges(at.step, edges) }
    }

    /// The edge for a failure that an edit has added to a step.
    fn added(&self, at: Place, step: &Step, failure: &Fault) -> Vec<u32> {
        let kind = match step.flow.get(ADDED).as_text() {
            Some("timeout") if failure.timeout => EdgeKind::Timeout,
            Some("error") => EdgeKind::Error,
            _ => return Vec::new(),
        };
        self.edges(at, |k| *k == kind).pop().into_iter().collect()
    }

    /// Starts a container again, if its platform does.
    pub(super) fn repeats_exactly(&mut self, frame: u32, at: Place, failure: &Fault) -> bool {
        let Some(step) = self.program.step(at) else { return false };
        let Some((_, input)) = self.state.frame(frame).and_then(|f| f.attempts.get(&at.step)).cloned() else {
            return false;
        };
        let again = self.program.semantics(at.workflow).retried(&self.here(frame, &input), step, failure);
        again.map(|variables| self.set_all(frame, at.workflow, &variables)).is_some()
    }

    /// Takes edges after a failure.
    pub(super) fn leave_caught(&mut self, ix: usize, failure: &Fault, edges: &[u32]) {
        let Some(step) = self.step(ix) else { return };
        let token = &self.state.tokens[ix];
        let (frame, workflow) = (token.frame, self.place(ix).workflow);
        let left = match self.added(self.place(ix), step, failure) {
            added if !added.is_empty() && added == edges => Ok(Left::with(token.input.clone())),
            _ => self.semantics(ix).left_caught(&self.here(frame, &token.input), step, failure),
        };
        match left {
            Err(failure) => self.unhandled(ix, step, failure),
            Ok(left) => {
                self.set_all(frame, workflow, &left.variables);
                let (at, caught) = (self.state.tokens[ix].at, self.semantics(ix).caught(failure));
                if let Some(frame) = self.state.frame_mut(frame) {
                    frame.results.insert(at, Val::Null);
                    frame.variables.insert(ERROR, caught);
                }
                self.state.tokens.remove(ix);
                self.take_all(frame, edges, &left.output, ix);
            }
        }
    }

    /// What a round starts with.
    pub(super) fn round_input(&self, ix: usize, step: &Step, item: &Val, index: u32) -> Result<Val, Fault> {
        let token = &self.state.tokens[ix];
        let here = self.here(token.frame, &token.input);
        let semantics = self.semantics(ix);
        if !self.exact(ix) {
            return Ok(semantics.round_input(&here, step, item));
        }
        let none = Rounds::default();
        let rounds = self.state.frame(token.frame).and_then(|f| f.loops.get(&token.at)).unwrap_or(&none);
        semantics.round_starts(&here, step, (item, index), rounds)
    }

    /// A failure that nothing in a round takes: the loop tolerates it or fails.
    pub(super) fn fail_round_exactly(&mut self, number: u32, step: &Step, failure: Fault) {
        let Some(Frame { kind: FrameKind::Round { parent, of, index, .. }, .. }) = self.state.frame(number)
        else {
            return;
        };
        let (parent, of, index) = (*parent, *of, *index);
        let Some(ix) = self.token_inside(parent, of) else { return };
        let none = Rounds::default();
        let rounds = self.state.frame(parent).and_then(|f| f.loops.get(&of)).unwrap_or(&none);
        let here = self.here(parent, &self.state.tokens[ix].input);
        let told = self.semantics(ix).round_failed(&here, step, rounds, failure);
        self.stop(number);
        let Some(ix) = self.token_inside(parent, of) else { return };
        match told {
            Ok(val) => {
                if let Some(rounds) = self.state.frame_mut(parent).and_then(|f| f.loops.get_mut(&of)) {
                    rounds.open = rounds.open.saturating_sub(1);
                    rounds.fails += 1;
                    rounds.results.insert(index, val);
                }
                self.next_round(ix, step);
            }
            Err(failure) => {
                self.stop_rounds(parent, of);
                if let Some(frame) = self.state.frame_mut(parent) {
                    frame.loops.remove(&of);
                }
                if let Some(ix) = self.token_inside(parent, of) {
                    self.fail(ix, failure);
                }
            }
        }
    }

    /// Whether a way back to a loop's head comes from the condition that the loop goes on while it holds.
    pub(super) fn ends_loop(&self, workflow: u32, edge: &workflow::Edge) -> bool {
        let workflow::Node::Step(step) = edge.from else { return false };
        self.program.step(Place { workflow, step }).is_some_and(|s| s.synthetic && s.kind == StepKind::Branch)
    }

    /// A loop has no further round.
    pub(super) fn last_round(&mut self, parent: u32, of: StepIx) {
        if let Some(rounds) = self.state.frame_mut(parent).and_then(|f| f.loops.get_mut(&of)) {
            rounds.items = Some(std::sync::Arc::default());
        }
    }
}
