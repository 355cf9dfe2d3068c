//! Step Functions: executions that Amazon recorded replay to the recorded outcome.
//!
//! `../shared/vectors/asl-localstack` holds definitions and histories, apart from each other: a history is replayed on
//! the definitions whose states it visits. The world answers each task what is recorded; what a task is asked with has
//! to be what was recorded too. Causes that the platform words itself name events by their numbers; there the error's
//! name is compared alone.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test whose input is not sound has failed")]

mod recorded;

use machine::evaluate::{from_json, to_json};
use machine::{Answer, Ended, Program, Request, Val, next, resume, start};
use recorded::{Ending, Outcome, Recorded, find, same};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use workflow::Workflow;

/// Executions, by the names of their tests, that say less than what ran: why each is left out.
const LESS: [(&str, &str); 18] = [
    ("test_publish_message_attributes ", "its definition has more in it than when it was recorded"),
    ("test_input_path[", CHANGED),
    ("test_output_path[", CHANGED),
    ("test_result_selector ", PLATFORM),
    ("test_json_path_array", CHANGED),
    ("test_state_pass_result_jsonpaths", CHANGED),
    ("test_start_large_input", CHANGED),
    ("test_raise_custom_exception", CHANGED),
    ("test_sqs_failure_in_wait_for_task_tok ", CHANGED),
    ("test_base_map[ITEMS", CHANGED),
    ("test_base_map_from_input[ITEMS]", CHANGED),
    ("test_map_state_items_eval_jsonata[", CHANGED),
    ("test_map_state_config_distributed_reentrant_lambda", CHANGED),
    ("test_sfn_start_execution_implicit_json_serialisation", CHANGED),
    ("test_wait_timestamppath", "its input was recorded without the moment in it"),
    ("test_variable ", PLATFORM),
    ("test_items_path ", PLATFORM),
    ("test_base_cases[BASE_EXPR]", PLATFORM),
];
const CHANGED: &str = "its test program changes the definition before it runs";
const PLATFORM: &str = "it takes ids and times that only the platform knows for data";

/// So many histories replay; more is progress, fewer is a fault.
const REPLAYED: usize = 619;

fn vectors() -> Option<PathBuf> {
    let at = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors/asl-localstack/tests");
    let at = if at.is_dir() { Some(at) } else { None };
    if at.is_none() {
        println!("skipped: ../shared/vectors/asl-localstack is not there");
    }
    at
}

fn files(at: &Path, ending: &str, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(at).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, ending, out);
        } else if path.to_str().unwrap().ends_with(ending) {
            out.push(path);
        }
    }
}

/// A definition: JSON5, read as YAML once its comments are gone.
fn definition(path: &Path) -> Option<Workflow> {
    let text = std::fs::read_to_string(path).unwrap();
    let plain = text.lines().map(|l| l.split_once("// ").map_or(l, |(before, _)| before));
    let text = format!("---\n{}", plain.collect::<Vec<_>>().join("\n"));
    let name = path.to_str().unwrap();
    match import::import(name, text.as_bytes(), &import::NoFiles).verdict {
        import::Verdict::Workflows(mut all) => all.pop(),
        _ => None,
    }
}

/// Whether a definition has the states that were visited, and starts with the first.
fn fits(w: &Workflow, entered: &[(String, String)]) -> bool {
    let has = |(kind, name): &(String, String)| {
        w.steps.iter().any(|s| s.name == *name && s.flow.get("Type").as_text() == Some(kind))
    };
    let first = w.edges.iter().find(|e| matches!(e.from, workflow::Node::Trigger(_)));
    let first = first.and_then(|e| w.step(e.to)).map(|s| match s.id == "(start)" {
        true => w
            .edges
            .iter()
            .find(|e| e.from == workflow::Node::Step(w.find("(start)").unwrap()))
            .and_then(|e| w.step(e.to))
            .map_or("", |s| s.name.as_str()),
        false => s.name.as_str(),
    });
    entered.first().is_none_or(|(_, name)| first == Some(name.as_str())) && entered.iter().all(has)
}

/// Whether a service does part of what a definition says of data.
fn served(w: &Workflow) -> bool {
    let own = ["ItemReader", "ItemBatcher", "ResultWriter"];
    w.steps.iter().any(|s| own.iter().any(|k| !s.flow.get(k).is_empty()))
}

/// How many words of a definition's name the name of a test has.
fn likeness(path: &Path, label: &str) -> usize {
    let (stem, label) = (path.file_stem().unwrap().to_str().unwrap(), label.to_lowercase());
    let shared = stem.split('_').filter(|w| label.contains(*w)).map(str::len).sum::<usize>();
    shared * 100 / stem.len()
}

/// Why a history cannot be replayed on a definition.
enum Not {
    Differs(String),
    LeftOut(&'static str),
}

fn replay(w: &Workflow, history: &Recorded) -> Result<(), Not> {
    let all = std::slice::from_ref(w);
    let program = Program::new(all);
    let mut visits: Vec<_> = history.visits();
    let mut state = start(&program, 0, 0, history.input(), None);
    for _ in 0..5_000 {
        // A state survives being written down at every point.
        let written = serde_json::to_string(&state).unwrap();
        assert_eq!(serde_json::from_str::<machine::State>(&written).unwrap(), state);
        let answer = match next(&program, &state) {
            Request::Done(_) if served(w) => {
                return Err(Not::LeftOut("a service reads, groups or writes the items of a Map state"));
            }
            Request::Done(ends) => return ended(&ends[0], &history.ending()),
            Request::Order(among) => Answer::First(among[0].token),
            Request::Wait(_) => Answer::Over(Val::Null),
            Request::Call(call) | Request::Ask(call) | Request::Start(call) => {
                let name = &program.step(call.at.place).unwrap().name;
                let given = &state.tokens[call.at.token as usize].input;
                let fits = |v: &&mut recorded::Visit| v.name == *name && !v.outcomes.is_empty();
                let at = visits
                    .iter()
                    .position(|v| v.name == *name && !v.outcomes.is_empty() && same(given, &v.input));
                let visit = match at {
                    Some(at) => Some(&mut visits[at]),
                    None => visits.iter_mut().find(fits),
                };
                let Some(visit) = visit else {
                    return Err(Not::LeftOut("what a task gave is not in the history"));
                };
                if !same(given, &visit.input) {
                    let (ours, theirs) = (to_json(given), to_json(&visit.input));
                    return Err(Not::Differs(format!(
                        "`{name}` is entered with {ours}, recorded is {theirs}"
                    )));
                }
                if !visit.scheduled.is_empty() {
                    let asked = visit.scheduled.remove(0);
                    if asked != Val::Null && !same(&call.input, &asked) {
                        let (ours, theirs) = (to_json(&call.input), to_json(&asked));
                        return Err(Not::Differs(format!("`{name}` asks with {ours}, recorded is {theirs}")));
                    }
                }
                match visit.outcomes.remove(0) {
                    Outcome::Gave(val) => Answer::Result(val),
                    Outcome::Failed(name, cause) => Answer::Error(name.into(), cause),
                }
            }
            Request::Choose(..) if served(w) => {
                return Err(Not::LeftOut("a service reads, groups or writes the items of a Map state"));
            }
            other => return Err(Not::Differs(format!("asks {other:?}"))),
        };
        state = resume(&program, state, answer).unwrap();
    }
    Err(Not::Differs("does not end".to_owned()))
}

fn ended(end: &machine::End, recorded: &Ending) -> Result<(), Not> {
    match (&end.how, recorded) {
        (Ended::Success, Ending::Succeeded(output)) if same(&end.output, output) => Ok(()),
        (Ended::Success, Ending::Succeeded(output)) => {
            Err(Not::Differs(format!("gives {}, recorded is {}", to_json(&end.output), to_json(output))))
        }
        (Ended::Failure(fault), Ending::Failed(name, cause)) => {
            let own = fault.name.starts_with("States.");
            match fault.name == *name && (own || same(&fault.data, cause)) {
                true => Ok(()),
                false => Err(Not::Differs(format!(
                    "fails with {} {:?}, recorded is {name} {cause:?}",
                    fault.name, fault.data
                ))),
            }
        }
        (_, Ending::Outside) => Err(Not::LeftOut("it was stopped, or out of time, from outside")),
        (how, Ending::Succeeded(output)) => {
            Err(Not::Differs(format!("ends as {how:?}, recorded is a success: {}", to_json(output))))
        }
        (how, Ending::Failed(name, cause)) => {
            Err(Not::Differs(format!("ends as {how:?}, recorded is {name} {cause:?}")))
        }
    }
}

#[test]
fn recorded_executions_replay_to_their_outcome() {
    let Some(vectors) = vectors() else { return };
    let (mut templates, mut snapshots) = (Vec::new(), Vec::new());
    files(&vectors, ".json5", &mut templates);
    files(&vectors, ".snapshot.json", &mut snapshots);
    let definitions: Vec<(PathBuf, Workflow)> =
        templates.into_iter().filter_map(|p| definition(&p).map(|w| (p, w))).collect();
    let mut histories = Vec::new();
    for path in snapshots {
        let all = from_json(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let Val::Map(tests) = all else { panic!("{path:?} is no object") };
        for (label, recording) in tests.iter() {
            let short = label.rsplit("::").next().unwrap_or(label);
            find(short, &recording.get("recorded-content"), &mut histories);
        }
    }
    let (mut replayed, mut left, mut differ) = (0, BTreeMap::<&str, Vec<String>>::new(), Vec::new());
    for history in &histories {
        let entered = history.entered();
        let mut candidates: Vec<_> = definitions.iter().filter(|(_, w)| fits(w, &entered)).collect();
        candidates.sort_by_key(|(path, _)| std::cmp::Reverse(likeness(path, &history.label)));
        let mut told = None;
        for (path, w) in candidates {
            match replay(w, history) {
                Ok(()) => {
                    told = Some((path, Ok(())));
                    break;
                }
                Err(not) => drop(told.get_or_insert((path, Err(not)))),
            }
        }
        let less = LESS.iter().find(|(label, _)| history.label.starts_with(label));
        if let (Some((_, why)), Some((_, Err(told)))) = (less, &mut told) {
            *told = Not::LeftOut(why);
        }
        match told {
            Some((_, Ok(()))) => replayed += 1,
            Some((_, Err(Not::LeftOut(why)))) => left.entry(why).or_default().push(history.label.clone()),
            Some((path, Err(Not::Differs(how)))) => {
                differ.push(format!(
                    "{} on {}: {how}",
                    history.label,
                    path.file_name().unwrap().to_str().unwrap()
                ));
            }
            None => {
                left.entry("its definition is not in the vectors").or_default().push(history.label.clone())
            }
        }
    }
    println!("{} recorded executions, {replayed} replayed", histories.len());
    for (why, labels) in &left {
        println!("left out, {why}: {}", labels.len());
        labels.iter().for_each(|l| println!("    {l}"));
    }
    println!("differ: {}\n{}", differ.len(), differ.join("\n"));
    assert!(differ.is_empty(), "{} of {} differ", differ.len(), histories.len());
    assert!(replayed >= REPLAYED, "only {replayed} replay");
}
