//! Splunk SOAR playbooks: the graph that the visual editor keeps (`coa.data`), in the layout of versions 5 and 6 and in
//! the older one of version 4.

mod blocks;
mod build;
mod code;
mod datapath;
mod old;
mod steps;

#[cfg(test)]
mod tests;

use crate::doc::Node;
use crate::{Imported, Source};

/// Recognises and imports a definition of this platform.
pub fn import(source: &Source<'_>) -> Option<Imported> {
    let root = source.tree()?.root();
    if root.get("custom_function_id").is_some() && root.get("inputs").is_some() {
        return Some(Imported::not_workflow("a Splunk SOAR custom function"));
    }
    let coa = root.get("coa").filter(|c| c.is_map())?;
    let data = coa.get("data").filter(|d| d.is_map())?;
    let blocks = match (data.get("nodes"), data.at(&["joint", "cells"])) {
        (Some(nodes), _) if nodes.is_map() => blocks::read(nodes, data.get("edges")),
        (_, Some(cells)) if cells.is_list() => old::read(cells),
        _ => return None,
    };
    let mut problems = Vec::new();
    let w = build::workflow(root, coa, &blocks, source.path, &mut problems);
    Some(Imported { problems, ..Imported::workflows(vec![w]) })
}

/// A text, number or boolean below a key, as text.
fn scalar<'d>(node: Node<'d>, key: &str) -> Option<&'d str> {
    node.get(key).and_then(Node::scalar)
}
