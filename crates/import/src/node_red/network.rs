//! The nodes of a file and the wires between them, whatever tab they are on.

use crate::doc::Node;
use std::collections::HashMap;

/// A node.
pub(super) struct Item<'d> {
    pub(super) node: Node<'d>,
    pub(super) id: &'d str,
    pub(super) kind: &'d str,
    /// The tab or subflow that it is on; empty where it says none.
    pub(super) flow: &'d str,
    pub(super) disabled: bool,
    /// For each output, the items it is wired to.
    pub(super) wires: Vec<Vec<usize>>,
    /// It takes part in a flow: no tab, no configuration, no comment.
    pub(super) is_active: bool,
}

/// All nodes of a file.
#[derive(Default)]
pub(super) struct Network<'d> {
    pub(super) items: Vec<Item<'d>>,
    pub(super) ids: HashMap<&'d str, usize>,
    /// Tabs and subflows.
    pub(super) frames: Vec<usize>,
    /// What is wrong: line and message.
    pub(super) faults: Vec<(u32, String)>,
}

impl<'d> Network<'d> {
    /// Reads the nodes of lists.
    pub(super) fn read(lists: &[Node<'d>]) -> Self {
        let mut network = Network::default();
        for node in lists.iter().flat_map(|l| l.items()) {
            network.add(node);
        }
        for ix in 0..network.items.len() {
            network.wire(ix);
        }
        network
    }

    fn add(&mut self, node: Node<'d>) {
        let (Some(id), Some(kind)) = (node.str("id"), node.str("type")) else {
            return self
                .faults
                .push((node.line(), "an entry is no node: it has no `id` or `type`".to_owned()));
        };
        let ix = self.items.len();
        if self.ids.contains_key(id) {
            let message = format!("two nodes have the id `{id}`: the second is left out");
            return self.faults.push((node.line(), message));
        }
        self.ids.insert(id, ix);
        let frame = matches!(kind, "tab" | "subflow");
        if frame {
            self.frames.push(ix);
        }
        let drawn = node.get("wires").is_some() || node.get("x").is_some();
        let is_active = drawn && !frame && !matches!(kind, "group" | "comment");
        let flow = node.str("z").unwrap_or_default();
        let disabled = node.bool("d") == Some(true);
        self.items.push(Item { node, id, kind, flow, disabled, wires: Vec::new(), is_active });
        // Subflows of the administration interface have their nodes inside of them.
        if kind == "subflow" {
            let inner = ["nodes", "configs"].iter().filter_map(|key| node.get(key));
            inner.flat_map(Node::items).for_each(|n| self.add(n));
        }
    }

    fn wire(&mut self, ix: usize) {
        let node = self.items[ix].node;
        let Some(outputs) = node.get("wires").filter(|_| self.items[ix].is_active) else { return };
        let mut wires = Vec::new();
        for output in outputs.items() {
            // The oldest files have a text where one target stands.
            let single = output.as_str().map(|_| output);
            let mut targets = Vec::new();
            for target in output.items().chain(single) {
                match target.as_str().and_then(|id| self.ids.get(id)).copied() {
                    Some(to) if self.items[to].is_active => targets.push(to),
                    _ => {
                        let name = target.scalar().unwrap_or("?");
                        let message = format!("a wire leads to a node `{name}` that is not there");
                        self.faults.push((target.line(), message));
                    }
                }
            }
            wires.push(targets);
        }
        self.items[ix].wires = wires;
    }

    /// The items that a node's list of ids names (`links`, `scope`).
    pub(super) fn listed(&self, ix: usize, key: &str) -> Vec<usize> {
        let ids = self.items[ix].node.get(key).into_iter().flat_map(Node::items);
        ids.filter_map(|n| self.ids.get(n.as_str()?).copied())
            .filter(|ix| self.items[*ix].is_active)
            .collect()
    }

    /// A node's name for people: its own, or its type.
    pub(super) fn name(&self, ix: usize) -> &'d str {
        let item = &self.items[ix];
        let own =
            ["name", "label"].iter().find_map(|key| item.node.str(key).filter(|n| !n.trim().is_empty()));
        own.unwrap_or(item.kind)
    }
}
