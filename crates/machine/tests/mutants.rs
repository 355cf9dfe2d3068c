//! Mutants and edge cases, on a gate that holds and on gates that do not.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod build;

use build::Build;
use machine::Program;
use machine::edge_cases::{Around, edge_cases};
use machine::mutate::{Compared, Fate, Mutant, Trial, compare, mutants};
use machine::rehearse::{Directory, Scenario, Suite, judge, rehearse};
use workflow::{EdgeKind, Platform, StepIx, StepKind, Value, Workflow};

/// A step that asks and offers two ways itself; the yes leads to a grant.
fn gate(otherwise: bool) -> Workflow {
    let b = Build::new(Platform::GoogleSecops)
        .asks("ask")
        .acts("grant")
        .step("end", StepKind::End(workflow::Outcome::Success));
    let b = b.chain(&["start", "ask"]).when("ask", "grant", "x", "yes");
    let b = if otherwise {
        b.edge("ask", "end", EdgeKind::Otherwise { case: "no".into() })
    } else {
        b.when("ask", "grant", "x", "no")
    };
    let mut w = b.chain(&["grant", "end"]).done();
    let find = |w: &Workflow, id: &str| w.find(id).map(|StepIx(i)| i as usize).unwrap();
    let (ask, grant) = (find(&w, "ask"), find(&w, "grant"));
    w.steps[ask].ask.as_mut().unwrap().decides = true;
    w.steps[ask].target.recipient = vec![Value::text("boss")];
    w.steps[grant].target.identity = vec![Value::text("ada")];
    w
}

fn suite(text: &str) -> Vec<Scenario> {
    serde_json::from_str::<Suite>(text).unwrap().scenarios
}

const TESTS: &str = r#"{"schema": "countersign.test/1", "scenarios": [
  {"name": "yes", "answers": [{"step": "ask", "decided": "yes"}],
   "expect": {"ends": "success", "asked": [{"identity": "boss"}], "effects": [{"identity": "ada"}]}},
  {"name": "no", "answers": [{"step": "ask", "decided": "no"}], "expect": {"effects": []}},
  {"name": "cannot ask", "answers": [{"step": "ask", "error": "x"}], "expect": {"effects": []}},
  {"name": "silence", "answers": [{"step": "ask", "timeout": true}], "expect": {"effects": []}},
  {"name": "the change fails", "answers": [{"step": "ask", "decided": "yes"}], "faults": [{"at": "grant", "fail": "x"}],
   "expect": {"ends": "failure"}}]}"#;

fn fates(w: &Workflow, scenarios: &[Scenario]) -> Vec<(Mutant, Fate)> {
    let set = std::slice::from_ref(w);
    let (program, directory) = (Program::new(set), Directory::default());
    let trial = Trial { workflows: set, workflow: 0, scenarios, answers: &[], directory: &directory };
    mutants(&program, 0)
        .into_iter()
        .map(|m| {
            let fate = trial.run(&program, &m);
            (m, fate)
        })
        .collect()
}

#[test]
fn scenarios_that_hold_the_control_kill_every_mutant() {
    let fates = fates(&gate(true), &suite(TESTS));
    let operators: Vec<&str> = fates.iter().map(|(m, _)| m.operator).collect();
    for operator in
        ["remove-gate", "negate", "fail-open", "self-approval", "widen-target", "swallow-error", "double"]
    {
        assert!(operators.contains(&operator), "{operator}: {operators:?}");
    }
    let survivors: Vec<_> = fates.iter().filter(|(_, f)| matches!(f, Fate::Survived(_))).collect();
    assert!(survivors.is_empty(), "{survivors:#?}");
}

#[test]
fn without_scenarios_every_mutant_survives_and_is_told_how_to_kill_it() {
    let w = gate(true);
    for (mutant, fate) in fates(&w, &[]) {
        let Fate::Survived(survivor) = fate else {
            assert_eq!(fate, Fate::Equivalent, "{mutant:?}");
            continue;
        };
        assert_ne!(survivor.original, "", "{mutant:?}");
        let killer = survivor.kills.unwrap();
        let after = fates(&w, std::slice::from_ref(&killer));
        let (_, now) = after.iter().find(|(m, _)| *m == mutant).unwrap();
        assert!(matches!(now, Fate::Killed(0)), "{mutant:?} is not killed by {killer:#?}: {now:?}");
    }
}

#[test]
fn a_version_is_the_same_as_itself_and_dead_ends_do_not_count() {
    let w = gate(true);
    let mut other = w.clone();
    other.steps.push(workflow::Step::new("dead", "dead", StepKind::Action));
    let (a, b) = ([w], [other]);
    let (a, b) = (Program::new(&a), Program::new(&b));
    assert_eq!(compare(&a, &b, 0), Compared::Same);
}

#[test]
fn a_turned_condition_is_never_taken_for_the_same() {
    let w = gate(true);
    let set = std::slice::from_ref(&w);
    let program = Program::new(set);
    for mutant in mutants(&program, 0) {
        let mut other = w.clone();
        mutant.edit.apply(&mut other);
        let others = [other];
        let same = compare(&program, &Program::new(&others), 0) == Compared::Same;
        assert!(!same || mutant.operator != "widen-target", "{mutant:?}");
    }
}

fn failing(w: &Workflow, around: &Around) -> Vec<String> {
    let set = std::slice::from_ref(w);
    let program = Program::new(set);
    let cases = edge_cases(&program, 0, around);
    assert!(cases.len() > 5);
    let fails =
        |s: &&Scenario| !judge(&program, s, &rehearse(&program, 0, s, &[], &Directory::default())).is_empty();
    cases.iter().filter(fails).map(|s| s.name.clone()).collect()
}

#[test]
fn a_gate_that_holds_passes_its_edge_cases() {
    assert_eq!(failing(&gate(true), &Around::default()), [""; 0]);
}

#[test]
fn a_gate_that_fails_open_fails_them() {
    let mut w = gate(true);
    let (ask, grant) = (w.find("ask").unwrap(), w.find("grant").unwrap());
    w.connect(workflow::Node::Step(ask), grant, EdgeKind::Timeout);
    assert_eq!(failing(&w, &Around::default()), ["`ask` is not answered"]);
}

#[test]
fn an_approver_who_benefits_fails_them() {
    let around = Around { own_approver: vec!["ask".into()], ..Around::default() };
    assert_eq!(failing(&gate(true), &around), ["`ask` is answered by whoever asked or benefits"]);
}

#[test]
fn an_answer_that_nobody_reads_fails_them() {
    let failing = failing(&gate(false), &Around::default());
    assert!(failing.contains(&"`ask` is answered `no`".to_owned()), "{failing:?}");
}

#[test]
fn a_change_without_a_question_fails_them_unless_it_was_approved_before() {
    let mut w = gate(true);
    let (ask, grant) = (w.find("ask").unwrap(), w.find("grant").unwrap());
    w.edges.retain(|e| e.to != ask);
    w.connect(workflow::Node::Trigger(0), grant, EdgeKind::Next);
    let ungated = Around { ungated: vec!["grant".into()], ..Around::default() };
    assert_eq!(failing(&w, &ungated), ["it is started, and nobody is asked"]);
    let approved = Around { approved: vec!["grant".into()], ..ungated };
    assert_eq!(failing(&w, &approved), [""; 0]);
}
