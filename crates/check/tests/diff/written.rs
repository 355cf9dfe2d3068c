//! The same faults as people would write them: edits of the platforms' own files, of four platforms. Each states which
//! kinds of change may name it, on which step, and a word that the sentence must have.

use super::definitions::{Definition, definitions, side};
use super::tree::Document;
use check::diff::compare;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A changed definition and what was changed.
struct Mutant {
    /// What was done, by the words of the test issue.
    what: &'static str,
    /// Kinds of change that name it.
    kinds: &'static [&'static str],
    /// Steps by the platform's own key, any of which the sentence may be about.
    steps: Vec<String>,
    /// What the new file says there; empty where that is not one word.
    word: &'static str,
    value: Value,
}

/// How many sentences are read.
const FIRST: usize = 3;
/// At most so many mutants of one kind from one file.
const EACH: usize = 2;

type Mutator = fn(&Value) -> Vec<Mutant>;

#[test]
fn the_first_sentences_name_what_was_written_otherwise() {
    let mutators: [Mutator; 4] = [sailpoint, step_functions, logic_apps, n8n];
    let mut figures: BTreeMap<&str, (usize, Vec<String>)> = BTreeMap::new();
    for definition in definitions() {
        let Some((_, Document::Json(_))) = definition.documents.first() else { continue };
        let value: Value = serde_json::from_str(&definition.documents[0].1.text()).unwrap();
        for mutant in mutators.iter().flat_map(|m| m(&value)) {
            let (tried, missed) = figures.entry(mutant.what).or_default();
            *tried += 1;
            missed.extend(fault(&definition, &mutant));
        }
    }
    let (mut all, mut named) = (0, 0);
    for (what, (tried, missed)) in &figures {
        println!("{what}: {tried} edits, named {}", tried - missed.len());
        missed.iter().take(12).for_each(|m| println!("    {m}"));
        (all, named) = (all + tried, named + tried - missed.len());
    }
    println!("{named} of {all} named");
    assert!(figures.len() >= 9 && all > 20, "{:?}", figures.keys());
    assert!(named * 100 >= all * 95, "{named} of {all} edits are named");
}

/// The first sentences, where none of them names what was done.
fn fault(definition: &Definition, mutant: &Mutant) -> Option<String> {
    let document = Document::read(mutant.value.to_string().as_bytes()).unwrap();
    let after = side(definition.edited(&[(String::new(), document)]));
    let found = compare(&side(definition.workflows()), &after);
    let is = |step: &str| mutant.steps.iter().any(|s| step == s || step.ends_with(&format!("/{s}")));
    let mut first = found.iter().flat_map(|d| d.changes.iter().take(FIRST));
    let named = |c: &&check::diff::Change| {
        // What is told of a gate is told of the change behind it.
        let about = is(&c.step) || c.kind.starts_with("gate") && !mutant.word.is_empty();
        mutant.kinds.contains(&c.kind) && about && c.sentence.contains(mutant.word)
    };
    if first.clone().any(|c| named(&c)) {
        return None;
    }
    let told: Vec<String> =
        first.by_ref().map(|c| format!("{} {}: {}", c.kind, c.step, c.sentence)).collect();
    Some(format!("{:?} {}\n      {}", mutant.steps, definition.path.display(), told.join("\n      ")))
}

/// Mutants of the entries of an object: each change that applies to an entry, at most [`EACH`] of a kind.
fn entries(
    value: &Value,
    at: &str,
    what: &'static str,
    (kinds, word): (&'static [&'static str], &'static str),
    change: impl Fn(&mut Value) -> bool,
) -> Vec<Mutant> {
    let Some(names) = value.pointer(at).and_then(Value::as_object) else { return Vec::new() };
    let mut found = Vec::new();
    for name in names.keys() {
        let mut new = value.clone();
        let entry = new.pointer_mut(at).and_then(|all| all.get_mut(name));
        if found.len() < EACH && entry.is_some_and(&change) {
            found.push(Mutant { what, kinds, word, steps: vec![name.clone()], value: new });
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
        entries(value, at, "negate its condition", (&["path", "gate-weakened", "gate-lost"], ""), |s| {
            is(s, "type", "choice") && swap(s, "/choiceList/0/nextStep", "/defaultStep")
        });
    found.extend(entries(value, at, "weaken its condition", (&["condition"], "Anything"), |s| {
        is(s, "type", "choice") && s.pointer("/choiceList/0/variableB").is_some_and(Value::is_string) && {
            set(s, "/choiceList/0/variableB", json!("Anything"))
        }
    }));
    found.extend(entries(
        value,
        at,
        "requester approves",
        (&["approver", "parameter"], "requestedBy"),
        |s| {
            is(s, "actionId", "sp:forms")
                && set(s, "/attributes/recipient", json!("{{$.trigger.requestedBy.id}}"))
        },
    ));
    found.extend(entries(
        value,
        at,
        "widen the entitlement",
        (&["effect-widened"], "2c91808b8e4f5c2d018e5b6c7d8e9fff"),
        |s| {
            is(s, "actionId", "sp:access:manage")
                && set(s, "/attributes/requestedItems/0/id", json!("2c91808b8e4f5c2d018e5b6c7d8e9fff"))
        },
    ));
    found.extend(entries(value, at, "new connector version", (&["connector-version"], "`99`"), |s| {
        is(s, "type", "action") && s["versionNumber"].is_u64() && set(s, "/versionNumber", json!(99))
    }));
    found
}

fn step_functions(value: &Value) -> Vec<Mutant> {
    let at = "/States";
    let mut found =
        entries(value, at, "negate its condition", (&["path", "gate-weakened", "gate-lost"], ""), |s| {
            is(s, "Type", "Choice") && swap(s, "/Choices/0/Next", "/Default")
        });
    found.extend(entries(
        value,
        at,
        "weaken its condition",
        (&["condition", "gate-weakened"], "anything"),
        |s| is(s, "Type", "Choice") && set(s, "/Choices/0/StringEquals", json!("anything")),
    ));
    found.extend(entries(value, at, "swallow an error", (&["error-handling"], "fails"), |s| {
        let Some(next) = s["Next"].as_str().map(str::to_owned) else { return false };
        let task = is(s, "Type", "Task") && s.get("Catch").is_none();
        if task {
            s["Catch"] = json!([{"ErrorEquals": ["States.ALL"], "ResultPath": null, "Next": next}]);
        }
        task
    }));
    found.extend(entries(value, at, "double a delivery", (&["retries"], "7 times"), |s| {
        let task = is(s, "Type", "Task") && s.get("Retry").is_none();
        if task {
            s["Retry"] = json!([{"ErrorEquals": ["States.ALL"], "MaxAttempts": 7}]);
        }
        task
    }));
    found.extend(entries(value, at, "delay", (&["delay"], "864000"), |s| {
        is(s, "Type", "Wait") && set(s, "/Seconds", json!(864_000))
    }));
    found.extend(entries(value, at, "widen the target", (&["effect-widened"], "everybody"), |s| {
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
    let mut found = entries(value, at, "negate its condition", (&["condition"], "opposite"), |s| {
        let is_if = is(s, "type", "If") && s["expression"].is_object();
        if is_if {
            s["expression"] = json!({"not": s["expression"]});
        }
        is_if
    });
    found.extend(entries(
        value,
        at,
        "swallow an error",
        (&["error-handling", "path", "gate-weakened"], ""),
        |s| {
            let Some(after) = s["runAfter"].as_object_mut().filter(|a| a.len() == 1) else { return false };
            let fresh = after.values().all(|v| *v == json!(["Succeeded"]));
            after.values_mut().for_each(|v| *v = json!(["Succeeded", "Failed"]));
            fresh
        },
    ));
    for mutant in &mut found {
        // The edge belongs to the step before; what it leads to is as good.
        if mutant.what == "swallow an error" {
            let after =
                mutant.value.pointer(at).and_then(|a| a.get(&mutant.steps[0])?.get("runAfter")?.as_object());
            mutant.steps = after.into_iter().flat_map(|a| a.keys().cloned()).collect();
        }
    }
    found.extend(entries(value, at, "requester approves", (&["approver"], "requestedBy"), |s| {
        is(s, "type", "ApiConnectionWebhook")
            && set(s, "/inputs/body/Message/To", json!("@triggerBody()?['requestedBy']"))
    }));
    found.extend(entries(value, at, "more time to answer", (&["timeout", "parameter"], ""), |s| {
        set(s, "/limit/timeout", json!("P9D"))
    }));
    found.extend(entries(
        value,
        at,
        "widen the target",
        (&["effect-widened", "parameter"], "everybody"),
        |s| {
            is(s, "type", "Http")
                && set(
                    s,
                    "/inputs/uri",
                    json!("https://graph.microsoft.com/v1.0/groups/everybody/members/$ref"),
                )
        },
    ));
    found
}

fn n8n(value: &Value) -> Vec<Mutant> {
    // The store's pages wrap the definition.
    let at = if value.pointer("/workflow/workflow/nodes").is_some() { "/workflow/workflow" } else { "" };
    let own = &value.pointer(at).cloned().unwrap_or_default();
    let Some(nodes) = own["nodes"].as_array().filter(|_| own["connections"].is_object()) else {
        return Vec::new();
    };
    type Change = (&'static str, &'static [&'static str], &'static str, fn(&mut Value) -> bool);
    let changes: [Change; 4] = [
        ("swallow an error", &["error-handling"], "fails", |n| {
            let acts = n["parameters"]["operation"].is_string() && n.get("onError").is_none();
            if acts && n.get("continueOnFail").is_none() {
                n["onError"] = json!("continueRegularOutput");
            }
            acts && n.get("continueOnFail").is_none()
        }),
        ("requester approves", &["approver", "parameter"], "requester", |n| {
            is(&n["parameters"], "operation", "sendAndWait")
                && set(n, "/parameters/sendTo", json!("={{ $json.requester }}"))
        }),
        ("another script", &["script"], "return [];", |n| {
            is(n, "type", "n8n-nodes-base.code") && set(n, "/parameters/jsCode", json!("return [];"))
        }),
        ("another credential", &["credential"], "kOther99", |n| {
            let first = n["credentials"].as_object_mut().and_then(|c| c.values_mut().next());
            first.is_some_and(|c| set(c, "/id", json!("kOther99")))
        }),
    ];
    let mut found = Vec::new();
    for (what, kinds, word, change) in changes {
        let mut count = 0;
        for (i, node) in nodes.iter().enumerate() {
            let mut new = own.clone();
            let off = node["disabled"] == true;
            if count < EACH && !off && !is_trigger(node) && change(&mut new["nodes"][i]) {
                count += 1;
                found.push(Mutant { what, kinds, word, steps: keys(node), value: new });
            }
        }
    }
    found.extend(n8n_branches(own, nodes));
    for mutant in &mut found {
        let mut whole = value.clone();
        if let Some(place) = whole.pointer_mut(at) {
            *place = std::mem::take(&mut mutant.value);
        }
        mutant.value = whole;
    }
    found
}

fn keys(node: &Value) -> Vec<String> {
    ["id", "name"].iter().filter_map(|k| node[*k].as_str().map(str::to_owned)).collect()
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
        found.push(Mutant {
            what: "negate its condition",
            kinds: &["path", "gate-weakened", "gate-lost"],
            word: "",
            steps: keys(node),
            value: new,
        });
    }
    found
}
