//! Okta Workflows: `.flopack`, `.folder` and `.flow` exports, which are one format.

mod cards;
mod condition;
mod flow;
mod order;
mod request;
mod shape;
mod step;
mod trigger;
mod value;

#[cfg(test)]
mod tests;

use crate::doc::Node;
use crate::{Imported, Source, Verdict};
use workflow::Problem;

/// Recognises and imports a definition of this platform.
pub fn import(source: &Source<'_>) -> Option<Imported> {
    let root = source.tree()?.root();
    let data = root.get("data")?;
    let flows = data.get("flos").filter(|f| f.is_map() || f.is_list())?;
    let known = root.str("type").is_some_and(|t| t.starts_with("flo"));
    if !known && data.get("configs").is_none() && !flows.children().any(is_flow) {
        return None;
    }
    if flows.is_empty() {
        return Some(Imported::not_workflow("an Okta Workflows folder without flows"));
    }
    let mut problems = Vec::new();
    let mut workflows = Vec::new();
    for node in flows.children() {
        if is_flow(node) {
            workflows.push(flow::workflow(node, data, source.path, &mut problems));
        } else {
            let message = format!(
                "flow `{}` has no cards that can be read; export it again",
                node.str("name").or(node.key()).unwrap_or_default()
            );
            problems.push(Problem { path: source.path.to_owned(), line: node.line(), message });
        }
    }
    let verdict = if workflows.is_empty() { Verdict::Unreadable } else { Verdict::Workflows(workflows) };
    Some(Imported { verdict, problems, used: Vec::new() })
}

fn is_flow(node: Node<'_>) -> bool {
    node.at(&["data", "methods"]).is_some_and(Node::is_list)
}
