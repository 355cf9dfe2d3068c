//! Serverless Workflow: the scenarios of the conformance kit, read from its Gherkin features.
//!
//! `../shared/vectors/serverless-workflow/ctk` holds them. The hosts that they call are not called: the world is a table
//! below, which answers as those hosts do (a pet by its number, a list of pets, a sign-in that is right, an address that
//! is not there), and what an event is published with (its id and time) comes from the world too.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test whose input is not sound has failed")]

use import::doc::{Doc, Node, NodeKind};
use machine::evaluate::{from_json, to_json};
use machine::{Answer, Call, Ended, Program, Request, State, Val, next, resume, start};
use std::path::{Path, PathBuf};
use workflow::Workflow;

fn vectors() -> Option<PathBuf> {
    let at = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors/serverless-workflow");
    if !at.is_dir() {
        println!("skipped: ../shared/vectors/serverless-workflow is not there");
    }
    at.is_dir().then_some(at)
}

/// One scenario: its steps, each with the text that follows it.
struct Scenario {
    name: String,
    steps: Vec<(String, String)>,
}

fn scenarios(feature: &str) -> Vec<Scenario> {
    let mut found: Vec<Scenario> = Vec::new();
    let mut quoted = false;
    for line in feature.lines() {
        let trimmed = line.trim();
        if trimmed.starts_with("\"\"\"") {
            quoted = !quoted;
        } else if quoted {
            let text = &mut found.last_mut().unwrap().steps.last_mut().unwrap().1;
            text.push_str(line);
            text.push('\n');
        } else if let Some(name) = trimmed.strip_prefix("Scenario: ") {
            found.push(Scenario { name: name.to_owned(), steps: Vec::new() });
        } else if let Some(scenario) = found.last_mut() {
            let step = ["Given ", "When ", "Then ", "And "].iter().find_map(|w| trimmed.strip_prefix(w));
            scenario.steps.extend(step.map(|s| (s.trim_start_matches("given ").to_owned(), String::new())));
        }
    }
    found
}

fn value(node: Node<'_>) -> Val {
    match node.kind() {
        NodeKind::Null => Val::Null,
        NodeKind::Bool(b) => Val::Bool(b),
        NodeKind::Number => Val::Number(node.as_number().unwrap().parse().unwrap()),
        NodeKind::Text => Val::text(node.as_str().unwrap()),
        NodeKind::List => Val::list(node.items().map(value).collect()),
        NodeKind::Map => Val::map(node.entries().map(|(k, n)| (k.into(), value(n))).collect()),
    }
}

fn yaml(text: &str) -> Val {
    let doc = Doc::yaml(text).unwrap();
    value(doc.root())
}

fn json(text: &str) -> Val {
    from_json(text).unwrap()
}

/// The world: what a host answers to a call.
fn host(call: &Call) -> Answer {
    let (with, pet) = (&call.input, |id: &str| format!(r#"{{"id":{id},"name":"Rex","status":"available"}}"#));
    let endpoint = with.get("endpoint");
    let uri = if let Val::Map(_) = endpoint { endpoint.get("uri") } else { endpoint.clone() };
    let operation = (with.get("operationId"), to_json(&with.get("parameters").get("petId")));
    let content = match (&uri, &operation) {
        (Val::Text(uri), _) => match uri.strip_prefix("https://").unwrap_or_default() {
            "petstore.swagger.io/v2/pet/findByStatus?status=available" => format!("[{}]", pet("7")),
            "httpbin.org/basic-auth/serverless-workflow/conformance-test" => {
                let basic = endpoint.get("authentication").get("basic");
                assert_eq!(
                    basic,
                    json(r#"{"username":"serverless-workflow","password":"conformance-test"}"#)
                );
                r#"{"authenticated":true}"#.to_owned()
            }
            other => match other.strip_prefix("petstore.swagger.io/v2/pet/") {
                Some(id) if id.parse::<u32>().is_ok() => pet(id),
                _ => {
                    return Answer::Error(
                        "communication".into(),
                        json(r#"{"status":404,"title":"Not Found"}"#),
                    );
                }
            },
        },
        (_, (Val::Text(id), _)) if id == "findPetsByStatus" => format!("[{}]", pet("7")),
        (_, (Val::Text(id), number)) if id == "getPetById" => pet(number),
        _ => panic!("nobody answers {call:?}"),
    };
    // An operation is called at the address that its document gives.
    let uri = if uri == Val::Null { Val::text("https://petstore.swagger.io/v2/pet") } else { uri };
    let whole = format!(
        r#"{{"request":{{"method":"get","uri":{},"headers":{{}}}},"statusCode":200,"headers":{{}},"content":{content}}}"#,
        to_json(&uri)
    );
    Answer::Result(json(if with.get("output") == Val::text("response") { &whole } else { &content }))
}

/// What the world answers.
fn answer(program: &Program<'_>, request: &Request) -> Answer {
    match request {
        Request::Order(among) => Answer::First(among[0].token),
        Request::Wait(_) => Answer::Over(Val::Null),
        Request::Call(call) if program.step(call.at.place).unwrap().operation == "emit" => {
            let Val::Map(entries) = &call.input else { panic!("{:?}", call.input) };
            let mut event = entries.to_vec();
            let own = [("id", "1"), ("specversion", "1.0"), ("time", "2025-01-01T00:00:00Z")];
            event.extend(own.map(|(k, v)| (k.into(), Val::text(v))));
            Answer::Result(Val::map(event))
        }
        Request::Call(call) => host(call),
        other => panic!("asks {other:?}"),
    }
}

/// A run to its end, written down and read again at every point.
fn run(w: &Workflow, input: Val) -> State {
    let program = Program::new(std::slice::from_ref(w));
    let mut state = start(&program, 0, 0, input, Some(0));
    for _ in 0..500 {
        let written = serde_json::to_string(&state).unwrap();
        assert_eq!(serde_json::from_str::<State>(&written).unwrap(), state);
        let request = next(&program, &state);
        if let Request::Done(_) = request {
            return state;
        }
        state = resume(&program, state, answer(&program, &request)).unwrap();
    }
    panic!("does not end");
}

fn imported(text: &str) -> (Workflow, Vec<workflow::Problem>) {
    let imported = import::import("workflow.yaml", text.as_bytes(), &import::NoFiles);
    match imported.verdict {
        import::Verdict::Workflows(mut all) => (all.remove(0), imported.problems),
        other => panic!("{other:?} {:?}", imported.problems),
    }
}

/// The value at a path of names.
fn at(val: &Val, path: &str) -> Val {
    path.split('.').fold(val.clone(), |v, key| v.get(key))
}

/// Objects without regard to the order of their fields.
fn same(a: &Val, b: &Val) -> bool {
    match (a, b) {
        (Val::Map(x), Val::Map(y)) => x.len() == y.len() && x.iter().all(|(k, v)| same(v, &b.get(k))),
        (Val::List(x), Val::List(y)) => x.len() == y.len() && x.iter().zip(y.iter()).all(|(a, b)| same(a, b)),
        (a, b) => a == b,
    }
}

fn names(step: &str) -> Vec<&str> {
    step.split('\'').skip(1).step_by(2).collect()
}

/// Holds a scenario's steps against a run; what does not hold.
fn check(scenario: &Scenario) -> Vec<String> {
    let (mut definition, mut input, mut wrong) = ("", Val::map(Vec::new()), Vec::new());
    let mut end: Option<machine::End> = None;
    for (step, text) in &scenario.steps {
        let mut must = |holds: bool, shown: &Val| {
            if !holds {
                wrong.push(format!("{}: {step}: {}", scenario.name, to_json(shown)));
            }
        };
        let ended = end.as_ref();
        let output = ended.map(|e| e.output.clone()).unwrap_or_default();
        let success = ended.is_some_and(|e| e.how == Ended::Success);
        let listed = names(step);
        match step.as_str() {
            "a workflow with definition:" => definition = text,
            "the workflow input is:" => input = yaml(text),
            "the workflow is executed" => {
                let (w, problems) = imported(definition);
                must(problems.is_empty(), &Val::text(format!("{problems:?}")));
                end = run(&w, input.clone()).ended.into_iter().next();
            }
            "the workflow should complete" => must(success, &output),
            "the workflow should complete with output:" => {
                must(success && same(&output, &yaml(text)), &output)
            }
            "the workflow should fault" => {
                must(matches!(ended.map(|e| &e.how), Some(Ended::Failure(_))), &output)
            }
            "the workflow should fault with error:" => must(!success && same(&output, &yaml(text)), &output),
            s if s.contains("should have properties") => {
                must(listed.iter().all(|n| at(&output, n) != Val::Null), &output);
            }
            s if s.contains("property with value:") => {
                must(same(&at(&output, listed[0]), &yaml(text)), &output);
            }
            s if s.contains("property containing") => {
                let count = s.split_whitespace().rev().nth(1).unwrap().parse::<usize>().unwrap();
                must(matches!(at(&output, listed[0]), Val::List(items) if items.len() == count), &output);
            }
            // Told by what each task adds to the output, which is held above.
            s if s.contains(" should run ") => {
                must(definition.contains(s.split(' ').next().unwrap()), &output)
            }
            other => wrong.push(format!("{}: a step that is not understood: {other}", scenario.name)),
        }
    }
    wrong
}

#[test]
fn the_conformance_kit_passes() {
    let Some(vectors) = vectors() else { return };
    let (mut count, mut wrong) = (0, Vec::new());
    for entry in std::fs::read_dir(vectors.join("ctk/features")).unwrap() {
        for scenario in scenarios(&std::fs::read_to_string(entry.unwrap().path()).unwrap()) {
            count += 1;
            wrong.extend(check(&scenario));
        }
    }
    println!("{count} scenarios, {} do not hold", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(count, 21);
}

#[test]
fn invalid_definitions_are_refused() {
    let Some(vectors) = vectors() else { return };
    let mut count = 0;
    for entry in std::fs::read_dir(vectors.join(".ci/validation/test/fixtures/invalid")).unwrap() {
        let path = entry.unwrap().path();
        let problems = imported(&std::fs::read_to_string(&path).unwrap()).1;
        println!("{path:?}: {problems:?}");
        assert!(!problems.is_empty() && problems.iter().all(|p| p.line > 0), "{path:?}");
        count += 1;
    }
    assert_eq!(count, 3);
}

const HEAD: &str = "document: { dsl: '1.0.0', namespace: t, name: t, version: '1.0.0' }\n";

fn ends(text: &str, input: &str) -> (Ended, Val) {
    let (w, problems) = imported(&format!("{HEAD}{text}"));
    assert!(problems.is_empty(), "{problems:?}");
    let end = run(&w, json(input)).ended.remove(0);
    (end.how, end.output)
}

#[test]
fn a_loop_goes_on_while_its_condition_holds_and_hands_its_data_from_round_to_round() {
    let text = "do:\n- all:\n    for: { each: n, at: i, in: .list }\n    while: $i < 2\n    do:\n    - add:\n        set: { list: '${ .list }', sum: '${ (.sum // 0) + $n }' }\n  \n";
    let (how, output) = ends(text, r#"{"list":[5,7,11]}"#);
    assert_eq!(how, Ended::Success);
    assert_eq!(output.get("sum"), Val::Number(12.0));
}

#[test]
fn an_error_is_tried_again_within_its_limit_and_then_caught() {
    let text = "do:\n- outer:\n    try:\n    - get: { call: http, with: { method: get, endpoint: 'https://petstore.swagger.io/v2/pet/none' } }\n    catch:\n      errors: { with: { status: 404 } }\n      as: e\n      retry: { delay: { seconds: 2 }, backoff: { exponential: {} }, limit: { attempt: { count: 2 } } }\n      do:\n      - tell: { set: { status: '${ $e.status }' } }\n";
    let (w, _) = imported(&format!("{HEAD}{text}"));
    let program = Program::new(std::slice::from_ref(&w));
    let (mut state, mut delays) = (start(&program, 0, 0, Val::Null, None), Vec::new());
    while let Request::Call(call) = next(&program, &state) {
        delays.push(call.delay_ms);
        state = resume(&program, state, host(&call)).unwrap();
    }
    assert_eq!(delays, [0, 2000, 4000]);
    assert_eq!(state.ended[0].output.get("status"), Val::Number(404.0));
}

#[test]
fn input_and_output_are_held_against_their_schemas() {
    let text = "input: { schema: { document: { type: object, required: [user] } }, from: .user }\noutput: { as: '{ who: . }' }\ndo:\n- keep: { set: '${ . }' }\n";
    let (how, output) = ends(text, r#"{"user":"ann"}"#);
    assert_eq!((how, output), (Ended::Success, json(r#"{"who":"ann"}"#)));
    let (how, _) = ends(text, "{}");
    assert!(matches!(how, Ended::Failure(f) if f.name.ends_with("/validation")));
}

#[test]
fn what_a_task_exports_is_the_context_of_the_next() {
    let text = "do:\n- a: { set: { x: 1 }, export: { as: '{ kept: .x }' } }\n- b: { set: { y: '${ $context.kept + 1 }' } }\n";
    assert_eq!(ends(text, "{}").1, json(r#"{"y":2}"#));
}
