//! The answers that the world may give to a request, in classes, for telling two versions of a workflow apart.

use crate::request::{Answer, Call, Request};
use crate::state::Choice;
use crate::{Place, Program, Val};
use workflow::EdgeKind;

/// One answer of each class.
pub(super) fn answers(program: &Program<'_>, request: &Request) -> Vec<Answer> {
    match request {
        Request::Done(_) | Request::Stuck(_) => Vec::new(),
        Request::Choose(at, choice) => {
            let mut all = vec![Answer::Choose(true), Answer::Choose(false)];
            if matches!(choice, Choice::Condition(edge) if fails(program, at.place, *edge)) {
                all.push(Answer::Error("".into(), Val::Null));
            }
            all
        }
        Request::Order(among) => among.iter().map(|at| Answer::First(at.token)).collect(),
        Request::Wait(call) => with_timeout(program, call, vec![Answer::Over(Val::Null)]),
        Request::Ask(call) => {
            let decided = decided(program, call.at.place);
            let plain = || vec![Answer::Result(result(program, call.at.place)), Answer::Result(Val::Null)];
            let mut all = if decided.is_empty() { plain() } else { decided };
            all.push(Answer::Error("".into(), Val::Null));
            with_timeout(program, call, all)
        }
        Request::Call(call) | Request::Start(call) => {
            let result = Answer::Result(result(program, call.at.place));
            with_timeout(program, call, vec![result, Answer::Error("".into(), Val::Null)])
        }
    }
}

/// Whether the condition of an edge may fail.
fn fails(program: &Program<'_>, at: Place, edge: u32) -> bool {
    let rules = program.semantics(at.workflow);
    let kind = program.edge(at.workflow, edge).map(|e| &e.kind);
    matches!(kind, Some(EdgeKind::When { condition, .. }) if rules.conditions_fail(condition))
}

fn with_timeout(program: &Program<'_>, call: &Call, mut all: Vec<Answer>) -> Vec<Answer> {
    let at = call.at.place;
    let asks = program.step(at).is_some_and(|s| s.ask.is_some());
    if asks || kinds(program, at).any(|k| *k == EdgeKind::Timeout) {
        all.push(Answer::Timeout);
    }
    all
}

fn kinds<'w>(program: &Program<'w>, at: Place) -> impl Iterator<Item = &'w EdgeKind> {
    program.out(at).iter().filter_map(move |e| program.edge(at.workflow, *e)).map(|e| &e.kind)
}

/// The ways that a step which decides offers.
fn decided(program: &Program<'_>, at: Place) -> Vec<Answer> {
    let decides = program.step(at).and_then(|s| s.ask.as_ref()).is_some_and(|a| a.decides);
    let mut all = Vec::new();
    for kind in kinds(program, at).filter(|_| decides) {
        if let EdgeKind::When { case, .. } | EdgeKind::Otherwise { case } = kind {
            let answer = Answer::Decided(case.clone());
            if !all.contains(&answer) {
                all.push(answer);
            }
        }
    }
    all
}

fn result(program: &Program<'_>, at: Place) -> Val {
    Val::unknown(format!("step.{}", program.step(at).map_or("", |s| s.id.as_str())))
}
