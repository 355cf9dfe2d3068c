//! What an act is bound to: lanes and tests to their environment, a refusal to its closure, an approval of a component to
//! the time until it is withdrawn.

#![allow(clippy::unwrap_used, reason = "a test that cannot have its facts has failed")]

mod common;

use common::{LEAVER, Log, approve, other, tests, world};
use govern::{Live, Wish, World, due};
use policy::{Act, BreakGlass, ComponentKind, Exception, Moment, SubjectKind, Verdict};

/// The world of a version in staging.
fn staging(version: &str) -> World {
    World { environment: "staging".into(), ..world(version) }
}

fn soon(log: &Log) -> Moment {
    Moment(log.now().0 + 60)
}

#[test]
fn an_exception_and_tests_count_in_their_environment_alone() {
    let mut log = Log::registered();
    let (here, there) = (world("v1"), staging("v1"));
    log.must(&here, &Wish::of(Act::Propose, "ann"));
    log.must(&here, &approve("ben"));
    log.must(&here, &approve("sam"));
    let at = soon(&log);
    log.must(&there, &Wish { tests: Some(tests(&there, at)), ..Wish::of(Act::Attest, "ann") });
    let release = Wish::of(Act::Release, "ann");
    assert!(log.refused(&here, &release).contains(&"tests-run".to_owned()));
    let exception = |log: &Log| Exception {
        covers: vec!["tests".into(), "mutation".into()],
        subject: LEAVER.into(),
        owner: "olga".into(),
        compensating: "two people watch every run".into(),
        from: Some(soon(log)),
        until: Some(soon(log).plus_hours(24 * 30)),
        ..Exception::default()
    };
    let grant = |log: &Log| Wish { exception: Some(exception(log)), ..Wish::of(Act::GrantException, "sam") };
    let asked = grant(&log);
    let id = log.must(&there, &asked);
    assert!(log.refused(&here, &release).contains(&"tests-run".to_owned()));
    let end = Wish { of: Some(id), ..Wish::of(Act::EndException, "olga") };
    assert_eq!(log.refused(&here, &end), ["environment"]);
    let told = |environment: &str| due(&log.fold().state, environment, log.now()).len();
    assert_eq!((told("staging"), told("production")), (1, 0));
    let asked = grant(&log);
    log.must(&here, &asked);
    log.must(&here, &release);
}

#[test]
fn break_glass_opens_its_environment_alone() {
    let mut log = Log::registered();
    log.released("v1");
    let from = soon(&log);
    let glass = BreakGlass {
        reason: "leavers keep access since the night".into(),
        ticket: "INC-2041".into(),
        scope: vec![LEAVER.into()],
        from: Some(from),
        until: Some(from.plus_hours(2)),
        ..BreakGlass::default()
    };
    let id = log.must(&staging("v2"), &Wish { glass: Some(glass), ..Wish::of(Act::OpenBreakGlass, "ivo") });
    let used = Wish { of: Some(id), ..Wish::of(Act::UseBreakGlass, "ivo") };
    assert_eq!(log.refused(&world("v2"), &used), ["environment"]);
    log.must(&staging("v2"), &used);
    let state = log.fold().state;
    let live = |environment| state.live(LEAVER, environment, log.now());
    assert!(matches!(live("staging"), Some(Live::Emergency(..))));
    assert!(matches!(live("production"), Some(Live::Released(_))));
}

#[test]
fn a_refusal_of_a_closure_outlives_the_proposal() {
    let mut log = Log::registered();
    let v1 = world("v1");
    let first = log.must(&v1, &Wish::of(Act::Propose, "ann"));
    log.tested(&v1);
    log.must(&v1, &Wish::of(Act::Review(Verdict::Refuse), "sue"));
    log.must(&v1, &Wish { of: Some(first), ..Wish::of(Act::Withdraw, "ann") });
    let again = log.must(&v1, &Wish::of(Act::Propose, "ann"));
    let said = |log: &Log| log.fold().state.said(&again).iter().map(|r| r.verdict).collect::<Vec<_>>();
    assert_eq!(said(&log), [Verdict::Refuse], "who reviews it again is told");
    log.must(&v1, &approve("ben"));
    log.must(&v1, &approve("sam"));
    let release = Wish::of(Act::Release, "ann");
    assert!(log.refused(&v1, &release).contains(&"no-standing-refusal".to_owned()));
    // Another closure is another question; and who refused may think again.
    let mut other = log.clone();
    other.released("v2");
    log.must(&v1, &approve("sue"));
    log.must(&v1, &release);
    let rests_on = log.entries.last().unwrap().event.evidence.clone().unwrap().rests_on;
    let counted = log.entries.iter().filter(|e| e.event.act == Act::Review(Verdict::Approve));
    assert_eq!(counted.filter(|e| rests_on.contains(&e.id)).count(), 3, "by the votes that counted");
}

#[test]
fn a_component_that_is_withdrawn_is_told_until_it_is_approved_again() {
    let mut log = Log::registered();
    let okta = other(SubjectKind::Component, "okta", "okta 1.0.703");
    let kind = ComponentKind::Connector;
    let by = |act: Act| Wish { version: "1.0.703".into(), ..Wish::of(act, "sue") };
    let withdrawn = |log: &Log, version: &str| log.fold().state.withdrawn(kind, "okta", version, log.now());
    assert_eq!(withdrawn(&log, "1.0.703"), None);
    log.must(&okta, &by(Act::WithdrawComponent(kind)));
    assert_eq!(withdrawn(&log, "1.0.703"), Some(log.now()));
    assert_eq!(withdrawn(&log, "1.0.800"), None, "never approved is not withdrawn");
    log.must(&okta, &by(Act::ApproveComponent(kind)));
    assert_eq!(withdrawn(&log, "1.0.703"), None);
}
