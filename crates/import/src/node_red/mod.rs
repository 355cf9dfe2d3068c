//! Node-RED flows: exports and flow files (one list of nodes), and what its administration interface returns.

mod build;
mod digest;
mod edges;
mod function;
mod jsonata;
mod kinds;
mod members;
mod network;
mod properties;
mod rules;
mod scope;
mod steps;
mod told;
mod triggers;

#[cfg(test)]
mod tests;

use crate::doc::Node;
use crate::{Imported, Source};
use network::Network;

/// Recognises and imports Node-RED's flows.
pub fn import(source: &Source<'_>) -> Option<Imported> {
    let root = source.tree()?.root();
    let Some(lists) = lists(root) else {
        return look_alike(root).map(Imported::not_workflow);
    };
    let network = Network::read(&lists);
    let (workflows, problems) = build::build(&network, source.path);
    if workflows.is_empty() {
        return Some(Imported::not_workflow("Node-RED configuration without a flow"));
    }
    Some(Imported { problems, ..Imported::workflows(workflows) })
}

/// The lists of nodes in a document: a flow file is one; a flow of the administration interface has two.
fn lists(root: Node<'_>) -> Option<Vec<Node<'_>>> {
    if is_nodes(root) {
        return Some(vec![root]);
    }
    if let Some(flows) = root.get("flows").filter(|f| is_nodes(*f)) {
        return Some(vec![flows]);
    }
    let nodes = root.get("nodes").filter(|n| is_nodes(*n) && root.get("connections").is_none())?;
    let more = ["configs", "subflows"].iter().filter_map(|key| root.get(key)).filter(|n| n.is_list());
    Some(std::iter::once(nodes).chain(more).collect())
}

/// A list of objects with an id and a type, some of them wired or drawn on a tab.
fn is_nodes(list: Node<'_>) -> bool {
    let node = |n: Node<'_>| n.str("id").is_some() && n.str("type").is_some();
    let placed = |n: Node<'_>| {
        let wired = n.get("wires").is_some_and(Node::is_list);
        wired || (n.str("z").is_some() && n.get("x").is_some()) || is_frame(n)
    };
    list.is_list() && list.items().take(4).all(node) && list.items().take(64).any(|n| node(n) && placed(n))
}

/// A tab or a subflow.
fn is_frame(node: Node<'_>) -> bool {
    match node.str("type") {
        Some("tab") => node.get("label").is_some(),
        Some("subflow") => node.get("in").is_some() || node.get("out").is_some(),
        _ => false,
    }
}

/// What else comes out of Node-RED.
fn look_alike(root: Node<'_>) -> Option<&'static str> {
    if root.at(&["node-red", "nodes"]).is_some() {
        return Some("the manifest of a package of Node-RED nodes");
    }
    if root.at(&["node-red", "settings"]).is_some() {
        return Some("the manifest of a Node-RED project");
    }
    let sealed = root.len() == 1 && root.str("$").is_some_and(|s| s.len() > 32);
    sealed.then_some("Node-RED credentials")
}
