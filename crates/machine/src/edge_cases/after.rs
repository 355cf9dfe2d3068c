//! Edge cases of changes: failing, timing out, done unseen, on somebody who has left; the event delivered twice; access
//! that must end; lookups that find nobody, or two of one name.

use super::asking::never;
use super::{Cases, name};
use crate::rehearse::scenario::{AtMost, Eventually};
use crate::rehearse::{Duration, Expect, Fault, Pattern, Reply, Scenario};
use serde_json::{Value as Json, json};
use workflow::{EdgeKind, Kind, Node, Returns, Root, Step, StepIx, Text};

/// Two deliveries of one event, close together and far apart.
const APART: [(i64, &str); 2] = [(30, "30 ms"), (3 * 86_400_000, "3 days")];

pub(super) fn cases(cases: &Cases<'_, '_>, all: &mut Vec<Scenario>) {
    for step in cases.changes.iter().filter_map(|c| cases.step(*c)) {
        failing(cases, step, all);
    }
    twice(cases, all);
    ending(cases, all);
    lookups(cases, all);
}

fn at(cases: &Cases<'_, '_>, step: &Step) -> Fault {
    Fault { at: Some(cases.label(step)), ..Fault::default() }
}

fn pattern(cases: &Cases<'_, '_>, step: &Step) -> Pattern {
    Pattern { step: Some(cases.label(step)), ..Pattern::default() }
}

fn failing(cases: &Cases<'_, '_>, step: &Step, all: &mut Vec<Scenario>) {
    let name = name(step);
    let faults = [
        (format!("{name} fails"), Fault { fail: Some("failed".into()), ..at(cases, step) }),
        (format!("{name} times out"), Fault { time_out: true, ..at(cases, step) }),
        (format!("{name} is done, and answers with an error"), Fault { unseen: true, ..at(cases, step) }),
        (
            format!("the person has left before {name}"),
            Fault { fail: Some("not found".into()), ..at(cases, step) },
        ),
    ];
    for (name, fault) in faults {
        let mut scenario = cases.scenario(name, Vec::new());
        scenario.faults.push(fault);
        scenario.expect = Expect { failures_told: true, ..Expect::default() };
        all.push(scenario);
    }
}

/// The event comes twice: what makes one more each time is done once.
fn twice(cases: &Cases<'_, '_>, all: &mut Vec<Scenario>) {
    let gated: Vec<StepIx> = cases.questions().into_iter().flat_map(|q| cases.behind(q)).collect();
    let ends = |s: &&Step| s.live_effects().iter().any(|e| e.kind == Kind::Revoke);
    let taken_back = cases.changes.iter().filter_map(|c| cases.step(*c)).any(|s| ends(&s));
    let counts = |k: Kind| {
        matches!(k, Kind::IssueCredential | Kind::RotateCredential | Kind::CreateIdentity)
            || k == Kind::Grant && taken_back
    };
    let open = cases.changes.iter().filter(|c| !gated.contains(c) && !looked(cases, **c));
    let open = open.filter_map(|c| cases.step(*c));
    let once: Vec<&Step> = open.filter(|s| s.live_effects().iter().any(|e| counts(e.kind))).collect();
    for (ms, apart) in APART {
        let mut scenario = cases.scenario(format!("the event is delivered twice, {apart} apart"), Vec::new());
        scenario.faults.push(Fault { deliver_again: Some(Duration(ms)), ..Fault::default() });
        let most = |s: &&Step| AtMost { what: pattern(cases, s), times: effects(s) };
        scenario.expect = Expect { at_most: once.iter().map(most).collect(), ..Expect::default() };
        all.push(scenario);
    }
}

/// Whether what leads to a change is decided by what was read of the system that it changes: a second delivery finds what
/// the first has done.
fn looked(cases: &Cases<'_, '_>, change: StepIx) -> bool {
    let Some(own) = cases.step(change) else { return false };
    let same = |read: &Step| {
        let systems = || own.live_effects().iter().map(|e| &e.system);
        read.live_effects().iter().any(|e| e.kind == Kind::Read && systems().any(|s| *s == e.system))
    };
    let read = |r: &workflow::Reference| match &r.root {
        Root::Step(id) => cases.w.steps.iter().any(|s| s.id == *id && same(s)),
        _ => false,
    };
    cases.w.edges.iter().any(|e| match (&e.kind, e.from) {
        (EdgeKind::When { condition, .. }, Node::Step(at)) => {
            condition.references().into_iter().any(read) && cases.behind(at).contains(&change)
        }
        _ => false,
    })
}

/// How many effects a step has each time that it is done.
fn effects(step: &Step) -> u32 {
    let count = step.live_effects().iter().filter(|e| e.kind.changes_access()).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Access that is given and taken away in one run is taken away whatever happens in between, or somebody hears of it.
fn ending(cases: &Cases<'_, '_>, all: &mut Vec<Scenario>) {
    let does = |kind: Kind| {
        let all = cases.changes.iter().filter_map(|c| Some((*c, cases.step(*c)?)));
        all.filter(move |(_, s)| s.live_effects().iter().any(|e| e.kind == kind)).collect::<Vec<_>>()
    };
    for (grant, giving) in does(Kind::Grant) {
        let after = cases.behind(grant);
        let takers: Vec<_> = does(Kind::Revoke).into_iter().filter(|(r, _)| after.contains(r)).collect();
        for (_, taking) in &takers {
            let name = name(taking);
            // Of several, the one that is on the way.
            let what = match takers.len() {
                1 => pattern(cases, taking),
                _ => Pattern { effect: Some(Kind::Revoke), ..Pattern::default() },
            };
            let mut late = cases.scenario(format!("{name} is answered a day late"), Vec::new());
            late.faults.push(Fault { late: Some(Duration(86_400_000)), ..at(cases, taking) });
            late.expect = taken_back(cases, what.clone(), giving);
            all.push(late);
            let mut stopped = cases.scenario(format!("the run is cancelled at {name}"), Vec::new());
            stopped.faults.push(Fault { cancel: true, ..at(cases, taking) });
            stopped.expect = taken_back(cases, what, giving);
            all.push(stopped);
        }
    }
}

/// What was given is taken back.
fn taken_back(cases: &Cases<'_, '_>, what: Pattern, giving: &Step) -> Expect {
    let ends = Eventually { what, after: Some(pattern(cases, giving)), within: None };
    Expect { eventually: vec![ends], ..Expect::default() }
}

/// What a search gives: nobody, two of one name.
fn lookups(cases: &Cases<'_, '_>, all: &mut Vec<Scenario>) {
    for (i, read) in (0u32..).map(StepIx).zip(&cases.w.steps).filter(|(_, s)| reads(s)) {
        let fed = cases
            .changes
            .iter()
            .copied()
            .filter(|c| cases.step(*c).is_some_and(|s| cases.read_from(s).contains(&i)));
        let fed: Vec<StepIx> = fed.collect();
        let one: Vec<StepIx> = fed.iter().copied().filter(|c| !cases.in_loop(*c)).collect();
        let mut add = |what: &str, found: Json, expect: Expect| {
            let reply = Reply { step: Some(cases.label(read)), result: Some(found), ..Reply::default() };
            let mut scenario = cases.scenario(format!("{} finds {what}", name(read)), vec![reply]);
            scenario.expect = expect;
            all.push(scenario);
        };
        if !fed.is_empty() {
            add("nobody", Json::Array(Vec::new()), never(cases, &fed));
        }
        if !one.is_empty() {
            add("two people of one name", people(2), never(cases, &one));
        }
    }
}

fn reads(step: &Step) -> bool {
    step.enabled
        && step.target.returns == Returns::List
        && step.live_effects().iter().any(|e| e.kind == Kind::Read)
}

/// So many people of one name.
fn people(count: usize) -> Json {
    let person = |i: usize| {
        let id: Text = format!("person-{}", i + 1).into();
        json!({"id": id.as_str(), "name": "Alex Berg", "login": format!("{id}@example.test")})
    };
    Json::Array((0..count).map(person).collect())
}
