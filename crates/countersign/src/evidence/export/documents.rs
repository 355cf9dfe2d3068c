//! Documents from what stands beside a ledger: findings in what is released, as SARIF; tests that were attested to, as JUnit
//! XML. What was erased, or is withheld, is said to be so and is in neither.

use super::texts::{ENGLISH, fill};
use crate::report::junit::escaped;
use crate::report::sarif::{SCHEMA, level, score, taxonomies, taxonomy, tool};
use check::RULES;
use evidence::{ActBody, Opened, signed};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use workflow::Severity;

/// What is released: the act that put it there, by subject and environment. What is stopped or retired is so everywhere; what
/// break-glass put live is no release, and ends by itself.
fn standing(entries: &[Opened]) -> BTreeMap<(&str, &str), (&Opened, &ActBody)> {
    let mut out = BTreeMap::new();
    for (opened, act) in entries.iter().filter_map(|o| Some((o, o.act.as_ref()?))).filter(|(_, a)| a.allow) {
        let place = (act.subject.as_str(), act.environment.as_str());
        match act.act.as_str() {
            "release" | "roll-back" => drop(out.insert(place, (opened, act))),
            "retire" | "kill" => out.retain(|(subject, _), _| *subject != act.subject),
            _ => {}
        }
    }
    out
}

/// The findings in what is released, as far as the facts of each release are disclosed.
pub(super) fn sarif(entries: &[Opened]) -> Value {
    let (mut results, mut notes) = (Vec::new(), Vec::new());
    for (opened, act) in standing(entries).into_values() {
        match opened.openings.get("facts").and_then(|f| f.value["findings"].as_array()) {
            Some(found) => results.extend(found.iter().map(|f| result(opened, act, f))),
            None => notes.push(note(opened, act)),
        }
    }
    let frameworks = taxonomies();
    let mut run = json!({
        "tool": tool(&frameworks),
        "invocations": [{"executionSuccessful": true, "toolExecutionNotifications": notes}],
        "columnKind": "utf16CodeUnits",
        "results": results,
    });
    if !frameworks.is_empty() {
        run["taxonomies"] = frameworks.iter().map(taxonomy).collect();
    }
    json!({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})
}

fn note(opened: &Opened, act: &ActBody) -> Value {
    let text = fill(ENGLISH.withheld, &places(opened, act, "", ""));
    json!({"level": "warning", "message": {"text": text}})
}

fn result(opened: &Opened, act: &ActBody, finding: &Value) -> Value {
    let text = |name: &str| finding[name].as_str().unwrap_or_default();
    let (rule, step) = (text("rule"), text("step"));
    let severity: Severity =
        serde_json::from_value(finding["severity"].clone()).unwrap_or(Severity::Critical);
    let sentence = if step.is_empty() { ENGLISH.finding } else { ENGLISH.finding_at };
    let place = if step.is_empty() {
        json!({"name": act.subject, "kind": "module"})
    } else {
        json!({"name": step, "fullyQualifiedName": format!("{}/{step}", act.subject), "kind": "function"})
    };
    let mut out = json!({
        "ruleId": rule,
        "level": level(severity),
        "message": {"text": fill(sentence, &places(opened, act, rule, step))},
        "locations": [{"logicalLocations": [place]}],
        "partialFingerprints": {"countersign/release/v1": format!("{}|{}|{rule}|{step}", act.subject, act.environment)},
        "properties": {
            "severity": severity,
            "security-severity": score(severity),
            "entry": opened.entry.place.seq,
            "environment": act.environment,
            "closure": act.closure,
        },
    });
    if let Some(index) = RULES.iter().position(|r| r.id == rule) {
        out["ruleIndex"] = index.into();
    }
    out
}

/// What sentences are filled in with.
fn places<'a>(
    opened: &Opened,
    act: &'a ActBody,
    rule: &'a str,
    step: &'a str,
) -> Vec<(&'static str, String)> {
    let name = act.subject.split_once('/').map_or(act.subject.as_str(), |(_, name)| name);
    [("subject", name), ("environment", &act.environment), ("rule", rule), ("step", step)]
        .map(|(name, text)| (name, text.to_owned()))
        .into_iter()
        .chain([("entry", opened.entry.place.seq.to_string())])
        .collect()
}

/// The tests that were attested to last, of each subject.
pub(super) fn junit(entries: &[Opened]) -> String {
    let mut last: BTreeMap<&str, (&Opened, &ActBody)> = BTreeMap::new();
    for (opened, act) in entries.iter().filter_map(|o| Some((o, o.act.as_ref()?))) {
        if act.act == "attest" && act.allow {
            last.insert(&act.subject, (opened, act));
        }
    }
    let suites: String = last.into_values().map(|(opened, act)| suite(opened, act)).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"countersign export\">\n{suites}</testsuites>\n"
    )
}

fn suite(opened: &Opened, act: &ActBody) -> String {
    let tests = signed(opened).map(|(_, said, _)| said["tests"].clone()).filter(Value::is_object);
    let count = |name: &str| tests.as_ref().and_then(|t| t[name].as_u64()).unwrap_or_default();
    let (passed, failed) = (count("passed"), count("failed"));
    let said = |text: &str| {
        let mut values = places(opened, act, "", "");
        values.extend([
            ("failed", failed.to_string()),
            ("all", ledger::count(passed + failed, "scenario", "scenarios")),
        ]);
        escaped(&fill(text, &values))
    };
    let inside = match &tests {
        None => format!("<skipped message=\"{}\"/>", said(ENGLISH.untold)),
        Some(_) if failed > 0 => {
            format!("<failure type=\"expectation\" message=\"{}\"/>", said(ENGLISH.failed))
        }
        Some(_) => String::new(),
    };
    let (failures, skipped) = (u8::from(tests.is_some() && failed > 0), u8::from(tests.is_none()));
    let name = escaped(&act.subject);
    let mut out = String::new();
    let _ = writeln!(
        out,
        "<testsuite name=\"{name}\" tests=\"1\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\">"
    );
    out.push_str("<properties>\n");
    let seq = opened.entry.place.seq.to_string();
    let mut properties = vec![("entry", seq), ("closure", act.closure.clone())];
    if tests.is_some() {
        let counts = [("passed", passed), ("failed", failed), ("mutation", count("mutation"))];
        properties.extend(counts.map(|(name, n)| (name, n.to_string())));
    }
    for (name, value) in properties {
        let _ = writeln!(out, "<property name=\"{name}\" value=\"{}\"/>", escaped(&value));
    }
    out.push_str("</properties>\n");
    let _ = writeln!(
        out,
        "<testcase classname=\"{name}\" name=\"{}\">{inside}</testcase>\n</testsuite>",
        ENGLISH.scenarios
    );
    out
}
