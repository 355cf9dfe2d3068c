//! Rehearsals, their expectations and coverage, on small workflows.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod build;

use build::Build;
use machine::rehearse::coverage::Part;
use machine::rehearse::scenario::{AtMost, Crash, Eventually};
use machine::rehearse::*;
use machine::{Place, Program};
use workflow::{EdgeKind, Kind, LoopKind, Platform, Step, StepIx, StepKind, Value, Workflow};

fn step(w: &mut Workflow, id: &str) -> usize {
    w.find(id).map(|StepIx(i)| i as usize).unwrap_or_else(|| panic!("no step `{id}` in {}", w.name))
}

fn change<'w>(w: &'w mut Workflow, id: &str) -> &'w mut Step {
    let i = step(w, id);
    &mut w.steps[i]
}

/// A question with a deadline of four hours; on `yes` a grant, which is told; silence and refusal tell nobody.
fn asked() -> Workflow {
    let b = Build::new(Platform::SailPoint)
        .asks("ask")
        .step("if", StepKind::Branch)
        .acts("grant")
        .acts("tell")
        .step("no", StepKind::End(workflow::Outcome::Failure));
    let b = b.chain(&["start", "ask", "if"]).when("if", "grant", "answer", "yes").otherwise("if", "no");
    let mut w = b.chain(&["grant", "tell"]).edge("ask", "no", EdgeKind::Timeout).done();
    let answer = workflow::Reference::keys(workflow::Root::Step("ask".into()), "decision");
    let value = Value::Expr(Box::new(workflow::Expression {
        language: workflow::Language::Structured,
        text: "".into(),
        term: workflow::Term::Ref(answer),
        line: 0,
    }));
    let assign = workflow::Assignment { variable: "answer".into(), value, adds: false };
    change(&mut w, "ask").assigns.push(assign);
    let ask = change(&mut w, "ask").ask.as_mut().unwrap();
    (ask.timeout_seconds, ask.answer) = (Some(4 * 3600), "decision".into());
    ask.approver = Value::text("boss");
    change(&mut w, "grant").target.identity = vec![Value::text("ada")];
    change(&mut w, "grant").target.entitlement = vec![Value::text("admins")];
    change(&mut w, "tell").effects[0].kind = Kind::Notify;
    w
}

fn yes() -> Reply {
    Reply {
        step: Some("ask".into()),
        result: Some(serde_json::json!({"decision": "yes"})),
        ..Reply::default()
    }
}

fn scenario(answers: Vec<Reply>) -> Scenario {
    Scenario { name: "test".into(), input: Some(serde_json::json!({})), answers, ..Scenario::default() }
}

fn at(step: &str) -> Fault {
    Fault { at: Some(step.into()), ..Fault::default() }
}

fn play(w: &Workflow, scenario: &Scenario) -> (Outcome, Vec<Difference>) {
    let set = std::slice::from_ref(w);
    let program = Program::new(set);
    let outcome = rehearse(&program, 0, scenario, &[], &Directory::default());
    let differences = judge(&program, scenario, &outcome);
    (outcome, differences)
}

fn kinds(outcome: &Outcome) -> Vec<(Kind, bool)> {
    outcome.events.iter().map(|e| (e.effect.kind, e.well)).collect()
}

#[test]
fn a_positive_answer_lets_the_change_happen_and_the_directory_shows_it() {
    let mut s = scenario(vec![yes()]);
    s.expect = serde_json::from_str(
        r#"{"ends": "success", "asked": [{"identity": "boss"}], "told": [{"step": "tell"}],
            "effects": [{"effect": "grant", "identity": "ada", "entitlement": "admins"}],
            "directory": [{"person": "ada", "system": "okta", "has": ["admins"], "enabled": true}]}"#,
    )
    .unwrap();
    let (outcome, differences) = play(&asked(), &s);
    assert_eq!(differences, []);
    assert_eq!(kinds(&outcome), [(Kind::Ask, true), (Kind::Grant, true), (Kind::Notify, true)]);
}

#[test]
fn every_expectation_can_fail() {
    let wrong = [
        (r#"{"ends": "failure"}"#, "ends"),
        (r#"{"effects": []}"#, "effects"),
        (r#"{"effects": [{"identity": "eve"}]}"#, "effects"),
        (r#"{"effects": [{"entitlement": "users"}]}"#, "effects"),
        (r#"{"never": [{}]}"#, "never"),
        (r#"{"never": [{"effect": "notify"}]}"#, "never"),
        (r#"{"at-most": [{"what": {"effect": "grant"}, "times": 0}]}"#, "at-most"),
        (r#"{"eventually": [{"what": {"effect": "revoke"}}]}"#, "eventually"),
        (r#"{"eventually": [{"what": {"effect": "grant"}, "within": "1m"}]}"#, "eventually"),
        (r#"{"told": []}"#, "told"),
        (r#"{"told": [{"step": "ask"}]}"#, "told"),
        (r#"{"asked": []}"#, "asked"),
        (r#"{"asked": [{"identity": "ada"}]}"#, "asked"),
        (r#"{"directory": [{"person": "ada", "system": "okta", "lacks": ["admins"]}]}"#, "directory"),
        (r#"{"identities": 0}"#, "identities"),
    ];
    for (expect, of) in wrong {
        let s = Scenario { expect: serde_json::from_str(expect).unwrap(), ..scenario(vec![yes()]) };
        let (_, differences) = play(&asked(), &s);
        assert_eq!(differences.iter().map(|d| d.of).collect::<Vec<_>>(), [of], "{expect}");
    }
}

#[test]
fn silence_and_late_answers_are_timeouts() {
    let late = Reply { takes: "5h".parse().ok(), ..yes() };
    let in_time = Reply { takes: "3h".parse().ok(), ..yes() };
    let delayed = Scenario {
        faults: vec![Fault { late: "2h".parse().ok(), ..at("ask") }],
        ..scenario(vec![in_time.clone()])
    };
    for s in [scenario(vec![]), scenario(vec![late]), delayed] {
        let (outcome, _) = play(&asked(), &s);
        assert_eq!((kinds(&outcome), &outcome.ended[..]), (vec![(Kind::Ask, true)], &[How::Failure][..]));
    }
    assert_eq!(play(&asked(), &scenario(vec![in_time])).0.ended, [How::Success]);
}

#[test]
fn a_question_without_a_deadline_waits() {
    let mut w = asked();
    w.edges.retain(|e| e.kind != EdgeKind::Timeout);
    change(&mut w, "ask").ask.as_mut().unwrap().timeout_seconds = None;
    assert_eq!(play(&w, &scenario(vec![])).0.ended, [How::Waiting]);
}

#[test]
fn faults_change_what_is_done_and_what_is_known() {
    let with = |fault: Fault| play(&asked(), &Scenario { faults: vec![fault], ..scenario(vec![yes()]) }).0;
    let grants = |o: &Outcome| {
        kinds(o).into_iter().filter(|(k, _)| *k == Kind::Grant).map(|(_, well)| well).collect::<Vec<_>>()
    };
    assert_eq!(grants(&with(Fault { fail: Some("403".into()), ..at("grant") })), [false]);
    assert_eq!(grants(&with(Fault { time_out: true, ..at("grant") })), [false]);
    assert_eq!(grants(&with(Fault { twice: true, ..at("grant") })), [true, true]);
    assert_eq!(grants(&with(Fault { unseen: true, ..at("grant") })), [true, false]);
    let cancelled = with(Fault { cancel: true, ..at("grant") });
    assert_eq!((grants(&cancelled), &cancelled.ended[..]), (vec![], &[How::Cancelled][..]));
    let none = with(Fault { partial: Some(0), ..at("grant") });
    assert_eq!(none.directory.account("okta", "ada"), None);
    let crashed = with(Fault { crash: Some(Crash::After), ..at("grant") });
    assert!(grants(&crashed).contains(&true), "{crashed:?}");
}

#[test]
fn a_failure_is_gone_at_the_next_attempt() {
    let mut w = asked();
    change(&mut w, "grant").retries = 2;
    let fault = Fault { fail: Some("429".into()), times: Some(1), ..at("grant") };
    let s = Scenario { faults: vec![fault], ..scenario(vec![yes()]) };
    let expect = Expect { failures_told: true, ends: Some(How::Success), ..Expect::default() };
    assert_eq!(play(&w, &Scenario { expect, ..s }).1, []);
}

#[test]
fn a_swallowed_failure_is_noticed_where_nobody_is_told() {
    let mut w = asked();
    change(&mut w, "grant").on_error = workflow::OnError::Continue;
    let fault = Fault { fail: Some("403".into()), ..at("grant") };
    let expect = Expect { failures_told: true, ..Expect::default() };
    let s = Scenario { faults: vec![fault], expect, ..scenario(vec![yes()]) };
    assert_eq!(play(&w, &s).1.iter().map(|d| d.of).collect::<Vec<_>>(), ["failures-told"]);
}

#[test]
fn an_event_delivered_twice_runs_twice() {
    for apart in ["30ms", "3d"] {
        let what = Pattern { effect: Some(Kind::Grant), ..Pattern::default() };
        let s = Scenario {
            faults: vec![Fault { deliver_again: apart.parse().ok(), ..Fault::default() }],
            expect: Expect { at_most: vec![AtMost { what, times: 1 }], ..Expect::default() },
            ..scenario(vec![yes()])
        };
        let (outcome, differences) = play(&asked(), &s);
        assert_eq!((differences.len(), outcome.ended.len()), (1, 2), "{apart}");
    }
}

#[test]
fn time_passes_in_waits_and_expectations_measure_it() {
    let mut w = Build::new(Platform::StepFunctions)
        .acts("grant")
        .step("wait", StepKind::Wait)
        .acts("revoke")
        .chain(&["start", "grant", "wait", "revoke"])
        .done();
    change(&mut w, "revoke").effects[0].kind = Kind::Revoke;
    let mut parameters = workflow::Map::default();
    parameters.push("Seconds", Value::Number("3600".into()), 0);
    change(&mut w, "wait").parameters = Value::Map(parameters);
    let pattern = |k| Pattern { effect: Some(k), ..Pattern::default() };
    let within = |d: &str| Eventually {
        what: pattern(Kind::Revoke),
        after: Some(pattern(Kind::Grant)),
        within: d.parse().ok(),
    };
    let s = |d: &str| Scenario {
        expect: Expect { eventually: vec![within(d)], ..Expect::default() },
        ..scenario(vec![])
    };
    assert_eq!(play(&w, &s("61m")).1, []);
    assert_eq!(play(&w, &s("59m")).1.len(), 1);
    let jump = Fault { clock: "1d".parse().ok(), ..at("wait") };
    assert_eq!(play(&w, &Scenario { faults: vec![jump], ..s("61m") }).1.len(), 1);
}

#[test]
fn what_the_scenario_does_not_say_is_told() {
    let b =
        Build::new(Platform::SailPoint).step("if", StepKind::Branch).acts("grant").chain(&["start", "if"]);
    let mut w = b.when("if", "grant", "x", "yes").done();
    let unknown = workflow::Reference::keys(workflow::Root::Trigger, "user");
    if let EdgeKind::When { condition, .. } = &mut w.edges.last_mut().unwrap().kind {
        condition.term = workflow::Term::Call(
            workflow::Function::Equals,
            vec![workflow::Term::Ref(unknown), workflow::Term::Text("ada".into())],
        );
    }
    let open = Scenario { input: None, ..scenario(vec![]) };
    assert_eq!(play(&w, &open).1.iter().map(|d| d.of).collect::<Vec<_>>(), ["answers"]);
    let told =
        Reply { step: Some("if".into()), case: Some("yes".into()), holds: Some(false), ..Reply::default() };
    assert_eq!(kinds(&play(&w, &Scenario { answers: vec![told], ..open.clone() }).0), []);
    let worst = Scenario { undecided: Undecided::TowardsChange, ..open };
    assert_eq!(kinds(&play(&w, &worst).0), [(Kind::Grant, true)]);
}

#[test]
fn a_loop_of_unknown_length_takes_the_rounds_that_are_told() {
    let each = LoopKind::Each { parallel: false, bound: None };
    let items =
        Value::Expr(Box::new(workflow::Expression::unknown(workflow::Language::Structured, "?", vec![], 0)));
    let b = Build::new(Platform::StepFunctions).repeats("each", each, items).inside("each", "grant");
    let w = b
        .chain(&["start", "each"])
        .edge("each", "grant", EdgeKind::Body)
        .edge("grant", "each", EdgeKind::Back)
        .done();
    let rounds = Reply { step: Some("each".into()), rounds: Some(3), ..Reply::default() };
    assert_eq!(play(&w, &scenario(vec![rounds])).0.events.len(), 3);
}

#[test]
fn coverage_counts_changes_refusals_and_time_outs() {
    let w = asked();
    let set = std::slice::from_ref(&w);
    let program = Program::new(set);
    let of = |scenarios: &[Scenario]| {
        let outcomes: Vec<Outcome> =
            scenarios.iter().map(|s| rehearse(&program, 0, s, &[], &Directory::default())).collect();
        let trails: Vec<_> = outcomes.iter().map(|o| &o.trail).collect();
        let changed =
            outcomes.iter().flat_map(|o| &o.events).filter(|e| e.well && e.effect.kind.changes_access());
        let changed: std::collections::BTreeSet<Place> = changed.map(|e| e.place).collect();
        let c = Coverage::new(&program, 0, &trails, &changed);
        (c.changing(), c.count(&[Part::Refusal]))
    };
    assert_eq!(of(&[]), ((0, 2), (0, 2)));
    assert_eq!(of(&[scenario(vec![yes()])]), ((2, 2), (0, 2)));
    assert_eq!(of(&[scenario(vec![yes()]), scenario(vec![])]), ((2, 2), (1, 2)));
}

#[test]
fn the_same_scenario_has_the_same_outcome() {
    let s = Scenario {
        faults: vec![Fault { deliver_again: "30ms".parse().ok(), ..Fault::default() }],
        ..scenario(vec![yes()])
    };
    assert_eq!(play(&asked(), &s).0, play(&asked(), &s).0);
}
