//! n8n workflows: exports, the store's pages, lists of workflows from the command line or the API.

mod ask;
mod build;
mod calls;
mod code;
mod conditions;
mod defaults;
mod digest;
mod edges;
mod flow;
mod http;
mod json_template;
mod loops;
mod scope;
mod set;
mod steps;
mod triggers;
mod types;
mod value;

#[cfg(test)]
mod tests;

use crate::doc::Node;
use crate::{Imported, Source};
use build::Place;

/// Recognises and imports n8n's definitions.
pub fn import(source: &Source<'_>) -> Option<Imported> {
    let root = source.tree()?.root();
    let found = definitions(root);
    if found.is_empty() {
        return look_alike(root).map(Imported::not_workflow);
    }
    let (mut workflows, mut problems) = (Vec::new(), Vec::new());
    for (definition, name) in found {
        let place = Place { path: source.path, name, within: None, depth: 0 };
        let (more, faults) = build::build(definition, &place);
        workflows.extend(more);
        problems.extend(faults);
    }
    Some(Imported { problems, ..Imported::workflows(workflows) })
}

/// The definitions in a document, each with the name that its wrapping gives it.
fn definitions<'d>(root: Node<'d>) -> Vec<(Node<'d>, Option<&'d str>)> {
    if is_definition(root) {
        return vec![(root, None)];
    }
    let wrapped = [root.at(&["workflow", "workflow"]), root.get("workflow")];
    if let Some(inner) = wrapped.into_iter().flatten().find(|n| is_definition(*n)) {
        return vec![(inner, root.str("name").or_else(|| root.at(&["workflow", "name"])?.as_str()))];
    }
    let lists = [Some(root), root.get("data"), root.get("workflows")];
    let list = lists.into_iter().flatten().find(|n| n.items().next().is_some_and(is_definition));
    list.into_iter().flat_map(Node::items).filter(|n| is_definition(*n)).map(|n| (n, None)).collect()
}

/// An object with n8n's nodes and the connections between them.
fn is_definition(node: Node<'_>) -> bool {
    let Some(nodes) = node.get("nodes").filter(|n| n.is_list()) else { return false };
    let connected = node.get("connections").is_some_and(|c| c.is_map() || c.is_empty());
    let typed = nodes.items().take(8).any(|n| n.str("type").is_some() && is_placed(n));
    let named = nodes.items().take(8).any(|n| n.str("type").is_some_and(is_own_type));
    (connected && (typed || nodes.is_empty())) || (named && typed)
}

/// A node of the canvas, not an entry in a list of node types.
fn is_placed(node: Node<'_>) -> bool {
    node.get("position").is_some() || node.get("parameters").is_some() || node.get("typeVersion").is_some()
}

fn is_own_type(name: &str) -> bool {
    name.contains("n8n-nodes-") || name.starts_with("@n8n/")
}

/// What else comes out of n8n.
fn look_alike(root: Node<'_>) -> Option<&'static str> {
    if root.get("workflowData").is_some_and(is_definition) {
        return Some("a record of an n8n run");
    }
    if root.at(&["workflow", "nodes"]).is_some_and(Node::is_list) && root.get("workflowInfo").is_some() {
        return Some("a page of the n8n store without its workflow");
    }
    if root.get("n8nNodesApiVersion").is_some() || root.at(&["n8n", "nodes"]).is_some() {
        return Some("the manifest of a package of n8n nodes");
    }
    let credential = |n: Node<'_>| {
        n.get("type").is_some()
            && n.get("data").is_some()
            && (n.get("nodesAccess").is_some() || n.get("isManaged").is_some())
    };
    let first = root.items().next().unwrap_or(root);
    credential(first).then_some("n8n credentials")
}
