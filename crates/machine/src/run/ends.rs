//! How paths, rounds, called runs and runs end.

use super::Run;
use crate::state::{End, Ended, Fault, Frame, FrameKind, Token};
use crate::{Place, Val};
use workflow::{EdgeKind, Join, Outcome, Step, StepIx};

impl Run<'_, '_> {
    /// A token reaches a step that ends something.
    pub(super) fn end(&mut self, ix: usize, step: &Step, outcome: Outcome) {
        let (frame, input) = (self.state.tokens[ix].frame, self.state.tokens[ix].input.clone());
        if self.exact(ix) {
            return self.end_exactly(ix, step, outcome);
        }
        let shaped = self.semantics(ix).shaped(&self.here(frame, &input), step);
        match (outcome, shaped) {
            (Outcome::Failure, Ok(_)) => {
                let failure = self.semantics(ix).raised(&self.here(frame, &input), step);
                if self.semantics(ix).raise_can_be_caught() {
                    self.fail(ix, failure);
                } else {
                    self.end_run(frame, Err(failure));
                }
            }
            // A run that is called off has no result; to the workflow that called it, that is a failure.
            (Outcome::Cancelled, Ok(_)) if self.state.run_of(frame) == self.state.root_of(frame) => {
                self.abandon(frame, Ended::Cancelled);
            }
            (Outcome::Cancelled, Ok(_)) => {
                let failure = self.semantics(ix).raised(&self.here(frame, &input), step);
                self.end_run(frame, Err(failure));
            }
            (_, Err(failure)) => self.fail(ix, super::fault(failure)),
            (Outcome::Success, Ok(output)) => self.end_run(frame, Ok(output)),
            // The end of a sub-process leads on to what follows it.
            (Outcome::Path, Ok(output))
                if !self.edges(self.place(ix), |k| *k == EdgeKind::Next).is_empty() =>
            {
                self.succeed(ix, output);
            }
            (Outcome::Path, Ok(output)) => {
                if let Some(frame) = self.state.frame_mut(frame) {
                    frame.last = output;
                }
                self.state.tokens.remove(ix);
            }
        }
    }

    /// Ends the run that a frame belongs to.
    pub(super) fn end_run(&mut self, frame: u32, how: Result<Val, Fault>) {
        let number = self.state.run_of(frame);
        let Some(Frame { workflow, kind: FrameKind::Run { caller, .. }, .. }) = self.state.frame(number)
        else {
            return;
        };
        let (workflow, caller) = (*workflow, *caller);
        let how = match how {
            Ok(output) if self.follows(workflow) => {
                self.program.semantics(workflow).run_ends(&self.here(number, &output))
            }
            how => how,
        };
        self.stop(number);
        match (caller, how) {
            (None, Ok(output)) => self.state.ended.push(End { workflow, how: Ended::Success, output }),
            (None, Err(failure)) => {
                let output = failure.data.clone();
                self.state.ended.push(End { workflow, how: Ended::Failure(failure), output });
            }
            (Some((frame, at)), how) => {
                let Some(ix) = self.token_inside(frame, at) else { return };
                if self.is_round_of(frame, at) {
                    return self.called_in_round(frame, how);
                }
                match how {
                    Ok(output) => self.succeed(ix, output),
                    Err(failure) => self.fail(ix, failure),
                }
            }
        }
    }

    fn is_round_of(&self, frame: u32, at: StepIx) -> bool {
        self.state.frame(frame).is_some_and(|f| matches!(f.kind, FrameKind::Round { of, .. } if of == at))
    }

    /// A whole run ends from outside.
    pub(super) fn abandon(&mut self, frame: u32, how: Ended) {
        let root = self.state.root_of(frame);
        let workflow = self.state.frame(root).map_or(u32::MAX, |f| f.workflow);
        self.stop(root);
        self.state.ended.push(End { workflow, how, output: Val::Null });
    }

    /// Takes away a frame and all that runs in it.
    pub(super) fn stop(&mut self, number: u32) {
        let count = u32::try_from(self.state.frames.len()).unwrap_or(0);
        let inside: Vec<u32> = (0..count).filter(|f| self.state.frame(*f).is_some()).collect();
        let inside: Vec<u32> = inside.into_iter().filter(|f| self.state.inside(*f, number)).collect();
        self.state.tokens.retain(|t| !inside.contains(&t.frame));
        inside.into_iter().for_each(|f| self.state.frames[f as usize] = None);
    }

    /// Takes away the run that a step called.
    pub(super) fn stop_called(&mut self, frame: u32, at: StepIx) {
        let called = |f: &Frame| matches!(f.kind, FrameKind::Run { caller: Some(c), .. } if c == (frame, at));
        let found = self.state.frames.iter().position(|f| f.as_deref().is_some_and(called));
        if let Some(number) = found.and_then(|n| u32::try_from(n).ok()) {
            self.stop(number);
        }
    }

    /// Ends one frame in which nothing goes on; whether there was one.
    pub(super) fn sweep(&mut self) -> bool {
        let count = u32::try_from(self.state.frames.len()).unwrap_or(0);
        let idle =
            |f: &u32| self.state.frame(*f).is_some() && !self.state.tokens.iter().any(|t| t.frame == *f);
        let Some(number) = (0..count).rev().find(idle) else { return false };
        if self.joins_give_up(number) {
            return true;
        }
        let Some(frame) = self.state.frame(number) else { return false };
        match frame.kind {
            FrameKind::Round { .. } => self.end_round(number),
            FrameKind::Run { .. } => {
                let how = frame.failed.clone().map_or_else(|| Ok(frame.last.clone()), Err);
                self.end_run(number, how);
            }
        }
        true
    }

    /// A step that waits for all before it, of which some will never come, runs with what it has where its platform
    /// does so.
    fn joins_give_up(&mut self, number: u32) -> bool {
        let Some(frame) = self.state.frame(number) else { return false };
        let workflow = frame.workflow;
        let gives_up = |step: &StepIx| {
            let step = self.program.step(Place { workflow, step: *step });
            step.is_some_and(|s| s.join == Join::Settled || self.program.semantics(workflow).join_gives_up(s))
        };
        let waiting: Vec<StepIx> = frame.joins.keys().copied().filter(gives_up).collect();
        // What comes after another one that waits may still be reached by it.
        let after = |step: StepIx| {
            waiting.iter().any(|other| *other != step && self.program.reaches(workflow, *other, step))
        };
        let Some(step) = waiting.iter().copied().find(|step| !after(*step)) else { return false };
        let Some(arrived) = self.state.frame_mut(number).and_then(|f| f.joins.remove(&step)) else {
            return false;
        };
        let origins = self.arrived_origins(number, &arrived);
        let input = self.program.semantics(workflow).joined(arrived.into_iter().map(|(_, v)| v).collect());
        self.state.tokens.push(Token { origins, ..Token::arrives(number, step, input) });
        true
    }
}
