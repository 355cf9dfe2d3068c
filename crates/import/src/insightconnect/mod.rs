//! Rapid7 InsightConnect: workflow exports (`.icon`).

mod build;
mod decision;
mod digest;
mod edges;
mod expression;
mod steps;
mod trigger;

#[cfg(test)]
mod tests;

use crate::doc::Node;
use crate::{Imported, Source, Verdict};
use workflow::Problem;

/// Recognises and imports a definition of this platform.
pub fn import(source: &Source<'_>) -> Option<Imported> {
    let root = source.tree()?.root();
    let export = root.get("kom").filter(|k| k.is_map()).unwrap_or(root);
    let versions = export.get("workflowVersions").filter(|v| v.is_list())?;
    let ours = ["komandVersion", "komFileVersion", "exportedAt"].iter().any(|k| export.get(k).is_some());
    if !ours && !versions.items().any(is_workflow) {
        return None;
    }
    let (mut workflows, mut problems) = (Vec::new(), Vec::new());
    for version in versions.items() {
        if is_workflow(version) {
            workflows.push(build::workflow(version, export, source.path, &mut problems));
        } else {
            let message = "a workflow version without graph and steps; export it again".to_owned();
            problems.push(Problem { path: source.path.to_owned(), line: version.line(), message });
        }
    }
    let verdict = match (workflows.is_empty(), problems.is_empty()) {
        (false, _) => Verdict::Workflows(workflows),
        (true, false) => Verdict::Unreadable,
        (true, true) => Verdict::NotWorkflow("an InsightConnect export without workflows".to_owned()),
    };
    Some(Imported { verdict, problems, used: Vec::new() })
}

fn is_workflow(node: Node<'_>) -> bool {
    node.at(&["graph", "edges"]).is_some_and(Node::is_map) && node.get("steps").is_some_and(Node::is_map)
}
