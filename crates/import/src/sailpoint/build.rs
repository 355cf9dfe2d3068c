//! A workflow from its definition: trigger, steps, names of itself, digest.

use super::scope::Scope;
use super::{request, steps, trigger};
use crate::doc::{Node, canonical};
use workflow::{Digest, EdgeKind, Part, Platform, Problem, Text, Workflow, merkle};

/// What changes from export to export, or counts runs, and says nothing about what the workflow does.
const VOLATILE: [&str; 10] = [
    "created",
    "creator",
    "modified",
    "modifiedBy",
    "executionCount",
    "failureCount",
    "lastExecution",
    "version",
    "self",
    "definition",
];

/// One workflow. `wrapping` is the object of the backup around it, or itself.
pub(super) fn workflow(
    node: Node<'_>,
    wrapping: Node<'_>,
    path: &str,
    problems: &mut Vec<Problem>,
) -> Workflow {
    let name = node.str("name").or_else(|| wrapping.at(&["self", "name"]).and_then(Node::as_str));
    let mut w = Workflow::new(Platform::SailPoint, name.unwrap_or("unnamed workflow").trim(), path);
    w.description = node.str("description").unwrap_or_default().to_owned();
    w.enabled = node.bool("enabled");
    w.span = node.span();
    names(node, wrapping, &mut w);
    let owner = node.get("owner").and_then(|o| o.str("name").or_else(|| o.str("id")).or_else(|| o.as_str()));
    w.owners.extend(owner.map(Text::from));
    trigger::add(node, &mut w);
    if let Some(definition) = node.get("definition") {
        flow(definition, &mut w, problems);
    }
    digest(node, &mut w);
    w
}

/// Its id and the ids by which its External Trigger is called, which are the same where both are known.
fn names(node: Node<'_>, wrapping: Node<'_>, w: &mut Workflow) {
    let url = node.at(&["trigger", "attributes", "url"]).and_then(Node::as_str);
    let external = url.and_then(request::executed).filter(|id| !id.is_empty() && !id.starts_with(['{', '<']));
    let own = node.str("id").or_else(|| wrapping.at(&["self", "id"]).and_then(Node::as_str));
    w.id = own.or(external).filter(|id| !id.is_empty()).map(Text::from);
    w.aliases.extend(external.map(Text::from).filter(|e| Some(e) != w.id.as_ref()));
}

fn flow(definition: Node<'_>, w: &mut Workflow, problems: &mut Vec<Problem>) {
    let Some(listed) = definition.get("steps") else { return };
    let scope = Scope::new(listed.entries().map(|(name, _)| name), "", None, None);
    let by_name = steps::Builder { w, problems, depth: 0 }.steps(listed, "", None, &scope);
    let start = definition.str("start").unwrap_or_default();
    match by_name.get(start) {
        Some(first) => w.connect(workflow::Node::Trigger(0), *first, EdgeKind::Next),
        None => problems.push(steps::dangling(w, definition, "the workflow starts with", start)),
    }
}

fn digest(node: Node<'_>, w: &mut Workflow) {
    let settings = canonical(node, &|n| {
        let own = n.parent().is_some_and(|p| p.is(node));
        own && n.key().is_some_and(|k| VOLATILE.contains(&k) || k == "trigger")
    });
    w.parts.push(part("settings", &settings));
    if let Some(trigger) = node.get("trigger") {
        w.parts.push(part("trigger/trigger", &canonical(trigger, &|_| false)));
    }
    if let Some(definition) = node.get("definition") {
        let rest = canonical(definition, &|n| is_member(n, definition, "steps"));
        w.parts.push(part("definition", &rest));
        if let Some(listed) = definition.get("steps") {
            step_parts(listed, "", 0, &mut w.parts);
        }
    }
    w.digest = merkle(&w.parts);
}

fn step_parts(listed: Node<'_>, prefix: &str, depth: usize, parts: &mut Vec<Part>) {
    for (name, step) in listed.entries() {
        let inner = step.at(&["attributes", "steps"]).filter(|s| s.is_map() && depth < steps::MAX_NESTING);
        let attributes = step.get("attributes");
        let bytes =
            canonical(step, &|n| inner.is_some() && attributes.is_some_and(|a| is_member(n, a, "steps")));
        parts.push(part(&format!("step/{prefix}{name}"), &bytes));
        if let Some(inner) = inner {
            step_parts(inner, &format!("{prefix}{name}/"), depth + 1, parts);
        }
    }
}

fn is_member(node: Node<'_>, of: Node<'_>, key: &str) -> bool {
    node.key() == Some(key) && node.parent().is_some_and(|p| p.is(of))
}

fn part(name: &str, bytes: &[u8]) -> Part {
    Part { name: name.into(), digest: Digest::of(bytes) }
}
