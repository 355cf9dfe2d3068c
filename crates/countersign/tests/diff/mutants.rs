//! Mutants of the control of real definitions: each states which kind of change it is and on which step, and the first
//! sentences must name that.

use crate::common::Folder;
use crate::laws::{definitions, edit, side};
use serde_json::{Value, json};

/// A changed definition and what was changed.
struct Mutant {
    /// What was done, by the words of the test issue.
    what: &'static str,
    /// Kinds of change that name it.
    kinds: &'static [&'static str],
    /// Steps by the platform's own key, any of which the sentence may be about.
    steps: Vec<String>,
    value: Value,
}

/// How many sentences are read.
const FIRST: usize = 3;
/// At most so many mutants of one kind from one file.
const EACH: usize = 2;

type Mutator = fn(&Value) -> Vec<Mutant>;

#[test]
fn the_first_sentences_name_what_a_mutant_changed() {
    let folder = Folder::empty();
    let (mut tried, mut missed) = (0, Vec::new());
    let mutators: [Mutator; 4] = [sailpoint, step_functions, logic_apps, n8n];
    for (path, value) in definitions() {
        let before = side(&folder, &value);
        if before.workflows.is_empty() {
            continue;
        }
        for mutant in mutators.iter().flat_map(|m| m(&value)) {
            let (found, _) = edit(&folder, &before, &mutant.value);
            tried += 1;
            let is = |step: &str| mutant.steps.iter().any(|s| step == s || step.ends_with(&format!("/{s}")));
            let named = found
                .iter()
                .any(|d| d.changes.iter().take(FIRST).any(|c| mutant.kinds.contains(&c.kind) && is(&c.step)));
            if !named {
                let first: Vec<String> = found
                    .iter()
                    .flat_map(|d| d.changes.iter().take(FIRST))
                    .map(|c| format!("{} {}", c.kind, c.step))
                    .collect();
                missed.push(format!("{} {:?} {}: {first:?}", mutant.what, mutant.steps, path.display()));
            }
        }
    }
    println!("{tried} mutants, {} not named", missed.len());
    missed.iter().take(60).for_each(|m| println!("  {m}"));
    assert!(tried > 20);
    assert!(missed.len() * 20 <= tried, "{} of {tried} mutants are not named", missed.len());
}

/// Mutants of the entries of an object: each change that applies to an entry, at most [`EACH`] of a kind.
fn entries(
    value: &Value,
    at: &str,
    what: &'static str,
    kinds: &'static [&'static str],
    change: impl Fn(&mut Value) -> bool,
) -> Vec<Mutant> {
    let Some(names) = value.pointer(at).and_then(Value::as_object) else { return Vec::new() };
    let mut found = Vec::new();
    for name in names.keys() {
        let mut new = value.clone();
        let entry = new.pointer_mut(at).and_then(|all| all.get_mut(name));
        if found.len() < EACH && entry.is_some_and(&change) {
            found.push(Mutant { what, kinds, steps: vec![name.clone()], value: new });
        }
    }
    found
}

fn is(entry: &Value, key: &str, wanted: &str) -> bool {
    entry[key].as_str() == Some(wanted)
}

fn swap(entry: &mut Value, a: &str, b: &str) -> bool {
    let (Some(x), Some(y)) = (entry.pointer(a).cloned(), entry.pointer(b).cloned()) else { return false };
    let differs = x != y;
    if let Some(v) = entry.pointer_mut(a) {
        *v = y;
    }
    if let Some(v) = entry.pointer_mut(b) {
        *v = x;
    }
    differs
}

fn set(entry: &mut Value, at: &str, new: Value) -> bool {
    entry.pointer_mut(at).is_some_and(|v| {
        let differs = *v != new;
        *v = new;
        differs
    })
}

fn sailpoint(value: &Value) -> Vec<Mutant> {
    let at = "/definition/steps";
    let mut found =
        entries(value, at, "negate its condition", &["path", "gate-weakened", "gate-lost"], |s| {
            is(s, "type", "choice") && swap(s, "/choiceList/0/nextStep", "/defaultStep")
        });
    found.extend(entries(value, at, "weaken its condition", &["condition"], |s| {
        is(s, "type", "choice") && s.pointer("/choiceList/0/variableB").is_some_and(Value::is_string) && {
            set(s, "/choiceList/0/variableB", json!("Anything"))
        }
    }));
    found.extend(entries(value, at, "requester approves", &["approver", "parameter"], |s| {
        is(s, "actionId", "sp:forms")
            && set(s, "/attributes/recipient", json!("{{$.trigger.requestedBy.id}}"))
    }));
    found.extend(entries(value, at, "widen the entitlement", &["effect-widened"], |s| {
        is(s, "actionId", "sp:access:manage")
            && set(s, "/attributes/requestedItems/0/id", json!("2c91808b8e4f5c2d018e5b6c7d8e9fff"))
    }));
    found.extend(entries(
        value,
        at,
        "new connector version",
        &["connector-version", "parameter", "definition"],
        |s| is(s, "type", "action") && s["versionNumber"].is_u64() && set(s, "/versionNumber", json!(99)),
    ));
    found
}

fn step_functions(value: &Value) -> Vec<Mutant> {
    let at = "/States";
    let mut found =
        entries(value, at, "negate its condition", &["path", "gate-weakened", "gate-lost"], |s| {
            is(s, "Type", "Choice") && swap(s, "/Choices/0/Next", "/Default")
        });
    found.extend(entries(value, at, "weaken its condition", &["condition"], |s| {
        is(s, "Type", "Choice") && set(s, "/Choices/0/StringEquals", json!("anything"))
    }));
    found.extend(entries(value, at, "swallow an error", &["error-handling"], |s| {
        let Some(next) = s["Next"].as_str().map(str::to_owned) else { return false };
        let task = is(s, "Type", "Task") && s.get("Catch").is_none();
        if task {
            s["Catch"] = json!([{"ErrorEquals": ["States.ALL"], "ResultPath": null, "Next": next}]);
        }
        task
    }));
    found.extend(entries(value, at, "double a delivery", &["retries"], |s| {
        let task = is(s, "Type", "Task") && s.get("Retry").is_none();
        if task {
            s["Retry"] = json!([{"ErrorEquals": ["States.ALL"], "MaxAttempts": 7}]);
        }
        task
    }));
    found.extend(entries(value, at, "delay", &["delay", "parameter"], |s| {
        is(s, "Type", "Wait") && set(s, "/Seconds", json!(864_000))
    }));
    found.extend(entries(value, at, "widen the target", &["effect-widened"], |s| {
        ["GroupName", "GroupId"].iter().any(|k| set(s, &format!("/Parameters/{k}"), json!("everybody")))
    }));
    found
}

fn logic_apps(value: &Value) -> Vec<Mutant> {
    let places = [
        "/definition/actions",
        "/properties/definition/actions",
        "/resources/0/properties/definition/actions",
    ];
    places.iter().flat_map(|at| logic_apps_at(value, at)).collect()
}

fn logic_apps_at(value: &Value, at: &str) -> Vec<Mutant> {
    let mut found = entries(value, at, "negate its condition", &["condition"], |s| {
        let is_if = is(s, "type", "If") && s["expression"].is_object();
        if is_if {
            s["expression"] = json!({"not": s["expression"]});
        }
        is_if
    });
    found.extend(entries(value, at, "swallow an error", &["error-handling", "path", "gate-weakened"], |s| {
        let Some(after) = s["runAfter"].as_object_mut().filter(|a| a.len() == 1) else { return false };
        let fresh = after.values().all(|v| *v == json!(["Succeeded"]));
        after.values_mut().for_each(|v| *v = json!(["Succeeded", "Failed"]));
        fresh
    }));
    for mutant in &mut found {
        // The edge belongs to the step before; what it leads to is as good.
        if mutant.what == "swallow an error" {
            let after =
                mutant.value.pointer(at).and_then(|a| a.get(&mutant.steps[0])?.get("runAfter")?.as_object());
            mutant.steps = after.into_iter().flat_map(|a| a.keys().cloned()).collect();
        }
    }
    found.extend(entries(value, at, "requester approves", &["approver"], |s| {
        is(s, "type", "ApiConnectionWebhook")
            && set(s, "/inputs/body/Message/To", json!("@triggerBody()?['requestedBy']"))
    }));
    found.extend(entries(value, at, "more time to answer", &["timeout", "parameter"], |s| {
        set(s, "/limit/timeout", json!("P9D"))
    }));
    found.extend(entries(value, at, "widen the target", &["effect-widened", "parameter"], |s| {
        is(s, "type", "Http")
            && set(s, "/inputs/uri", json!("https://graph.microsoft.com/v1.0/groups/everybody/members/$ref"))
    }));
    found
}

fn n8n(value: &Value) -> Vec<Mutant> {
    let Some(nodes) = value["nodes"].as_array().filter(|_| value["connections"].is_object()) else {
        return Vec::new();
    };
    type Change = (&'static str, &'static [&'static str], fn(&mut Value) -> bool);
    let changes: [Change; 4] = [
        ("swallow an error", &["error-handling"], |n| {
            let acts = n["parameters"]["operation"].is_string() && n.get("onError").is_none();
            if acts && n.get("continueOnFail").is_none() {
                n["onError"] = json!("continueRegularOutput");
            }
            acts && n.get("continueOnFail").is_none()
        }),
        ("requester approves", &["approver", "parameter"], |n| {
            is(&n["parameters"], "operation", "sendAndWait")
                && set(n, "/parameters/sendTo", json!("={{ $json.requester }}"))
        }),
        ("another script", &["script"], |n| {
            is(n, "type", "n8n-nodes-base.code") && set(n, "/parameters/jsCode", json!("return [];"))
        }),
        ("another credential", &["credential"], |n| {
            let first = n["credentials"].as_object_mut().and_then(|c| c.values_mut().next());
            first.is_some_and(|c| set(c, "/id", json!("kOther99")))
        }),
    ];
    let mut found = Vec::new();
    for (what, kinds, change) in changes {
        let mut count = 0;
        for (i, node) in nodes.iter().enumerate() {
            let mut new = value.clone();
            let off = node["disabled"] == true;
            if count < EACH && !off && !is_trigger(node) && change(&mut new["nodes"][i]) {
                count += 1;
                let steps =
                    ["id", "name"].iter().filter_map(|k| node[*k].as_str().map(str::to_owned)).collect();
                found.push(Mutant { what, kinds, steps, value: new });
            }
        }
    }
    found.extend(n8n_branches(value, nodes));
    found
}

fn is_trigger(node: &Value) -> bool {
    node["type"].as_str().is_some_and(|t| t.to_lowercase().contains("trigger") || t.ends_with(".webhook"))
}

/// The two ways of an `if`, swapped.
fn n8n_branches(value: &Value, nodes: &[Value]) -> Vec<Mutant> {
    let mut found = Vec::new();
    for node in nodes.iter().filter(|n| is(n, "type", "n8n-nodes-base.if")) {
        let Some(name) = node["name"].as_str() else { continue };
        let mut new = value.clone();
        let Some(ways) = new["connections"].get_mut(name).and_then(|c| c["main"].as_array_mut()) else {
            continue;
        };
        ways.resize(2, json!([]));
        if ways[0] == ways[1] || found.len() == EACH {
            continue;
        }
        ways.swap(0, 1);
        let steps = ["id", "name"].iter().filter_map(|k| node[*k].as_str().map(str::to_owned)).collect();
        found.push(Mutant {
            what: "negate its condition",
            kinds: &["path", "gate-weakened", "gate-lost"],
            steps,
            value: new,
        });
    }
    found
}
