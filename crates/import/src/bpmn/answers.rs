//! Which variables steps set, as far as the model shows: forms, mappings, results, and the answers of people that a
//! gateway right after their task reads.

use super::scope::Scope;
use super::xml::{self, Element};
use super::{build, expression, script};
use crate::doc::{Doc, Node};
use std::collections::{HashMap, HashSet};
use workflow::Text;

/// So many ways out of one element are looked at for what they read.
const MAX_WAYS: usize = 100;

/// What a process's steps set.
#[derive(Default)]
pub(super) struct Answers {
    /// Variables that each user task sets, by the task's id.
    pub(super) tasks: HashMap<String, Vec<String>>,
    /// What expressions may name.
    pub(super) scope: Scope,
}

/// Looks through a process.
pub(super) fn of(process: Element<'_, '_>, text: &xml::Text<'_, '_>) -> Answers {
    let mut answers = Answers::default();
    let nodes: Vec<Element<'_, '_>> =
        process.descendants().filter(|n| build::is_flow_node(xml::name(*n))).collect();
    for node in &nodes {
        assigned(*node, text, &mut answers);
    }
    let flows = flows(process);
    let reads: Reads<'_> = flows.iter().map(|(id, out)| (*id, read_by(out))).collect();
    let by_id: HashMap<&str, Element<'_, '_>> =
        nodes.iter().filter_map(|n| Some((n.attribute("id")?, *n))).collect();
    for task in nodes.iter().filter(|n| xml::name(**n) == "userTask") {
        let Some(id) = task.attribute("id") else { continue };
        let known = answers.tasks.get(id).cloned().unwrap_or_default();
        let read = read_after(id, &flows, &reads, &by_id);
        let own = read.into_iter().filter(|v| !answers.scope.assigned.contains(v));
        let all: Vec<String> = known.into_iter().chain(own).collect();
        answers.tasks.insert(id.to_owned(), all);
    }
    let implied: Vec<String> = answers.tasks.values().flatten().cloned().collect();
    answers.scope.assigned.extend(implied);
    answers
}

/// The variables that one node sets by what it declares.
fn assigned(node: Element<'_, '_>, text: &xml::Text<'_, '_>, answers: &mut Answers) {
    let id = node.attribute("id").unwrap_or_default();
    let mut found: HashSet<String> = HashSet::new();
    for output in xml::extensions(node, "outputParameter") {
        found.extend(output.attribute("name").map(str::to_owned));
    }
    for output in xml::extensions(node, "output").chain(xml::extensions(node, "out")) {
        let target = output.attribute("target").map(|t| t.split('.').next().unwrap_or(t).to_owned());
        found.extend(target);
    }
    for header in xml::extensions(node, "header").filter(|h| h.attribute("key") == Some("resultVariable")) {
        found.extend(header.attribute("value").map(str::to_owned));
    }
    for header in xml::extensions(node, "header").filter(|h| h.attribute("key") == Some("resultExpression")) {
        found.extend(header.attribute("value").map(keys_in).unwrap_or_default());
    }
    found.extend(xml::vendor(node, "resultVariable").map(str::to_owned));
    found.extend(xml::vendor(node, "resultVariableName").map(str::to_owned));
    for called in xml::direct(node, "calledDecision").chain(xml::direct(node, "script")) {
        found.extend(called.attribute("resultVariable").map(str::to_owned));
    }
    for text in script::of(node) {
        found.extend(script::read(text).sets.into_iter().map(|s| s.variable));
    }
    found.extend(collected(node).map(str::to_owned));
    if let Some(repeated) = xml::child(node, "multiInstanceLoopCharacteristics") {
        items(repeated, id, answers);
    }
    if matches!(xml::name(node), "userTask" | "startEvent") {
        let fields = fields(node, text);
        if xml::name(node) == "userTask" {
            answers.tasks.insert(id.to_owned(), fields.clone());
            found.extend(fields);
        } else {
            answers.scope.started.extend(fields);
        }
    }
    if let Some(starter) = xml::vendor(node, "initiator").filter(|_| xml::name(node) == "startEvent") {
        answers.scope.initiator = Some(starter.to_owned());
    }
    if is_hidden(node) {
        answers.scope.hidden.insert(id.to_owned());
    }
    answers.scope.assigned.extend(found);
}

/// The item variable of a loop.
fn items(repeated: Element<'_, '_>, id: &str, answers: &mut Answers) {
    let zeebe = repeated.descendants().find(|n| n.tag_name().name() == "loopCharacteristics");
    let named =
        xml::vendor(repeated, "elementVariable").or_else(|| zeebe.and_then(|z| z.attribute("inputElement")));
    let task = repeated.parent().is_some_and(|p| !build::is_container(xml::name(p)));
    let of = if task { format!("{id}/each") } else { id.to_owned() };
    if let Some(name) = named {
        answers.scope.items.insert(name.to_owned(), Text::from(of));
    }
}

/// The fields of a form, where the model has it.
pub(super) fn fields(node: Element<'_, '_>, text: &xml::Text<'_, '_>) -> Vec<String> {
    let declared = xml::extensions(node, "formField").chain(xml::extensions(node, "formProperty"));
    let mut found: Vec<String> = declared.filter_map(|f| f.attribute("id").map(str::to_owned)).collect();
    let key = xml::extensions(node, "formDefinition").find_map(|f| f.attribute("formKey"));
    if let Some(wanted) = key.and_then(|k| k.rsplit(':').next()) {
        let form = text.element(wanted).filter(|f| f.tag_name().name() == "userTaskForm");
        found.extend(form.map(xml::text).map(keys_of).unwrap_or_default());
    }
    found
}

/// The keys of the fields of a form that is written as JSON.
fn keys_of(text: &str) -> Vec<String> {
    let Ok(doc) = Doc::json(text) else { return Vec::new() };
    let (mut found, mut work) = (Vec::new(), vec![doc.root()]);
    while let Some(group) = work.pop() {
        // Groups and columns hold fields of their own.
        let inner = group.get("components").into_iter().flat_map(Node::items);
        inner.for_each(|component| {
            found.extend(component.str("key").map(str::to_owned));
            work.push(component);
        });
    }
    found
}

/// The outer keys of an object that an expression writes out: `={id: response.body.id}`. Every word before a colon is taken.
fn keys_in(expression: &str) -> Vec<String> {
    let before = expression.split(':').rev().skip(1);
    let word = |t: &str| {
        let t = t.trim_end().trim_end_matches('"');
        let name = t.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
        (!name.is_empty()).then(|| name.to_owned())
    };
    before.filter_map(word).take(100).collect()
}

/// The variables in which the results of a repeated activity are collected.
pub(super) fn collected<'a>(node: Element<'a, '_>) -> impl Iterator<Item = &'a str> {
    let repeated = xml::child(node, "multiInstanceLoopCharacteristics");
    let inner = repeated.into_iter().flat_map(|r| r.descendants().filter(|n| n.is_element()));
    inner.filter_map(|n| match n.tag_name().name() {
        "loopCharacteristics" => n.attribute("outputCollection"),
        "variableAggregation" => n.attribute("target"),
        _ => None,
    })
}

/// Whether a node may set variables that the model does not show.
fn is_hidden(node: Element<'_, '_>) -> bool {
    let task = matches!(xml::name(node), "serviceTask" | "sendTask" | "businessRuleTask" | "scriptTask");
    let event = xml::name(node).ends_with("Event");
    let vendors = ["class", "delegateExpression", "topic"];
    let runs = vendors.iter().any(|v| xml::vendor(node, v).is_some()) && script::field(node).is_none();
    // What an expression calls can set variables only of a run that it is given.
    let given = |expression: &str| expression.contains("execution");
    let calls = xml::vendor(node, "expression").is_some_and(given);
    // A connector of the vendor's sets what its headers say, a worker of one's own whatever it likes.
    let own = |t: Element<'_, '_>| !t.attribute("type").unwrap_or_default().starts_with("io.camunda:");
    let works = xml::extensions(node, "taskDefinition").any(own);
    let mut listeners = xml::direct(node, "executionListener").chain(xml::direct(node, "taskListener"));
    let listens = listeners.any(|l| {
        let plain = l.attribute("expression").is_some_and(|e| !given(e) && !e.contains("task"));
        script::inline(l).is_none() && !plain
    });
    let kept = xml::name(node) == "scriptTask" && xml::vendor(node, "resource").is_some()
        || xml::vendor(node, "autoStoreVariables") == Some("true")
        || script::of(node).into_iter().any(script::hides);
    listens || kept || (task || event) && (runs || calls || works)
}

/// Flows by where they start.
type Flows<'a, 'i> = HashMap<&'a str, Vec<Element<'a, 'i>>>;

fn flows<'a, 'i>(process: Element<'a, 'i>) -> Flows<'a, 'i> {
    let mut found: Flows<'a, 'i> = HashMap::new();
    for flow in process.descendants().filter(|n| xml::is(*n, "sequenceFlow")) {
        if let Some(source) = flow.attribute("sourceRef") {
            found.entry(source).or_default().push(flow);
        }
    }
    found
}

/// The variables that the conditions of each element's flows read.
type Reads<'a> = HashMap<&'a str, Vec<String>>;

fn read_by(out: &[Element<'_, '_>]) -> Vec<String> {
    let conditions = out.iter().take(MAX_WAYS).filter_map(|f| xml::child(*f, "conditionExpression"));
    let mut found: Vec<String> = Vec::new();
    for variable in conditions.flat_map(|c| expression::variables(xml::text(c))) {
        if !found.contains(&variable) {
            found.push(variable);
        }
    }
    found
}

/// The variables of conditions that come after a task with nothing between that could set them.
fn read_after(
    id: &str,
    flows: &Flows<'_, '_>,
    reads: &Reads<'_>,
    by_id: &HashMap<&str, Element<'_, '_>>,
) -> Vec<String> {
    let (mut found, mut seen, mut work) = (Vec::new(), HashSet::new(), vec![id]);
    while let Some(at) = work.pop() {
        if !seen.insert(at) || seen.len() > 64 {
            continue;
        }
        found.extend(reads.get(at).into_iter().flatten().cloned());
        for flow in flows.get(at).into_iter().flatten().take(MAX_WAYS) {
            let Some(target) = flow.attribute("targetRef") else { continue };
            let kind = by_id.get(target).map_or("", |n| xml::name(*n));
            let passes =
                kind.ends_with("Gateway") || matches!(kind, "task" | "manualTask" | "intermediateThrowEvent");
            if passes {
                work.push(target);
            } else if kind == "endEvent" {
                work.extend(by_id.get(target).and_then(|end| left(*end)));
            }
        }
        if !flows.contains_key(at) {
            work.extend(by_id.get(at).and_then(|last| left(*last)));
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The sub-process that a run leaves by its last element: what a task in it has set is then set around it, unless the
/// sub-process says itself what it hands on.
fn left<'a>(last: Element<'a, '_>) -> Option<&'a str> {
    let throws = last.children().any(|c| c.is_element() && xml::name(c).ends_with("EventDefinition"));
    let outer = last.parent_element().filter(|p| matches!(xml::name(*p), "subProcess" | "transaction"))?;
    let maps = xml::extensions(outer, "output").next().is_some();
    outer.attribute("id").filter(|_| !throws && !maps)
}
