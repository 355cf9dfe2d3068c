//! Workflows that call each other are judged the same whether they stand in one file or in several.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot read its report has failed")]

mod common;

use common::Folder;
use serde_json::{Value, json};

/// An n8n workflow whose steps follow each other: name, type, parameters.
fn chain(id: &str, steps: &[(&str, &str, Value)]) -> Value {
    let nodes = steps.iter().enumerate().map(|(i, (name, kind, parameters))| {
        let kind = format!("n8n-nodes-base.{kind}");
        json!({"id": format!("{id}-{i}"), "name": name, "type": kind, "typeVersion": 1, "position": [200 * i, 0],
               "parameters": parameters})
    });
    let next = |pair: &[(&str, &str, Value)]| {
        (pair[0].0.to_owned(), json!({"main": [[{"node": pair[1].0, "type": "main", "index": 0}]]}))
    };
    let connections: serde_json::Map<String, Value> = steps.windows(2).map(next).collect();
    json!({"id": id, "name": id, "nodes": nodes.collect::<Vec<_>>(), "connections": connections, "settings": {}})
}

fn calls(id: &str) -> (&'static str, &'static str, Value) {
    ("Go on", "executeWorkflow", json!({"source": "database", "workflowId": id}))
}

/// Deletes the account that it is given, when another workflow calls it.
fn child() -> Value {
    let delete = json!({"resource": "user", "operation": "delete", "userId": "={{ $json.body.user }}"});
    chain(
        "childchildchild1",
        &[("Called", "executeWorkflowTrigger", json!({})), ("Delete", "gSuiteAdmin", delete)],
    )
}

fn open_parent() -> Value {
    let hook = json!({"path": "leave", "httpMethod": "POST"});
    chain("parentparent0001", &[("Hook", "webhook", hook), calls("childchildchild1")])
}

fn asking_parent() -> Value {
    let ask = json!({"operation": "sendAndWait", "select": "user", "user": {"value": "U0LEAD"}, "message": "Delete?",
                     "approvalOptions": {"values": {"approvalType": "double"}}});
    let yes = json!({"conditions": {"boolean": [{"value1": "={{ $json.data.approved }}", "value2": true}]}});
    chain(
        "askingasking0001",
        &[
            ("Leaver", "manualTrigger", json!({})),
            ("Ask", "slack", ask),
            ("Approved?", "if", yes),
            calls("childchildchild1"),
        ],
    )
}

/// Of each workflow, by name: its gate and its findings as rule, step and walk.
fn told(folder: &Folder) -> Vec<(String, String, Vec<String>)> {
    let report = folder.run(&["check", "--format", "json"]).json();
    let one = |w: &Value| {
        let of = |f: &Value| format!("{} {} {} {}", f["rule"], f["severity"], f["step"], f["path"]);
        let mut findings: Vec<String> = w["findings"].as_array().unwrap().iter().map(of).collect();
        findings.sort();
        (w["name"].to_string(), w["gate"].to_string(), findings)
    };
    let mut all: Vec<_> = report["workflows"].as_array().unwrap().iter().map(one).collect();
    all.sort();
    all
}

fn split(all: &[Value]) -> Folder {
    let folder = Folder::empty();
    all.iter().enumerate().for_each(|(i, w)| folder.write(&format!("{i}/w.json"), &w.to_string()));
    folder
}

fn rules_of<'t>(told: &'t [(String, String, Vec<String>)], name: &str) -> Vec<&'t str> {
    let (.., findings) = told.iter().find(|(n, ..)| n.contains(name)).unwrap();
    findings.iter().filter_map(|f| f.split('"').nth(1)).collect()
}

#[test]
fn files_are_judged_as_one_file() {
    let circle = [
        chain("circlecircle0001", &[("S", "scheduleTrigger", json!({})), calls("circlecircle0002")]),
        chain(
            "circlecircle0002",
            &[("Called", "executeWorkflowTrigger", json!({})), calls("circlecircle0001")],
        ),
    ];
    let twins = [open_parent(), child(), child()];
    let sets = [
        twins.to_vec(),
        vec![open_parent(), child()],
        vec![asking_parent(), child()],
        vec![open_parent(), asking_parent(), child()],
        circle.to_vec(),
    ];
    for set in sets {
        let one = Folder::empty();
        one.write("all.json", &Value::from(set.clone()).to_string());
        assert_eq!(told(&split(&set)), told(&one));
    }
}

#[test]
fn who_starts_the_caller_and_whom_it_asks_counts_for_the_called() {
    let open = told(&split(&[open_parent(), child()]));
    let found = rules_of(&open, "child");
    assert!(found.contains(&"unauthenticated-trigger") && found.contains(&"untrusted-target"), "{found:?}");
    let asked = told(&split(&[asking_parent(), child()]));
    assert!(!rules_of(&asked, "child").contains(&"unapproved-change"), "{asked:?}");
    let gate = |told: &[(String, String, Vec<String>)]| {
        told.iter().find(|t| t.0.contains("child")).unwrap().1.clone()
    };
    let proofs = |folder: &Folder| folder.run(&["check", "--format", "json"]).json()["workflows"].to_string();
    let refuted = r#""property":"change-needs-approval","step":"childchildchild1-1","verdict":"refuted""#;
    let both = [split(&[asking_parent(), child()]), split(&[open_parent(), child()])].map(|f| proofs(&f));
    assert_eq!(
        both.map(|p| p.replace(": ", ":").contains(refuted)),
        [false, true],
        "the proof says what the gate says"
    );
    assert_eq!([gate(&asked), gate(&open)], ["\"present\"", "\"none\""]);
    let alone = told(&split(&[child()]));
    assert!(rules_of(&alone, "child").contains(&"unapproved-change"), "{alone:?}");
}

#[test]
fn what_is_remembered_of_several_files_ends_with_a_change_in_one() {
    let folder = split(&[asking_parent(), child()]);
    let first = told(&folder);
    assert_eq!(told(&folder), first);
    folder.write("0/w.json", &open_parent().to_string());
    let second = told(&folder);
    assert!(rules_of(&second, "child").contains(&"unauthenticated-trigger"), "{second:?}");
    assert_eq!(told(&folder), second);
    // A third file decides too what a call means: of two with one id, neither is called.
    folder.write("2/w.json", &child().to_string());
    let third = told(&folder);
    assert_eq!(third, told(&split(&[open_parent(), child(), child()])));
    assert!(!rules_of(&third, "child").contains(&"unauthenticated-trigger"), "{third:?}");
    std::fs::remove_file(folder.path().join("2/w.json")).unwrap();
    folder.write("0/w.json", "{}");
    assert_eq!(told(&folder), told(&split(&[json!({}), child()])));
}

#[test]
fn a_walk_through_a_caller_names_the_callers_file() {
    let folder = split(&[open_parent(), child()]);
    let report = folder.run(&["check", "--format", "json"]).json();
    let all = report["workflows"].as_array().unwrap();
    let callers =
        all.iter().find(|w| w["name"] == "childchildchild1").unwrap()["callers"].as_array().unwrap();
    assert!(
        !callers.is_empty() && callers.iter().all(|c| c["path"].as_str().unwrap().ends_with("0/w.json")),
        "{callers:?}"
    );
    let sarif = folder.run(&["check", "--format", "sarif"]).json();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let hook = results.iter().find(|r| {
        r["ruleId"] == "unauthenticated-trigger" && r["properties"]["workflow"] == "childchildchild1"
    });
    let flow = &hook.unwrap()["codeFlows"][0]["threadFlows"][0]["locations"];
    let files: Vec<&str> = flow
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l["location"]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap())
        .collect();
    assert!(
        files.first().unwrap().ends_with("0/w.json") && files.last().unwrap().ends_with("1/w.json"),
        "{files:?}"
    );
}

#[test]
fn too_many_files_are_judged_alone_and_that_is_told() {
    let id = |i: usize| format!("chainchainchai{i:02}");
    let link =
        |i: usize| chain(&id(i), &[("Called", "executeWorkflowTrigger", json!({})), calls(&id(i + 1))]);
    let folder = split(&(0..70).map(link).collect::<Vec<_>>());
    let report = folder.run(&["check", "--format", "json"]).json();
    let problems = report["problems"].to_string();
    assert!(problems.contains("70 files") && problems.contains("call each other"), "{problems}");
    assert_eq!(report["workflows"].as_array().unwrap().len(), 70);
}
