//! The parts of a workflow's digest: everything in the definition but presentation.

use super::flow::{Flow, Role};
use crate::doc::{Node, write_canonical};
use std::fmt::Write as _;
use workflow::{Digest, Part, Workflow, merkle};

/// What a node has that changes nothing: where it is drawn and what is noted about it.
const NODE_PRESENTATION: &[&str] = &["position", "notes", "notesInFlow", "color"];
/// Names and links that n8n keeps beside an id, to show them.
const CACHED: &[&str] = &["cachedResultName", "cachedResultUrl"];
/// What a definition has that is no part of what it does: counters, times, marks of the instance.
const BOOKKEEPING: &[&str] = &[
    "nodes",
    "connections",
    "meta",
    "tags",
    "versionId",
    "activeVersionId",
    "versionCounter",
    "triggerCount",
    "createdAt",
    "updatedAt",
    "staticData",
];

/// Fills in the parts and the digest of a workflow.
pub(super) fn fill(workflow: &mut Workflow, flow: &Flow<'_>, definition: Node<'_>) {
    let mut text = String::new();
    let mut parts: Vec<Part> = flow.items.iter().filter_map(|item| node_part(item, &mut text)).collect();
    if let Some(connections) = definition.get("connections") {
        parts.push(canonical_part("edges", connections, &|_| false, &mut text));
    }
    let skip = |n: Node<'_>| is_one_of(n, definition, BOOKKEEPING);
    parts.push(canonical_part("settings", definition, &skip, &mut text));
    if definition.at(&["settings", "executionOrder"]).and_then(Node::as_str) == Some("v1") {
        let order = order(flow);
        if !order.is_empty() {
            parts.push(part("order", order.as_bytes()));
        }
    }
    workflow.digest = merkle(&parts);
    workflow.parts = parts;
}

fn part(name: &str, bytes: &[u8]) -> Part {
    Part { name: name.into(), digest: Digest::of(bytes) }
}

/// A part by its canonical text, for which `text` has the room.
fn canonical_part(name: &str, node: Node<'_>, skip: &dyn Fn(Node<'_>) -> bool, text: &mut String) -> Part {
    text.clear();
    write_canonical(node, skip, text);
    part(name, text.as_bytes())
}

fn node_part(item: &super::flow::Item<'_>, text: &mut String) -> Option<Part> {
    let name = match item.role {
        Role::Note => return None,
        Role::Trigger(_) => format!("trigger/{}", item.id),
        Role::Step(_) => format!("step/{}", item.id),
    };
    let node = item.node;
    let skip = |n: Node<'_>| is_one_of(n, node, NODE_PRESENTATION) || is_cached(n);
    Some(canonical_part(&name, node, &skip, text))
}

/// Whether a value stands directly in an object under one of the keys.
fn is_one_of(value: Node<'_>, object: Node<'_>, keys: &[&str]) -> bool {
    let directly = value.parent().is_some_and(|p| p.is(object));
    directly && value.key().is_some_and(|k| keys.contains(&k))
}

fn is_cached(value: Node<'_>) -> bool {
    value.key().is_some_and(|k| k.starts_with("cached") && CACHED.contains(&k))
}

/// Where an output leads to several nodes, n8n (execution order v1) runs them from top to bottom, then from left to
/// right, so the order of their places on the canvas has a meaning.
fn order(flow: &Flow<'_>) -> String {
    let mut out = String::new();
    let mut targets: Vec<(u32, (i64, i64), usize)> = Vec::new();
    for (ix, leaving) in flow.leaving.iter().enumerate().filter(|(_, l)| l.len() > 1) {
        targets.clear();
        targets.extend(leaving.iter().map(|w| {
            let wire = &flow.wires[*w];
            (wire.output, place(flow.items[wire.to].node), wire.to)
        }));
        targets.sort_unstable();
        for pair in targets.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
            let [from, a, b] = [ix, pair[0].2, pair[1].2].map(|i| &flow.items[i].id);
            let _ = writeln!(out, "{from:?} {}: {a:?} < {b:?}", pair[0].0);
        }
    }
    out
}

/// Where a node is drawn: from the top, then from the left.
fn place(node: Node<'_>) -> (i64, i64) {
    let number = |n: Node<'_>| n.as_number().and_then(|t| t.parse::<f64>().ok()).unwrap_or(0.0);
    let mut at = node.get("position").into_iter().flat_map(Node::children).map(number);
    let (x, y) = (at.next().unwrap_or(0.0), at.next().unwrap_or(0.0));
    #[allow(clippy::cast_possible_truncation)] // a place on a canvas
    (y as i64, x as i64)
}
