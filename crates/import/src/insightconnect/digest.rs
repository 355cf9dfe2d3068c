//! The digest: a part for each step and the trigger, one for the edges, one for the settings.

use super::build::ById;
use crate::doc::{Node, canonical};
use crate::values::part;
use workflow::{Workflow, merkle};

/// Drawn, or copied from the plugin when the step was made: nothing of it is run.
const SHOWN: [&str; 5] = [
    "imageData",
    "defaultImageData",
    "defaultInputJSONSchema",
    "defaultOutputJSONSchema",
    "humanCostDisplayUnit",
];

/// Adds the parts and the digest.
pub(super) fn add(version: Node<'_>, export: Node<'_>, by_id: &ById<'_>, w: &mut Workflow) {
    // Of steps, of the version, and of what they say about their plugin; a parameter of such a name is given to it.
    let given = |n: Node<'_>| n.parent().and_then(Node::key) == Some("input");
    let shown = |n: Node<'_>| n.key().is_some_and(|k| SHOWN.contains(&k)) && !given(n);
    let mut ids: Vec<&&str> = by_id.keys().collect();
    ids.sort_unstable();
    for id in ids {
        let placed = &by_id[*id];
        let prefix = if placed.step().is_some() { "step" } else { "trigger" };
        w.parts.push(part(format!("{prefix}/{id}"), &canonical(placed.node, &shown)));
    }
    if let Some(graph) = version.get("graph") {
        w.parts.push(part("edges", &canonical(graph, &|_| false)));
    }
    let settings = canonical(version, &|n| {
        let own = n.parent().is_some_and(|p| p.is(version));
        shown(n) || own && matches!(n.key(), Some("graph" | "steps"))
    });
    w.parts.push(part("settings", &settings));
    if let Some(triggers) = export.get("triggers") {
        w.parts.push(part("triggers", &canonical(triggers, &shown)));
    }
    w.digest = merkle(&w.parts);
}
