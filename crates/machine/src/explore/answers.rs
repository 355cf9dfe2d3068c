//! The answers that the world may give to a request, in classes: one of each that leads somewhere else.

use super::memory::Memory;
use crate::call::makes_one_more;
use crate::condition::{self, NOTHING};
use crate::request::{Answer, At, Call, Request};
use crate::scope::Here;
use crate::semantics::AfterCrash;
use crate::state::{Choice, State};
use crate::{Place, Program, Val};
use workflow::{EdgeKind, OnError};

/// One answer of each class. Which of several goes first is for [`super::order`].
pub(super) fn answers(
    program: &Program<'_>,
    state: &State,
    request: &Request,
    memory: &Memory,
) -> Vec<Answer> {
    match request {
        Request::Done(_) | Request::Stuck(_) => Vec::new(),
        Request::Choose(_, Choice::Repeats) => vec![Answer::Choose(true)],
        Request::Choose(at, Choice::Condition(edge)) => decided(program, state, at, *edge),
        Request::Choose(..) => vec![Answer::Choose(true), Answer::Choose(false)],
        Request::Order(among) => among.iter().map(|at| Answer::First(at.token)).collect(),
        Request::Ask(call) => asked(program, call, memory),
        Request::Wait(call) => {
            let mut all = vec![Answer::Over(Val::Null)];
            if timed(program, call.at.place) {
                all.push(Answer::Timeout);
            }
            if !memory.owed.is_empty() {
                all.push(Answer::Cancelled);
            }
            all
        }
        Request::Call(call) | Request::Start(call) => called(program, call, memory),
    }
}

/// What a condition that cannot be evaluated may be; that computing it fails, where that leads somewhere.
fn decided(program: &Program<'_>, state: &State, at: &At, edge: u32) -> Vec<Answer> {
    let condition = program.edge(at.place.workflow, edge).map(|e| &e.kind);
    let token = state.tokens.get(at.token as usize);
    let (Some(EdgeKind::When { condition, .. }), Some(token)) = (condition, token) else { return Vec::new() };
    let here = Here { program, state, frame: token.frame, input: &token.input };
    if let Some(holds) = condition::of_what_is_absent(condition, &here) {
        return vec![Answer::Choose(holds)];
    }
    let may = |truth: &bool| condition::possible(condition, *truth, &here);
    let mut all: Vec<Answer> = [true, false].into_iter().filter(may).map(Answer::Choose).collect();
    if program.step(at.place).is_some_and(|s| !s.synthetic)
        && program.semantics(at.place.workflow).conditions_fail(condition)
        && program.handlers(at.place, &EdgeKind::Error).is_some()
    {
        all.push(Answer::Error("".into(), Val::Null));
    }
    all
}

/// A result; a failure; a time-out where that has a way of its own; a breakdown of the platform before it is told of the
/// outcome, where that matters.
fn called(program: &Program<'_>, call: &Call, memory: &Memory) -> Vec<Answer> {
    let at = call.at.place;
    let mut all = vec![Answer::Result(result(program, at))];
    // A retry that fails as well stands for all of them.
    all.push(Answer::Error("".into(), Val::Null));
    if timed(program, at) {
        all.push(Answer::Timeout);
    }
    if program.step(at).is_some_and(|s| s.on_error == OnError::Either) {
        all.push(nothing(program, at));
    }
    if crash_matters(program, call, memory) {
        all.push(Answer::Crash);
    }
    all
}

/// Doing it again would be doing it twice, or the run is lost and something is owed.
fn crash_matters(program: &Program<'_>, call: &Call, memory: &Memory) -> bool {
    let step = program.step(call.at.place);
    let after = step.map(|s| program.semantics(call.at.place.workflow).after_crash(s));
    let lost = after == Some(AfterCrash::Lost);
    call.attempt == 0 && (lost && !memory.owed.is_empty() || !lost && makes_one_more(call))
}

/// A step that has failed, and the run goes on as if it had given nothing.
fn nothing(program: &Program<'_>, at: Place) -> Answer {
    let id = program.step(at).map(|s| s.id.as_str()).unwrap_or_default();
    Answer::Result(Val::unknown(format!("{NOTHING}step.{id}")))
}

fn result(program: &Program<'_>, at: Place) -> Val {
    Val::unknown(format!("step.{}", program.step(at).map(|s| s.id.as_str()).unwrap_or_default()))
}

/// An answer, an empty one, silence, a failure to ask; of a step that decides, each of its ways.
fn asked(program: &Program<'_>, call: &Call, memory: &Memory) -> Vec<Answer> {
    let at = call.at.place;
    let Some(step) = program.step(at) else { return Vec::new() };
    let mut all = Vec::new();
    if step.ask.as_ref().is_some_and(|a| a.decides) {
        let kinds = program.out(at).iter().filter_map(|e| program.edge(at.workflow, *e)).map(|e| &e.kind);
        for kind in kinds {
            if let EdgeKind::When { case, .. } | EdgeKind::Otherwise { case } = kind {
                let answer = Answer::Decided(case.clone());
                if !all.contains(&answer) {
                    all.push(answer);
                }
            }
        }
    }
    if all.is_empty() {
        all.push(Answer::Result(result(program, at)));
        all.push(nothing(program, at));
    }
    if timed(program, at) {
        all.push(Answer::Timeout);
    }
    all.push(Answer::Error("".into(), Val::Null));
    if !memory.owed.is_empty() {
        all.push(Answer::Cancelled);
    }
    all
}

fn timed(program: &Program<'_>, at: Place) -> bool {
    program.timed(at).is_some()
}
