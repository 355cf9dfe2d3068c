//! The parts of a flow's digest: everything in its nodes but presentation.

use super::members::{Frame, Group};
use super::network::Network;
use crate::doc::{Node, canonical};
use workflow::{Digest, Part, Workflow, merkle};

/// What a node has that changes nothing: where and how it is drawn, what is noted about it.
const PRESENTATION: &[&str] =
    &["x", "y", "w", "h", "g", "l", "info", "icon", "color", "inputLabels", "outputLabels"];

/// Fills in the parts and the digest of a workflow; `configs` are the configuration nodes that it uses.
pub(super) fn fill(
    workflow: &mut Workflow,
    network: &Network<'_>,
    group: &Group<'_>,
    triggers: &[usize],
    configs: &[usize],
) {
    let mut parts = Vec::new();
    for &ix in &group.members {
        let kind = if triggers.contains(&ix) { "trigger" } else { "step" };
        parts.push(part(format!("{kind}/{}", network.items[ix].id), network.items[ix].node));
    }
    for &ix in configs {
        parts.push(part(format!("config/{}", network.items[ix].id), network.items[ix].node));
    }
    let frame = match group.frame {
        Frame::Tab(id) => network.ids.get(id).copied(),
        Frame::Subflow(ix) => Some(ix),
        Frame::Called(_) => None,
    };
    parts.extend(frame.map(|ix| part("settings".to_owned(), network.items[ix].node)));
    workflow.digest = merkle(&parts);
    workflow.parts = parts;
}

fn part(name: String, node: Node<'_>) -> Part {
    let skip = |n: Node<'_>| {
        let directly = n.parent().is_some_and(|p| p.is(node));
        directly && n.key().is_some_and(|k| PRESENTATION.contains(&k) || is_inner(n, k))
    };
    Part { name: name.into(), digest: Digest::of(&canonical(node, &skip)) }
}

/// The nodes of a subflow that stand inside of it are parts of their own.
fn is_inner(value: Node<'_>, key: &str) -> bool {
    matches!(key, "nodes" | "configs") && value.items().any(|n| n.str("type").is_some())
}
