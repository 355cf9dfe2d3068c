//! The examples, checked by the program itself: per workflow its tier, its gate and every finding, against
//! `examples/expected.yaml`, which was written by hand from what each workflow is meant to show.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot read its report has failed")]

use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

/// What is expected of one workflow.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    path: String,
    /// Needed where the file holds several.
    name: Option<String>,
    tier: Tier,
    gate: String,
    /// Steps by name, for each rule.
    #[serde(default)]
    findings: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Tier {
    Number(u64),
    Word(String),
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn report() -> Value {
    let run = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(["check", "examples", "--format", "json", "--no-cache"])
        .current_dir(root())
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(1), "{}", String::from_utf8_lossy(&run.stderr));
    serde_json::from_slice(&run.stdout).unwrap()
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

/// Rules with the names of the steps they are reported on.
fn findings(workflow: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for finding in workflow["findings"].as_array().unwrap() {
        let id = text(finding, "step");
        let step = workflow["steps"].as_array().unwrap().iter().find(|s| text(s, "id") == id);
        let name = step.map(|s| text(s, "name")).filter(|n| !n.is_empty()).unwrap_or(id);
        let name = if name.is_empty() { "-" } else { name };
        found.entry(text(finding, "rule").to_owned()).or_default().insert(name.to_owned());
    }
    found
}

fn tier(workflow: &Value) -> String {
    if workflow["opaque"] == true { "opaque".to_owned() } else { workflow["tier"].to_string() }
}

/// In what a workflow differs from what is expected of it.
fn differences(expected: &Expected, workflow: &Value) -> Vec<String> {
    let mut told = Vec::new();
    let wanted = match &expected.tier {
        Tier::Number(n) => n.to_string(),
        Tier::Word(w) => w.clone(),
    };
    if wanted != tier(workflow) {
        told.push(format!("tier {} instead of {wanted}", tier(workflow)));
    }
    if expected.gate != text(workflow, "gate") {
        told.push(format!("gate {} instead of {}", text(workflow, "gate"), expected.gate));
    }
    let found = findings(workflow);
    let none = BTreeSet::new();
    let rules: BTreeSet<&String> = expected.findings.keys().chain(found.keys()).collect();
    for rule in rules {
        let want = expected.findings.get(rule).unwrap_or(&none);
        let have = found.get(rule).unwrap_or(&none);
        told.extend(want.difference(have).map(|s| format!("{rule} on `{s}` was not found")));
        told.extend(have.difference(want).map(|s| format!("{rule} on `{s}` was not expected")));
    }
    told
}

#[test]
fn every_example_is_judged_as_it_was_meant() {
    let report = report();
    assert_eq!(report["problems"].as_array().unwrap().len(), 0, "{:?}", report["problems"]);
    let list = std::fs::read_to_string(root().join("examples/expected.yaml")).unwrap();
    let mut expected: Vec<Expected> = serde_saphyr::from_str(&list).unwrap();
    let mut wrong = Vec::new();
    for workflow in report["workflows"].as_array().unwrap() {
        let (path, name) = (text(workflow, "path"), text(workflow, "name"));
        let is_it = |e: &Expected| {
            path.strip_prefix("examples/workflows/") == Some(&e.path)
                && e.name.as_ref().is_none_or(|n| n == name)
        };
        match expected.iter().position(is_it) {
            None => wrong.push(format!("{path}: `{name}` was not expected")),
            Some(i) => {
                let told = differences(&expected.swap_remove(i), workflow);
                wrong.extend(told.into_iter().map(|t| format!("{path}: `{name}`: {t}")));
            }
        }
    }
    wrong.extend(expected.iter().map(|e| format!("{}: is no workflow", e.path)));
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_an_example() {
    let list = std::fs::read_to_string(root().join("examples/expected.yaml")).unwrap();
    let expected: Vec<Expected> = serde_saphyr::from_str(&list).unwrap();
    let shown: BTreeSet<&str> = expected.iter().flat_map(|e| e.findings.keys().map(String::as_str)).collect();
    let missing: Vec<&str> =
        check::rules::RULES.iter().map(|r| r.id).filter(|id| !shown.contains(id)).collect();
    assert!(missing.is_empty(), "no example of {missing:?}");
}
