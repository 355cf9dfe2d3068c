//! The machine's laws over random workflows and random answers: same answers, same states; a state survives being
//! written down at every point; a run that is resumed after a crash ends as one without the crash could have.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test whose input is not sound has failed")]

mod build;

use build::Build;
use machine::evaluate::from_json;
use machine::{Answer, Choice, Program, Request, State, Val, next, resume, start};
use proptest::prelude::*;
use std::collections::{BTreeSet, HashSet};
use workflow::{EdgeKind, Join, LoopKind, OnError, Outcome, Platform, StepKind, Value, Workflow};

const STEPS: usize = 7;

/// A random graph over a few steps of any kind; most are nothing anybody would write, which is the point.
fn workflows() -> impl Strategy<Value = Workflow> {
    let kinds = prop::collection::vec(0..9u8, STEPS);
    let edges = prop::collection::vec((0..STEPS, 0..STEPS, 0..7u8), 0..14);
    let parents = prop::collection::vec(prop::option::weighted(0.3, 0..STEPS), STEPS);
    let rules = prop::collection::vec(0..12u8, STEPS);
    (kinds, edges, parents, rules, 0..Platform::ALL.len()).prop_map(
        |(kinds, edges, parents, rules, platform)| {
            let mut b = Build::new(Platform::ALL[platform]);
            for (i, kind) in kinds.iter().enumerate() {
                b = step(b, &i.to_string(), *kind);
            }
            b = b.chain(&["start", "0"]);
            for (from, to, kind) in edges {
                b = edge(b, &from.to_string(), &to.to_string(), kind);
            }
            let mut w = b.done();
            for (i, parent) in parents.iter().enumerate() {
                w.steps[i].parent =
                    parent.filter(|p| *p < i).map(|p| workflow::StepIx(u32::try_from(p).unwrap()));
                rule(&mut w.steps[i], rules[i]);
            }
            w
        },
    )
}

/// What happens when a step fails.
fn rule(step: &mut workflow::Step, kind: u8) {
    match kind {
        0 => step.on_error = OnError::Either,
        1 => step.on_error = OnError::Partly,
        2 => step.on_error = OnError::Continue,
        3 => step.retries = 1,
        _ => {}
    }
}

fn step(b: Build, id: &str, kind: u8) -> Build {
    match kind {
        0 => b.asks(id),
        1 => b.step(id, StepKind::Branch),
        2 => b.step(id, StepKind::Fork),
        3 if id.parse::<u8>().is_ok_and(|n| n % 2 == 0) => b.join(id, Join::Settled),
        3 => b.join(id, Join::All),
        4 => b.repeats(
            id,
            LoopKind::Each { parallel: false, bound: Some(2) },
            Value::List(vec![Value::text("x")]),
        ),
        5 => b.step(id, StepKind::End(Outcome::Success)),
        6 => b.step(id, StepKind::Wait),
        _ => b.acts(id),
    }
}

fn edge(b: Build, from: &str, to: &str, kind: u8) -> Build {
    match kind {
        0 => b.when(from, to, "v", "yes"),
        1 => b.otherwise(from, to),
        2 => b.edge(from, to, EdgeKind::Error),
        3 => b.edge(from, to, EdgeKind::Timeout),
        4 => b.edge(from, to, EdgeKind::Body),
        5 => b.edge(from, to, EdgeKind::Back),
        _ => b.edge(from, to, EdgeKind::Next),
    }
}

/// Random graphs, and random definitions of the platforms whose own data flow is followed.
fn any_workflows() -> impl Strategy<Value = Workflow> {
    prop_oneof![workflows(), build::exact::step_functions(), build::exact::serverless()]
}

/// One of the answers that fit a request.
fn fitting(request: &Request, pick: u8) -> Option<Answer> {
    Some(match request {
        Request::Done(_) | Request::Stuck(_) => return None,
        Request::Choose(..) => Answer::Choose(pick.is_multiple_of(2)),
        Request::Order(of) => Answer::First(of[pick as usize % of.len()].token),
        Request::Wait(_) if pick % 5 > 1 => Answer::Over(Val::Null),
        _ => match pick % 5 {
            0 => Answer::Error("boom".into(), Val::Null),
            1 => Answer::Timeout,
            _ => Answer::Result(Val::text("done")),
        },
    })
}

fn states(program: &Program<'_>, input: &Val, picks: &[u8]) -> Vec<State> {
    let mut states = vec![start(program, 0, 0, input.clone(), None)];
    for pick in picks {
        let state = states.last().unwrap();
        let Some(answer) = fitting(&next(program, state), *pick) else { break };
        let state = resume(program, state.clone(), answer).unwrap();
        states.push(state);
    }
    states
}

/// What random definitions are started with.
fn input() -> Val {
    from_json(r#"{"n": 1, "list": [1, 2]}"#).unwrap()
}

fn is_written_down(program: &Program<'_>, state: &State) {
    let text = serde_json::to_string(state).unwrap();
    let read: State = serde_json::from_str(&text).unwrap();
    assert_eq!(next(program, &read), next(program, state));
    assert_eq!(&read, state);
}

/// A crash at what a state asks leads to no end that is not one without it.
fn a_crash_changes_no_end(program: &Program<'_>, state: &State) {
    let Some(at) = next(program, state).at().cloned() else { return };
    let Ok(crashed) = resume(program, state.clone(), Answer::Crash) else { return };
    // Where the platform loses the run, there is nothing to compare.
    if crashed.tokens.get(at.token as usize).is_none_or(|t| t.at != at.place.step) {
        return;
    }
    let (without, whole) = outcomes(program, state.clone(), false);
    let (after, _) = outcomes(program, crashed, true);
    assert!(!whole || after.is_subset(&without), "{after:?} is not within {without:?}");
}

/// How a run may end from a state, over every answer, to a bound; crashes where asked for. Visits are not repeated.
fn outcomes(program: &Program<'_>, from: State, crash: bool) -> (BTreeSet<String>, bool) {
    let (mut ends, mut seen, mut whole) = (BTreeSet::new(), HashSet::new(), true);
    let mut work = vec![from];
    while let Some(state) = work.pop() {
        if seen.len() > 500 {
            whole = false;
            break;
        }
        if !seen.insert(state.clone()) {
            continue;
        }
        let request = next(program, &state);
        let answers: Vec<Answer> = match (&request, crash) {
            (Request::Choose(_, Choice::Repeats), true) => vec![Answer::Choose(true)],
            _ => (0..10).filter_map(|pick| fitting(&request, pick)).collect(),
        };
        if answers.is_empty() {
            let how: Vec<_> = state.ended.iter().map(|e| format!("{:?} {:?}", e.how, e.output)).collect();
            ends.insert(format!("{how:?} {}", matches!(request, Request::Stuck(_))));
        }
        work.extend(answers.into_iter().map(|a| resume(program, state.clone(), a).unwrap()));
    }
    (ends, whole)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn same_answers_give_the_same_states(w in any_workflows(), picks in prop::collection::vec(any::<u8>(), 20)) {
        let set = [w];
        let program = Program::new(&set);
        prop_assert_eq!(states(&program, &input(), &picks), states(&Program::new(&set), &input(), &picks));
    }

    #[test]
    fn a_state_survives_being_written_down_at_every_point(
        w in any_workflows(),
        picks in prop::collection::vec(any::<u8>(), 20),
    ) {
        let set = [w];
        let program = Program::new(&set);
        for input in [Val::unknown("trigger"), input()] {
            states(&program, &input, &picks).iter().for_each(|s| is_written_down(&program, s));
        }
    }

    #[test]
    fn no_answer_that_fits_is_refused_and_none_that_does_not_is_taken(
        w in workflows(),
        picks in prop::collection::vec(any::<u8>(), 20),
    ) {
        let set = [w];
        let program = Program::new(&set);
        for state in states(&program, &Val::unknown("trigger"), &picks) {
            let request = next(&program, &state);
            let order = matches!(request, Request::Order(_));
            let choose = matches!(request, Request::Choose(..));
            prop_assert_eq!(resume(&program, state.clone(), Answer::Choose(true)).is_ok(), choose);
            prop_assert!(resume(&program, state.clone(), Answer::First(99)).is_err());
            prop_assert!(!(order || choose) || resume(&program, state, Answer::Timeout).is_err());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_run_that_goes_on_after_a_crash_ends_as_one_without_it_could(
        w in any_workflows(),
        picks in prop::collection::vec(any::<u8>(), 6),
    ) {
        let set = [w];
        let program = Program::new(&set);
        for input in [Val::unknown("trigger"), input()] {
            states(&program, &input, &picks).iter().for_each(|s| a_crash_changes_no_end(&program, s));
        }
    }
}
