//! Every question with every answer, from workflows and organisations made by hand.

#![allow(clippy::panic, reason = "a test that finds no question has failed")]

use super::*;
use crate::record::{Boundary, ControlRecord, GateKind, GateStatement};
use crate::route::{Choice, Context, Route};
use workflow::{Confidence, Kind, Severity, Text, TriggerKind};

/// A workflow that can change access, and of which nothing else is known.
fn bare(name: &str) -> Subject {
    Subject {
        path: format!("{name}.json"),
        platform: Some(Platform::N8n),
        name: name.into(),
        line: 1,
        changes: true,
        tier: 2,
        kinds: vec![Kind::Grant],
        gate: "none".into(),
        triggers: vec![TriggerKind::Webhook],
        shared: Some(Vec::new()),
        ..Subject::default()
    }
}

fn finding(rule: &str) -> Finding {
    Finding {
        rule: rule.into(),
        severity: Severity::High,
        confidence: Confidence::High,
        step: "add".into(),
        steps: vec!["add".into()],
        path: Vec::new(),
        line: 1,
        message: format!("This is {rule}."),
        fix: String::new(),
    }
}

fn proof(property: &str, verdict: &str) -> crate::proofs::Proof {
    let (property, step, verdict) = (property.into(), "add".into(), verdict.into());
    crate::proofs::Proof {
        property,
        step,
        verdict,
        because: "so".to_owned(),
        walk: Vec::new(),
        rule: Text::default(),
    }
}

/// Asked of somebody who was proved to be another.
fn asked(name: &str) -> Subject {
    let proofs = vec![proof("approver-is-not-requester", "proved")];
    Subject { gate: "present".into(), kinds: vec![Kind::Grant, Kind::Certify], proofs, ..bare(name) }
}

fn governed() -> Organisation {
    let apart = vec!["no-requester-approves".to_owned()];
    Organisation { governed: true, apart, statements: 3, ..Organisation::default() }
}

fn released() -> Standing {
    let release = Released {
        statement: "s1".into(),
        at: "a day".into(),
        approvals: 2,
        same: true,
        changed: Vec::new(),
    };
    let person = |name: &str| Person::Active(name.to_owned());
    Standing {
        mode: "enforce".into(),
        release: Some(release),
        tested: Some(Tested { statement: "s2".into(), failed: 0, mutation: 100 }),
        owner: person("owner@x.test"),
        approver: person("iam@x.test"),
        ..Standing::default()
    }
}

fn record() -> ControlRecord {
    ControlRecord {
        owner: "owner@x.test".into(),
        security_approver: "iam@x.test".into(),
        boundary: Boundary {
            systems: vec!["okta".into()],
            effects: vec![Kind::Grant],
            ..Boundary::default()
        },
        tests: vec!["x.test.yaml".into()],
        ..ControlRecord::default()
    }
}

#[track_caller]
fn told(id: &str, subjects: &[Subject], organisation: &Organisation, answer: Answer) -> Answered {
    let mut all = answers(subjects, organisation);
    let at = all.iter().position(|a| a.question.id == id).unwrap_or_else(|| panic!("no question `{id}`"));
    let found = all.remove(at);
    assert_eq!(found.answer, answer, "{}: {:#?}", found.sentence, found.marks);
    let known: Vec<&str> = found.question.aspects.iter().map(|(id, _)| *id).collect();
    assert!(
        found.marks.iter().all(|m| known.contains(&m.aspect)),
        "an aspect that the question does not have"
    );
    let silent = |m: &&Mark| m.stand != Stand::Holds && m.advice.is_empty();
    assert!(
        !found.marks.iter().any(|m| silent(&m)),
        "something that does not hold, and nothing to do about it"
    );
    found
}

fn with_findings(subject: Subject, rules: &[&str]) -> Subject {
    Subject { findings: rules.iter().map(|r| finding(r)).collect(), ..subject }
}

#[test]
fn one_person() {
    let alone = with_findings(bare("alone"), &["unapproved-change"]);
    let none = Organisation::default();
    let answer = told("one-person", std::slice::from_ref(&alone), &none, Answer::Yes);
    assert!(!answer.good && answer.count == Count { fails: 1, ..Count::default() });
    assert_eq!(
        answer.sentence,
        "Of the one workflow that can or may change access: one person can do it alone in 1. Around them \
                                 something cannot be told."
    );
    let mut good = asked("asked");
    good.standing = Some(released());
    assert!(told("one-person", std::slice::from_ref(&good), &governed(), Answer::No).good);
    told("one-person", &[good.clone(), alone.clone()], &governed(), Answer::Partly);
    // The same approval in an export: who wrote the workflow is not said.
    told("one-person", &[asked("asked")], &none, Answer::Partly);
    let opaque = Subject { changes: false, opaque: true, ..bare("opaque") };
    let answer = told("one-person", &[opaque], &none, Answer::CannotBeTold);
    assert!(answer.gives.iter().any(|(g, _)| g.starts_with("Declare in the control record")));
    // Nothing there is nothing to rely on.
    told("one-person", &[], &none, Answer::CannotBeTold);
}

#[test]
fn a_rule_without_a_person_is_enough_where_the_record_says_why() {
    let by_rule = |triggers: &[TriggerKind], reason: &str| {
        let gate =
            GateStatement { kind: GateKind::Rule, reason: reason.to_owned(), ..GateStatement::default() };
        let record = Some(ControlRecord { gate, ..record() });
        let subject = Subject { record, triggers: triggers.to_vec(), ..bare("rule") };
        let marks =
            marks(QUESTIONS[0], &[with_findings(subject, &["unapproved-change"])], &Organisation::default());
        marks[0].stand
    };
    assert_eq!(by_rule(&[TriggerKind::Schedule], "HR's last day."), Stand::Holds);
    assert_eq!(by_rule(&[TriggerKind::Event], ""), Stand::Unknown);
    assert_eq!(by_rule(&[TriggerKind::Event, TriggerKind::Webhook], "HR's last day."), Stand::Fails);
}

#[test]
fn doubts_about_the_approver_are_told() {
    let stand = |subject: Subject| marks(QUESTIONS[0], &[subject], &Organisation::default())[0].stand;
    for rule in [
        "self-approval",
        "approver-from-input",
        "approval-fails-open",
        "approval-ignored",
        "disabled-control",
    ] {
        assert_eq!(stand(with_findings(asked("x"), &[rule])), Stand::Fails, "{rule}");
    }
    assert_eq!(
        stand(Subject { proofs: vec![proof("approver-is-not-requester", "unknown")], ..asked("x") }),
        Stand::Unknown
    );
    assert_eq!(
        stand(Subject { proofs: vec![proof("approver-is-not-requester", "refuted")], ..asked("x") }),
        Stand::Fails
    );
    assert_eq!(stand(Subject { proofs: Vec::new(), ..asked("x") }), Stand::Unknown);
    let assumed = Route { assumed: true, ..Route::default() };
    assert_eq!(stand(Subject { routes: vec![assumed], ..asked("x") }), Stand::Unknown);
    assert_eq!(stand(Subject { gate: "authorised".into(), ..asked("x") }), Stand::Fails);
    let decides = with_findings(bare("x"), &["machine-decides"]);
    let decides = Subject { kinds: vec![Kind::Decide], ..decides };
    let all = marks(QUESTIONS[0], &[decides], &Organisation::default());
    assert!(all.iter().any(|m| m.aspect == "decide" && m.stand == Stand::Fails));
}

fn route(entitlement: Choice, reads: &[Context]) -> Route {
    Route {
        step: "add".into(),
        tier: 2,
        gate: "present".into(),
        adds: true,
        systems: vec!["okta".into()],
        entitlement,
        identity: Choice::Fixed,
        place: Choice::Fixed,
        reads: reads.iter().map(|c| (*c, Text::from("field"))).collect(),
        ..Route::default()
    }
}

fn on(route: Route) -> Subject {
    Subject { routes: vec![route], ..asked("routed") }
}

#[test]
fn context_aware() {
    let none = Organisation { rates: true, ..Organisation::default() };
    let looks = on(route(Choice::Chosen, &[Context::Privilege, Context::Criticality]));
    assert!(told("context-aware", std::slice::from_ref(&looks), &none, Answer::Yes).good);
    let blind = on(route(Choice::Chosen, &[Context::Criticality]));
    let answer = told("context-aware", std::slice::from_ref(&blind), &none, Answer::No);
    let aspect =
        |answer: &Answered, id: &str| answer.aspects.iter().find(|a| a.id == id).and_then(|a| a.answer);
    assert_eq!(aspect(&answer, "privilege"), Some(Answer::No));
    assert_eq!(aspect(&answer, "emergency"), None);
    told("context-aware", &[looks, blind.clone()], &none, Answer::Partly);
    // Where nobody says how critical systems are, something cannot be told whatever the routes do.
    told("context-aware", &[on(route(Choice::Fixed, &[]))], &Organisation::default(), Answer::Partly);
    let unread = Route { unread: true, ..route(Choice::Chosen, &[]) };
    told("context-aware", &[on(unread)], &none, Answer::CannotBeTold);
}

#[test]
fn each_context_is_asked_where_it_is_open() {
    let rated = Organisation { rates: true, ..Organisation::default() };
    let stand = |aspect: &str, subject: &Subject| {
        let all = marks(QUESTIONS[1], std::slice::from_ref(subject), &rated);
        all.iter().find(|m| m.aspect == aspect).map(|m| m.stand)
    };
    let fixed = route(Choice::Fixed, &[]);
    let with = |change: &dyn Fn(&mut Route)| {
        let mut route = fixed.clone();
        change(&mut route);
        on(route)
    };
    assert_eq!(stand("privilege", &on(fixed.clone())), Some(Stand::Holds));
    let bare_admin = with(&|r| (r.privileged, r.gate) = (true, "none".into()));
    assert_eq!(stand("privilege", &bare_admin), Some(Stand::Fails));
    assert_eq!(stand("tier", &on(fixed.clone())), None);
    assert_eq!(stand("tier", &with(&|r| r.tier = 3)), Some(Stand::Holds));
    assert_eq!(stand("tier", &with(&|r| (r.tier, r.gate) = (3, "authorised".into()))), Some(Stand::Fails));
    assert_eq!(stand("identity", &on(fixed.clone())), None);
    let anybody = with(&|r| r.identity = Choice::Chosen);
    assert_eq!(stand("identity", &anybody), Some(Stand::Fails));
    let mut bounded = record();
    bounded.boundary.populations = vec!["employees".into()];
    assert_eq!(stand("identity", &Subject { record: Some(bounded), ..anybody }), Some(Stand::Holds));
    // Taking away is the same for everybody.
    assert_eq!(stand("identity", &with(&|r| (r.identity, r.adds) = (Choice::Chosen, false))), None);
    let two = with(&|r| r.systems = vec!["entra".into(), "okta".into()]);
    assert_eq!(stand("cross-domain", &two), Some(Stand::Fails));
    assert_eq!(stand("environment", &with(&|r| r.place = Choice::Chosen)), Some(Stand::Fails));
    assert_eq!(stand("environment", &on(fixed.clone())), Some(Stand::Holds));
    assert_eq!(stand("time", &on(fixed.clone())), None);
    assert_eq!(stand("time", &with_findings(on(fixed.clone()), &["unbounded-expiry"])), Some(Stand::Fails));
    let ends =
        Subject { proofs: vec![proof("temporary-access-ends", "proved")], ..with(&|r| r.temporary = true) };
    assert_eq!(stand("time", &ends), Some(Stand::Holds));
    assert_eq!(
        stand("emergency", &with(&|r| r.reads = vec![(Context::Emergency, "priority".into())])),
        Some(Stand::Holds)
    );
    let open = with(&|r| (r.reads, r.gate) = (vec![(Context::Emergency, "priority".into())], "none".into()));
    assert_eq!(stand("emergency", &open), Some(Stand::Fails));
    let critical = Standing { critical: vec![("okta".into(), "critical")], ..released() };
    let weak = with(&|r| r.gate = "authorised".into());
    assert_eq!(
        stand("criticality", &Subject { standing: Some(critical.clone()), ..weak }),
        Some(Stand::Fails)
    );
    assert_eq!(
        stand("criticality", &Subject { standing: Some(critical), ..on(fixed.clone()) }),
        Some(Stand::Holds)
    );
    let unrated = Standing { unrated: vec!["okta".into()], ..released() };
    assert_eq!(stand("criticality", &Subject { standing: Some(unrated), ..on(fixed) }), Some(Stand::Unknown));
}

#[test]
fn decision_path() {
    let none = Organisation::default();
    let ledger = Ledger { place: "log".into(), entered: 3, runs: 2, ..Ledger::default() };
    let kept = Organisation { ledger: Some(ledger.clone()), ..governed() };
    let runs = |n| Some(Standing { runs: n, ..released() });
    let red = Subject { platform: Some(Platform::NodeRed), ..bare("red") };
    assert!(told("decision-path", &[Subject { standing: runs(2), ..red.clone() }], &kept, Answer::Yes).good);
    // Runs of another are none of its own.
    told("decision-path", &[Subject { standing: runs(0), ..red.clone() }], &kept, Answer::Partly);
    let strange = Organisation { ledger: Some(Ledger { of_nobody: 1, ..ledger.clone() }), ..governed() };
    let told_of =
        told("decision-path", &[Subject { standing: runs(2), ..red.clone() }], &strange, Answer::Partly);
    assert!(told_of.marks.iter().any(|m| m.because.contains("signed by nobody whom the directory knows")));
    let gap = Organisation { ledger: Some(Ledger { missing: 1, runs: 0, ..ledger }), ..governed() };
    told("decision-path", std::slice::from_ref(&red), &gap, Answer::No);
    // n8n keeps runs for 14 days; what is kept of changes, exceptions and rework an export does not show.
    told("decision-path", &[bare("x")], &none, Answer::Partly);
    told(
        "decision-path",
        &[Subject { platform: Some(Platform::Bpmn), ..bare("x") }],
        &none,
        Answer::CannotBeTold,
    );
}

#[test]
fn a_run_is_kept_as_long_as_the_record_asks() {
    let stand = |subject: Subject| {
        let all = marks(QUESTIONS[2], &[subject], &Organisation::default());
        all.iter().find(|m| m.aspect == "run").map(|m| m.stand)
    };
    let asks = |retention: &str| Some(ControlRecord { retention: retention.into(), ..record() });
    assert_eq!(stand(bare("x")), Some(Stand::Holds));
    assert_eq!(stand(Subject { record: asks("P14D"), ..bare("x") }), Some(Stand::Holds));
    assert_eq!(stand(Subject { record: asks("P7Y"), ..bare("x") }), Some(Stand::Fails));
    assert_eq!(stand(Subject { kinds: vec![Kind::Ask, Kind::Grant], ..bare("x") }), Some(Stand::Unknown));
    assert_eq!(stand(Subject { unkept: vec!["runs are not saved".into()], ..bare("x") }), Some(Stand::Fails));
    assert_eq!(stand(Subject { platform: Some(Platform::NodeRed), ..bare("x") }), Some(Stand::Fails));
    assert_eq!(stand(Subject { platform: None, ..bare("x") }), Some(Stand::Unknown));
}

#[test]
fn extensions() {
    let none = Organisation::default();
    let uses = |name: &str| Subject { connectors: vec![("okta".into(), "1.0".into())], ..bare(name) };
    let mut good = Subject { record: Some(record()), triggers: vec![TriggerKind::Event], ..uses("good") };
    good.standing = Some(Standing { components: vec![("okta".into(), true)], ..released() });
    assert!(told("extensions", std::slice::from_ref(&good), &governed(), Answer::Yes).good);
    let open = with_findings(uses("open"), &["unauthenticated-trigger"]);
    told("extensions", std::slice::from_ref(&open), &none, Answer::No);
    told("extensions", &[good.clone(), open], &governed(), Answer::Partly);
    let answer = told("extensions", &[uses("untold")], &none, Answer::CannotBeTold);
    assert_eq!(answer.count, Count { unknown: 1, ..Count::default() });
    // Without extensions there is nothing to ask.
    let plain = Subject { triggers: vec![TriggerKind::Event], ..bare("plain") };
    assert_eq!(told("extensions", &[plain], &none, Answer::CannotBeTold).count.all(), 0);
    let stand = |aspect: &str, subject: &Subject| {
        let all = marks(QUESTIONS[3], std::slice::from_ref(subject), &governed());
        all.iter().find(|m| m.aspect == aspect).map(|m| m.stand)
    };
    let mut other = good.clone();
    other.standing = Some(Standing { components: vec![("okta".into(), false)], ..released() });
    assert_eq!(stand("approved", &other), Some(Stand::Fails));
    other.standing = Some(Standing { tested: Some(Tested { failed: 1, ..Tested::default() }), ..released() });
    assert_eq!(stand("tested", &other), Some(Stand::Fails));
    other.standing = Some(Standing { tested: None, ..released() });
    assert_eq!(stand("tested", &other), Some(Stand::Unknown));
    // Code is in the digest of what was released, or nobody has approved it.
    let code = Subject { code: vec!["Run".into()], ..good.clone() };
    assert_eq!(stand("approved", &code), Some(Stand::Holds));
    let unreleased = Subject { standing: Some(Standing { release: None, ..released() }), ..code };
    assert_eq!(stand("approved", &unreleased), Some(Stand::Fails));
    assert_eq!(stand("logged", &with_findings(good, &["opaque-step"])), Some(Stand::Fails));
}

#[test]
fn versions() {
    let none = Organisation::default();
    let history = Some(History { commits: 2, authors: 1, ..History::default() });
    let good = Subject { history, standing: Some(released()), ..bare("good") };
    assert!(told("versions", std::slice::from_ref(&good), &governed(), Answer::Yes).good);
    let never = Subject { standing: Some(Standing { release: None, ..released() }), ..good.clone() };
    told("versions", std::slice::from_ref(&never), &governed(), Answer::No);
    told("versions", &[good.clone(), never], &governed(), Answer::Partly);
    told("versions", &[bare("export")], &none, Answer::CannotBeTold);
    let stand = |aspect: &str, subject: &Subject| {
        let all = marks(QUESTIONS[4], std::slice::from_ref(subject), &governed());
        all.iter().find(|m| m.aspect == aspect).map(|m| m.stand)
    };
    let release = |change: &dyn Fn(&mut Released)| {
        let mut standing = released();
        standing.release.iter_mut().for_each(change);
        Subject { standing: Some(standing), ..good.clone() }
    };
    assert_eq!(stand("drift", &release(&|r| r.same = false)), Some(Stand::Fails));
    assert_eq!(stand("review", &release(&|r| r.approvals = 0)), Some(Stand::Fails));
    let glass =
        Subject { standing: Some(Standing { emergency: Some("noon".into()), ..released() }), ..good.clone() };
    assert_eq!(stand("drift", &glass), Some(Stand::Fails));
    let past = |commits, dirty, shallow| {
        let history = Some(History { commits, authors: 1, dirty, shallow });
        stand("history", &Subject { history, ..good.clone() })
    };
    assert_eq!([past(0, false, false), past(1, true, false)], [Some(Stand::Fails); 2]);
    assert_eq!(past(1, false, true), Some(Stand::Unknown));
    let refused = Organisation { refused: 1, ..governed() };
    told("versions", &[good], &refused, Answer::Partly);
}

#[test]
fn ownership() {
    let none = Organisation::default();
    let good = Subject { record: Some(record()), governed: true, standing: Some(released()), ..bare("good") };
    assert!(told("ownership", std::slice::from_ref(&good), &governed(), Answer::Yes).good);
    let without = Subject { record: None, ..good.clone() };
    told("ownership", &[with_findings(without.clone(), &["missing-record"])], &governed(), Answer::No);
    told("ownership", &[good.clone(), without], &governed(), Answer::Partly);
    let named = Subject { owners: vec!["Desk".into()], ..bare("export") };
    let answer = told("ownership", &[named], &none, Answer::CannotBeTold);
    assert!(answer.marks.iter().all(|m| m.because.contains("`Desk`")));
    let stand = |aspect: &str, subject: &Subject| {
        let all = marks(QUESTIONS[5], std::slice::from_ref(subject), &governed());
        all.iter().find(|m| m.aspect == aspect).map(|m| m.stand)
    };
    let gone = Standing { owner: Person::Gone("owner@x.test".into()), ..released() };
    assert_eq!(stand("owner", &Subject { standing: Some(gone), ..good.clone() }), Some(Stand::Fails));
    let same = ControlRecord { security_approver: "owner@x.test".into(), ..record() };
    assert_eq!(stand("approver", &Subject { record: Some(same), ..good.clone() }), Some(Stand::Fails));
    let short = ControlRecord { tests: Vec::new(), ..record() };
    assert_eq!(stand("record", &Subject { record: Some(short), ..good.clone() }), Some(Stand::Fails));
    // A record without a directory of people.
    assert_eq!(stand("owner", &Subject { standing: None, ..good }), Some(Stand::Unknown));
}

#[test]
fn credentials() {
    let none = Organisation::default();
    let owner = Person::Active("iam@x.test".into());
    let fresh = Credential { id: "key".into(), owner, ..Credential::default() };
    let with = |c: &Credential| {
        let standing = Standing { credentials: vec![c.clone()], ..released() };
        Subject { credentials: vec!["key".into()], standing: Some(standing), ..bare("x") }
    };
    let good = with(&fresh);
    assert!(told("credentials", std::slice::from_ref(&good), &governed(), Answer::Yes).good);
    let leak = with_findings(bare("leak"), &["secret-in-definition"]);
    told("credentials", std::slice::from_ref(&leak), &none, Answer::No);
    told("credentials", &[good.clone(), leak], &governed(), Answer::Partly);
    told(
        "credentials",
        &[Subject { credentials: vec!["key".into()], ..bare("x") }],
        &none,
        Answer::CannotBeTold,
    );
    let stand = |aspect: &str, subject: &Subject| {
        let all = marks(QUESTIONS[6], std::slice::from_ref(subject), &governed());
        all.iter().find(|m| m.aspect == aspect).map(|m| m.stand)
    };
    assert_eq!(stand("rotation", &with(&Credential { stale: true, ..fresh.clone() })), Some(Stand::Fails));
    assert_eq!(
        stand("rotation", &with(&Credential { undated: true, ..fresh.clone() })),
        Some(Stand::Unknown)
    );
    assert_eq!(stand("owner", &with(&Credential { owner: Person::None, ..fresh })), Some(Stand::Fails));
    assert_eq!(
        stand("shared", &Subject { shared: Some(vec![("key".into(), 2)]), ..good.clone() }),
        Some(Stand::Fails)
    );
    assert_eq!(stand("shared", &with_findings(good.clone(), &["shared-credential"])), Some(Stand::Fails));
    let unlisted = Subject { standing: Some(released()), ..good };
    assert_eq!(stand("rotation", &unlisted), Some(Stand::Fails));
}

#[test]
fn platforms_are_counted_apart_and_advice_is_given_once() {
    let alone = |name: &str, platform| {
        let subject = with_findings(bare(name), &["unapproved-change"]);
        Subject { platform: Some(platform), ..subject }
    };
    let subjects =
        [alone("a", Platform::Bpmn), asked("b"), alone("c", Platform::N8n), alone("d", Platform::N8n)];
    let answer = told("one-person", &subjects, &governed(), Answer::Partly);
    let platforms: Vec<(&str, Answer, usize)> =
        answer.platforms.iter().map(|p| (p.platform, p.answer, p.count.all())).collect();
    assert_eq!(platforms, [("n8n", Answer::Partly, 3), ("bpmn", Answer::Yes, 1)]);
    assert_eq!(answer.fixes.len(), 1);
    assert_eq!(answer.fixes[0].1, 3);
}

#[test]
fn every_question_cites_controls_that_are_known() {
    for question in QUESTIONS {
        for control in question.controls {
            assert!(
                crate::frameworks::requirement(&format!("nist-sp800-53-r5 {control}")).is_some(),
                "{control}"
            );
        }
        assert!(question.noun.starts_with("workflow"));
    }
}
