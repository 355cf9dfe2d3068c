//! How fast scenarios and mutants are, on a workflow of 50 steps: what `bench/machine` prints.
//!
//! `cargo run --release -p machine --example speed`

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement that fails has nothing to say")]

use machine::Program;
use machine::mutate::{Edit, Fate, Mutant, Trial, mutants};
use machine::rehearse::{Directory, Scenario, Suite, judge, rehearse};
use std::time::Instant;
use workflow::{Ask, Effect, Evidence, Kind, Node, Outcome, Step, StepIx, StepKind, Value, Workflow};

const STEPS: usize = 50;
const SCENARIOS: usize = 20;
const MUTANTS: usize = 1_000;

/// A question that decides, then a chain of grants, each with whom it is for.
fn workflow() -> Workflow {
    let mut w = Workflow::new(workflow::Platform::StepFunctions, "bench", "bench");
    w.triggers.push(workflow::Trigger {
        id: "start".into(),
        name: "start".into(),
        kind: workflow::TriggerKind::Event,
        authenticated: Some(true),
        event: "".into(),
        filter: None,
        after_approval: false,
        caller_data: false,
        parameters: Value::Null,
        span: workflow::Span::default(),
    });
    let mut ask = Step::new("ask", "ask", StepKind::Action);
    ask.ask = Some(Ask { decides: true, ..Ask::default() });
    let ask = w.add(ask);
    let no = w.add(Step::new("no", "no", StepKind::End(Outcome::Success)));
    w.connect(Node::Trigger(0), ask, workflow::EdgeKind::Next);
    w.connect(Node::Step(ask), no, workflow::EdgeKind::Otherwise { case: "no".into() });
    let mut before: Option<StepIx> = None;
    for i in 0..STEPS - 2 {
        let mut step = Step::new(format!("grant {i}"), format!("grant {i}"), StepKind::Action);
        let identity = format!("person-{i}").into();
        step.effects.push(Effect {
            kind: Kind::Grant,
            system: "okta".into(),
            identity,
            entitlement: "".into(),
            evidence: Evidence::Operation,
            privileged: false,
            refuses: false,
            what: String::new().into(),
        });
        step.target.identity = vec![Value::text(format!("person-{i}"))];
        let step = w.add(step);
        match before {
            Some(before) => w.connect(Node::Step(before), step, workflow::EdgeKind::Next),
            None => {
                let term =
                    workflow::Term::Ref(workflow::Reference::keys(workflow::Root::Step("ask".into()), ""));
                let condition = workflow::Expression {
                    language: workflow::Language::Structured,
                    text: "".into(),
                    term,
                    line: 0,
                };
                w.connect(Node::Step(ask), step, workflow::EdgeKind::When { case: "yes".into(), condition });
            }
        }
        before = Some(step);
    }
    w
}

/// Scenarios that all run to the end; the last one is the one that notices.
fn scenarios() -> Vec<Scenario> {
    let effects: Vec<String> = (0..STEPS - 2).map(|i| format!(r#"{{"identity": "person-{i}"}}"#)).collect();
    let one = |i: usize| {
        let effects = if i + 1 == SCENARIOS {
            format!(r#", "effects": [{}]"#, effects.join(","))
        } else {
            String::new()
        };
        format!(
            r#"{{"name": "{i}", "answers": [{{"step": "ask", "decided": "yes"}}], "expect": {{"ends": "success"{effects}}}}}"#
        )
    };
    let all: Vec<String> = (0..SCENARIOS).map(one).collect();
    let text = format!(r#"{{"schema": "countersign.test/1", "scenarios": [{}]}}"#, all.join(","));
    serde_json::from_str::<Suite>(&text).unwrap().scenarios
}

fn main() {
    let set = [workflow()];
    let (program, scenarios, directory) = (Program::new(&set), scenarios(), Directory::default());
    let begun = Instant::now();
    for scenario in scenarios.iter().cycle().take(1_000) {
        let outcome = rehearse(&program, 0, scenario, &[], &directory);
        assert!(judge(&program, scenario, &outcome).is_empty());
    }
    let holds = |holds: bool| if holds { "holds" } else { "MISSES" };
    let took = begun.elapsed().as_secs_f64();
    println!("a scenario of {STEPS} steps: {took:.3} ms (bar 1 ms: {})", holds(took < 1.0));
    let all: Vec<Mutant> = mutants(&program, 0)
        .into_iter()
        .filter(|m| matches!(m.edit, Edit::Everybody(_) | Edit::Double(_)))
        .collect();
    let trial =
        Trial { workflows: &set, workflow: 0, scenarios: &scenarios, answers: &[], directory: &directory };
    let begun = Instant::now();
    let fates = all.iter().cycle().take(MUTANTS).map(|m| trial.run(&program, m));
    let killed = fates.filter(|f| matches!(f, Fate::Killed(_))).count();
    let took = begun.elapsed().as_secs_f64();
    println!(
        "{MUTANTS} mutants of {STEPS} steps with {SCENARIOS} scenarios, one core: {took:.2} s (bar 5 s: {}), {killed} killed",
        holds(took < 5.0)
    );
}
