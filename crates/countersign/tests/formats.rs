//! Every format is what it says it is: our JSON by our schema, SARIF by the standard's schema and by what code scanning
//! asks for, JUnit by its schema.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot read its report has failed")]

mod common;

use common::{Folder, repository, shared};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

fn validate(schema: &Path, document: &Value) {
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(schema).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(document).take(5).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
}

/// The reports to look at: our own folder, the examples, and a part of the corpus where it is there.
fn reports(format: &str) -> Vec<String> {
    let folder = Folder::new();
    let ignore = "[[ignore]]\nrule = \"unauthenticated-trigger\"\nworkflow = \"Leaver\"\nreason = \"r\"\nexpires = 9999-12-31\n";
    folder.write("countersign.toml", ignore);
    folder.write("broken.json", "{\"nodes\": [");
    let mut reports = vec![folder.run(&["check", "--format", format]).out];
    let examples = repository().join("examples");
    let corpus = shared("corpus/sailpoint");
    for path in [Some(examples), corpus].into_iter().flatten().filter(|p| p.exists()) {
        let relative =
            folder.command(&["check", "--format", format, "."]).current_dir(path).output().unwrap();
        reports.push(String::from_utf8(relative.stdout).unwrap());
    }
    reports
}

#[test]
fn json_is_valid_by_its_schema() {
    let schema = repository().join("docs/formats/report.schema.json");
    for report in reports("json") {
        validate(&schema, &serde_json::from_str(&report).unwrap());
    }
}

#[test]
fn sarif_is_valid_by_the_schema_of_the_standard() {
    let Some(schema) = shared("vectors/sarif/sarif-2.1/schema/sarif-schema-2.1.0.json") else { return };
    for report in reports("sarif") {
        validate(&schema, &serde_json::from_str(&report).unwrap());
    }
}

#[test]
fn what_the_gate_stops_is_sarif() {
    let (folder, examples) = (Folder::empty(), repository().join("examples"));
    let gate = folder.command(&["gate", "examples", "--format", "sarif"]).current_dir(repository()).output();
    let log: Value = serde_json::from_slice(&gate.unwrap().stdout).unwrap();
    if let Some(schema) = shared("vectors/sarif/sarif-2.1/schema/sarif-schema-2.1.0.json") {
        validate(&schema, &log);
    }
    let run = &log["runs"][0];
    let (rules, results) = (&run["tool"]["driver"]["rules"], run["results"].as_array().unwrap());
    assert!(results.len() > 30, "{results:?}");
    let mut marks = BTreeSet::new();
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(rules[index]["shortDescription"]["text"].as_str().is_some_and(|t| t.len() > 10));
        let place = &result["locations"][0]["physicalLocation"]["artifactLocation"];
        let path = place["uri"].as_str().unwrap().replace("%20", " ");
        // As a reader of the repository finds it, not from the governed folder on.
        assert!(repository().join(&path).is_file() && path.starts_with("examples/"), "{place}");
        assert!(marks.insert(result["partialFingerprints"].to_string()), "{result}");
    }
    let inside = folder.command(&["gate", "--format", "sarif"]).current_dir(examples).output().unwrap();
    assert!(String::from_utf8_lossy(&inside.stdout).contains("\"uri\": \"workflows/"));
}

#[test]
fn sarif_keeps_the_rules_of_its_readers() {
    for report in reports("sarif") {
        let log: Value = serde_json::from_str(&report).unwrap();
        let run = &log["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        for rule in rules {
            assert_ne!(rule["id"], rule["name"]);
            for relation in rule["relationships"].as_array().unwrap() {
                let target = &relation["target"];
                let at = usize::try_from(target["toolComponent"]["index"].as_u64().unwrap()).unwrap();
                let taxon = usize::try_from(target["index"].as_u64().unwrap()).unwrap();
                assert_eq!(run["taxonomies"][at]["taxa"][taxon]["id"], target["id"]);
            }
        }
        let results = run["results"].as_array().unwrap();
        assert!(!results.is_empty() && results.len() <= 25_000);
        let mut marks = BTreeSet::new();
        for result in results {
            result_is_shown(result, rules);
            let place = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
            assert!(marks.insert(format!("{place} {}", result["partialFingerprints"]["countersign/v1"])));
        }
        locations(run, &mut |physical| {
            let uri = physical["artifactLocation"]["uri"].as_str().unwrap();
            assert!(!uri.starts_with('/') && !uri.contains(' ') && !uri.contains("://"), "{uri}");
            assert!(physical["region"]["startLine"].as_u64().unwrap() >= 1);
        });
    }
}

/// What code scanning needs of a result.
fn result_is_shown(result: &Value, rules: &[Value]) {
    let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(rules[index]["id"], result["ruleId"]);
    assert!(result["message"]["text"].as_str().unwrap().ends_with('.'), "{}", result["message"]["text"]);
    assert!(result["suppressions"].is_array());
    assert_eq!(result["locations"].as_array().unwrap().len(), 1);
    if let Some(flows) = result["codeFlows"].as_array() {
        let steps = flows[0]["threadFlows"][0]["locations"].as_array().unwrap();
        assert!(!steps.is_empty() && steps.len() <= 10_000);
        assert!(steps.iter().all(|s| s["location"].is_object()));
    }
}

/// Every physical location in a value.
fn locations(value: &Value, visit: &mut dyn FnMut(&Value)) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, inner)| {
            if key == "physicalLocation" {
                visit(inner);
            }
            locations(inner, visit);
        }),
        Value::Array(items) => items.iter().for_each(|i| locations(i, visit)),
        _ => {}
    }
}

#[test]
fn accepted_findings_are_suppressed_in_sarif() {
    let report: Value = serde_json::from_str(&reports("sarif")[0]).unwrap();
    let results = report["runs"][0]["results"].as_array().unwrap().clone();
    let suppressed: Vec<&Value> =
        results.iter().filter(|r| r["suppressions"][0]["kind"] == "external").collect();
    assert_eq!(suppressed.len(), 1);
    assert_eq!(suppressed[0]["ruleId"], "unauthenticated-trigger");
    let notes = &report["runs"][0]["invocations"][0]["toolExecutionNotifications"];
    assert_eq!(notes.as_array().unwrap().len(), 1, "the broken file: {notes}");
}

#[test]
fn fingerprints_survive_moved_lines() {
    let marks = |text: &str| {
        let folder = Folder::empty();
        folder.write("w.json", text);
        let report = folder.run(&["check", "--format", "sarif"]).json();
        let results = report["runs"][0]["results"].as_array().unwrap().clone();
        results.iter().map(|r| r["partialFingerprints"].to_string()).collect::<Vec<_>>()
    };
    let text = common::leaver("");
    let one_line: String = text.split('\n').map(str::trim).collect();
    assert_eq!(marks(&text), marks(&one_line));
    assert_ne!(marks(&text), marks(&text.replace("leaver01", "leaver02")));
}

#[test]
fn junit_is_valid_by_its_schema() {
    reports("junit").iter().for_each(|report| common::junit::hold(report));
}

#[test]
fn the_schema_of_junit_notices() {
    let good = "<testsuites><testsuite name=\"s\" tests=\"0\" failures=\"0\" errors=\"0\"/></testsuites>";
    let Some(none) = common::junit::faults(good) else { return };
    assert_eq!(none, "");
    for (part, other) in [("name=\"s\" ", ""), ("tests=", "test="), ("<testsuite ", "<suite ")] {
        assert!(!common::junit::faults(&good.replacen(part, other, 1)).unwrap().is_empty(), "{part}");
    }
}

#[test]
fn markdown_tells_findings_and_is_no_markup_of_others() {
    let folder = Folder::empty();
    folder.write("w.json", &common::leaver("").replace("\"Leaver\"", "\"<img src=x> @everyone | x\""));
    let run = folder.run(&["check", "--format", "markdown"]);
    assert!(run.out.starts_with("## Countersign: "), "{}", run.out);
    assert!(run.out.contains("`Notice of leaving` → **✗ `Delete account`**"), "{}", run.out);
    assert!(!run.out.contains("<img") && !run.out.contains("@everyone"), "{}", run.out);
}
