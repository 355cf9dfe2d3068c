//! What a state asks of the world.

use crate::request::{Act, At, Call, Request};
use crate::scope::Here;
use crate::state::{FrameKind, Phase, State};
use crate::{Place, Program, Val};
use workflow::{Kind, Node, Step, StepKind, Value};

/// What a run asks next. The same state always asks the same.
#[must_use]
pub fn next(program: &Program<'_>, state: &State) -> Request {
    if state.is_done() {
        return Request::Done(state.ended.clone());
    }
    if let Some((ix, token)) =
        state.tokens.iter().enumerate().find(|(_, t)| matches!(t.phase, Phase::Chooses(_)))
        && let Phase::Chooses(choice) = &token.phase
    {
        return Request::Choose(at(program, state, ix), choice.clone());
    }
    let ready = ready(program, state);
    match (state.turn.map(|t| t as usize).filter(|t| ready.contains(t)), &ready[..]) {
        (Some(turn), _) => request(program, state, turn),
        (None, [only]) => request(program, state, *only),
        (None, []) => Request::Stuck(stuck(program, state)),
        (None, several) => Request::Order(several.iter().map(|ix| at(program, state, *ix)).collect()),
    }
}

/// The tokens that may go on: of a run whose platform does one thing at a time, only the first.
fn ready(program: &Program<'_>, state: &State) -> Vec<usize> {
    let (mut found, mut roots) = (Vec::new(), Vec::new());
    for (ix, token) in state.tokens.iter().enumerate() {
        if token.phase != Phase::Asks {
            continue;
        }
        let root = state.root_of(token.frame);
        let serial = state.frame(root).is_some_and(|f| program.semantics(f.workflow).serial());
        if serial && roots.contains(&root) {
            continue;
        }
        roots.push(root);
        found.push(ix);
    }
    found
}

fn stuck(program: &Program<'_>, state: &State) -> Vec<At> {
    let all = state.tokens.iter().enumerate().filter(|(_, t)| t.phase == Phase::Stuck);
    all.map(|(ix, _)| at(program, state, ix)).collect()
}

/// Where a token is.
fn at(_program: &Program<'_>, state: &State, ix: usize) -> At {
    let token = &state.tokens[ix];
    let workflow = state.frame(token.frame).map_or(u32::MAX, |f| f.workflow);
    let mut rounds: Vec<u32> = state
        .chain(token.frame)
        .filter_map(|f| match state.frame(f)?.kind {
            FrameKind::Round { index, .. } => Some(index),
            FrameKind::Run { .. } => None,
        })
        .collect();
    rounds.reverse();
    At { token: u32::try_from(ix).unwrap_or(u32::MAX), place: Place { workflow, step: token.at }, rounds }
}

/// What a token asks.
fn request(program: &Program<'_>, state: &State, ix: usize) -> Request {
    let at = at(program, state, ix);
    let Some(step) = program.step(at.place) else { return Request::Stuck(vec![at]) };
    let token = &state.tokens[ix];
    let here = Here { program, state, frame: token.frame, input: &token.input };
    let semantics = program.semantics(at.place.workflow);
    let input = match program.lean {
        true => Val::Null,
        false => semantics.input(&here, step).unwrap_or_default(),
    };
    let delay_ms = if !program.lean { semantics.delay(&here, step) } else { 0 };
    let place = at.place;
    let call = Call { at, attempt: token.attempt, delay_ms, input, effects: acts(&here, step) };
    let asks = step.ask.is_some() || step.effects.iter().any(|e| e.kind == Kind::Ask);
    if asks && !is_released(program, place, step) {
        Request::Ask(call)
    } else if step.kind == StepKind::Wait {
        Request::Wait(call)
    } else if !step.calls.is_empty() {
        Request::Start(call)
    } else {
        Request::Call(call)
    }
}

/// Whether a question of its own stands before a step, made by the importer, by which a person releases it.
fn is_released(program: &Program<'_>, place: Place, step: &Step) -> bool {
    let release = |id: &str| id.strip_prefix(step.id.as_str()) == Some("/release");
    let from = |e: &u32| match program.edge(place.workflow, *e)?.from {
        Node::Step(from) => program.step(Place { step: from, ..place }),
        Node::Trigger(_) => None,
    };
    step.ask.as_ref().is_some_and(|a| !a.decides)
        && program.into(place).iter().filter_map(from).any(|s| s.synthetic && release(&s.id))
}

/// What a step does, with the values of whom and what it acts on.
fn acts(here: &Here<'_, '_>, step: &Step) -> Vec<Act> {
    let values =
        |all: &[Value]| -> Vec<Val> { all.iter().map(|v| here.value(v).unwrap_or_default()).collect() };
    let tells = |k: Kind| matches!(k, Kind::Notify | Kind::Ask);
    let act = |e: &workflow::Effect| Act {
        kind: e.kind,
        system: e.system.clone(),
        identity: values(if tells(e.kind) { &step.target.recipient } else { &step.target.identity }),
        entitlement: values(&step.target.entitlement),
    };
    step.live_effects().iter().filter(|e| e.kind != Kind::Control).map(act).collect()
}
