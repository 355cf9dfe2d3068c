//! Loops: rounds are frames of their own inside the frame that the loop is in.

use super::{Run, fault};
use crate::semantics::{Tolerance, bound};
use crate::state::{Choice, Fault, Frame, FrameKind, Phase, Rounds, Token};
use crate::{Place, Val};
use workflow::{Edge, EdgeKind, LoopKind, Step, StepIx, StepKind};

/// So many rounds of a loop overlap at most, as Logic Apps has it where nothing says otherwise.
pub(crate) const MOST_AT_ONCE: u32 = 20;

/// For proofs, the rounds over a known list of so many items are counted.
const COUNTED: usize = 20;

impl Run<'_, '_> {
    /// A token reaches a loop.
    pub(super) fn enter_loop(&mut self, ix: usize, step: &Step) {
        self.remember_container(ix, step);
        let token = &self.state.tokens[ix];
        let (frame, at) = (token.frame, token.at);
        let mut rounds = Rounds::default();
        if matches!(step.kind, StepKind::Loop(LoopKind::Each { .. })) {
            match self.semantics(ix).items(&self.here(frame, &token.input), step) {
                Ok(Val::List(items)) => rounds.items = Some(items),
                Ok(Val::Null) => rounds.items = Some(std::sync::Arc::default()),
                Ok(_) => {}
                Err(failure) => return self.fail(ix, fault(failure)),
            }
        }
        if let Some(frame) = self.state.frame_mut(frame) {
            frame.loops.insert(at, rounds);
        }
        self.next_round(ix, step);
    }

    /// Starts the next round, ends the loop, or asks which of the two.
    pub(super) fn next_round(&mut self, ix: usize, step: &Step) {
        let token = &self.state.tokens[ix];
        let (frame, at) = (token.frame, token.at);
        let Some(rounds) = self.state.frame(frame).and_then(|f| f.loops.get(&at)) else { return };
        let done = rounds.all || bound(step).is_some_and(|most| u64::from(rounds.next) >= most);
        let full = rounds.open >= MOST_AT_ONCE;
        let again = match (&rounds.items, &step.kind) {
            _ if done => Ok(Some(false)),
            // For proofs, the rounds of a long list are not counted.
            (Some(items), _) if self.program.lean && rounds.next >= 2 && items.len() > COUNTED => Ok(None),
            (Some(items), _) => Ok(Some((rounds.next as usize) < items.len())),
            // A step that is handed items runs with at least one.
            (None, _) if rounds.next == 0 && self.semantics(ix).hands_items() => Ok(Some(true)),
            (None, StepKind::Loop(LoopKind::While { .. })) => {
                self.semantics(ix).again(&self.here(frame, &token.input), step, rounds)
            }
            (None, _) => Ok(None),
        };
        match again {
            Ok(_) if full => self.state.tokens[ix].phase = Phase::Inside,
            Ok(Some(true)) => self.round(ix, step),
            Ok(Some(false)) => self.no_more_rounds(ix, step),
            Ok(None) => self.state.tokens[ix].phase = Phase::Chooses(Choice::Another),
            Err(failure) => self.fail(ix, fault(failure)),
        }
    }

    /// Starts a round.
    pub(super) fn round(&mut self, ix: usize, step: &Step) {
        let place = self.place(ix);
        let token = &mut self.state.tokens[ix];
        token.phase = Phase::Inside;
        let (frame, at) = (token.frame, token.at);
        let lean = self.program.lean;
        let Some(rounds) = self.state.frame_mut(frame).and_then(|f| f.loops.get_mut(&at)) else { return };
        let index = rounds.next;
        // For proofs, all rounds after the second are told alike, unless a short list is known.
        let items = rounds.items.clone();
        let alike = lean && items.as_ref().is_none_or(|i| i.len() > COUNTED);
        rounds.next = if alike { (rounds.next + 1).min(2) } else { rounds.next + 1 };
        rounds.open += 1;
        self.forget_item(&step.id);
        // The third round then stands for all that follow.
        let known = items.as_ref().filter(|_| !alike || index < 2);
        let item = known.map(|i| i.get(index as usize).cloned().unwrap_or_default());
        let item = item.unwrap_or_else(|| Val::unknown(format!("item.{}[{index}]", step.id)));
        let input = match self.round_input(ix, step, &item, index) {
            Ok(input) => input,
            Err(failure) => return self.fail(ix, failure),
        };
        let kind = FrameKind::Round { parent: frame, of: at, index, item };
        let round = self.state.open(Frame::new(place.workflow, kind));
        let body: Vec<u32> = self.edges(place, |k| *k == EdgeKind::Body);
        self.round_origins(ix, round, &body, (index, &input));
        match self.callee(ix, step).filter(|_| body.is_empty() && step.waits) {
            Some(to) => self.call_in_round(ix, step, round, input, to),
            None => self.take_all(round, &body, &input, ix),
        }
        // Rounds that overlap start together; where they share nothing, and in proofs, they go one after the other.
        let beside = matches!(step.kind, StepKind::Loop(LoopKind::Each { parallel: true, .. }));
        let overlaps = beside && !lean && !self.follows(place.workflow);
        if let Some(ix) = self.token_inside(frame, at).filter(|_| overlaps) {
            self.next_round(ix, step);
        }
    }

    /// A round that is a call of another workflow.
    fn call_in_round(&mut self, ix: usize, step: &Step, round: u32, input: Val, to: u32) {
        let Some(callee) = step.calls.first() else { return };
        let at = self.state.tokens[ix].at;
        let given = self.here(round, &input).value(&callee.input);
        let token = Token { phase: Phase::Inside, ..Token::arrives(round, at, input) };
        self.state.tokens.insert(ix, token);
        match given {
            Ok(given) => self.begin(to, self.program.call_trigger(to), given, Some((round, at))),
            Err(failure) => self.called_in_round(round, Err(fault(failure))),
        }
    }

    /// What a round that is a call has come to.
    pub(super) fn called_in_round(&mut self, round: u32, how: Result<Val, Fault>) {
        self.state.tokens.retain(|t| t.frame != round);
        match how {
            Ok(output) => {
                if let Some(frame) = self.state.frame_mut(round) {
                    frame.last = output;
                }
            }
            Err(failure) => self.fail_round(round, failure),
        }
    }

    /// The loop ends when the rounds that run are done.
    pub(super) fn no_more_rounds(&mut self, ix: usize, step: &Step) {
        let token = &mut self.state.tokens[ix];
        token.phase = Phase::Inside;
        let (frame, at) = (token.frame, token.at);
        let rounds = self.state.frame_mut(frame).and_then(|f| f.loops.get_mut(&at));
        let open = rounds.map_or(0, |r| {
            r.all = true;
            r.open
        });
        if open == 0 {
            self.finish_loop(ix, step);
        }
    }

    fn finish_loop(&mut self, ix: usize, step: &Step) {
        let token = &self.state.tokens[ix];
        let (frame, at) = (token.frame, token.at);
        let Some(rounds) = self.state.frame_mut(frame).and_then(|f| f.loops.remove(&at)) else { return };
        let input = self.state.tokens[ix].input.clone();
        match rounds.failed {
            Some(failure) => self.fail(ix, failure),
            None => {
                let gathered = self.semantics(ix).gathered(step, &rounds, &input);
                self.succeed(ix, gathered);
            }
        }
    }

    /// For proofs, rounds share the names of their items.
    fn forget_item(&mut self, id: &str) {
        if self.program.lean && !self.state.facts.is_empty() {
            let item = format!("item.{id}[");
            let facts = &mut self.state.facts;
            facts.holds.retain(|name, _| !name.contains(&item));
            facts.values.retain(|name, _| !name.contains(&item));
            facts.of.retain(|name, _| !name.contains(&item));
        }
    }

    /// A round in which nothing goes on any more.
    pub(super) fn end_round(&mut self, number: u32) {
        let Some(frame) = self.state.frame(number) else { return };
        let FrameKind::Round { parent, of, index, .. } = frame.kind else { return };
        let (last, failed, returned) = (frame.last.clone(), frame.failed.clone(), frame.returned);
        let place = Place { workflow: frame.workflow, step: of };
        self.state.frames[number as usize] = None;
        let Some(ix) = self.token_inside(parent, of) else { return };
        let lean = self.program.lean;
        if let Some(rounds) = self.state.frame_mut(parent).and_then(|f| f.loops.get_mut(&of)) {
            rounds.open = rounds.open.saturating_sub(1);
            if !lean {
                rounds.results.insert(index, last);
            }
            rounds.failed = rounds.failed.take().or(failed);
        }
        let Some(step) = self.program.step(place) else { return };
        if !returned && self.program.semantics(place.workflow).rounds_must_return() {
            self.state.tokens.remove(ix);
            if let Some(frame) = self.state.frame_mut(parent) {
                frame.loops.remove(&of);
            }
            return;
        }
        self.next_round(ix, step);
    }

    /// The token of a loop or a call whose inside is running.
    pub(super) fn token_inside(&self, frame: u32, at: StepIx) -> Option<usize> {
        let waits = |p: &Phase| matches!(p, Phase::Inside | Phase::Chooses(Choice::Another));
        self.state.tokens.iter().position(|t| t.frame == frame && t.at == at && waits(&t.phase))
    }

    /// A token takes the way back to the loop whose round it is in.
    pub(super) fn comes_back(&mut self, frame: u32, edge: &Edge, input: &Val) -> bool {
        let Some(round) = self.state.frame(frame) else { return true };
        let FrameKind::Round { parent, of, .. } = round.kind else { return false };
        let exact = self.follows(round.workflow);
        if edge.to != of || edge.kind != EdgeKind::Back && !exact {
            return false;
        }
        // A condition that the loop goes on while it holds leads back by the way for everything else.
        if matches!(edge.kind, EdgeKind::Otherwise { .. }) && self.ends_loop(round.workflow, edge) {
            self.last_round(parent, of);
        }
        if let Some(round) = self.state.frame_mut(frame) {
            round.returned = true;
            round.last = input.clone();
        }
        true
    }

    /// A way that leads out of the loop whose round it is in, to what follows the loop, ends the loop.
    pub(super) fn leaves_loop(&mut self, frame: u32, to: Place, position: usize) -> (u32, usize) {
        let Some(FrameKind::Round { parent, of, .. }) = self.state.frame(frame).map(|f| f.kind.clone())
        else {
            return (frame, position);
        };
        let head = Place { step: of, ..to };
        let inside = self.program.within(to.workflow, of, to.step);
        let follows = || {
            let after = self.edges(head, |k| *k != EdgeKind::Body);
            after.iter().any(|e| self.program.edge(to.workflow, *e).is_some_and(|e| e.to == to.step))
        };
        if inside || !self.program.semantics(to.workflow).breaks() || !follows() {
            return (frame, position);
        }
        let Some(ix) = self.token_inside(parent, of) else { return (frame, position) };
        self.state.tokens.remove(ix);
        self.stop_rounds(parent, of);
        if let Some(frame) = self.state.frame_mut(parent) {
            frame.loops.remove(&of);
        }
        self.leaves_loop(parent, to, position.min(self.state.tokens.len()))
    }

    /// Stops all rounds of a loop.
    pub(super) fn stop_rounds(&mut self, parent: u32, of: StepIx) {
        let is =
            |f: &Frame| matches!(f.kind, FrameKind::Round { parent: p, of: o, .. } if p == parent && o == of);
        let numbers = (0u32..).zip(&self.state.frames);
        let rounds: Vec<u32> =
            numbers.filter(|(_, f)| f.as_deref().is_some_and(is)).map(|(n, _)| n).collect();
        rounds.into_iter().for_each(|n| self.stop(n));
    }

    /// A failure that nothing in a round takes.
    pub(super) fn fail_round(&mut self, number: u32, failure: Fault) {
        let Some(frame) = self.state.frame(number) else { return };
        let FrameKind::Round { parent, of, .. } = frame.kind else { return };
        let place = Place { workflow: frame.workflow, step: of };
        let Some(step) = self.program.step(place) else { return };
        if self.follows(place.workflow) {
            return self.fail_round_exactly(number, step, failure);
        }
        let tolerance = self.program.semantics(place.workflow).tolerates(step);
        if tolerance != Tolerance::None {
            return self.tolerate((number, parent, of), step, failure, tolerance);
        }
        if self.program.semantics(place.workflow).rounds_go_on(step) {
            if let Some(frame) = self.state.frame_mut(number) {
                frame.failed.get_or_insert(failure);
            }
            return;
        }
        self.stop_rounds(parent, of);
        if let Some(frame) = self.state.frame_mut(parent) {
            frame.loops.remove(&of);
        }
        if let Some(ix) = self.token_inside(parent, of) {
            self.fail(ix, failure);
        }
    }

    /// A round has failed of a loop that tolerates some of that.
    fn tolerate(
        &mut self,
        (number, parent, of): (u32, u32, StepIx),
        step: &Step,
        failure: Fault,
        tolerance: Tolerance,
    ) {
        self.stop(number);
        if let Some(rounds) = self.state.frame_mut(parent).and_then(|f| f.loops.get_mut(&of)) {
            rounds.open = rounds.open.saturating_sub(1);
        }
        let Some(ix) = self.token_inside(parent, of) else { return };
        match tolerance {
            Tolerance::All => self.next_round(ix, step),
            _ => self.state.tokens[ix].phase = Phase::Chooses(Choice::Tolerates(failure)),
        }
    }

    /// The edges of some kinds that leave a step.
    pub(super) fn edges(&self, at: Place, is: impl Fn(&EdgeKind) -> bool) -> Vec<u32> {
        let of = |e: &&u32| self.program.edge(at.workflow, **e).is_some_and(|e| is(&e.kind));
        self.program.out(at).iter().filter(of).copied().collect()
    }
}
