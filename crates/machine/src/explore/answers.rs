//! The answers that the world may give to a request, in classes: one of each that leads somewhere else.

use super::memory::Memory;
use super::watch::{change, is_visible};
use crate::condition::{self, NOTHING};
use crate::request::{Answer, At, Call, Request};
use crate::scope::Here;
use crate::state::{Choice, State};
use crate::{Place, Program, Val, next};
use workflow::EdgeKind;

/// One answer of each class.
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
        Request::Order(among) => first(program, state, among),
        Request::Ask(call) => asked(program, call),
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
        Request::Call(call) | Request::Start(call) => called(program, call),
    }
}

/// What a condition that cannot be evaluated may be.
fn decided(program: &Program<'_>, state: &State, at: &At, edge: u32) -> Vec<Answer> {
    let condition = program.edge(at.place.workflow, edge).map(|e| &e.kind);
    let token = state.tokens.get(at.token as usize);
    let (Some(EdgeKind::When { condition, .. }), Some(token)) = (condition, token) else { return Vec::new() };
    let here = Here { program, state, frame: token.frame, input: &token.input };
    let may = |truth: &bool| condition::possible(condition, *truth, &here);
    [true, false].into_iter().filter(may).map(Answer::Choose).collect()
}

/// A result; a failure where it leads on or matters; a time-out where that has a way of its own.
fn called(program: &Program<'_>, call: &Call) -> Vec<Answer> {
    let at = call.at.place;
    let mut all = vec![Answer::Result(result(program, at))];
    // A retry that fails as well stands for all of them.
    all.push(Answer::Error("".into(), Val::Null));
    if timed(program, at) {
        all.push(Answer::Timeout);
    }
    all
}

fn result(program: &Program<'_>, at: Place) -> Val {
    Val::unknown(format!("step.{}", program.step(at).map(|s| s.id.as_str()).unwrap_or_default()))
}

/// An answer, an empty one, silence, a failure to ask; of a step that decides, each of its ways.
fn asked(program: &Program<'_>, call: &Call) -> Vec<Answer> {
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
        all.push(Answer::Result(Val::unknown(format!("{NOTHING}step.{}", step.id))));
    }
    if timed(program, at) {
        all.push(Answer::Timeout);
    }
    all.push(Answer::Error("".into(), Val::Null));
    all
}

fn timed(program: &Program<'_>, at: Place) -> bool {
    program.out(at).iter().any(|e| program.edge(at.workflow, *e).is_some_and(|e| e.kind == EdgeKind::Timeout))
}

/// Which of several goes first: where the world does not notice the difference, the first of them.
fn first(program: &Program<'_>, state: &State, among: &[At]) -> Vec<Answer> {
    let requests = among.iter().map(|at| {
        let state = State { turn: Some(at.token), ..state.clone() };
        next(program, &state)
    });
    let requests: Vec<Request> = requests.collect();
    let visible = |r: &Request| match r {
        Request::Call(c) | Request::Ask(c) | Request::Wait(c) | Request::Start(c) => is_visible(c),
        _ => false,
    };
    if let Some(quiet) = requests.iter().position(|r| !visible(r)) {
        return vec![Answer::First(among[quiet].token)];
    }
    let changing = requests.iter().filter(|r| change(r).is_some()).count();
    let alike = changing == 0 || changing == requests.len();
    let mut all = among.iter().map(|at| Answer::First(at.token));
    if alike { all.next().into_iter().collect() } else { all.collect() }
}
