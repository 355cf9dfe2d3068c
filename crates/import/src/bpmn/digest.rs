//! The digest of a process: a part for each flow node, one for the flows, one for what stands around them.

use super::build::{has_steps, is_flow_node};
use super::xml::{self, Element};
use crate::values::part;
use workflow::{Workflow, merkle};

/// Adds the parts and the digest.
pub(super) fn add(process: Element<'_, '_>, w: &mut Workflow) {
    let mut flows = Vec::new();
    for (i, node) in process.descendants().enumerate() {
        let name = xml::name(node);
        if name == "sequenceFlow" {
            flows.push(xml::canonical(node, &|_| false));
        } else if is_flow_node(name) {
            let id = node.attribute("id").map_or_else(|| format!("{name} {i}"), str::to_owned);
            let prefix = if name == "startEvent" { "trigger" } else { "step" };
            w.parts.push(part(format!("{prefix}/{id}"), xml::canonical(node, &is_apart).as_bytes()));
        }
    }
    flows.sort();
    w.parts.push(part("edges", flows.join("\n").as_bytes()));
    w.parts.push(part("settings", xml::canonical(process, &is_apart).as_bytes()));
    // Messages, errors, signals and types that elements refer to, and the pools.
    let root = process.document().root_element();
    let around = |n: Element<'_, '_>| xml::is(n, "process") || is_drawn(n) || has_steps(n);
    w.parts.push(part("definitions", xml::canonical(root, &around).as_bytes()));
    w.digest = merkle(&w.parts);
}

/// Has a part of its own, follows from others (`incoming`, `outgoing` repeat the flows), or is only drawn.
fn is_apart(node: Element<'_, '_>) -> bool {
    let name = xml::name(node);
    is_flow_node(name)
        || matches!(name, "sequenceFlow" | "incoming" | "outgoing" | "textAnnotation" | "group" | "category")
        || is_drawn(node)
}

/// Elements of diagrams, and tools' own notes on how they draw.
fn is_drawn(node: Element<'_, '_>) -> bool {
    let namespace = node.tag_name().namespace().unwrap_or_default();
    namespace.ends_with("/BPMN/20100524/DI") || namespace.contains("signavio") || namespace.contains("bizagi")
}
