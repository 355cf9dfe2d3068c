//! The nodes of a definition and the wires between them, before anything in them is read.

use super::types::NodeType;
use crate::doc::Node;
use rustc_hash::FxHashSet;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use workflow::Text;

/// Two nodes of one name take each other's wires; of more than so many, the rest stay apart.
const MOST_OF_ONE_NAME: usize = 3;

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Starts runs: index into the triggers.
    Trigger(u32),
    /// A step: index into the steps.
    Step(u32),
    /// Written on the canvas.
    Note,
}

/// A node.
pub(super) struct Item<'d> {
    pub(super) node: Node<'d>,
    pub(super) name: &'d str,
    /// The id of its step or trigger.
    pub(super) id: Text,
    pub(super) node_type: NodeType<'d>,
    pub(super) version: Option<f64>,
    pub(super) disabled: bool,
    pub(super) role: Role,
    /// Index in the definition's list.
    pub(super) position: usize,
}

/// What a wire carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WireKind {
    /// Items, and with them control.
    Main,
    /// A tool that a language model may choose; from the model to the tool.
    Tool,
    /// A part of a model; from the model to the part.
    Part,
}

/// A connection between two nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wire {
    pub(super) from: usize,
    pub(super) output: u32,
    pub(super) to: usize,
    pub(super) input: u32,
    pub(super) kind: WireKind,
}

impl Wire {
    /// The node that the definition wires it from: tools and parts are wired to their model.
    fn source(&self) -> usize {
        if self.kind == WireKind::Main { self.from } else { self.to }
    }
}

/// Nodes by the ids that are written in them, once a connection names one by its id.
type ById<'d> = OnceCell<HashMap<&'d str, usize>>;

/// Nodes and wires of a definition.
#[derive(Default)]
pub(super) struct Flow<'d> {
    pub(super) items: Vec<Item<'d>>,
    pub(super) wires: Vec<Wire>,
    names: HashMap<&'d str, Vec<usize>>,
    /// Items by the ids of their steps.
    pub(super) ids: HashMap<Text, usize>,
    /// Main wires that leave an item, as indices of wires.
    pub(super) leaving: Vec<Vec<usize>>,
    /// Main wires that enter an item.
    pub(super) entering: Vec<Vec<usize>>,
    /// For each item, the innermost loop item it is in.
    pub(super) loops: Vec<Option<usize>>,
    /// For each item, the model that may choose it as a tool.
    pub(super) models: Vec<Option<usize>>,
    /// What is wrong: line and message.
    pub(super) faults: Vec<(u32, String)>,
}

impl<'d> Flow<'d> {
    /// Reads the nodes and wires of a definition.
    pub(super) fn read(definition: Node<'d>) -> Self {
        let mut flow = Flow::default();
        flow.read_nodes(definition);
        flow.read_wires(definition);
        flow.index_wires();
        super::loops::find(&mut flow);
        flow
    }

    /// The item of a name; the last one where several have it, as n8n does.
    pub(super) fn named(&self, name: &str) -> Option<usize> {
        self.names.get(name).and_then(|found| found.last()).copied()
    }

    fn read_nodes(&mut self, definition: Node<'d>) {
        let (mut triggers, mut steps) = (0, 0);
        let nodes = definition.get("nodes");
        let count = nodes.map_or(0, Node::len);
        (self.names, self.ids) = (HashMap::with_capacity(count), HashMap::with_capacity(count));
        for (position, node) in nodes.into_iter().flat_map(Node::items).enumerate() {
            let Some(mut item) = item(node, position) else {
                self.faults.push((node.line(), format!("node {position} is no node: it has no `type`")));
                continue;
            };
            if item.node_type.is_note() {
                item.role = Role::Note;
            } else if item.node_type.is_trigger() {
                item.role = Role::Trigger(triggers);
                triggers += 1;
            } else {
                item.role = Role::Step(steps);
                steps += 1;
            }
            item.id = self.unique(item.id);
            self.add(item);
        }
    }

    /// An id that no other item has, taken for the next one.
    fn unique(&mut self, id: Text) -> Text {
        let mut own = if id.is_empty() { Text::from("node") } else { id.clone() };
        let mut number = self.ids.len();
        loop {
            if let Entry::Vacant(free) = self.ids.entry(own.clone()) {
                free.insert(self.items.len());
                return own;
            }
            number += 1;
            own = format!("{id}#{number}").into();
        }
    }

    fn add(&mut self, item: Item<'d>) {
        let same = self.names.entry(item.name).or_default();
        if same.len() == 1 && item.role != Role::Note {
            let message = format!("two nodes are named `{}`: give each its own name", item.name);
            self.faults.push((item.node.line(), message));
        }
        if item.role != Role::Note || same.is_empty() {
            same.push(self.items.len());
        }
        self.items.push(item);
    }

    fn read_wires(&mut self, definition: Node<'d>) {
        let by_id = ById::new();
        let connections = definition.get("connections").into_iter().flat_map(Node::entries);
        for (source, kinds) in connections {
            let from = self.ends(source, &by_id);
            if from.is_empty() {
                let message = format!("connections leave a node `{source}` that is not there");
                self.faults.push((kinds.line(), message));
                continue;
            }
            for (kind, outputs) in kinds.entries() {
                self.read_outputs(&from, kind, outputs, &by_id);
            }
        }
        // Keys have no order: nodes do, and outputs, and what one output leads to.
        self.wires.sort_by_key(|w| (w.source(), w.kind as u8, w.output));
    }

    /// Ids of nodes, for connections that name ids.
    fn written_ids(&self) -> HashMap<&'d str, usize> {
        let ids = self.items.iter().enumerate();
        ids.filter_map(|(ix, item)| item.node.str("id").map(|id| (id, ix))).collect()
    }

    /// The nodes that a connection names.
    fn ends(&self, name: &str, by_id: &ById<'d>) -> Vec<usize> {
        match self.names.get(name) {
            Some(found) => {
                let steps = found.iter().copied().filter(|ix| self.items[*ix].role != Role::Note);
                steps.take(MOST_OF_ONE_NAME).collect()
            }
            None => by_id.get_or_init(|| self.written_ids()).get(name).copied().into_iter().collect(),
        }
    }

    fn read_outputs(&mut self, from: &[usize], kind: &str, outputs: Node<'d>, by_id: &ById<'d>) {
        let kind = match kind {
            "main" => WireKind::Main,
            "ai_tool" => WireKind::Tool,
            kind if kind.starts_with("ai_") => WireKind::Part,
            kind => {
                let message = format!("connections of kind `{kind}`, which n8n does not know, are left out");
                return self.faults.push((outputs.line(), message));
            }
        };
        for (output, targets) in outputs.items().enumerate() {
            // Damaged files have the target itself where a list of targets stands.
            let single = targets.is_map().then_some(targets);
            for target in targets.items().chain(single) {
                self.read_wire(from, kind, output, target, by_id);
            }
        }
    }

    fn read_wire(
        &mut self,
        from: &[usize],
        kind: WireKind,
        output: usize,
        target: Node<'d>,
        by_id: &ById<'d>,
    ) {
        let Some(name) = target.str("node") else {
            return self.faults.push((target.line(), "a connection names no node".to_owned()));
        };
        let ends = self.ends(name, by_id);
        if ends.is_empty() {
            let message = format!("a connection leads to a node `{name}` that is not there");
            return self.faults.push((target.line(), message));
        }
        let output = u32::try_from(output).unwrap_or(u32::MAX);
        let input = target.get("index").and_then(Node::as_number).and_then(|n| n.parse().ok()).unwrap_or(0);
        for &from in from {
            for &to in &ends {
                // Tools and parts are wired to the model that uses them: the wire is turned round.
                let (from, to) = if kind == WireKind::Main { (from, to) } else { (to, from) };
                self.wires.push(Wire { from, output, to, input, kind });
            }
        }
    }

    fn index_wires(&mut self) {
        let mut seen = FxHashSet::default();
        self.wires.retain(|w| seen.insert((w.from, w.output, w.to, w.input, w.kind as u8)));
        self.leaving = vec![Vec::new(); self.items.len()];
        self.entering = vec![Vec::new(); self.items.len()];
        self.loops = vec![None; self.items.len()];
        self.models = vec![None; self.items.len()];
        for wire in self.wires.iter().filter(|w| w.kind == WireKind::Tool) {
            self.models[wire.to].get_or_insert(wire.from);
        }
        for (ix, wire) in self.wires.iter().enumerate().filter(|(_, w)| w.kind == WireKind::Main) {
            self.leaving[wire.from].push(ix);
            self.entering[wire.to].push(ix);
        }
    }
}

fn item(node: Node<'_>, position: usize) -> Option<Item<'_>> {
    let full_type = node.str("type")?;
    let name = node.get("name").and_then(Node::scalar).unwrap_or_default();
    let id = node.get("id").and_then(Node::scalar).filter(|id| !id.is_empty());
    let version = node.get("typeVersion").and_then(Node::scalar).and_then(|v| v.parse().ok());
    Some(Item {
        node,
        name,
        id: id.unwrap_or(name).into(),
        node_type: NodeType::of(full_type),
        version,
        disabled: node.bool("disabled") == Some(true),
        role: Role::Note,
        position,
    })
}
