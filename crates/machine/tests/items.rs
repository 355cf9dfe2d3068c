//! n8n's lists of items: a node handles all items before the next one runs, each item fails, is sorted and is remembered
//! for itself. The workflows are written as n8n exports them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test whose input is not sound has failed")]

use machine::evaluate::from_json;
use machine::{Answer, Ended, Program, Request, Val, run, start};
use serde_json::{Value as Json, json};
use workflow::Workflow;

/// A workflow of nodes (name, type, parameters, settings), each wired from an output to an input of another.
fn n8n(nodes: &[(&str, &str, Json, Json)], wires: &[(&str, usize, &str, usize)]) -> Workflow {
    let mut all = vec![json!({
        "id": "start", "name": "Start", "type": "n8n-nodes-base.webhook", "typeVersion": 2,
        "position": [0, 0], "parameters": {"path": "x"}
    })];
    let mut connections = serde_json::Map::new();
    for (name, kind, parameters, settings) in nodes {
        let mut node = json!({
            "id": name, "name": name, "type": format!("n8n-nodes-base.{kind}"), "typeVersion": version(kind),
            "position": [0, 0], "parameters": parameters
        });
        node.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        all.push(node);
    }
    for (from, output, to, input) in wires {
        let outputs = connections.entry(*from).or_insert_with(|| json!({"main": []}));
        let outputs = outputs["main"].as_array_mut().unwrap();
        outputs.resize_with(outputs.len().max(output + 1), || json!([]));
        outputs[*output].as_array_mut().unwrap().push(json!({"node": to, "type": "main", "index": input}));
    }
    let text = json!({"name": "items", "nodes": all, "connections": connections, "settings": {}}).to_string();
    match import::import("items.json", text.as_bytes(), &import::NoFiles).verdict {
        import::Verdict::Workflows(mut found) => found.pop().unwrap(),
        _ => panic!("no workflow: {text}"),
    }
}

fn version(kind: &str) -> f64 {
    match kind {
        "httpRequest" => 4.2,
        "if" | "filter" => 2.2,
        "merge" | "splitInBatches" => 3.0,
        _ => 1.0,
    }
}

/// A request to an address that an expression gives.
fn request<'n>(name: &'n str, url: &str, settings: Json) -> (&'n str, &'static str, Json, Json) {
    (name, "httpRequest", json!({"method": "POST", "url": url}), settings)
}

fn sorts<'n>(name: &'n str, kind: &'static str, left: &str) -> (&'n str, &'static str, Json, Json) {
    let operator = json!({"type": "boolean", "operation": "true", "singleValue": true});
    let condition = json!({"id": "c", "leftValue": left, "rightValue": "", "operator": operator});
    (name, kind, json!({"conditions": {"combinator": "and", "conditions": [condition]}}), json!({}))
}

/// What was asked (the node and its address, or the node alone) and how the run ended.
fn asked(w: &Workflow, input: &str, answer: impl FnMut(&str) -> Answer) -> (Vec<String>, Vec<Ended>) {
    asked_by(std::slice::from_ref(w), input, answer)
}

fn asked_by(
    set: &[Workflow],
    input: &str,
    mut answer: impl FnMut(&str) -> Answer,
) -> (Vec<String>, Vec<Ended>) {
    let program = Program::new(set);
    let mut asked = Vec::new();
    let begun = start(&program, 0, 0, from_json(input).unwrap(), None);
    let done = run(&program, begun, 100, |request, state| {
        let written = serde_json::to_string(state).unwrap();
        assert_eq!(serde_json::from_str::<machine::State>(&written).unwrap(), *state);
        // Of several nodes that could run, the first.
        if let Request::Order(among) = request {
            return Some(Answer::First(among[0].token));
        }
        let name = |at: &machine::At| program.step(at.place).unwrap().name.to_string();
        let what = match request {
            Request::Call(c) => match c.input.get("url") {
                Val::Text(url) => format!("{} {url}", name(&c.at)),
                other => format!("{} {other:?}", name(&c.at)),
            },
            other => format!("? {}", name(other.at()?)),
        };
        asked.push(what.clone());
        Some(answer(&what))
    });
    let ends = done.unwrap().ended.iter().map(|e| e.how.clone()).collect();
    (asked, ends)
}

fn gives(text: &str) -> Answer {
    Answer::Result(from_json(text).unwrap())
}

fn fails() -> Answer {
    Answer::Error("boom".into(), Val::Null)
}

const TWO: &str = r#"[{"u": "a"}, {"u": "b"}]"#;
const THREE: &str = r#"[{"u": "a", "ok": true}, {"u": "b", "ok": false}, {"u": "c", "ok": true}]"#;

#[test]
fn a_node_handles_all_items_before_the_next_one_runs() {
    let w = n8n(
        &[
            request("A", "={{ $json.u }}", json!({})),
            request("B", "={{ $json.v }}", json!({})),
            request("C", "={{ $('Start').item.json.u }}", json!({})),
        ],
        &[("Start", 0, "A", 0), ("A", 0, "B", 0), ("B", 0, "C", 0)],
    );
    let (all, end) = asked(&w, TWO, |what| match what {
        "A a" => gives(r#"{"v": "x"}"#),
        "A b" => gives(r#"{"v": "y"}"#),
        _ => gives("{}"),
    });
    assert_eq!(all, ["A a", "A b", "B x", "B y", "C a", "C b"]);
    assert_eq!(end, [Ended::Success]);
    let (one, _) = asked(&w, r#"{"u": "a"}"#, |_| gives(r#"{"v": "x"}"#));
    assert_eq!(one, ["A a", "B x", "C a"]);
}

#[test]
fn a_list_that_a_node_gives_is_as_many_items_and_an_empty_one_ends_the_path() {
    let w = |settings| {
        n8n(
            &[request("A", "={{ $json.u }}", settings), request("B", "={{ $json.v }}", json!({}))],
            &[("Start", 0, "A", 0), ("A", 0, "B", 0)],
        )
    };
    let list = |_: &str| gives(r#"[{"v": "x"}, {"v": "y"}]"#);
    assert_eq!(asked(&w(json!({})), r#"{"u": "a"}"#, list).0, ["A a", "B x", "B y"]);
    let none = |_: &str| gives("[]");
    assert_eq!(asked(&w(json!({})), r#"{"u": "a"}"#, none), (vec!["A a".into()], vec![Ended::Success]));
    let always = asked(&w(json!({"alwaysOutputData": true})), r#"{"u": "a"}"#, none).0;
    assert_eq!(always.len(), 2, "{always:?}");
}

#[test]
fn a_failure_has_done_the_items_before_and_nothing_after() {
    let w = n8n(
        &[request("A", "={{ $json.u }}", json!({})), request("B", "={{ $json.u }}", json!({}))],
        &[("Start", 0, "A", 0), ("A", 0, "B", 0)],
    );
    let (all, end) = asked(&w, THREE, |what| if what == "A b" { fails() } else { gives("{}") });
    assert_eq!(all, ["A a", "A b"]);
    assert!(matches!(&end[..], [Ended::Failure(f)] if f.name == "boom"));
}

#[test]
fn a_node_that_goes_on_gives_an_item_with_the_error_in_place_of_the_one_that_failed() {
    let w = n8n(
        &[
            request("A", "={{ $json.u }}", json!({"onError": "continueRegularOutput"})),
            request("B", "={{ $json.error }}", json!({})),
        ],
        &[("Start", 0, "A", 0), ("A", 0, "B", 0)],
    );
    let (all, end) =
        asked(&w, THREE, |what| if what == "A b" { fails() } else { gives(r#"{"error": "none"}"#) });
    assert_eq!(all, ["A a", "A b", "A c", "B none", "B boom", "B none"]);
    assert_eq!(end, [Ended::Success]);
}

#[test]
fn items_that_failed_leave_by_the_error_output_unless_the_node_threw_as_a_whole() {
    let w = n8n(
        &[
            request("A", "={{ $json.u }}", json!({"onError": "continueErrorOutput"})),
            request("Well", "={{ $('Start').item.json.u }}", json!({})),
            request("Failed", "={{ $json.u }} {{ $json.error }}", json!({})),
        ],
        &[("Start", 0, "A", 0), ("A", 0, "Well", 0), ("A", 1, "Failed", 0)],
    );
    let with = |own: bool| {
        asked(&w, THREE, |what| match what {
            "A b" => fails(),
            "? A" => Answer::Choose(own),
            _ => gives("{}"),
        })
        .0
    };
    assert_eq!(with(true), ["A a", "A b", "? A", "A c", "Well a", "Well c", "Failed b boom"]);
    assert_eq!(with(false), ["A a", "A b", "? A", "Well a", "Well b", "Well c"]);
}

#[test]
fn a_retry_repeats_the_items_that_went_well_too() {
    let w = n8n(
        &[request("A", "={{ $json.u }}", json!({"retryOnFail": true, "maxTries": 2}))],
        &[("Start", 0, "A", 0)],
    );
    let mut failures = 0;
    let (all, end) = asked(&w, TWO, |what| {
        failures += u32::from(what == "A b");
        if what == "A b" && failures == 1 { fails() } else { gives("{}") }
    });
    assert_eq!(all, ["A a", "A b", "A a", "A b"]);
    assert_eq!(end, [Ended::Success]);
}

#[test]
fn a_branch_sorts_items_and_both_ways_are_taken_in_one_run() {
    let w = n8n(
        &[
            sorts("If", "if", "={{ $json.ok }}"),
            request("Yes", "={{ $json.u }}", json!({})),
            request("No", "={{ $json.u }}", json!({})),
        ],
        &[("Start", 0, "If", 0), ("If", 0, "Yes", 0), ("If", 1, "No", 0)],
    );
    assert_eq!(asked(&w, THREE, |_| gives("{}")).0, ["Yes a", "Yes c", "No b"]);
}

#[test]
fn a_condition_that_is_not_known_is_asked_for_each_item() {
    let w = n8n(
        &[
            request("A", "={{ $json.u }}", json!({})),
            sorts("If", "if", "={{ $json.secret }}"),
            request("Yes", "={{ $('Start').item.json.u }}", json!({})),
        ],
        &[("Start", 0, "A", 0), ("A", 0, "If", 0), ("If", 0, "Yes", 0)],
    );
    let mut asks = 0;
    let (all, _) = asked(&w, TWO, |what| match what {
        "A a" => Answer::Result(Val::unknown("first")),
        "A b" => Answer::Result(Val::unknown("second")),
        "? If" => {
            asks += 1;
            Answer::Choose(asks == 2)
        }
        _ => gives("{}"),
    });
    assert_eq!(all, ["A a", "A b", "? If", "? If", "Yes b"]);
}

#[test]
fn after_a_filter_an_item_still_knows_where_it_comes_from() {
    let w = n8n(
        &[
            request("List", "={{ $json.u }}", json!({})),
            sorts("Filter", "filter", "={{ $json.ok }}"),
            request("A", "={{ $('List').item.json.u }}", json!({})),
            request("B", "={{ $('List').item.json.u }} {{ $('List').first().json.u }}", json!({})),
        ],
        &[("Start", 0, "List", 0), ("List", 0, "Filter", 0), ("Filter", 0, "A", 0), ("A", 0, "B", 0)],
    );
    let (all, _) =
        asked(&w, r#"{"u": "x"}"#, |what| if what == "List x" { gives(THREE) } else { gives("{}") });
    assert_eq!(all, ["List x", "A a", "A c", "B a a", "B c a"]);
}

#[test]
fn one_item_of_several_is_not_guessed() {
    let w = n8n(
        &[
            request("List", "={{ $json.u }}", json!({})),
            ("Sort", "sort", json!({}), json!({})),
            request("A", "={{ $('List').item.json.u }}", json!({})),
        ],
        &[("Start", 0, "List", 0), ("List", 0, "Sort", 0), ("Sort", 0, "A", 0)],
    );
    let (all, _) =
        asked(&w, r#"{"u": "x"}"#, |what| if what == "List x" { gives(THREE) } else { gives("{}") });
    assert!(all[1].contains("Unknown"), "{all:?}");
}

#[test]
fn a_loop_has_a_round_for_each_batch() {
    let w = n8n(
        &[
            ("Loop", "splitInBatches", json!({"batchSize": 2}), json!({})),
            request("A", "={{ $('Start').item.json.u }}", json!({})),
            request("Done", "={{ $json.v }}", json!({"executeOnce": true})),
        ],
        &[("Start", 0, "Loop", 0), ("Loop", 1, "A", 0), ("A", 0, "Loop", 0), ("Loop", 0, "Done", 0)],
    );
    let (all, end) = asked(&w, THREE, |_| gives(r#"{"v": "w"}"#));
    assert_eq!(all, ["A a", "A b", "A c", "Done w"]);
    assert_eq!(end, [Ended::Success]);
}

#[test]
fn a_called_workflow_has_all_items_or_each_for_itself() {
    let mut inner = n8n(&[request("Inner", "={{ $json.u }}", json!({}))], &[("Start", 0, "Inner", 0)]);
    inner.id = Some("helper".into());
    let outer = |mode: &str| {
        let call = json!({"source": "database", "workflowId": "helper", "mode": mode});
        n8n(
            &[("Call", "executeWorkflow", call, json!({})), request("After", "={{ $json.v }}", json!({}))],
            &[("Start", 0, "Call", 0), ("Call", 0, "After", 0)],
        )
    };
    for mode in ["once", "each"] {
        let set = [outer(mode), inner.clone()];
        let (all, end) = asked_by(&set, TWO, |what| match what {
            "Inner a" => gives(r#"{"v": "x"}"#),
            _ => gives(r#"{"v": "y"}"#),
        });
        assert_eq!(all, ["Inner a", "Inner b", "After x", "After y"], "{mode}");
        assert_eq!(end, [Ended::Success]);
    }
}

#[test]
fn a_node_that_runs_once_takes_the_first_item() {
    let w = n8n(&[request("A", "={{ $json.u }}", json!({"executeOnce": true}))], &[("Start", 0, "A", 0)]);
    assert_eq!(asked(&w, TWO, |_| gives("{}")).0, ["A a"]);
}

#[test]
fn a_merge_has_the_items_of_both_inputs_and_runs_with_what_it_has() {
    let w = n8n(
        &[
            sorts("If", "if", "={{ $json.ok }}"),
            request("Yes", "={{ $json.u }}", json!({})),
            ("Merge", "merge", json!({}), json!({})),
            request("Last", "={{ $json.u }}", json!({})),
        ],
        &[
            ("Start", 0, "If", 0),
            ("If", 0, "Yes", 0),
            ("Yes", 0, "Merge", 0),
            ("If", 1, "Merge", 1),
            ("Merge", 0, "Last", 0),
        ],
    );
    let yes = |what: &str| if what.starts_with("Yes") { gives(r#"{"u": "y"}"#) } else { gives("{}") };
    // In the order of the wires: the graph does not know the inputs.
    let (mut all, _) = asked(&w, THREE, yes);
    all[2..].sort();
    assert_eq!(all, ["Yes a", "Yes c", "Last b", "Last y", "Last y"]);
    assert_eq!(asked(&w, r#"{"u": "a", "ok": true}"#, yes).0, ["Yes a", "Last y"]);
}
