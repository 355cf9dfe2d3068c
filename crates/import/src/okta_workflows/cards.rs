//! The cards of a flow and of every flow written inside it, indexed: inputs, outputs, and the pins between them.

use crate::doc::Node;
use std::collections::HashMap;
use workflow::{Span, Text};

/// Flows inside flows are followed so deep.
const MAX_NESTING: usize = 24;

/// A flow: the exported one, or one written inside a card (a branch, a try block, an error handler).
pub(super) struct Flow<'d> {
    pub(super) node: Node<'d>,
    pub(super) cards: Vec<usize>,
    /// The card that it is written in.
    pub(super) container: Option<usize>,
    pub(super) depth: usize,
}

/// A card.
pub(super) struct Card<'d> {
    pub(super) node: Node<'d>,
    pub(super) uuid: &'d str,
    /// The flow it stands in.
    pub(super) flow: usize,
    /// `kernel` for the platform's own functions, else the connector's key.
    pub(super) connector: &'d str,
    pub(super) version: &'d str,
    /// `list.each` for the platform's own, else the action's key.
    pub(super) operation: Text,
    pub(super) name: &'d str,
    pub(super) inputs: Vec<Input<'d>>,
    pub(super) outputs: Vec<Output<'d>>,
    /// The flow that runs when the card fails.
    pub(super) handler: Option<usize>,
    /// Its id as a step.
    pub(super) id: Text,
    /// Where it stands.
    pub(super) span: Span,
}

/// An input of a card.
pub(super) struct Input<'d> {
    pub(super) id: &'d str,
    pub(super) group: Option<&'d str>,
    pub(super) key: &'d str,
    /// `{type, data, …}`.
    pub(super) value: Option<Node<'d>>,
    pub(super) pin: Option<Pin<'d>>,
    /// A flow written here.
    pub(super) flow: Option<usize>,
}

/// An output of a card.
pub(super) struct Output<'d> {
    pub(super) id: &'d str,
    pub(super) group: Option<&'d str>,
    pub(super) key: &'d str,
    pub(super) value: Option<Node<'d>>,
}

/// Where an input's value comes from.
#[derive(Clone, Copy)]
pub(super) struct Pin<'d> {
    pub(super) card: usize,
    pub(super) output: usize,
    /// A conversion on the way (`parse`, `stringify`).
    pub(super) convert: Option<&'d str>,
}

/// All flows and cards of one exported flow.
pub(super) struct Cards<'d> {
    pub(super) flows: Vec<Flow<'d>>,
    pub(super) cards: Vec<Card<'d>>,
    /// Cards by flow and uuid.
    pub(super) by_uuid: HashMap<(usize, &'d str), usize>,
    /// Outputs by flow and id.
    pub(super) by_output: HashMap<(usize, &'d str), (usize, usize)>,
    /// Flows that were not read, because they are nested too deep.
    pub(super) unread: Vec<Node<'d>>,
}

impl<'d> Cards<'d> {
    /// Reads a flow and what is written inside it.
    pub(super) fn read(root: Node<'d>) -> Self {
        let mut all = Cards {
            flows: Vec::new(),
            cards: Vec::new(),
            by_uuid: HashMap::new(),
            by_output: HashMap::new(),
            unread: Vec::new(),
        };
        all.flows.push(Flow { node: root, cards: Vec::new(), container: None, depth: 0 });
        let mut next = 0;
        while next < all.flows.len() {
            all.read_flow(next);
            next += 1;
        }
        all.ids();
        all.pins();
        all
    }

    fn read_flow(&mut self, flow: usize) {
        let methods = self.flows[flow].node.get("methods");
        let path = methods.map(Node::path).unwrap_or_default();
        for (i, node) in methods.into_iter().flat_map(Node::items).enumerate() {
            let Some(mut card) = card(node, flow) else { continue };
            card.span = Span { file: 0, line: node.line(), path: format!("{path}[{i}]").into() };
            let ix = self.cards.len();
            if self.by_uuid.contains_key(&(flow, card.uuid)) {
                continue;
            }
            for input in &mut card.inputs {
                let inline = input.value.and_then(|v| v.get("data")).and_then(methods_of);
                input.flow = inline.and_then(|f| self.inside(f, ix, flow));
            }
            let policy = node.at(&["node", "model", "policy", "error", "flo"]);
            card.handler = policy.and_then(methods_of).and_then(|f| self.inside(f, ix, flow));
            for (o, output) in card.outputs.iter().enumerate() {
                self.by_output.insert((flow, output.id), (ix, o));
            }
            self.by_uuid.insert((flow, card.uuid), ix);
            self.flows[flow].cards.push(ix);
            self.cards.push(card);
        }
    }

    fn inside(&mut self, node: Node<'d>, container: usize, flow: usize) -> Option<usize> {
        let depth = self.flows[flow].depth + 1;
        if depth > MAX_NESTING {
            self.unread.push(node);
            return None;
        }
        self.flows.push(Flow { node, cards: Vec::new(), container: Some(container), depth });
        Some(self.flows.len() - 1)
    }

    /// Step ids: a card's own uuid; led by its container's where a copied flow uses one twice.
    fn ids(&mut self) {
        let mut used: HashMap<&str, ()> = HashMap::new();
        for ix in 0..self.cards.len() {
            let (uuid, flow) = (self.cards[ix].uuid, self.cards[ix].flow);
            let container = self.flows[flow].container.map(|c| self.cards[c].id.clone());
            self.cards[ix].id = match (used.insert(uuid, ()), container) {
                (None, _) => uuid.into(),
                (Some(()), Some(outer)) => format!("{outer}/{uuid}").into(),
                (Some(()), None) => format!("{uuid}/{ix}").into(),
            };
        }
    }

    fn pins(&mut self) {
        let mut found = Vec::new();
        for (source, card) in self.cards.iter().enumerate() {
            let pins = card.node.get("pins").into_iter().flat_map(Node::entries);
            for (output, targets) in pins {
                let Some(&(owner, o)) = self.by_output.get(&(card.flow, output)) else { continue };
                if owner != source {
                    continue;
                }
                for (uuid, list) in targets.entries() {
                    let Some(&target) = self.by_uuid.get(&(card.flow, uuid)) else { continue };
                    let to = list.items().filter_map(|pin| Some((pin.str("input")?, convert(pin))));
                    found
                        .extend(to.map(|(i, convert)| (target, i, Pin { card: source, output: o, convert })));
                }
            }
        }
        for (target, input, pin) in found {
            if let Some(input) = self.cards[target].inputs.iter_mut().find(|i| i.id == input) {
                input.pin = input.pin.or(Some(pin));
            }
        }
    }

    /// The card that starts a flow: the one that nothing comes before.
    pub(super) fn first(&self, flow: usize) -> Option<usize> {
        let known = &self.flows[flow];
        let mut after: HashMap<usize, ()> = HashMap::new();
        let edges = known.node.get("orderings").into_iter().flat_map(Node::entries);
        for (_, edge) in edges {
            let ends: Vec<&str> = edge.items().filter_map(Node::as_str).collect();
            if let [from, to] = ends[..]
                && from != to
                && let Some(&to) = self.by_uuid.get(&(flow, to))
            {
                after.insert(to, ());
            }
        }
        for card in &known.cards {
            let branches = self.cards[*card].node.get("branches").into_iter().flat_map(Node::entries);
            after.extend(branches.filter_map(|(uuid, _)| Some((*self.by_uuid.get(&(flow, uuid))?, ()))));
        }
        let starts = |c: &&usize| self.cards[**c].starts_flows();
        let free = |c: &&usize| !after.contains_key(*c);
        let cards = &known.cards;
        cards.iter().filter(free).find(starts).or_else(|| cards.iter().find(starts)).copied()
    }
}

impl Card<'_> {
    /// A value of the platform's own functions.
    pub(super) fn is(&self, operation: &str) -> bool {
        self.connector == "kernel" && self.operation == operation
    }

    /// Its name for people.
    pub(super) fn title(&self) -> &str {
        if self.name.is_empty() { self.operation.as_str() } else { self.name }
    }

    /// May be the first card of a flow.
    pub(super) fn starts_flows(&self) -> bool {
        let kernel = ["control.callable", "http.accept", "http.delegated", "control.noop"];
        if self.connector == "kernel" { kernel.iter().any(|k| self.operation == *k) } else { self.is_event() }
    }

    /// A connector's event card.
    pub(super) fn is_event(&self) -> bool {
        let model = self.node.at(&["node", "model"]);
        let set = |key: &str| model.and_then(|m| m.get(key)).is_some_and(|v| v.as_bool() == Some(true));
        let invoked = self
            .inputs
            .iter()
            .any(|i| i.key == "type" && i.value.and_then(|v| v.str("data")) == Some("invoke"));
        self.connector != "kernel" && (set("webhook") || set("monitor") || set("webhookList") || invoked)
    }

    /// The input with a key, outside any group.
    pub(super) fn input(&self, key: &str) -> Option<&Input<'_>> {
        self.inputs.iter().find(|i| i.group.is_none() && i.key == key)
    }
}

impl<'d> Input<'d> {
    /// The constant text that stands here, where no pin overrides it.
    pub(super) fn text(&self) -> Option<&'d str> {
        if self.pin.is_some() { None } else { self.value.and_then(|v| v.str("data")) }
    }

    /// The id of another flow that stands here.
    pub(super) fn other_flow(&self) -> Option<&'d str> {
        let value = self.value.filter(|v| v.str("type") == Some("flo"))?;
        value.get("data").and_then(Node::scalar).filter(|id| !id.is_empty())
    }
}

/// The flow in a value: itself, or below `data`.
fn methods_of(node: Node<'_>) -> Option<Node<'_>> {
    let has = |n: &Node<'_>| n.get("methods").is_some_and(Node::is_list);
    Some(node).filter(has).or_else(|| node.get("data").filter(has))
}

fn convert<'d>(pin: Node<'d>) -> Option<&'d str> {
    let transform = pin.get("transform").filter(|t| t.is_map())?;
    transform.entries().find_map(|(_, t)| t.str("convert"))
}

fn card<'d>(node: Node<'d>, flow: usize) -> Option<Card<'d>> {
    let uuid = node.str("uuid").filter(|u| !u.is_empty())?;
    let mut parts = node.str("address").unwrap_or_default().split(':').skip(1);
    let (space, second) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let (connector, version, operation) = if space == "kernel" {
        (space, parts.next().unwrap_or_default(), format!("{second}.{}", parts.next().unwrap_or_default()))
    } else {
        let (connector, version) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        (connector, version, parts.next().unwrap_or_default().to_owned())
    };
    let model = node.at(&["node", "model"]);
    let name = node.at(&["node", "data", "name"]).or_else(|| model.and_then(|m| m.at(&["metadata", "name"])));
    let fields = |side: &str| model.and_then(|m| m.get(side)).and_then(|s| s.get("data"));
    Some(Card {
        node,
        uuid,
        flow,
        connector,
        version,
        operation: operation.into(),
        name: name.and_then(Node::as_str).unwrap_or_default(),
        inputs: in_order(fields("inputs")),
        outputs: fields("outputs").into_iter().flat_map(Node::entries).map(output).collect(),
        handler: None,
        id: Text::default(),
        span: Span::default(),
    })
}

/// Inputs in the order in which the card shows them, which counts for texts, lists and the branches of If/ElseIf.
fn in_order<'d>(inputs: Option<Node<'d>>) -> Vec<Input<'d>> {
    let mut numbered: Vec<(u64, Input<'d>)> = Vec::new();
    for (id, node) in inputs.into_iter().flat_map(Node::entries) {
        let index = node.at(&["metadata", "index"]).and_then(Node::as_number).and_then(|n| n.parse().ok());
        numbered.push((index.unwrap_or(u64::MAX), input((id, node))));
    }
    numbered.sort_by_key(|(index, _)| *index);
    numbered.into_iter().map(|(_, input)| input).collect()
}

fn input<'d>((id, node): (&'d str, Node<'d>)) -> Input<'d> {
    let key = node.str("key").unwrap_or_default();
    Input { id, group: node.str("group"), key, value: node.get("value"), pin: None, flow: None }
}

fn output<'d>((id, node): (&'d str, Node<'d>)) -> Output<'d> {
    Output {
        id,
        group: node.str("group"),
        key: node.str("key").unwrap_or_default(),
        value: node.get("value"),
    }
}
