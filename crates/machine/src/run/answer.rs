//! What a state becomes when the world has answered.

use super::ask::next;
use super::leave::told_key;
use super::{Run, Trail};
use crate::condition;
use crate::request::{Answer, At, Misfit, Request};
use crate::semantics::AfterCrash;
use crate::state::{Choice, Ended, Fault, FrameKind, Phase, State};
use crate::{Program, Val};
use workflow::{EdgeKind, StepKind};

/// The state after an answer to what [`next`] asks of it.
///
/// # Errors
/// An answer that does not fit the request.
pub fn resume(program: &Program<'_>, state: State, answer: Answer) -> Result<State, Misfit> {
    let request = next(program, &state);
    resume_traced(program, state, &request, answer).map(|(state, _)| state)
}

/// As [`resume`], for the request that [`next`] made of the state, with the edges that were taken; in proofs, only those that begin a round.
///
/// # Errors
/// An answer that does not fit the request.
pub fn resume_traced(
    program: &Program<'_>,
    state: State,
    request: &Request,
    answer: Answer,
) -> Result<(State, Trail), Misfit> {
    let mut run = Run { program, state, trail: Trail::new() };
    if run.tell(request, &answer).is_none() {
        return Err(Misfit { asked: format!("{request:?}"), answer });
    }
    Ok((run.state, run.trail))
}

impl Run<'_, '_> {
    /// Goes on with an answer; nothing where it does not fit.
    fn tell(&mut self, request: &Request, answer: &Answer) -> Option<()> {
        match (request, answer) {
            (Request::Order(among), Answer::First(token)) => {
                among.iter().find(|at| at.token == *token)?;
                self.state.turn = Some(*token);
                return Some(());
            }
            (Request::Choose(at, choice), Answer::Choose(holds)) => self.chosen(at, choice, *holds),
            (Request::Choose(at, Choice::Condition(_)), Answer::Error(name, data)) => {
                self.fail(
                    at.token as usize,
                    Fault { name: name.clone(), data: data.clone(), timeout: false },
                );
            }
            (Request::Done(_) | Request::Order(_) | Request::Choose(..), _) => return None,
            (Request::Stuck(at), Answer::Cancelled) => {
                let frame = self.state.tokens.get(at.first()?.token as usize)?.frame;
                self.abandon(frame, Ended::Cancelled);
            }
            (Request::Stuck(_), _) => return None,
            (Request::Call(call) | Request::Ask(call) | Request::Start(call) | Request::Wait(call), _) => {
                self.answered(&call.at, answer, matches!(request, Request::Wait(_)))?;
            }
        }
        self.settle();
        Some(())
    }

    fn answered(&mut self, at: &At, answer: &Answer, waits: bool) -> Option<()> {
        let ix = at.token as usize;
        let frame = self.state.tokens.get(ix)?.frame;
        match answer {
            Answer::Result(val) if !waits => self.came(ix, val.clone()),
            Answer::Over(val) if waits => self.over(ix, val.clone()),
            Answer::Result(val) => self.over(ix, val.clone()),
            Answer::Decided(case) => self.decided(ix, case)?,
            Answer::Error(name, data) => {
                self.fail(ix, Fault { name: name.clone(), data: data.clone(), timeout: false });
            }
            Answer::Timeout => self.fail(ix, Fault { timeout: true, ..Fault::default() }),
            Answer::Cancelled => self.abandon(frame, Ended::Cancelled),
            Answer::Crash => self.crash(ix),
            Answer::Again => self.again(frame)?,
            Answer::Over(_) | Answer::Choose(_) | Answer::First(_) => return None,
        }
        Some(())
    }

    /// A step has its result.
    fn came(&mut self, ix: usize, answer: Val) {
        let Some(step) = self.step(ix) else { return };
        self.forget(&step.id);
        let token = &self.state.tokens[ix];
        let result = self.semantics(ix).result(&self.here(token.frame, &token.input), step, answer);
        self.succeed(ix, result);
    }

    /// For proofs, what was assumed of a step's last result says nothing of its next one, which has the same name.
    pub(super) fn forget(&mut self, id: &str) {
        let facts = &mut self.state.facts;
        if !self.program.lean || facts.is_empty() {
            return;
        }
        facts.holds.retain(|name, _| !condition::names(name, id));
        facts.values.retain(|name, _| !condition::names(name, id));
        facts.of.retain(|name, _| !condition::names(name, id));
    }

    /// What was waited for has come.
    fn over(&mut self, ix: usize, event: Val) {
        let passes =
            self.step(ix).is_some_and(|s| s.passes_input || s.kind == StepKind::Wait && event == Val::Null);
        let input = self.state.tokens[ix].input.clone();
        if passes { self.succeed(ix, input) } else { self.came(ix, event) }
    }

    /// A person chose one of the step's own ways.
    fn decided(&mut self, ix: usize, case: &str) -> Option<()> {
        let place = self.place(ix);
        let cases = self.edges(place, |k| matches!(k, EdgeKind::When { .. } | EdgeKind::Otherwise { .. }));
        let named = |e: &u32| self.program.edge(place.workflow, *e).is_some_and(|e| e.kind.label() == case);
        if !cases.iter().any(named) {
            return None;
        }
        for edge in &cases {
            self.state.facts.holds.insert(told_key(*edge), named(edge));
        }
        self.came(ix, Val::text(case));
        Some(())
    }

    /// The world said what could not be evaluated.
    fn chosen(&mut self, at: &At, choice: &Choice, holds: bool) {
        let ix = at.token as usize;
        match choice {
            Choice::Condition(edge) => {
                self.assume(ix, *edge, holds);
                self.state.tokens[ix].phase = Phase::Asks;
                self.branch(ix);
            }
            Choice::Another => match self.step(ix) {
                Some(step) if holds => self.round(ix, step),
                Some(step) => self.no_more_rounds(ix, step),
                None => {}
            },
            Choice::Catches(edge, failure) => {
                self.state.facts.holds.insert(told_key(*edge), holds);
                self.state.tokens[ix].phase = Phase::Inside;
                self.fail(ix, failure.clone());
            }
            Choice::Tolerates(_) if holds => {
                if let Some(step) = self.step(ix) {
                    self.next_round(ix, step);
                }
            }
            Choice::Tolerates(failure) => {
                let token = &self.state.tokens[ix];
                let (frame, at) = (token.frame, token.at);
                if let Some(frame) = self.state.frame_mut(frame) {
                    frame.loops.remove(&at);
                }
                self.fail(ix, failure.clone());
            }
            Choice::Repeats if holds => {
                self.state.tokens[ix].phase = Phase::Asks;
                self.state.tokens[ix].attempt += 1;
            }
            Choice::Repeats => {
                let frame = self.state.tokens[ix].frame;
                self.abandon(frame, Ended::Lost);
            }
        }
    }

    fn assume(&mut self, ix: usize, edge: u32, holds: bool) {
        let place = self.place(ix);
        if let Some(EdgeKind::When { condition, .. }) =
            self.program.edge(place.workflow, edge).map(|e| &e.kind)
        {
            let token = &self.state.tokens[ix];
            let (mut facts, _) = condition::assume(condition, holds, &self.here(token.frame, &token.input));
            if self.program.lean {
                let fresh = facts.holds.keys().chain(facts.values.keys());
                let fresh: Vec<_> = fresh.filter(|k| !facts.of.contains_key(*k)).cloned().collect();
                facts.of.extend(fresh.into_iter().map(|k| (k, (place.workflow, edge))));
            }
            self.state.facts = facts;
        }
        self.state.facts.holds.insert(told_key(edge), holds);
    }

    fn crash(&mut self, ix: usize) {
        let Some(step) = self.step(ix) else { return };
        match self.semantics(ix).after_crash(step) {
            AfterCrash::Repeats => self.state.tokens[ix].attempt += 1,
            AfterCrash::Unknown => self.state.tokens[ix].phase = Phase::Chooses(Choice::Repeats),
            AfterCrash::Lost => {
                let frame = self.state.tokens[ix].frame;
                self.abandon(frame, Ended::Lost);
            }
        }
    }

    /// The event that started the run comes once more: a run of its own beside it.
    fn again(&mut self, frame: u32) -> Option<()> {
        let root = self.state.root_of(frame);
        let frame = self.state.frame(root)?;
        let FrameKind::Run { trigger, input, .. } = &frame.kind else { return None };
        let (workflow, trigger, input) = (frame.workflow, *trigger, input.clone());
        let ready = std::mem::take(&mut self.state.tokens);
        self.begin(workflow, trigger, input, None);
        let more = std::mem::replace(&mut self.state.tokens, ready);
        self.state.tokens.extend(more);
        Some(())
    }
}
